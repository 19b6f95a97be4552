"""Train the conditional GAN: a chosen car type on demand."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.errors import command
from gan.launch import launch, read_command
from gan.recipes import of_kind

ABOUT = """Train our conditional GAN; it runs as it is, on cars drawn by the program.

--recipe long is for an hour or more on photos, and --grow-from goes on from a finished run to
twice its size. --recipe report trains the report's pair instead, with flags of its own.
"""


@command
def main() -> None:
    """Read the flags, train."""
    launch(*read_command(ABOUT, of_kind(conditional=True)))


if __name__ == "__main__":
    main()
