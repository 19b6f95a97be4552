"""Complaints about flags: whole words and every letter, however narrow the terminal is."""

import os

import pytest

from gan.cli import parse
from gan.data.photos import Request
from gan.errors import UserError

LONG = "/a/path/" + "x" * 90 + "/Ümläute und Leerzeichen/轿车"


@pytest.mark.parametrize("columns", ["", "20", "40", "300"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--size", LONG], LONG),
        (["--größe", "3"], "--größe"),
        (["--" + "y" * 120], "y" * 120),
    ],
)
def test_nothing_typed_is_broken_or_loses_letters(
    columns: str, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with pytest.raises(UserError) as refused:
        parse(Request, arguments)
    assert words in str(refused.value)
    assert os.environ["COLUMNS"] == columns


def test_help_fits_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    with pytest.raises(SystemExit):
        parse(Request, ["--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 60
