"""How a run's pictures are drawn by default: what guidance 0.6 means for each type, how varied.

At one guidance for all types, the classifier recognises pictures of some types more reliably than
photos of them, and of others less. A run's calibration.csv, which `train/calibrate.py` writes,
evens that out as far as guidance from 0 to 1 allows.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gan import atomic, reading
from gan.errors import UserError
from gan.latents import GUIDANCE, MOST_GUIDANCE
from gan.runs import Run

COLUMNS: dict[str, reading.Kind] = {
    "body_type": "text",
    "guidance": "number",
    "truncation": "number",
    "generator": "text",
}


@dataclass(frozen=True)
class Calibration:
    """What a generator gets where guidance and latents are asked for."""

    typical: tuple[float, ...] = ()  # of each class what 0.6 stands for, 0 to 1; none: 0.6
    truncation: float = 1.0  # every latent is multiplied by it, above 0 and at most 1

    def digest(self) -> str:
        """Eight hexadecimal digits that tell calibrations apart; "" for none."""
        if self == PLAIN:
            return ""
        return hashlib.sha256(repr((self.typical, self.truncation)).encode()).hexdigest()[:8]

    def guidance(self, asked: float, y: np.ndarray) -> np.ndarray:
        """What the network gets for guidance `asked`: float32 [N].

        0, 1 and 1.5 stay what they are; between them and 0.6 it is interpolated.

        Args:
            asked: From 0 (unguided) over 1 (typical of the type) to 1.5.
            y: Class numbers [N], or weights over classes [N, classes].
        """
        if not self.typical:
            return np.full(len(y), asked, np.float32)
        marks = (0.0, GUIDANCE, 1.0, MOST_GUIDANCE)
        each = [np.interp(asked, marks, (0.0, own, *marks[2:])) for own in self.typical]
        given = np.array(each, np.float32)
        return given[y] if y.ndim == 1 else y.astype(np.float32) @ given


PLAIN = Calibration()


def read(run: Run, classes: tuple[str, ...]) -> Calibration:
    """The calibration of the generator in a run's folder; an empty one if there is none for it.

    A table that is of another generator, as after further training, is left alone.

    Raises:
        UserError: calibration.csv is damaged or is of other classes.
    """
    path = run.calibration_path
    try:
        table = reading.read_table(path, COLUMNS)
    except FileNotFoundError:
        return PLAIN
    if not table["generator"].eq(run.short_hash()).all():
        return PLAIN
    typical, shrunk = table["guidance"], table["truncation"]
    fits = tuple(table["body_type"]) == classes and typical.between(0, 1).all()
    if not (fits and shrunk.nunique() == 1 and 0 < shrunk.iloc[0] <= 1):
        raise UserError(f"{path} is damaged: write it again with train/calibrate.py")
    return Calibration(tuple(typical.tolist()), float(shrunk.iloc[0]))


def copy(source: Run, run: Run, classes: tuple[str, ...]) -> None:
    """Take the calibration of another run of the same classes.

    Raises:
        UserError: It has none, or is of other classes.
    """
    other = tuple(source.read_config()["dataset"].get("classes", ()))
    if other != classes:
        raise UserError(f"{source.path} draws other types than {run.path}")
    taken = read(source, classes)
    if taken == PLAIN:
        raise UserError(f"{source.path} is not calibrated: train/calibrate.py does that")
    write(run, classes, taken)


def write(run: Run, classes: tuple[str, ...], calibration: Calibration) -> None:
    """Write calibration.csv for the generator in the run's folder."""
    table = pd.DataFrame(
        {
            "body_type": classes,
            "guidance": calibration.typical,
            "truncation": calibration.truncation,
            "generator": run.short_hash(),
        }
    )
    atomic.write_text(run.calibration_path, table.to_csv(index=False))
