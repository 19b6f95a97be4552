"""Which runs there are and what is wrong with the ones that can't be used; no drawing."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan import weights
from gan.config import RunConfig, from_json
from gan.errors import UserError
from gan.runs import Run

# Any of them makes a folder a run, damaged or not.
RUN_FILES = {"config.json", "losses.csv", "metrics.csv", "along.csv", "generator.safetensors"}
# A reader of the app has preferences: our own recipe first, then the report's networks.
PREFERRED = ("cgan", "cgan-256", "cgan-64", "report-cgan", "report-dcgan-k4")


@dataclass(frozen=True)
class Entry:
    """One run folder as the app sees it."""

    name: str  # path below the root, with forward slashes: names the run in links
    run: Run
    settings: RunConfig | None  # None where config.json can't be used
    dataset: dict[str, Any]  # of config.json, as gan.reading has checked it
    progress: dict[str, Any]  # likewise
    problems: tuple[str, ...]  # one line each
    ready: bool  # its generator can probably be loaded

    @property
    def classes(self) -> tuple[str, ...]:
        """The body types that the generator can be asked for; empty where it takes none."""
        if self.settings is None or not self.settings.conditional:
            return ()
        return tuple(map(type_name, self.dataset.get("classes", ())))

    @property
    def size(self) -> int:
        """Pixels a side of its pictures; 0 where the settings can't be used."""
        return self.settings.data.size if self.settings else 0

    @property
    def counts(self) -> dict[str, int]:
        """Training pictures of each body type; empty where the run doesn't say."""
        train = self.dataset.get("counts", {}).get("train", {})
        return {type_name(name): n for name, n in train.items()}


def type_name(name: str) -> str:
    """A body type as a reader writes it: `suv` is SUV, `van` is Van; `all` stays as it is."""
    if name in ("", "all"):
        return name
    return "SUV" if name.lower() == "suv" else name[:1].upper() + name[1:].replace("_", " ")


def list_entries(root: Path) -> list[Entry]:
    """Every run under `root`, the preferred first, then by name; broken ones are included.

    A folder that holds a run's files but no config.json is listed with that as its problem.
    """
    return in_order([read_entry(root, path) for path in run_folders(root)])


def run_folders(root: Path) -> list[Path]:
    """Every folder under `root` that holds a file of a run, in no order."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [
            name for name in folders if name not in ("samples", "resume", "kept") and name[0] != "."
        ]
        if RUN_FILES & set(files):
            found.append(Path(folder))
    return found


def in_order(entries: list[Entry]) -> list[Entry]:
    """The preferred first, then those of the top folder, then an experiment's many; by name."""
    return sorted(entries, key=lambda entry: (_rank(entry.name), entry.name))


def without_folder(message: str, root: Path) -> str:
    """A message without the folder of the server, which is nobody's business."""
    return message.replace(f"{root}/", "")


def headline(entries: list[Entry]) -> Entry | None:
    """The run that the front page shows: with a checkpoint, finished, conditional if any is."""
    ready = [entry for entry in entries if entry.ready]
    ready.sort(key=lambda entry: not entry.progress.get("finished", False))
    return next((entry for entry in ready if entry.classes), ready[0] if ready else None)


def read_entry(root: Path, path: Path) -> Entry:
    """What the run in a folder is and what is wrong with it."""
    run = Run(path)
    problems: list[str] = []
    settings = None
    dataset: dict[str, Any] = {}
    progress: dict[str, Any] = {}
    try:
        config = run.read_config()
        dataset, progress = config["dataset"], config["progress"]
        settings = from_json(config["settings"])
    except UserError as error:
        problems.append(without_folder(str(error), root))
    # An experiment keeps the figures of a run that ended, by budget or by time, and not always
    # its generator.
    ended = progress.get("finished") or run.metrics_path.is_file()
    kept = run.generator_path.exists() or not ended
    damage = _weights_problem(run) if kept else None
    if damage:
        problems.append(damage)
    for read in (run.read_losses, run.read_metrics, run.read_along):
        try:
            read()
        except UserError as error:
            problems.append(without_folder(str(error), root))
    return Entry(
        name=run.path.relative_to(root).as_posix(),
        run=run,
        settings=settings,
        dataset=dataset,
        progress=progress,
        problems=tuple(problems),
        ready=settings is not None and kept and damage is None,
    )


def _weights_problem(run: Run) -> str | None:
    """What keeps a run from drawing, as far as its weights can tell without a network."""
    path = run.generator_path
    if not path.exists():
        return f"{path.name} is missing: the training has not saved yet"
    try:
        weights.read(path)
    except UserError:
        return f"{path.name} is damaged or cut short"
    if not run.graph_path.is_file():
        return f"{run.graph_path.name} is missing: python -m gan.graph RUN writes it"
    return None


def _rank(name: str) -> tuple[int, int]:
    """Preferred runs first; then those of the top folder; an experiment's many runs last."""
    place = PREFERRED.index(name) if name in PREFERRED else len(PREFERRED)
    return place, name.count("/")
