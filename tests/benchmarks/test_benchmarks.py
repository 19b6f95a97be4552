"""`python -m pytest -m benchmark` runs every benchmark to its end; speed is never asserted."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.benchmark


def test_every_benchmark_ends_with_its_table() -> None:
    script = Path(__file__).with_name("run_all.py")
    answer = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    assert "| what |" in answer.stdout
