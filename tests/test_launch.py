"""Which recipe and which settings a command line means."""

import sys
from pathlib import Path
from typing import Any

import pytest

from gan.launch import read_command

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "train"))

from train_cgan import TrainProjected, TrainReport

RECIPES = {"projected": TrainProjected, "report": TrainReport}


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ([], TrainProjected),
        (["--seed", "3"], TrainProjected),
        (["--recipe", "report"], TrainReport),
        (["--recipe=report", "--kernel", "6"], TrainReport),
    ],
)
def test_recipe_chooses_the_command(arguments: list[str], command: type) -> None:
    given: Any = read_command(RECIPES, arguments)
    assert type(given) is command


def test_no_flags_are_the_defaults() -> None:
    assert read_command(RECIPES, []) == TrainProjected()
