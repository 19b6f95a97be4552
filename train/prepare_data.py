"""Prepare a data set: download, unpack, label by body type, decode to one array."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.cli import parse
from gan.data import summary
from gan.data.photos import Request, prepare
from gan.errors import command


@command
def main() -> None:
    """Prepare the set, unless that was done before, and print what it holds."""
    print(summary.after(prepare(parse(Request))))


if __name__ == "__main__":
    main()
