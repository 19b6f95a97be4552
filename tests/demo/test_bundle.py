"""A bundle holds the app, the runs that it shows and their needs; no torch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gan.demo import bundle
from gan.errors import UserError
from gan.runs import Run


def test_a_bundle_runs_on_its_own(full: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    bundle.write(folder)
    wanted = (folder / "requirements.txt").read_text(encoding="utf-8").split()
    assert {line.partition("==")[0] for line in wanted} >= {"streamlit", "onnxruntime", "pandas"}
    assert not any(line.startswith("torch") for line in wanted)
    program = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision", "onnx", "scipy", "accelerate"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import streamlit_app
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("gan/demo/router.py", default_timeout=60).run()
for view in ("generate", "morph"):
    app.switch_page(f"views/{view}.py").run()
    assert not app.exception and not app.error and not app.warning
import gan
print(gan.__file__)
"""
    environment = {k: v for k, v in os.environ.items() if k != "CAR_GAN_CHECKPOINTS"}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip() == str(folder / "gan" / "__init__.py"), ran.stderr


def test_a_bundle_holds_no_more_than_its_pages_show(full: Path, tmp_path: Path) -> None:
    (full / "cgan" / "resume").mkdir()
    (full / "cgan" / "resume" / "state.safetensors").write_bytes(b"large")
    run = Run(full / "cgan")
    run.calibration_path.write_text("what the app draws with\n", encoding="utf-8")
    bundle.write(tmp_path / "bundle")
    files = {path.name for path in (tmp_path / "bundle" / "checkpoints" / "cgan").rglob("*")}
    assert {run.generator_path.name, run.graph_path.name, run.calibration_path.name} < files
    assert "state.safetensors" not in files


def test_a_bundle_takes_the_losses_of_the_kernels_first_seed(full: Path, tmp_path: Path) -> None:
    bundle.write(tmp_path / "bundle")
    folder = tmp_path / "bundle" / "checkpoints" / "kernel-size"
    kept = {path.parent.name for path in folder.glob("*/losses.csv")}
    assert kept == {"k4-seed0", "k6-seed0", "k8-seed0"}
    assert (folder / "k4-seed1" / "config.json").exists()


def test_a_bundle_takes_the_place_of_nothing(full: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(UserError, match="holds something already"):
        bundle.write(tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["file"]
