"""Train the conditional GAN: a chosen car type on demand."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.errors import command
from gan.launch import launch, read_command
from gan.recipes import PROJECTED, REPORT_CGAN

ABOUT = """Train our conditional GAN; it runs as it is, on cars drawn by the program.

--recipe report trains the report's pair instead, with flags of its own.
"""
RECIPES = {"projected": PROJECTED, "report": REPORT_CGAN}


@command
def main() -> None:
    """Read the flags, train."""
    launch(*read_command(ABOUT, RECIPES))


if __name__ == "__main__":
    main()
