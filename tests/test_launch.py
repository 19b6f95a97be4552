"""Which recipe and which settings a command line means."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch

from gan import config, hardware
from gan.config import CGANConfig, DataConfig, ProjectedConfig, RunConfig, to_json
from gan.errors import UserError
from gan.launch import find_run, read_command
from gan.recipes import (
    GROWN,
    GROWN_GPU,
    GROWN_GPU_256,
    LONG,
    LONG_GPU,
    PROJECTED,
    REPORT_CGAN,
    of_kind,
    suited,
)
from gan.runs import Run

RECIPES = of_kind(conditional=True)


@pytest.mark.parametrize(
    ("device", "arguments", "expected"),
    [
        ("cpu", [], PROJECTED),
        ("cpu", ["--seed", "3"], replace(PROJECTED, loop=replace(PROJECTED.loop, seed=3))),
        ("cpu", ["--recipe", "report"], REPORT_CGAN),
        ("cpu", ["--recipe", "long", "--pictures", "320000"], LONG),
        ("cpu", ["--recipe=report", "--epochs", "20"], REPORT_CGAN),
        ("cpu", ["--recipe", "report", "--recipe", "projected"], PROJECTED),
        ("cpu", ["--recipe", "long-gpu"], LONG_GPU),
        ("cuda", [], PROJECTED),
        ("cuda", ["--recipe", "long"], LONG_GPU),
        ("cuda", ["--recipe", "long-cpu"], LONG),
        ("cuda", ["--recipe", "long", "--size", "256"], replace(LONG, data=DataConfig(size=256))),
        (
            "cuda",
            ["--recipe", "long", "--batch", "64"],
            replace(LONG_GPU, loop=replace(LONG_GPU.loop, batch=64)),
        ),
    ],
)
def test_recipe_and_machine_choose_the_settings(
    monkeypatch: pytest.MonkeyPatch, device: str, arguments: list[str], expected: RunConfig
) -> None:
    monkeypatch.setattr(hardware, "best_device", lambda: torch.device(device))
    assert read_command("", RECIPES, arguments)[0] == expected


@pytest.mark.parametrize(
    ("small", "large", "size", "grown"),
    [(LONG, LONG_GPU, 64, 0), (GROWN, GROWN_GPU, 128, 1), (GROWN, GROWN_GPU_256, 256, 2)],
)
def test_a_run_of_another_machine_is_started_from_with_settings_for_this_one(
    small: RunConfig, large: RunConfig, size: int, grown: int
) -> None:
    """Batches of 1,024 would fill a computer without a GPU."""
    for recipe, gpu, expected in ((large, False, small), (small, True, large)):
        assert isinstance(recipe.network, ProjectedConfig)
        network = replace(recipe.network, grown=grown)
        loop = replace(recipe.loop, seed=7, pictures=5, mirror=False)
        run = replace(recipe, data=DataConfig("x", size), network=network, loop=loop)
        assert suited(run, not gpu) == run
        found = suited(run, gpu)
        assert (found.network, found.objective) == (network, expected.objective)
        assert found.loop == replace(expected.loop, seed=7, pictures=5, mirror=False)
        by_hand = replace(run, loop=replace(run.loop, batch=32))
        assert suited(by_hand, gpu) == by_hand
    for gpu in (False, True):
        assert suited(PROJECTED, gpu) == PROJECTED
        assert suited(REPORT_CGAN, gpu) == REPORT_CGAN


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
        read_command("", of_kind(conditional=False), ["--out", "mine", "--resume"])


def test_a_network_that_no_recipe_names_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Other(CGANConfig):
        """Made up."""

    monkeypatch.setitem(config.NETWORKS, "other", Other)
    chosen = read_command("", of_kind(conditional=True), ["--recipe", "other", "--width", "8"])[0]
    assert chosen.network == Other(width=8)
    assert "other" not in of_kind(conditional=False)


@pytest.mark.parametrize(
    ("out", "place"),
    [
        ("x", "checkpoints/x"),
        ("./x", "here/x"),
        ("x/", "here/x"),
        ("a/x", "here/a/x"),
        ("../x", "here/../x"),
        ("there", "here/there"),  # what exists is meant
        ("~/x", "home/x"),
    ],
)
def test_a_run_is_where_its_name_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, place: str
) -> None:
    (tmp_path / "here" / "there").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CAR_GAN_CHECKPOINTS", str(tmp_path / "checkpoints"))
    assert find_run(out).path.resolve() == (tmp_path / place).resolve()
