"""Compare kernels 4, 6 and 8 over seeds: at equal pictures, equal time, equal parameters."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.errors import command
from gan.experiments.command import conduct
from gan.experiments.studies.kernel_size import KernelSize


@command
def main() -> None:
    """Plan, then train and judge what is missing."""
    conduct(KernelSize)


if __name__ == "__main__":
    main()
