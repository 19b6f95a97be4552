"""The scripts as a user meets them: from any folder, with good and with bad input."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gan.runs import Run

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def script(
    name: str, *arguments: object, home: Path, folder: Path = REPOSITORY
) -> subprocess.CompletedProcess[str]:
    """Run train/NAME with data and checkpoints kept under `home`."""
    environment = os.environ | {
        "CAR_GAN_DATA": str(home / "data"),
        "CAR_GAN_CHECKPOINTS": str(home / "checkpoints"),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, REPOSITORY / "train" / name, *map(str, arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos of two types, as a user may have them."""
    home = tmp_path_factory.mktemp("home")
    stream = np.random.RandomState(0)
    for body_type, shade in (("sedan", 80), ("suv", 160)):
        folder = home / "photos" / body_type
        folder.mkdir(parents=True)
        for i in range(24):
            pixels = stream.randint(0, 90, (70, 120, 3)) + shade
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i}.png")
    return home


SHORT = ("--pictures", 16, "--batch", 8, "--width", 4, "--latent", 8, "--log-every", 1)


def test_train_then_resume_from_another_folder(home: Path, tmp_path: Path) -> None:
    run = Run(home / "checkpoints" / "first")
    first = script(
        "train_gan.py", "--data", home / "photos", "--out", "first", *SHORT, home=home,
        folder=tmp_path,
    )  # fmt: skip
    assert first.returncode == 0, first.stderr
    assert run.read_config()["progress"]["images_seen"] == 16
    assert f"python train/evaluate.py {run.path}" in first.stdout
    assert "streamlit run streamlit_app.py" in first.stdout
    more = script("train_gan.py", "--out", "first", "--resume", "--pictures", 32, home=home)
    assert more.returncode == 0, more.stderr
    assert run.read_config()["progress"]["images_seen"] == 32
    assert run.read_losses()["iteration"].tolist() == [1, 2, 3, 4]


def test_two_processes_train_as_one_does(home: Path) -> None:
    """Half of every batch each, the same losses: the same code path as several GPUs."""
    environment = os.environ | {
        "CAR_GAN_DATA": str(home / "data"),
        "CAR_GAN_CHECKPOINTS": str(home / "checkpoints"),
        "OMP_NUM_THREADS": "1",
    }
    arguments = ["--data", home / "photos", *SHORT[2:], "--pictures", 160]
    arguments += ["--precision", "float32"]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, REPOSITORY / "train" / "train_gan.py", *map(str, arguments), "--out", "two"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("The run is in") == 1
    alone = script("train_gan.py", *arguments, "--out", "one", home=home)
    assert alone.returncode == 0, alone.stderr
    one, two = (Run(home / "checkpoints" / which).read_losses() for which in ("one", "two"))
    assert len(one) == 20
    # Rounding, which differs, grows from step to step: the first ones tell what is computed.
    first, second = (each.drop(columns="seconds").head(6) for each in (one, two))
    pd.testing.assert_frame_equal(first, second, rtol=1e-4, atol=1e-4)


BAD = {
    "wrong path": (("--data", "/no/such/place"), "/no/such/place"),
    "unknown flag": (("--colour", "red"), "--colour"),
    "unknown value": (("--loss", "hinge"), "hinge"),
    "size not in the list": (("--size", "65"), "65"),
    "not a number": (("--batch", "many"), "--batch"),
    "out of range": (("--slope", "7"), "--slope"),
    "nothing to resume": (("--resume",), "--out"),
    "run to resume is missing": (("--resume", "--out", "nowhere"), "nowhere"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_code_2(home: Path, case: str) -> None:
    arguments, says = BAD[case]
    done = script("train_gan.py", *arguments, home=home)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("error: ")
    assert says in done.stderr
    assert not (home / "checkpoints" / "drawn-dcgan").exists()


def test_help_states_defaults(home: Path) -> None:
    done = script("train_gan.py", "--help", home=home)
    assert done.returncode == 0
    for words in ("--kernel", "(default: 4)", "Adam"):
        assert words in done.stdout


def test_read_only_folder_is_one_line(home: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where a folder should be", encoding="utf-8")
    done = script(
        "train_gan.py", "--data", home / "photos", "--out", blocked / "run", *SHORT, home=home
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "Traceback" not in done.stderr


def test_ladder_from_drawn_cars_to_256_pixels(home: Path) -> None:
    """README's three commands in miniature: each size starts with the generator before."""
    tiny = ("--pictures", 16, "--batch", 8, "--log-every", 1)
    small = ("--width", 4, "--latent", 8, "--class-code", 4, "--bank", 8)
    heads = ("--head-width", 4, "--pixel-width", 4)
    run = None
    for size in (64, 128, 256):
        folder = home / f"drawn-{size}"
        made = script(
            "prepare_data.py", "--data", "drawn", "--count", 160, "--size", size, "--out", folder,
            home=home,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        start = small if run is None else ("--grow-from", run.name, "--bank", 8)
        trained = script("train_cgan.py", "--data", folder, *start, *heads, *tiny, home=home)
        assert trained.returncode == 0, trained.stderr
        before, run = run, Run(home / "checkpoints" / f"drawn-projected{f'-{size}' * (size > 64)}")
        settings = run.read_config()["settings"]
        assert settings["data"]["size"] == size
        if before is not None:
            assert settings["network"]["trunk"].startswith(before.short_hash())
    refused = script("train_cgan.py", "--data", folder, "--grow-from", run.name, home=home)
    assert refused.returncode == 2
    assert "nothing larger" in refused.stderr
    assert "Traceback" not in refused.stderr


BAD_ELSEWHERE = {
    "a mistyped run in a table": ("results_table.py", ("cgan-shor",), "is not a run"),
    "a mistyped run beside a good one": ("results_table.py", ("unjudged", "cga"), "unjudged"),
    "a run to judge": ("evaluate.py", ("nowhere",), "nowhere"),
    "findings of nothing": ("ablations.py", ("--findings",), "results.csv"),
    "findings of a mistyped folder": ("kernel_sweep.py", ("--findings", "--out", "x"), "x"),
    "two runs of one name": ("results_table.py", ("unjudged", "./checkpoints/unjudged"), "a name"),
    "a network without channels": ("judge_plateau.py", ("--widths", "nan"), "--widths"),
    "a digest that is none": ("prepare_data.py", ("--data", "photos", "--sha256", "abc"), "64"),
    "flags of drawn cars": ("prepare_data.py", ("--data", "photos", "--count", "9"), "--count"),
}


@pytest.mark.parametrize("case", BAD_ELSEWHERE)
def test_no_script_does_half_of_what_it_was_asked(home: Path, case: str) -> None:
    name, arguments, says = BAD_ELSEWHERE[case]
    unjudged = Run(home / "checkpoints" / "unjudged")
    unjudged.path.mkdir(parents=True, exist_ok=True)
    parts = ("settings", "dataset", "progress", "environment")
    unjudged.write_config({part: {} for part in parts})
    done = script(name, *arguments, home=home, folder=home)
    assert done.returncode == 2, done.stdout
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
    assert done.stdout == ""
