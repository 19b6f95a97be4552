"""From a run's files to what several pages say of it."""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from gan import recipes
from gan.config import ProjectedConfig
from gan.demo import answers, experiments, model_card, names, parts, spreads, store
from gan.demo.catalogue import Entry
from gan.demo.spreads import Spread
from gan.errors import UserError
from gan.experiments.findings import Finding
from gan.experiments.kernel_verdicts import COMPARED
from gan.experiments.studies.kernel_size import KernelSize
from gan.experiments.studies.rare_types import RareTypes
from gan.metrics import published
from gan.metrics.glossary import FLOOR, HEADLINE, INCEPTION, on_photos, without_stand_ins
from gan.runs import beside_floors, one_reference

OUR_PHOTOS = ("cars8", "cars8-256")  # names of the data sets that the shipped runs learned from
# What is said of a run is worked out once, until one of its files changes.
once = st.cache_resource(max_entries=512, show_spinner=False, hash_funcs={Entry: store.key})


@once
def told_apart(entry: Entry) -> Finding | None:
    """Whether the run's body types can be told apart."""
    metrics = spreads.latest(store.metrics(entry))
    return answers.told_apart(
        spreads.pick(metrics, "gan_test"),
        spreads.pick(metrics, on_photos("gan_test")),
        len(entry.classes),
        guided=entry.settings is not None and entry.settings.guided,
        calibrated=bool(store.calibration_of(entry).typical),
    )


@once
def per_class(entry: Entry) -> pd.DataFrame:
    """body_type, photos, value, low, high, seeds of one run's GAN-test for each body type."""
    metrics = spreads.latest(store.metrics(entry))
    rows = metrics[(metrics["metric"] == "gan_test") & ~metrics["body_type"].isin(["all", ""])]
    table = spreads.over_seeds(rows, ["body_type"])
    counts = entry.counts
    return table.assign(photos=[counts.get(name, float("nan")) for name in table["body_type"]])


def of_type(entry: Entry, kind: str) -> Finding | None:
    """How well one body type is drawn, by the classifier; None where that isn't measured."""
    table = one_reference(spreads.latest(store.metrics(entry)))
    rows = table[(table["body_type"] == kind) & table["metric"].isin(["gan_test", "classifier"])]
    shares = spreads.over_seeds(rows, ["metric"]).set_index("metric").to_dict("index")
    if len(shares) < 2:
        return None
    named, photos = shares["gan_test"], shares["classifier"]
    words = (
        f"A classifier names {spreads.show(named['value'], 'gan_test')} of "
        f"{named['n_fake']:,.0f} generated pictures of the type {kind} right, and "
        f"{spreads.show(photos['value'], 'classifier')} of {photos['n_real']:,.0f} held-out "
        "photos. Whether they look real is another question: see for yourself."
    )
    evidence = (
        f"Means over {named['seeds']:.0f} classifiers trained on photos. "
        if named["seeds"] > 1
        else "One classifier, trained on photos. "
    )
    return Finding(f"{kind} is drawn", None, evidence + "All types: Results.", words)


def kernel(entries: list[Entry]) -> Finding | None:
    """Which kernel is better in each view of the experiment, or of single runs in its place."""
    return _kernel(store.experiment_stamp(KernelSize.name), store.keys(entries), entries)


@st.cache_resource(max_entries=4, show_spinner=False)
def _kernel(changed: store.Stamp, keys: store.Keys, _entries: list[Entry]) -> Finding | None:
    table, _, from_experiment = experiments.kernel_results(_entries)
    view = experiments.main_view(table)
    if not view or not from_experiment:
        return KernelSize.answer(table, view) if view else None
    answer = KernelSize.answer(table)
    reached = " ".join(
        f"{experiments.VIEWS[one]}: {experiments.reached(table, one)}"
        for one in COMPARED
        if one in set(table["view"])
    )
    about = f"{experiments.JUDGES} {reached} {experiments.limits(table, view)}"
    return answer and replace(answer, evidence=f"{about} {answer.evidence}")


def published_beside_ours(entries: list[Entry], variant: str = "") -> str:
    """A list of the report's trainings with its figures, and FID and IS of ours where measured.

    `variant` leaves only the "conditional" or the "unconditional" trainings.
    """
    # As a list: a table would load an editor of tables, a tenth of a first visit.
    lines = []
    for row in published.trainings().to_dict("records"):
        if variant in ("", row["variant"]):
            ours = _by_inception(entries, row)
            lines.append(
                f"- **{row['variant'].capitalize()}, kernel {row['kernel']}**, {row['epochs']} "
                f"epochs: FID {row['fid']:.1f}, IS {row['is']:.2f}. "
                f"{f'Trained and measured here: {ours}. ' if ours else ''}"
                f"Losses, in its words: {row['losses']}."
            )
    return "\n".join(lines)


def _by_inception(entries: list[Entry], row: Mapping[Any, Any]) -> str:
    """FID and IS of our run of a training of the report; "" where they aren't measured."""
    if row["variant"] == "unconditional":
        table, *_ = experiments.kernel_results(entries)
        return experiments.by_inception(table, f"Kernel {row['kernel']}")
    run = next((one for one in entries if one.name == row["run"]), None)
    metrics = spreads.latest(store.metrics(run)) if run else pd.DataFrame()
    found = {key: spreads.pick_any(metrics, key, INCEPTION) for key in published.FIGURES if run}
    return ", ".join(
        f"{spreads.title(key, INCEPTION)} {spreads.show(of.value, key)}"
        for key, of in found.items()
        if of
    )


def rare(entry: Entry | None) -> Finding | None:
    """Whether rare types are worse: from the experiment, else within one run."""
    return _rare(store.experiment_stamp(RareTypes.name), entry)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs={Entry: store.key})
def _rare(changed: store.Stamp, entry: Entry | None) -> Finding | None:
    table, _ = store.experiment(RareTypes.name)
    if not table.empty and (answer := RareTypes.answer(table)):
        return answer
    return answers.rare_by_count(per_class(entry)) if entry else None


@once
def copied(entry: Entry) -> Finding | None:
    """Whether the run's pictures copy training photos."""
    metrics = spreads.latest(store.metrics(entry))
    share, floor = (spreads.pick(metrics, name) for name in ("copies", "copies" + FLOOR))
    return answers.copied(share, floor, store.matches(entry))


def judged(shown: Entry | None, entries: list[Entry]) -> Entry | None:
    """The run whose figures speak for `shown`: itself, or the first other that has any."""
    able = [entry for entry in entries if entry.classes and not store.metrics(entry).empty]
    return shown if shown in able else next(iter(able), None)


def facts(entry: Entry) -> str:
    """What a run learned from, on what machine and for how long, as Markdown."""
    named = {"train": "to learn from", "validation": "to choose by", "test": "held out"}
    photos = ", ".join(
        f"{count:,} {named.get(split, split)}"
        for split, count in model_card.photos_by_split(entry).items()
    )
    shipped = entry.dataset.get("name") in OUR_PHOTOS
    lines = [
        f"**Photos**: {photos or 'not counted'}; {len(entry.classes) or 'no'} body types"
        + (
            ". They come from public repositories without a licence file, so they are not passed on"
            if shipped
            else ""
        ),
        f"**Pictures**: {entry.size} x {entry.size} pixels, stretched to a photo's proportions "
        "when shown",
        f"**Training**: {training_time(entry) or 'time not noted'}",
        "**Code**: in the folder of this app `gan/` is the library and `train/` holds the "
        "commands; `README.md` says how to start. These commands train, judge and show:",
    ]
    return "\n".join(f"- {line}" for line in lines)


def training_time(entry: Entry) -> str:
    """How long a run and those that it started from were trained, and on what, in words."""
    stages = _stages(entry)
    minutes = [one.progress.get("seconds", 0) / 60 for one in stages]
    if not all(minutes):
        return ""
    total = sum(minutes)
    words = f"{total:,.0f} minutes" if total < 90 else f"{total / 60:,.1f} hours"
    if machine := _machine(stages):
        words += f" on {machine}"
    if len(stages) > 1:
        each = zip(stages, minutes, strict=True)
        words += f" ({', '.join(f'{spent:,.0f} minutes at {one.size} px' for one, spent in each)})"
    if _trunk_is_missing(stages):
        words += f", after a run of {_how(stages[0])[1]} px that is not here"
    return words


def _stages(entry: Entry) -> list[Entry]:
    """The runs that a run started from, as far as they are here, and itself: the earliest first."""
    return [*reversed(store.trunks(entry)), entry]


def _trunk_is_missing(stages: list[Entry]) -> bool:
    """Whether the first of the runs started from one that is not here."""
    network = getattr(stages[0].settings, "network", None)
    return bool(getattr(network, "start", "") or getattr(network, "trunk", ""))


def _how(entry: Entry) -> tuple[str, int]:
    """The flag that names the run that `entry` started from, and the size of that run."""
    if getattr(getattr(entry.settings, "network", None), "start", ""):
        return "--start-from", entry.size
    return "--grow-from", entry.size // 2


def _machine(stages: list[Entry]) -> str:
    """On what processors runs were trained, in words; "" where a run doesn't tell."""
    try:
        machines = [one.run.read_config()["environment"] for one in stages]
    except UserError:
        return ""
    # "cuda" and the name of the card, or "cpu" and what the system calls it, if anything.
    devices = {str(machine.get("device", "")) for machine in machines} - {""}
    kinds = {device.partition(" ")[0] for device in devices}
    threads = [machine.get("threads") for machine in machines]
    if kinds == {"cpu"} and all(isinstance(number, int) for number in threads):
        cores = " or ".join(map(str, sorted(set(threads))))
        return f"{cores} core{'s' * (cores != '1')} of a CPU, without a GPU"
    cards = sorted({device.partition(" ")[2] for device in devices if device.startswith("cuda ")})
    gpu = f"a GPU ({', '.join(cards)})" if cards else "a GPU"
    return " and ".join({"cpu": "a CPU", "cuda": gpu}.get(kind, kind) for kind in sorted(kinds))


def commands(entry: Entry) -> str:
    """What to type to train such a run with today's recipe, to judge it and to see it."""
    stages, lines, before = _stages(entry), [], ""
    if _trunk_is_missing(stages):
        before = f"YOUR-RUN-OF-{_how(stages[0])[1]}-PX"
    for stage in stages:
        settings = stage.settings
        script, recipe = "train_cgan.py", ""
        if settings and not settings.conditional:
            script = "train_gan.py"
        elif settings and not isinstance(settings.network, ProjectedConfig):
            recipe = " --recipe report"
        elif settings and settings.loop.batch >= recipes.LONG_GPU.loop.batch:
            recipe = " --recipe long-gpu"
        elif settings and settings.loop.pictures >= recipes.LONG.loop.pictures:
            recipe = " --recipe long-cpu"
        data = f" --data {shlex.quote(settings.data.data)}" if settings else ""
        how = f" {_how(stage)[0]} {before}" if before else recipe
        if settings and how.startswith(" --start-from"):
            how += f" --pictures {settings.loop.pictures}"
        # Not the name of the run that is here, which exists.
        before = shlex.quote(f"my-{stage.name.replace('/', '-')}")
        lines.append(f"python train/{script}{data}{how} --out {before}")
    lines += [f"{parts.EVALUATE} checkpoints/{before}", "streamlit run streamlit_app.py"]
    return "\n".join(lines)


def in_one_line(entry: Entry) -> str:
    """What a run learned from, for how long, and how well it does as asked, beside photos."""
    return _in_one_line(entry, store.keys(store.trunks(entry)))


@once
def _in_one_line(entry: Entry, trunks: store.Keys) -> str:
    facts = []
    if entry.counts:
        name = entry.dataset.get("name")
        before = {one.dataset.get("name"): one for one in _stages(entry)}
        others = [
            f"after a run on {sum(one.counts.values()):,} photos of {other}"
            for other, one in before.items()
            if other != name and one.counts
        ]
        facts.append(" ".join([f"learned from {sum(entry.counts.values()):,} photos", *others]))
    if time := training_time(entry):
        facts.append(f"trained for {time.partition(' (')[0]}")
    metrics = spreads.latest(store.metrics(entry))
    test, photos, copies = (
        spreads.pick(metrics, name) for name in ("gan_test", on_photos("gan_test"), "copies")
    )
    if test is not None:
        words = f"a classifier names {spreads.percent(test.value)} of its cars as asked"
        if photos is not None:
            of_photos = spreads.percent(photos.value)
            words += f" (of photos, mean of the types, {of_photos}{_typical(test, photos)})"
        facts.append(words)
    if copies is not None:
        found = copies.value * copies.n_fake
        facts.append(
            f"{found:,.0f} of {copies.n_fake:,.0f} pictures count as copies: more like a training "
            "photo, pixel by pixel, than 99 of 100 unseen photos are"
        )
    line = "; ".join(facts)
    return f"{line[:1].upper()}{line[1:]}." if line else ""


def _typical(test: Spread, photos: Spread) -> str:
    """Why pictures are named more surely than photos, where they are."""
    return ": it draws typical cars" if test.value > photos.value + 0.05 else ""


@once
def headline_figures(entry: Entry, report: Entry | None = None) -> list[tuple[str, str, str, str]]:
    """(name, value, what it is measured against, help) of the figures that sum a run up."""
    metrics = beside_floors(spreads.latest(store.metrics(entry)))
    # Of the larger counts: that of the few held-out photos lies above what a generator reaches.
    floors = metrics["metric"].str.endswith(FLOOR)
    halves = metrics[~floors | (metrics["reference"] != "test")]
    other = None if report in (None, entry) else store.metrics(report)
    theirs = None if other is None else beside_floors(spreads.latest(other))
    measured = {figure: spreads.pick_any(metrics, *figure) for figure in HEADLINE}
    shown = []
    for metric, extractor in without_stand_ins({one: 1 for one in measured if measured[one]}):
        found = measured[metric, extractor]
        assert found is not None
        about = spreads.METRICS[metric]
        words = [f"{about.better.capitalize()} is better"] if about.better else []
        photos = spreads.pick(halves, on_photos(metric), extractor)
        half = spreads.pick(metrics[metrics["reference"] == "half"], metric, extractor)
        if photos and half and half.n_fake == photos.n_fake != found.n_fake:
            found = half  # a figure stands beside photos at the same counts
        if photos is not None:
            alike = ", half against half" if photos.n_real == photos.n_fake else ""
            value = spreads.show(photos.value, metric)
            typical = _typical(found, photos) if metric == "gan_test" else ""
            words.append(f"Real photos{alike}: {value}{typical}")
        reached = spreads.pick_any(theirs, metric, extractor) if theirs is not None else None
        if reached is not None:
            words.append(f"The report's network: {spreads.show(reached.value, metric)}")
        if report is not None and (said := published.of_run(report.name, metric, extractor)):
            words.append(f"The report published {spreads.show(said, metric)}, on other photos")
        if found.low < found.high:
            over = f"Range of {found.seeds} seeds" if found.seeds > 1 else "Interval"
            words.append(f"{over}: {spreads.show_range(found, metric)}")
        name = spreads.title(metric, extractor)
        shown.append((name, spreads.show(found.value, metric), ". ".join(words) + ".", about.name))
    return shown


def side_by_side(entries: list[Entry]) -> pd.DataFrame:
    """Figures of some runs: Figure, one column a run by its name, what photos score; as text."""
    return _side_by_side(store.keys(entries), entries)


@st.cache_resource(max_entries=4, show_spinner=False)
def _side_by_side(keys: store.Keys, _entries: list[Entry]) -> pd.DataFrame:
    figures = {one.name: beside_floors(spreads.latest(store.metrics(one))) for one in _entries}
    everything = pd.concat(figures.values())
    pairs = everything[["metric", "extractor"]].drop_duplicates().to_numpy().tolist()
    pairs = [pair for pair in pairs if pair[0] in spreads.QUALITY]
    rows = []
    for metric, extractor in sorted(pairs, key=lambda pair: spreads.QUALITY.index(pair[0])):
        row = {"Figure": spreads.title(metric, extractor)}
        for name, table in figures.items():
            row[names.run(name)] = _shown(spreads.pick_any(table, metric, extractor), metric)
        photos = [spreads.pick(one, on_photos(metric), extractor) for one in figures.values()]
        cells = dict.fromkeys(_shown(found, metric) for found in photos if found)
        row["Real photos"] = " or ".join(cells)
        rows.append(row)
    return pd.DataFrame(rows)


def _shown(found: Spread | None, metric: str) -> str:
    return "" if found is None else spreads.show(found.value, metric)


@once
def heat_table(entry: Entry) -> pd.DataFrame:
    """Figures of each body type for a heat map: type, figure, value (0 worst to 1 best), text."""
    metrics = spreads.latest(store.metrics(entry))
    rows = one_reference(metrics[~metrics["body_type"].isin(["all", ""])])
    table = spreads.over_seeds(rows, ["metric", "extractor", "body_type"])
    counts = entry.counts
    parts = []
    for (metric, extractor), group in table.groupby(["metric", "extractor"], sort=False):
        low, high = group["value"].min(), group["value"].max()
        place = (group["value"] - low) / (high - low) if high > low else group["value"] * 0 + 0.5
        if metric in spreads.LOWER_IS_BETTER:
            place = 1 - place
        parts.append(
            pd.DataFrame(
                {
                    "type": [
                        f"{name} ({counts[name]:,})" if name in counts else str(name)
                        for name in group["body_type"]
                    ],
                    "figure": spreads.title(str(metric), str(extractor)),
                    "value": place,
                    "text": [
                        spreads.percent(value)
                        if metric in spreads.SHARES
                        else spreads.show(value, str(metric))
                        for value in group["value"]
                    ],
                }
            )
        )
    if not parts:
        return pd.DataFrame(columns=["type", "figure", "value", "text"])
    return pd.concat(parts, ignore_index=True)


def every_figure(entries: list[Entry]) -> pd.DataFrame:
    """Each run's newest figures over all types: run, figure, the keys and the spread."""
    return _every_figure(store.keys(entries), entries)


@st.cache_resource(max_entries=2, show_spinner=False)
def _every_figure(changed: store.Keys, _entries: list[Entry]) -> pd.DataFrame:
    keys = ["run", "metric", "extractor", "body_type", "reference", "images_seen"]
    tables = [
        spreads.over_types(beside_floors(spreads.latest(store.metrics(one)))).assign(
            run=names.run(one.name)
        )
        for one in _entries
    ]
    found = spreads.over_seeds(pd.concat(tables, ignore_index=True), keys)
    pairs = zip(found["metric"], found["extractor"], strict=True)
    found.insert(1, "figure", [spreads.title(*pair) for pair in pairs])
    return found


def along_note(entry: Entry) -> str:
    """What figures of kept generators are measured on, in a sentence; empty if there are none."""
    table = store.along(entry)
    floors = table[table["metric"].str.endswith(FLOOR)].drop_duplicates(["metric", "extractor"])
    if floors.empty or not _several(table):
        return ""
    columns = (floors["value"], floors["metric"], floors["extractor"])
    photos = [
        f"{spreads.show(value, metric)} in {spreads.title(metric.removesuffix(FLOOR), extractor)}"
        for value, metric, extractor in zip(*columns, strict=True)
    ]
    detectors = table.loc[table["metric"].str.startswith("detector"), "n_real"].dropna()
    apart = f" (detectors: {detectors.max():,.0f} train photos)" if len(detectors) else ""
    return (
        f"{names.run(entry.name)}: {floors['n_fake'].iloc[0]:,.0f} pictures at each point, against "
        f"{floors['n_real'].iloc[0]:,.0f} train and validation photos{apart}. "
        f"Fewer pictures raise FD: as many photos would score {' and '.join(photos)}. What they "
        "would score in the other figures was not measured."
    )


@once
def over_time(entry: Entry) -> pd.DataFrame:
    """A run's figures at each point of its training: run, name, images_seen, value.

    They come from along.csv if it has several points: figures of fewer pictures don't stand in a
    line with those of metrics.csv.
    """
    metrics = store.along(entry)
    if not _several(metrics):
        metrics = beside_floors(store.metrics(entry))
    return _quality(entry, metrics)


def at_the_end(entries: list[Entry]) -> pd.DataFrame:
    """The newest figures of runs in metrics.csv: run, name, images_seen, value, shown.

    At the counts at which photos were measured too, as on the other pages, if that holds for all.
    """
    tables = [spreads.latest(store.metrics(one)) for one in entries]
    if all((table["reference"] == "half").any() for table in tables):
        tables = [beside_floors(table) for table in tables]
    parts = [_quality(one, table) for one, table in zip(entries, tables, strict=True)]
    return pd.concat(parts, ignore_index=True)


def _several(metrics: pd.DataFrame) -> bool:
    return metrics["images_seen"].nunique() > 1


def _quality(entry: Entry, metrics: pd.DataFrame) -> pd.DataFrame:
    rows = metrics[(metrics["body_type"] == "all") & metrics["metric"].isin(spreads.QUALITY)]
    rows = one_reference(rows)
    means = rows.groupby(["metric", "extractor", "images_seen"], as_index=False, sort=False)[
        "value"
    ].mean()
    pairs = list(zip(means["metric"], means["extractor"], strict=True))
    return pd.DataFrame(
        {
            "run": names.run(entry.name),
            "name": [spreads.title(*pair) for pair in pairs],
            "images_seen": means["images_seen"],
            "value": means["value"],
            "shown": [
                spreads.show(value, metric)
                for value, metric in zip(means["value"], means["metric"], strict=True)
            ],
        }
    )
