"""Train the unconditional GAN (the report's DCGAN, kernel 4, 6 or 8)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.errors import command
from gan.launch import launch, read_command
from gan.recipes import of_kind

DESCRIPTION = "Train the report's unconditional DCGAN; without flags, on cars drawn by the program."


@command
def main() -> None:
    """Read the flags, train."""
    launch(*read_command(DESCRIPTION, of_kind(conditional=False)))


if __name__ == "__main__":
    main()
