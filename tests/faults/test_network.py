"""Nothing is asked of the network but what the user asks for; the lock names what is installed."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.faults.conftest import REPOSITORY, SHORT

# Every way out of a Python process ends in one of these events; a socket of this machine's own
# files is no network. Set from sitecustomize, so that it holds before anything is imported.
GUARD = """
import os, sys
def guard(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request") or (
        event in ("socket.connect", "socket.sendto") and not isinstance(arguments[1], (str, bytes))
    ):
        with open(os.environ["NETWORK_LOG"], "a") as file:
            file.write(f"{event} {arguments!r}\\n")
        raise OSError("no network here")
sys.addaudithook(guard)
"""
# Judged by small networks: the large ones take minutes.
JUDGE = """
import runpy, sys
runpy.run_path("tests/faults/kills.py")["shrink"]()
sys.argv[0] = "train/evaluate.py"
sys.path.insert(0, ".")
runpy.run_path("train/evaluate.py", run_name="__main__")
"""
APP = """
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("gan/demo/router.py", default_timeout=120).run()
assert not app.exception, app.exception
"""


def test_no_call_is_made_while_it_runs(tmp_path: Path, cars: Path) -> None:
    """Preparing, training, judging and the app, each in a process that counts its calls."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    log = tmp_path / "log"
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path / "site"),
        "NETWORK_LOG": str(log),
        "CAR_GAN_DATA": str(tmp_path / "data"),
        "CAR_GAN_CHECKPOINTS": str(tmp_path / "checkpoints"),
        "OMP_NUM_THREADS": "1",
    }
    steps = [
        ["train/train_gan.py", "--data", cars, "--out", "run", *SHORT.split()],
        ["-c", JUDGE, tmp_path / "checkpoints" / "run", "--quick", "--count", "100"],
        ["-c", APP],
    ]
    for step in steps:
        done = subprocess.run(
            [sys.executable, *step],
            cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert not log.exists(), log.read_text(encoding="utf-8")
    # The guard itself works: what is asked for is asked of the network.
    done = subprocess.run(
        [sys.executable, "train/prepare_data.py", "--data", "http://127.0.0.1:9/cars.rar"],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 2
    assert "127.0.0.1" in log.read_text(encoding="utf-8")


def pins(text: str) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s\\;]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


LOCK = (REPOSITORY / ".ci/requirements.lock").read_text(encoding="utf-8")


def test_lock_has_every_pin_and_hashes_for_all() -> None:
    development = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    named = pins((REPOSITORY / "requirements.txt").read_text(encoding="utf-8"))
    named |= pins("\n".join(development["project"]["optional-dependencies"]["dev"]))
    assert len(named) >= 20
    assert named.items() <= pins(LOCK).items()
    entries = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == len(pins(LOCK))
    for entry in entries:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_lock_names_no_host() -> None:
    for word in ("://", "--index-url", "--extra-index-url", "--find-links", "--trusted-host"):
        assert word not in re.sub(r"^#.*$", "", LOCK, flags=re.MULTILINE)


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or sys.platform != "linux", reason="the lock is for another"
)
def test_lock_is_complete() -> None:
    """Everything that what is installed here requires is in it: no package comes unpinned."""
    from importlib.metadata import distribution

    from packaging.requirements import Requirement

    locked = pins(LOCK)
    for name in locked:
        for text in distribution(name).requires or ():
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert re.sub(r"[-_.]+", "-", needed.name).lower() in locked, f"{name}: {text}"
