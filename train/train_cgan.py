"""Train the conditional GAN, which draws cars of a chosen body type."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.errors import command
from gan.launch import launch, read_command
from gan.recipes import of_kind

DESCRIPTION = """Train our conditional GAN; without flags, on cars drawn by the program.

--recipe long is for photos, and an hour or more on a CPU; with a GPU it and --grow-from have
settings for it (long-gpu, grown-gpu; those for a CPU: long-cpu, grown-cpu). --grow-from goes on
from a finished run to twice its size, and --start-from at its own size, on other photos or for
longer. --recipe report trains the report's networks instead, with flags of their own.
"""


@command
def main() -> None:
    """Read the flags, train."""
    launch(*read_command(DESCRIPTION, of_kind(conditional=True)))


if __name__ == "__main__":
    main()
