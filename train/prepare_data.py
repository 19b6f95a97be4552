"""Prepare a data set: fetch, unpack, sort by body type, decode once to one array."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.cli import parse
from gan.data import summary
from gan.data.photos import Request, prepare
from gan.errors import command


@command
def main() -> None:
    """Prepare once, then say what there is and what comes next."""
    print(summary.after(prepare(parse(Request))))


if __name__ == "__main__":
    main()
