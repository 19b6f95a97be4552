"""Command lines from dataclasses: help that groups the flags, mistakes in one line."""

import contextlib
import dataclasses
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import tyro

from gan.errors import UserError

Command = TypeVar("Command")
LONGEST = 500  # characters of a complaint: it may quote what was typed


def parse(
    command: type[Command],
    arguments: Sequence[str] | None = None,
    default: Command | None = None,
    about: str | None = None,
) -> Command:
    """Read `arguments` (the process's own where None) into the dataclass `command`.

    Comments beside the fields are the help; fields of nested dataclasses are flags of their own,
    in a group that the nested class's docstring heads. `about` is what --help says first, where
    the class's own docstring is not.

    Raises:
        UserError: A flag or a value is unknown.
        SystemExit: --help was asked for and printed.
    """
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint), contextlib.ExitStack() as wide:
            if not {"-h", "--help"} & set(sys.argv[1:] if arguments is None else arguments):
                # The complaint is read below: a narrow terminal would break its words.
                wide.enter_context(_columns(9999))
            given = tyro.cli(
                tyro.conf.OmitArgPrefixes[command],  # type: ignore[valid-type, misc]
                args=arguments,
                default=default,
                description=about,
                prog=f"python train/{sys.argv[0].rpartition('/')[2]}",
            )
            return _at_home(given)
    except SystemExit as leaving:
        if not leaving.code:
            raise
    # tyro draws a box: a title, the complaint between rules, then where to find help.
    lines = [
        re.sub("[\u2500-\u257f]", "", line).strip() for line in complaint.getvalue().splitlines()
    ]
    body = [line for line in lines if line and not set(line) <= {"-"}]
    end = next(
        (i for i, line in enumerate(body) if line.startswith(("Arg", "For full"))), len(body)
    )
    text = " ".join(body[1:end])
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}..."
    raise UserError(f"{text} (see --help)")


@contextlib.contextmanager
def _columns(width: int) -> Iterator[None]:
    """Let the terminal pass for one of `width` columns."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(width)
    try:
        yield
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before


def _at_home(given: Any) -> Any:
    """A command with "~" spelled out in its paths; shells leave it alone in --labels=~/cars.csv."""
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(given):
        value = getattr(given, field.name)
        if isinstance(value, Path):
            with contextlib.suppress(RuntimeError):  # nobody is called so
                changed[field.name] = value.expanduser()
        elif dataclasses.is_dataclass(value):
            changed[field.name] = _at_home(value)
    return dataclasses.replace(given, **changed) if changed else given
