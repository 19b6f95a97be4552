"""results.csv of an experiment: one row a figure, by setting, seed and view."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from gan import atomic
from gan.errors import UserError
from gan.metrics.glossary import LITE2

COLUMNS = (
    "setting",
    "seed",
    "view",
    "metric",
    "extractor",
    "body_type",
    "value",
    "n_real",
    "n_fake",
)
TEXTS = ("setting", "view", "metric", "extractor", "body_type")
FILE = "results.csv"


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table's rows, one by one."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def write(folder: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write an experiment's results.csv anew."""
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    atomic.write_text(folder / FILE, table.to_csv(index=False, float_format="%.8g"))


def read(folder: Path) -> pd.DataFrame:
    """An experiment's results.csv; a torn last line is dropped.

    Raises:
        UserError: There is none, or it is something else.
    """
    path = folder / FILE
    try:
        content = path.read_text(encoding="utf-8")
        whole = content[: content.rfind("\n") + 1]
        table = pd.read_csv(io.StringIO(whole), dtype=dict.fromkeys(TEXTS, "str"))
        if tuple(table.columns) != COLUMNS:
            raise ValueError(f"its columns are not {','.join(COLUMNS)}")
        numbers = [column for column in COLUMNS if column not in TEXTS]
        table[numbers] = table[numbers].apply(pd.to_numeric)
    except FileNotFoundError:
        raise UserError(f"there is no {path}: run the experiment first") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} can't be read: {error}") from None
    table[list(TEXTS)] = table[list(TEXTS)].fillna("")
    return table


def figure_rows(
    table: pd.DataFrame, metric: str, extractor: str, view: str, body_type: str = "all"
) -> pd.DataFrame:
    """The rows of one figure in one view."""
    return table[
        (table["metric"] == metric)
        & (table["extractor"] == extractor)
        & (table["view"] == view)
        & (table["body_type"] == body_type)
    ]


def values(
    table: pd.DataFrame, metric: str, view: str, body_type: str = "all", extractor: str = ""
) -> pd.DataFrame:
    """One metric of an experiment: a row a seed, a column a setting.

    Where `extractor` is empty, EfficientNet-Lite2 speaks if it was asked.
    """
    rows = table[
        (table["metric"] == metric) & (table["view"] == view) & (table["body_type"] == body_type)
    ]
    if not extractor and LITE2 in set(rows["extractor"]):
        extractor = LITE2
    if extractor:
        rows = rows[rows["extractor"] == extractor]
    return rows.pivot_table(index="seed", columns="setting", values="value", sort=False)
