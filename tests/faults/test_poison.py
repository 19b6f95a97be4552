"""Values that are not finite, tables that are torn, states of something else: told, not used."""

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from gan import step, training, weights
from gan.checkpoint import load_generator
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.runs import Run
from tests.conftest import tiny_config
from tests.faults.conftest import Script, refused

NAN = float("nan")


def poison_batch(patch: pytest.MonkeyPatch, at: int) -> None:
    real = training.Batches.get

    def get(self: Any, iteration: int, *arguments: Any) -> Any:
        pictures, labels = real(self, iteration, *arguments)
        if iteration == at:
            pictures[0] = NAN  # a corner alone may be shifted away
        return pictures, labels

    patch.setattr(training.Batches, "get", get)


def poison_weight(patch: pytest.MonkeyPatch, at: int) -> None:
    real = step.update_average

    @torch.no_grad()
    def update(average: Any, generator: Any, batch: int, half_life: float) -> None:
        real(average, generator, batch, half_life)
        if half_life == 0.05 * at * batch:  # after step `at`
            next(iter(generator.parameters()))[0] = float("inf")

    patch.setattr(step, "update_average", update)


def poison_average(patch: pytest.MonkeyPatch, at: int) -> None:
    real = step.update_average

    @torch.no_grad()
    def update(average: Any, generator: Any, batch: int, half_life: float) -> None:
        real(average, generator, batch, half_life)
        if half_life == 0.05 * at * batch:  # after step `at`
            next(iter(average.parameters()))[0] = NAN

    patch.setattr(step, "update_average", update)


@pytest.mark.parametrize(
    ("architecture", "poison"),
    [
        *itertools.product(["dcgan", "cgan"], [poison_batch, poison_weight, poison_average]),
        ("projected", poison_batch),  # the slowest: the other two don't differ there
    ],
)
def test_poison_in_a_training_keeps_the_last_save(
    tiny_photos: Photos,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    architecture: str,
    poison: Callable[[pytest.MonkeyPatch, int], None],
) -> None:
    run, config = Run(tmp_path / "run"), tiny_config(architecture, pictures=24)
    training.train(config, tiny_photos, run)
    kept = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    longer = replace(config, loop=replace(config.loop, pictures=64))
    said = "5: a loss is" if poison is poison_batch else "[4-8]: .*"
    with monkeypatch.context() as patch:
        poison(patch, 4)
        with pytest.raises(UserError, match=f"iteration {said} not finite.* the last save is"):
            training.train(longer, tiny_photos, run, resume=True)
    for path in (run.resume_path, run.generator_path, run.losses_path, run.config_path):
        assert path.read_bytes() == kept[path], path.name
    assert training.train(longer, tiny_photos, run, resume=True)
    assert np.isfinite(run.read_losses().to_numpy()).all()


Change = Callable[[dict[str, torch.Tensor], dict[str, Any]], Any]


def spoil(path: Path, change: Change, seal: bool = False) -> None:
    """Change tensors and what the file says of itself; `seal` keeps the old digest."""
    with safetensors.safe_open(path, "pt") as file:
        about = json.loads(file.metadata()[weights.FORMAT])
    tensors = safetensors.torch.load_file(path)
    change(tensors, about)
    if not seal:
        about.pop("sha256", None)
    safetensors.torch.save_file(tensors, path, {weights.FORMAT: json.dumps(about)})


def set_one(name: str, value: float) -> Change:
    def change(tensors: dict[str, torch.Tensor], _about: Any) -> None:
        tensors[name][...] = value

    return change


def rename(before: str, after: str) -> Change:
    return lambda tensors, _: tensors.update({after: tensors.pop(before)})


def say(**about: Any) -> Change:
    return lambda _, said: said.update(about)


# "0" is the first of its parameters, with Adam's three values.
STATES: dict[str, tuple[Change, str]] = {
    "NaN in a weight": (set_one("generator/layers.0.weight", NAN), "not finite"),
    "NaN in the average": (set_one("average/layers.0.weight", NAN), "not finite"),
    "NaN in Adam's moments": (set_one("optimizer_g/0/exp_avg", NAN), "not finite"),
    "NaN in Adam's count": (set_one("optimizer_d/0/step", NAN), "not finite"),
    "no such parameter": (
        rename("optimizer_g/0/step", "optimizer_g/999/step"),
        "another architecture",
    ),
    "not a number": (rename("optimizer_g/0/step", "optimizer_g/x/step"), "another architecture"),
    "one part too many": (
        rename("optimizer_g/0/step", "optimizer_g/0/step/more"),
        "another architecture",
    ),
    "a moment is missing": (lambda t, _: t.pop("optimizer_g/0/exp_avg"), "another architecture"),
    "a moment of another shape": (
        lambda t, _: t.update({"optimizer_g/0/exp_avg": torch.zeros(3)}),
        "another architecture",
    ),
    "a count of another shape": (
        lambda t, _: t.update({"optimizer_g/0/step": torch.zeros(3)}),
        "another architecture",
    ),
    "a network is missing": (
        lambda t, _: [t.pop(name) for name in list(t) if name.startswith("discriminator/")],
        "another architecture",
    ),
    "negative iteration": (say(iteration=-1), "does not say"),
    "iteration in words": (say(iteration="8"), "does not say"),
    "endless seconds": (say(seconds=float("inf")), "does not say"),
    "identity of nothing": (say(identity=None), "does not say"),
    "no identity": (lambda _, about: about.pop("identity"), "does not say"),
    "other photos": (
        lambda _, about: about["identity"].update(data="0" * 64),
        "was trained on others (00000000); name those with --data",
    ),
    "another setting": (
        lambda _, about: about["identity"]["settings"]["loop"].update(seed=7),
        "its settings.loop.seed was 7, now it is 0",
    ),
    "another architecture": (
        lambda _, about: about["identity"]["settings"]["network"].update(kind="cgan"),
        "its settings.network.kind was cgan, now it is dcgan",
    ),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Run:
    """A run whose resume file a test may spoil, if it puts the bytes back."""
    from gan.config import DataConfig
    from gan.data.prepared import read

    run = Run(tmp_path_factory.mktemp("finished") / "run")
    config = replace(tiny_config(pictures=24), data=DataConfig(data=str(prepared)))
    training.train(config, read(prepared), run)
    return run


@pytest.mark.parametrize("case", STATES)
def test_spoilt_state_is_refused(finished: Run, script: Script, case: str) -> None:
    change, says = STATES[case]
    whole = finished.resume_path.read_bytes()
    spoil(finished.resume_path, change)
    try:
        refused(script("train_gan.py", "--out", finished.path, "--resume", "--pictures", 64), says)
    finally:
        finished.resume_path.write_bytes(whole)


def test_state_of_another_format(finished: Run, script: Script) -> None:
    whole = finished.resume_path.read_bytes()
    tensors = safetensors.torch.load_file(finished.resume_path)
    safetensors.torch.save_file(tensors, finished.resume_path, {"car-gan-2": "{}"})
    try:
        refused(
            script("train_gan.py", "--out", finished.path, "--resume", "--pictures", 64),
            "another version",
        )
    finally:
        finished.resume_path.write_bytes(whole)


def test_photos_of_another_set(
    finished: Run, prepared: Path, script: Script, tmp_path: Path
) -> None:
    """The folder that the run names holds other photos now."""
    import shutil

    other = Path(shutil.copytree(prepared, tmp_path / "other"))
    about = json.loads((other / "dataset.json").read_text(encoding="utf-8"))
    (other / "dataset.json").write_text(
        json.dumps(about | {"content_hash": "1" * 64}), encoding="utf-8"
    )
    answer = script("train_gan.py", "--out", finished.path, "--resume", "--data", other)
    refused(answer, "can't be resumed")


def test_run_of_another_script(finished: Run, script: Script) -> None:
    refused(script("train_cgan.py", "--out", finished.path, "--resume"), "use its own script")


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
def test_flipped_bit_among_the_values_is_seen(
    finished: Run, tmp_path: Path, place: float, bit: int
) -> None:
    """Most flips leave a plausible number; the digest knows."""
    run = Run(tmp_path / "copy")
    run.path.mkdir()
    run.config_path.write_bytes(finished.config_path.read_bytes())
    data = bytearray(finished.generator_path.read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    data[start + int((len(data) - start) * place)] ^= 1 << bit
    run.generator_path.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        load_generator(run)


def test_torn_table_costs_the_torn_line_only(trained: Run, script: Script) -> None:
    text = trained.losses_path.read_text(encoding="utf-8")
    trained.losses_path.write_text(text[:-9], encoding="utf-8")
    assert script("train_gan.py", "--out", trained.path, "--resume", "--pictures", 96)[0] == 0
    assert trained.read_losses()["iteration"].tolist() == [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12]


def test_table_of_something_else_stops_a_resume(trained: Run, script: Script) -> None:
    trained.losses_path.write_text("a,b\n1,2\n", encoding="utf-8")
    kept = trained.resume_path.read_bytes()
    answer = script("train_gan.py", "--out", trained.path, "--resume", "--pictures", 96)
    refused(answer, "losses.csv")
    assert trained.resume_path.read_bytes() == kept
