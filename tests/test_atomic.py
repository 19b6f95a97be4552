"""Places that can't be written: found before the work, or done without where they are optional."""

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gan import atomic
from gan.errors import UserError


def test_a_place_that_can_be_made_is_left_alone(tmp_path: Path) -> None:
    atomic.check_place(tmp_path / "a" / "b", "--out")
    assert not any(tmp_path.iterdir())


def in_the_way(folder: Path, patch: pytest.MonkeyPatch) -> None:
    (folder / "a").write_text("a file", encoding="utf-8")


def forbidden(folder: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(os, "access", lambda *_: False)


def read_only(folder: Path, patch: pytest.MonkeyPatch) -> None:
    forbidden(folder, patch)
    patch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))


@pytest.mark.parametrize(
    ("make", "place", "words"),
    [
        (in_the_way, "a", "Not a directory"),
        (in_the_way, "a/b", "Not a directory"),
        (forbidden, "a/b", "denied"),
        (read_only, "a/b", "Read-only"),
    ],
)
def test_a_place_that_cannot_is_named_with_what_moves_it(
    make: Any, place: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, monkeypatch)
    with pytest.raises(UserError, match=words) as refused:
        atomic.check_place(tmp_path / place, "--out")
    assert f"{tmp_path / place}:" in str(refused.value)
    assert "(--out)" in str(refused.value)


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_what_is_optional_is_done_without(code: int, capsys: pytest.CaptureFixture[str]) -> None:
    with atomic.optional("a copy", "$CAR_GAN_DATA"):
        raise OSError(code, os.strerror(code), "/there/copy")
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    for words in ("without a copy", os.strerror(code), "/there/copy", "$CAR_GAN_DATA"):
        assert words in said
    with pytest.raises(KeyError), atomic.optional("a copy", "$CAR_GAN_DATA"):
        raise KeyError("a bug")
