"""The app's engine draws and judges as torch does, and says what is wrong with its files."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan import calibration, graph, latents, sampling
from gan.calibration import Calibration
from gan.checkpoint import load_generator, save_generator
from gan.config import DataConfig, LoopConfig, RunConfig, to_json
from gan.demo import network
from gan.errors import UserError
from gan.metrics import judge
from gan.metrics.classifier import predict
from gan.metrics.measures import nearest
from gan.models import build_generator
from gan.pictures import to_uint8
from gan.runs import JUDGE_GRAPH, Run
from tests.conftest import tiny_config
from tests.demo.fake_runs import make_judge

TYPES = ("coupe", "suv", "van")


def trained(folder: Path, kind: str, size: int, **changes: Any) -> Run:
    """A run whose weights differ from those of a fresh network, statistics included."""
    run = Run(folder / f"{kind}-{size}")
    run.path.mkdir()
    tiny = tiny_config(kind)
    data = DataConfig(size=size)  # type: ignore[arg-type]
    config = RunConfig(data, replace(tiny.network, **changes), tiny.objective, LoopConfig())
    classes = TYPES if config.conditional else ()
    generator = build_generator(config.network, size, len(classes))
    torch.manual_seed(1)
    # Fresh ones draw grey, and what growing and guidance add starts at zero. With blocks, sums of
    # larger ones would draw black and white alone.
    factor = 1.3 if changes.get("depth") else 5
    for weight in generator.parameters():
        weight.data = weight.data * factor + 0.01 * torch.randn_like(weight)
    y = torch.rand(8, len(classes)) if classes else None
    generator(torch.randn(8, config.network.latent), y)
    save_generator(run.generator_path, generator.eval(), to_json(config))
    about = {"settings": to_json(config), "dataset": {"classes": list(classes)}}
    run.write_config(about | {"progress": {}, "environment": {}})
    graph.write_generator(run, config, len(classes))
    return run


@pytest.mark.parametrize(
    ("kind", "size", "changes"),
    [
        ("dcgan", 64, {}),
        ("projected", 128, {"guided": True, "grown": 1, "depth": 1, "mapping": True}),
    ],
)
def test_the_session_has_its_own_copy_of_the_weights(
    tmp_path: Path, kind: str, size: int, changes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours are freed once it is made, so it must not read them."""
    run = trained(tmp_path, kind, size, **changes)
    expected = network.load_generator(run)
    given: list[np.ndarray] = []

    class Watched(network.onnxruntime.OrtValue):
        @staticmethod
        def ortvalue_from_numpy(value: np.ndarray, *rest: Any) -> Any:
            given.append(value)
            return original(value, *rest)

    original = network.onnxruntime.OrtValue.ortvalue_from_numpy
    monkeypatch.setattr(network.onnxruntime, "OrtValue", Watched)
    generator = network.load_generator(run)
    assert given
    for value in given:
        value[...] = 0
    z = latents.from_seeds(range(3), generator.latent)
    y = np.eye(len(TYPES), dtype=np.float32) if generator.classes else None
    assert np.array_equal(generator.draw(z, y), expected.draw(z, y))
    assert generator.draw(z, y).std() > 1


@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize("kind", ["dcgan", "cgan", "projected"])
def test_the_app_draws_what_torch_draws(tmp_path: Path, kind: str, size: int) -> None:
    run = trained(tmp_path, kind, size)
    slow, fast = load_generator(run), network.load_generator(run)
    labels = [i % len(TYPES) for i in range(20)]
    z = latents.from_seeds(range(20), fast.latent, 0.7)
    expected = sampling.from_latents(slow, torch.from_numpy(z), labels if slow.classes else None)
    y = np.eye(len(TYPES), dtype=np.float32)[labels] if slow.classes else None
    made = fast.draw(z, y)
    assert made.shape == (20, size, size, 3)
    assert made.std() > 1
    assert np.abs(made.astype(int) - expected).max() <= 1


def test_a_grown_and_guided_generator_draws_what_torch_draws(tmp_path: Path) -> None:
    run = trained(tmp_path, "projected", 256, guided=True, grown=2, depth=1, mapping=True)
    slow, fast = load_generator(run).network, network.load_generator(run)
    z = latents.from_seeds(range(3), fast.latent)
    made = {}
    for guidance in (0.25, 1.5):
        with torch.inference_mode():
            y, given = torch.eye(3), torch.full((3,), guidance)
            expected = to_uint8(slow(torch.from_numpy(z), y, given))
        made[guidance] = fast.draw(z, np.eye(3, dtype=np.float32), guidance)
        assert np.abs(made[guidance].astype(int) - expected).max() <= 1
        assert np.mean((made[guidance] > 0) & (made[guidance] < 255)) > 0.5
    assert (made[0.25] != made[1.5]).any()


def test_the_app_draws_with_the_runs_calibration(tmp_path: Path) -> None:
    run = trained(tmp_path, "projected", 64, guided=True)
    z, y = latents.from_seeds(range(3), 8), np.eye(3, dtype=np.float32)
    plain = network.load_generator(run).draw(z, y)
    calibration.write(run, TYPES, Calibration((0.0, 0.3, 1.0), 0.5))
    slow, made = load_generator(run), network.load_generator(run).draw(z, y)
    expected = sampling.from_latents(slow, torch.from_numpy(z), [0, 1, 2])
    assert np.abs(made.astype(int) - expected).max() <= 1
    assert (made != plain).any((1, 2, 3)).all()
    before = load_generator(run, run.generator_path)  # as of a generator kept on the way
    assert (
        np.abs(
            sampling.from_latents(before, torch.from_numpy(z), [0, 1, 2]).astype(int) - plain
        ).max()
        <= 1
    )


def test_the_app_judges_as_the_evaluation_does(tmp_path: Path) -> None:
    folder = make_judge(tmp_path)
    slow, fast = judge.read(folder), network.load_judge(folder)
    pictures = np.random.RandomState(0).randint(0, 256, (20, 64, 64, 3)).astype(np.uint8)
    features = predict(slow.networks[0], pictures)
    chances, distances = fast.look(pictures)
    assert np.allclose(chances, features.logits.softmax(1).numpy(), atol=1e-4)
    assert np.allclose(distances, nearest(features.pooled, slow.reference)[0], atol=1e-3)
    assert (fast.classes, fast.accuracy) == (slow.classes, slow.accuracy[0])


@pytest.mark.parametrize("file", ["judge.json", "reference.safetensors", "seed0.safetensors"])
@pytest.mark.parametrize("load", [judge.read, network.load_judge])
def test_a_pipe_or_an_endless_file_of_a_judge_is_refused_at_once(
    tmp_path: Path, file: str, load: Callable[[Path], object]
) -> None:
    folder = make_judge(tmp_path)
    (folder / file).unlink()
    os.mkfifo(folder / file)
    with pytest.raises(UserError, match="no plain file"):
        load(folder)
    (folder / file).unlink()
    with (folder / file).open("wb") as sparse:
        sparse.truncate(10**11)  # takes no room
    with pytest.raises(UserError, match="is larger than"):
        load(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"size": 10**9},
        {"size": "64"},
        {"seeds": ["../x"]},
        {"seeds": []},
        {"classes": ["a"] * 2000},
        {"classes": [1, 2]},
        {"dataset": []},
    ],
)
def test_what_describes_no_judge_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    folder = make_judge(tmp_path)
    about = json.loads((folder / "judge.json").read_text(encoding="utf-8"))
    (folder / "judge.json").write_text(json.dumps(about | change), encoding="utf-8")
    for load in (judge.read, network.load_judge):
        with pytest.raises(UserError, match="does not describe a judge"):
            load(folder)


def test_a_graph_takes_no_part_of_the_training(tmp_path: Path) -> None:
    """It may be written in the middle of one: weights and random numbers stay as they were."""
    before = torch.random.get_rng_state()
    config = tiny_config("projected")
    graph.write_generator(Run(tmp_path), config, 3)
    assert (torch.random.get_rng_state() == before).all()
    assert Run(tmp_path).graph_path.stat().st_size < 50_000


def test_graphs_of_an_earlier_version_are_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, folder = trained(tmp_path, "cgan", 64), make_judge(tmp_path)
    graphs = run.graph_path, folder / JUDGE_GRAPH
    kept = [path.read_bytes() for path in graphs]
    for path in graphs:
        path.write_bytes(b"of an earlier version")
    monkeypatch.setattr("sys.argv", ["graph", str(run.path), str(folder)])
    graph.main.__wrapped__()  # type: ignore[attr-defined]
    assert [path.read_bytes() for path in graphs] == kept


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    run, other = trained(tmp_path, "cgan", 64), trained(tmp_path, "dcgan", 64)
    graph_of_run = run.graph_path.read_bytes()
    run.graph_path.write_bytes(other.graph_path.read_bytes())
    with pytest.raises(UserError, match="don't fit each other"):
        network.load_generator(run)
    run.graph_path.unlink()
    with pytest.raises(UserError, match=r"python -m gan\.graph"):
        network.load_generator(run)
    run.graph_path.write_bytes(graph_of_run)
    network.load_generator(run)
    run.generator_path.write_bytes(other.generator_path.read_bytes())
    with pytest.raises(UserError, match="not made with the settings"):
        network.load_generator(run)
