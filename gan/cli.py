"""Parses a command line into a dataclass; a mistyped flag ends with one line."""

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
LONGEST = 500  # characters of an error message: it may quote what was typed


def parse(
    command: type[Command],
    arguments: Sequence[str] | None = None,
    description: str | None = None,
) -> Command:
    """Read `arguments` (default: sys.argv) into the dataclass `command`.

    The comments beside the fields become the help of the flags. The fields of a nested dataclass
    are flags in a group of their own, under the nested class's docstring. `description` is the
    first paragraph of --help; default: the docstring of `command`.

    Raises:
        UserError: A flag or a value is unknown.
        SystemExit: --help was asked for and printed.
    """
    message = io.StringIO()
    try:
        with contextlib.redirect_stderr(message), contextlib.ExitStack() as wide:
            if not {"-h", "--help"} & set(sys.argv[1:] if arguments is None else arguments):
                # The message is taken apart below, and would be wrapped to a narrow terminal.
                wide.enter_context(_columns(9999))
            parsed = tyro.cli(
                tyro.conf.OmitArgPrefixes[command],  # type: ignore[valid-type, misc]
                args=arguments,
                description=description,
                prog=f"python train/{sys.argv[0].rpartition('/')[2]}",
            )
            return _expand_home(parsed)
    except SystemExit as leaving:
        if not leaving.code:
            raise
    # tyro draws a box: a title, the message between lines, then where to find help.
    lines = [
        re.sub("[\u2500-\u257f]", "", line).strip() for line in message.getvalue().splitlines()
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
    """Pretend that the terminal is `width` columns wide."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(width)
    try:
        yield
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before


def _expand_home(command: Any) -> Any:
    """Expand "~" in the paths of a command; shells don't do it in --labels=~/cars.csv."""
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(command):
        value = getattr(command, field.name)
        if isinstance(value, Path):
            with contextlib.suppress(RuntimeError):  # no user has this name
                changed[field.name] = value.expanduser()
        elif dataclasses.is_dataclass(value):
            changed[field.name] = _expand_home(value)
    return dataclasses.replace(command, **changed) if changed else command
