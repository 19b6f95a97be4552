"""Model card, data card and the notes on measuring; every number comes from the run."""

from typing import Any

import pandas as pd

from gan import config
from gan.demo import spreads
from gan.demo.catalogue import Entry, type_name
from gan.metrics.glossary import EXTRACTORS, FLOOR, METRICS, NOISE, on_photos

MEASURED = """
- **Distances and scores (FID, FD, IS, KID, precision, recall)** compare the features of generated
  and real pictures, by torch-fidelity. *FID* and *IS* without a bracket are read by the Inception
  V3 of the original papers. The same formulas on another network carry its name, because their
  values can't be compared.
- **Which network reads** matters: the network that judges is never the one that the discriminator
  used in training.
- **Counts**: a distance on few pictures comes out too high, so a figure is only compared with
  another at the same counts, and beside its *floor*: real photos against real photos at those
  counts.
- **Reference**: `train` compares with the photos that the network learned from, `validation` and
  `test` with photos that were kept out, `half` with one half of the training photos, beside which
  the other half and noise are measured at the same counts.
- **GAN-test and GAN-train** use a small classifier that is trained from scratch with several
  seeds. Its accuracy on real held-out photos is what both are compared with.
- **Copying**: the distance from each generated picture to its nearest training photo, in the
  classifier's features, beside the same distance for photos that the training never saw. *Copies*
  are found pixel by pixel instead, mirrored or not, in four sizes and at every shift.
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
                "the car classifier's features, against the training split"
            )
    return ""


def data_card(entry: Entry) -> str:
    """Where a run's pictures come from, as Markdown."""
    counts = entry.dataset.get("counts")
    totals = {
        str(split): sum(n for n in by_class.values() if isinstance(n, int))
        for split, by_class in (counts.items() if isinstance(counts, dict) else ())
        if isinstance(by_class, dict)
    }
    listed = ", ".join(f"{total:,} {split}" for split, total in totals.items())
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
    counts = entry.dataset.get("counts")
    if not isinstance(counts, dict):
        return pd.DataFrame()
    columns = {str(split): by for split, by in counts.items() if isinstance(by, dict)}
    table = pd.DataFrame(columns).rename(index=type_name)
    return table.rename_axis("Body type").reset_index()


def settings(entry: Entry) -> dict[str, Any]:
    """Every setting of a run."""
    return config.to_json(entry.settings) if entry.settings is not None else {}


def counts_table(runs: list[tuple[str, pd.DataFrame]]) -> pd.DataFrame:
    """Each run's figures: value, who read the pictures, counts, against what, and the ruler.

    The ruler's ends are what photos and noise score in the pictures' place, against the same
    photos; they have no rows of their own.
    """
    keys = ["metric", "extractor", "reference"]
    rows = []
    for name, metrics in runs:
        table = spreads.latest(metrics)
        groups = {
            tuple(map(str, key)): group
            for key, group in table[table["body_type"].isin(["all", ""])].groupby(keys, sort=False)
        }
        for (metric, extractor, reference), group in groups.items():
            if metric.endswith((FLOOR, NOISE)):
                continue
            shown = {}
            for column, key in (
                ("Value", metric),
                ("Photos", on_photos(metric) if metric in METRICS else metric + FLOOR),
                ("Noise", metric + NOISE),
            ):
                # Values of a ruler are at the figure's own counts; others have one of their kind.
                found = groups.get((key, extractor, reference))
                if found is None and metric in METRICS and not METRICS[metric].ruler:
                    same = (of for (k, e, _), of in groups.items() if (k, e) == (key, extractor))
                    found = next(same, None)
                shown[column] = "" if found is None else spreads.show(found["value"].mean(), metric)
            rows.append(
                {
                    "Run": name,
                    "Figure": spreads.title(metric, extractor),
                    **shown,
                    "Read by": EXTRACTORS[extractor].name if extractor else "pixel by pixel",
                    "Real": group["n_real"].max(),
                    "Generated": group["n_fake"].max(),
                    "Reference": reference,
                    "Seeds": len(group),
                }
            )
    return pd.DataFrame(rows)
