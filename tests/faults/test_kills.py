"""A short run of the script that kills; by hand it takes more: see kills.py."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("kills.py")


def test_three_kills_leave_no_trace() -> None:
    done = subprocess.run(
        [sys.executable, SCRIPT, "--seed", "1", "--kills", "3"],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    table = done.stdout.splitlines()[1:-1]
    assert [line.split()[0] for line in table] == ["prepare", "train", "evaluate"]
