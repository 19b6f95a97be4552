"""When does the judge stop getting better? Its accuracy by budget, width and augmentation."""

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.atomic import check_place
from gan.cli import parse
from gan.data.photos import load
from gan.errors import UserError, command
from gan.metrics.plateau import sweep
from gan.runs import runs_root


@dataclass(frozen=True)
class Options:
    """Train a classifier for every combination; those that the CSV already holds are skipped."""

    data: str = "drawn"  # "drawn" (embedded), a prepared folder, photos, an archive or its URL
    size: int = 64  # pixels a side: 64, 128 or 256
    budgets: tuple[int, ...] = (70_000, 140_000, 280_000, 560_000)  # pictures seen in training
    widths: tuple[float, ...] = (1.0,)  # factors of the network's channels
    strengths: tuple[float, ...] = (1.0,)  # of the augmentation; with 0 there is only the flip
    seeds: int = 3  # of each combination
    out: Path | None = None  # the CSV; default: checkpoints/judge-plateau-DATA-SIZE.csv

    def __post_init__(self) -> None:
        limits = {"budgets": (1, 10**9), "widths": (1 / 16, 16), "strengths": (0, 3)}
        for name, (low, high) in limits.items():
            values = getattr(self, name)
            if not values or not all(low <= value <= high for value in values):
                raise UserError(f"--{name} must be numbers from {low:g} to {high:g}")
        if not 1 <= self.seeds <= 20:
            raise UserError(f"--seeds must be from 1 to 20, not {self.seeds}")


@command
def main() -> None:
    """Train, and print each result."""
    options = parse(Options)
    photos = load(options.data, options.size)
    if not photos.validation.any():
        raise UserError(f"{options.data} has no validation photos: its classes are too small")
    path = options.out or runs_root() / f"judge-plateau-{photos.name}-{photos.size}.csv"
    check_place(path.parent, "--out")
    settings = options.budgets, options.widths, options.strengths, options.seeds
    for new in sweep(photos, path, *settings):
        print(new.to_string(index=False, float_format="{:.3f}".format), flush=True)
    print(f"all of it: {path}")


if __name__ == "__main__":
    main()
