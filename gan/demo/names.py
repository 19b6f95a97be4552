"""What runs and settings are called in words; their folders and tables use short names."""

import re

from gan.experiments.experiment import every_experiment
from gan.experiments.studies.ablations import BEST, PAIR, WORDS
from gan.experiments.studies.rare_types import share_kept
from gan.experiments.studies.recipe_pieces import PIECES, REPORT, WHOLE

MAIN = "Main runs"
SHIPPED = {
    "cgan": "Our network, 64 px",
    "cgan-128": "Our network, 128 px",
    "cgan-256": "Our network, 256 px",
    "cgan-short": "Our network, short training",
    "report-cgan": "The report's network for body types",
    "report-dcgan-k4": "The report's network for any car, kernel 4",
}
SETTINGS = WORDS | {
    "base": "the report's settings",
    PAIR: "the report's network for body types",
    WHOLE: "the whole recipe",
    REPORT: "the report's pair",
    **{name: f"without {piece.words}" for name, piece in PIECES.items()},
}
SHORT = re.compile(r"\bk([468])(-matched)?\b|\bcut-1/(\d+)(-balanced)?|\bfull\b(?= -?[\d(,;:])")


def run(name: str) -> str:
    """A run's name in words: `kernel-size/k4-seed0` is "Kernel size: kernel 4, seed 0".

    A folder that no experiment and no shipped run has keeps its name: who made it knows it.
    """
    folder, _, last = name.rpartition("/")
    if not folder:
        return SHIPPED.get(name, name)
    groups = {kind.name: kind.title for kind in every_experiment()}
    parts = re.fullmatch(r"(.+)-seed(\d+)", last)
    if folder not in groups or parts is None:
        return name
    return f"{groups[folder]}: {setting(parts[1])}, seed {parts[2]}"


def group(name: str) -> str:
    """The experiment that a run is of, by its title; the runs of the top folder are the main ones.

    What lies in other folders is "Others".
    """
    folder = name.rpartition("/")[0]
    groups = {kind.name: kind.title for kind in every_experiment()}
    return groups.get(folder, "Others") if folder else MAIN


def setting(name: str) -> str:
    """A setting of an experiment in words: `k6-matched` is "kernel 6, narrowed"."""
    if name in SETTINGS:
        return SETTINGS[name]
    if name.startswith(f"{BEST}-"):
        return "the best changes together"
    cut = share_kept(name.replace("1of", "1/"))
    if cut:
        share, balanced = cut
        kept = "all photos" if share == "all" else f"{share} of the photos"
        return f"{kept}, balanced batches" if balanced else kept
    return in_text(name)


def in_text(text: str) -> str:
    """A sentence with the short names of kernels and cut types written out."""

    def words(found: re.Match[str]) -> str:
        kernel, narrow, share, balanced = found.groups()
        if kernel:
            return f"kernel {kernel}" + (" (narrowed)" if narrow else "")
        if share:
            return f"1/{share} of the photos" + (" (balanced)" if balanced else "")
        return "all photos"

    return SHORT.sub(words, text)


def view(name: str) -> str:
    """A way of comparing in words: `equal-pictures` is "Equal pictures"."""
    return name[:1].upper() + name[1:].replace("-", " ")
