"""Compare kernels 4, 6 and 8 over seeds, at equal pictures, equal time and equal parameters."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.errors import command
from gan.experiments.command import conduct
from gan.experiments.studies.kernel_size import KernelSize


@command
def main() -> None:
    """Carry out the experiment, or show its plan or findings."""
    conduct(KernelSize)


if __name__ == "__main__":
    main()
