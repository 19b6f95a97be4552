"""Model card, data card and the notes on measuring; every number comes from the run."""

from typing import Any

import pandas as pd

from gan import config
from gan.demo import spreads
from gan.demo.catalogue import Entry, type_name
from gan.metrics.glossary import EXTRACTORS, FLOOR, METRICS, NOISE, on_photos
from gan.runs import beside_floors

CEILING = "classifier"  # begins the keys of what the classifier scores on photos

MEASURED = """
- **Distances and scores (FID, FD, IS, KID, precision, recall)** compare the features of generated
  and real pictures, by torch-fidelity. *FID* and *IS* without a bracket are read by the Inception
  V3 of the original papers. The same formulas on another network carry its name, because their
  values can't be compared.
- **Which network reads** matters: the network that judges is never the one that the discriminator
  used in training.
- **Counts**: a distance on few pictures comes out too high, so a figure is only compared with
  another at the same counts. Its *floor*, real photos against real photos at those counts, stands
  in the column *Photos*, and what noise scores in the column *Noise*. Figures by body type and at
  several guidances have no floor. Over the training only FD has one. Of the experiments, *kernel
  size* has floors, *settings* has one of FD, the others have none.
- **Reference** names the photos that pictures are compared with: the splits *train* (to learn
  from), *validation* (to choose by) and *test*, or one half of the photos that are not in the test
  split. The other half and noise are measured against the same half. For *copies* it names the
  held-out photos that serve as control.
- **GAN-test and GAN-train** use a small classifier that is trained from scratch, with as many seeds
  as the table says. Pictures are drawn in equal numbers of each body type, so GAN-test stands
  beside the classifier's accuracy on held-out photos as a mean over types. *Noise* is the share
  that guessing gets right.
- **Diversity** is a mean over body types. What photos and noise score in it is one half of the
  photos, or noise, over the other half.
- **Copying**: *copies* are found pixel by pixel, mirrored or not, in four sizes and at every shift.
  *Neighbour distance* is the distance from a generated picture to its nearest training photo, in
  the classifier's features, beside that of held-out photos; a mirrored or blurred copy does not
  show in it. Neither was measured of noise.
- **Ranges**: over training seeds in the experiments; over evaluation seeds where one trained
  network is judged. The page says which.
"""


def model_card(entry: Entry, time: str = "") -> str:
    """What a run's network is, what it is for and what it isn't for, as Markdown.

    `time` says how long it was trained, with the runs that it grew from.
    """
    settings = entry.settings
    if settings is None:
        return "This run's settings can't be read: " + "; ".join(entry.problems)
    seen = entry.progress.get("images_seen")
    lines = [
        f"- **Network**: `{settings.architecture}`, {settings.data.size} x {settings.data.size} "
        f"pixels, latent of {settings.network.latent} numbers"
        + (
            f", told one of {len(entry.classes)} body types" if entry.classes else ", no body types"
        ),
        f"- **Training**: batch {settings.loop.batch}, seed {settings.loop.seed}"
        + (f", {seen:,} photos seen" if isinstance(seen, int) else "")
        + (f", {time}" if time else "")
        + ("" if entry.progress.get("finished", True) else ", not finished")
        + _restarted(entry.progress.get("restarts"))
        + _chosen(entry.progress.get("chosen")),
        f"- **Learned from**: {entry.dataset.get('name', 'unknown')} (content hash "
        f"`{str(entry.dataset.get('content_hash', 'unknown'))[:12]}`)",
        "- **For**: studying and teaching how such networks learn. **Not for**: passing pictures "
        "off as photos, or saying anything about a real car.",
        "- **Limits**: small pictures; views, paints and brands appear as often as in the photos; "
        "rare types were learned from few of them.",
    ]
    return "\n".join(lines)


def _restarted(restarts: Any) -> str:
    """Where the run, finished, was given more; nothing where it never was."""
    match restarts:
        case [int(), *_]:
            listed = " and ".join(f"{seen:,}" for seen in restarts if isinstance(seen, int))
            return f" (finished at {listed}, then given more: its learning rates rose again)"
    return ""


def _chosen(chosen: Any) -> str:
    """How the checkpoint was picked; nothing where it is the last one."""
    match chosen:
        case {"images_seen": int(seen), "among": int(among)}:
            return (
                f"; the checkpoint is that of {seen:,} photos seen, the best of {among} by FD in "
                "the car classifier's features, against the train and validation photos"
            )
    return ""


def data_card(entry: Entry) -> str:
    """Where a run's pictures come from, as Markdown."""
    listed = ", ".join(f"{total:,} {split}" for split, total in photos_by_split(entry).items())
    return "\n".join(
        [
            f"- **Name**: {entry.dataset.get('name', 'unknown')}",
            f"- **Pictures**: {listed or 'the run does not say'}",
            "- **Preparation**: cropped photos, squashed to a square, eight bits a channel; "
            "duplicates and unreadable files left out",
            "- **Rights**: photos are not passed on with this app; only what networks learned from "
            "them is",
        ]
    )


def class_table(entry: Entry) -> pd.DataFrame:
    """Photos of each body type in each split."""
    table = pd.DataFrame(entry.dataset.get("counts", {})).rename(index=type_name)
    return table.rename_axis("Body type").reset_index()


def settings(entry: Entry) -> dict[str, Any]:
    """Every setting of a run."""
    return config.to_json(entry.settings) if entry.settings is not None else {}


def photos_by_split(entry: Entry) -> dict[str, int]:
    """The number of photos in each split of a run's data; empty where the run doesn't say."""
    counts = entry.dataset.get("counts", {})
    return {split: sum(by_class.values()) for split, by_class in counts.items()}


def counts_table(runs: list[tuple[str, pd.DataFrame, dict[str, int]]]) -> pd.DataFrame:
    """Each run's figures: value, who read the pictures, counts, against what, and the ruler.

    The ruler's ends are what photos and noise score in the pictures' place; they have no rows of
    their own. `runs` are names, metrics.csv and the photos of each split.
    """
    keys = ["metric", "extractor", "reference"]
    rows = []
    for name, metrics, photos in runs:
        latest = beside_floors(spreads.latest(metrics))
        types = latest.loc[~latest["body_type"].isin(["all", ""]), "body_type"].nunique()
        groups = {
            tuple(map(str, key)): group
            for key, group in spreads.over_types(latest).groupby(keys, sort=False)
        }
        for (metric, extractor, reference), group in groups.items():
            if metric.endswith((FLOOR, NOISE)):
                continue
            n_real = group["n_real"].max()
            ends = {
                column: _end(groups, key, extractor, reference)
                for column, key in (("Photos", on_photos(metric)), ("Noise", metric + NOISE))
            }
            if types and not ends["Noise"] and on_photos(metric).startswith(CEILING):
                ends["Noise"] = f"{METRICS[metric].show(1 / types)} (guessing)"
            if METRICS[metric].ruler:
                ends = {column: end or "not measured" for column, end in ends.items()}
            rows.append(
                {
                    "Run": name,
                    "Figure": spreads.title(metric, extractor),
                    "Value": spreads.show(group["value"].mean(), metric),
                    **ends,
                    "Read by": _reader(extractor),
                    "Real": n_real,
                    "Generated": group["n_fake"].max(),
                    "Reference": _in_words(reference, n_real, photos),
                    "Seeds": len(group),
                }
            )
    return pd.DataFrame(rows)


def _reader(extractor: str) -> str:
    """What read the pictures, in words."""
    known = EXTRACTORS.get(extractor)
    return known.name if known else extractor or "pixel by pixel"


def _end(
    groups: dict[tuple[str, ...], pd.DataFrame], key: str, extractor: str, reference: str
) -> str:
    """What photos or noise score, against the same photos if that was measured; else ""."""
    of = {group: rows for group, rows in groups.items() if group[:2] == (key, extractor)}
    found = of.get((key, extractor, reference), next(iter(of.values()), None))
    return "" if found is None else spreads.show(found["value"].mean(), key)


def _in_words(reference: str, n_real: float, photos: dict[str, int]) -> str:
    """The splits that `reference` stands for: in the tables "train" is all but the test split."""
    both = photos.get("validation") and n_real != photos.get("train")
    learned = "train and validation" if both else "train"
    return {"train": learned, "half": f"half of {learned}"}.get(reference, reference)
