"""Which recipe and which settings a command line means."""

from dataclasses import replace
from pathlib import Path

import pytest

from gan.config import RunConfig, to_json
from gan.errors import UserError
from gan.launch import read_command
from gan.recipes import PROJECTED, REPORT_CGAN, REPORT_DCGAN
from gan.runs import Run

RECIPES = {"projected": PROJECTED, "report": REPORT_CGAN}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], PROJECTED),
        (["--seed", "3"], replace(PROJECTED, loop=replace(PROJECTED.loop, seed=3))),
        (["--recipe", "report"], REPORT_CGAN),
        (["--recipe=report", "--epochs", "20"], REPORT_CGAN),
        (["--recipe", "report", "--recipe", "projected"], PROJECTED),
    ],
)
def test_the_recipe_chooses_the_settings(arguments: list[str], expected: RunConfig) -> None:
    assert read_command("", RECIPES, arguments)[0] == expected


@pytest.mark.parametrize("arguments", [["--recipe", "ours"], ["--recipe"], ["--kernel", "6"]])
def test_what_no_recipe_knows_is_refused(arguments: list[str]) -> None:
    with pytest.raises(UserError):
        read_command("", RECIPES, arguments)


def test_a_resumed_run_keeps_its_settings(root: Path) -> None:
    own = replace(REPORT_CGAN, network=replace(REPORT_CGAN.network, width=7))
    empty: dict[str, object] = {"dataset": {}, "progress": {}, "environment": {}}
    Run(root / "mine").write_config({"settings": to_json(own)} | empty)
    config, output, _ = read_command("", RECIPES, ["--out", "mine", "--resume", "--epochs", "30"])
    assert config == replace(own, loop=replace(own.loop, epochs=30))
    assert output.resume
    with pytest.raises(UserError, match="use its own script"):
        read_command("", {"report": REPORT_DCGAN}, ["--out", "mine", "--resume"])
