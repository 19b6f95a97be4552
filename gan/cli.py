"""Command lines from dataclasses: help that groups the flags, mistakes in one line."""

import contextlib
import io
import re
import sys
from collections.abc import Sequence
from typing import TypeVar

import tyro

from gan.errors import UserError

Command = TypeVar("Command")
LONGEST = 500  # characters of a complaint: it may quote what was typed


def parse(
    command: type[Command], arguments: Sequence[str] | None = None, default: Command | None = None
) -> Command:
    """Read `arguments` (the process's own where None) into the dataclass `command`.

    Comments beside the fields are the help; fields of nested dataclasses are flags of their own,
    in a group that the nested class's docstring heads.

    Raises:
        UserError: A flag or a value is unknown.
        SystemExit: --help was asked for and printed.
    """
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(
                tyro.conf.OmitArgPrefixes[command],  # type: ignore[valid-type, misc]
                args=arguments,
                default=default,
                prog=f"python train/{sys.argv[0].rpartition('/')[2]}",
            )
    except SystemExit as leaving:
        if not leaving.code:
            raise
    # tyro draws a box: a title, the complaint between rules, then where to find help.
    lines = [
        re.sub(r"[^\x20-\x7e]", "", line).strip() for line in complaint.getvalue().splitlines()
    ]
    body = [line for line in lines if line and not set(line) <= {"-"}]
    end = next(
        (i for i, line in enumerate(body) if line.startswith(("Arg", "For full"))), len(body)
    )
    text = " ".join(body[1:end])
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}..."
    raise UserError(f"{text} (see --help)")
