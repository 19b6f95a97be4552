"""Thousands of ways to be wrong: damaged headers and odd names in every kind of archive."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from gan.data.archive import Limits, unpack
from gan.errors import UserError
from tests.data.test_archive import MAKERS

MEMBERS = [("a.jpg", bytes(range(256))), ("d/b.png", b"x" * 600), ("labels.csv", b"f,t\n")]
WHOLE = {kind: make(MEMBERS) for kind, make in MAKERS.items()}
LIMITS = Limits(total=1 << 20, members=100, member=1 << 19)

# Shrinking finds nothing that the failing bytes don't show, and takes minutes.
quick = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


def attempt(data: bytes) -> dict[str, bytes] | None:
    """Unpack; None: refused in one line. Checks that nothing is written elsewhere."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name).resolve()
        target = base / "target"
        target.mkdir()
        archive = base / "archive"
        archive.write_bytes(data)
        try:
            unpack(archive, target, LIMITS)
        except UserError as error:
            message = str(error)
            assert message.splitlines() == [message]
            return None
        finally:
            assert set(base.iterdir()) == {target, archive}
            found = [path for path in target.rglob("*") if not path.is_dir()]
            assert not any(path.is_symlink() for path in found)
            assert sum(path.stat().st_size for path in found) <= LIMITS.total
        return {path.relative_to(target).as_posix(): path.read_bytes() for path in found}


edits = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6
)


def edited(kind: str, changes: list[tuple[float, int]], near: float, length: float) -> bytes:
    """Overwrite bytes within a window, so that one header often takes several of them."""
    data = bytearray(WHOLE[kind])
    window = max(1, int(len(data) * length))
    start = int((len(data) - window) * near)
    for place, value in changes:
        data[start + int(window * place)] = value
    return bytes(data)


def check_kind(kind: str, changes: list[tuple[float, int]], near: float, length: float) -> None:
    check_contents(kind, attempt(edited(kind, changes, near, length)))


def check_contents(kind: str, found: dict[str, bytes] | None) -> None:
    """What comes out of a damaged archive is what went in: a checksum says so."""
    if found is None:
        return
    if kind == "tar":  # it has none over its contents, so bytes may differ, but not grow
        assert sum(map(len, found.values())) <= 2 * len(WHOLE[kind])
    else:
        assert set(found.values()) <= {content for _, content in MEMBERS}


shares = st.floats(0, 1)


@quick
@given(st.sampled_from(["zip"]), edits, shares, shares)
def test_damaged_zip(
    kind: str, changes: list[tuple[float, int]], near: float, length: float
) -> None:
    check_kind(kind, changes, near, length)


@quick
@given(st.sampled_from(["tar", "tar.gz", "tar.bz2", "tar.xz"]), edits, shares, shares)
def test_damaged_tar(
    kind: str, changes: list[tuple[float, int]], near: float, length: float
) -> None:
    check_kind(kind, changes, near, length)


@quick
@given(st.sampled_from(["rar4"]), edits, shares, shares)
def test_damaged_rar4(
    kind: str, changes: list[tuple[float, int]], near: float, length: float
) -> None:
    check_kind(kind, changes, near, length)


@quick
@given(st.sampled_from(["rar5"]), edits, shares, shares)
def test_damaged_rar5(
    kind: str, changes: list[tuple[float, int]], near: float, length: float
) -> None:
    check_kind(kind, changes, near, length)


@quick
@given(st.sampled_from(sorted(MAKERS)), shares, st.binary(max_size=64), shares)
def test_cut_or_with_bytes_put_in(kind: str, cut: float, more: bytes, at: float) -> None:
    data = WHOLE[kind]
    data = data[: int(len(data) * cut)]
    place = int(len(data) * at)
    check_contents(kind, attempt(data[:place] + more + data[place:]))


parts = st.sampled_from(["..", ".", "", "a", "b.jpg", "C:", "nul", "x" * 300, "é", "\u202e", " "])
names = st.lists(parts, min_size=1, max_size=4).flatmap(
    lambda some: st.sampled_from(["/", "\\"]).map(lambda join: join.join(some) + ".jpg")
)


@quick
@given(st.sampled_from(sorted(MAKERS)), st.lists(names, min_size=1, max_size=3))
@pytest.mark.filterwarnings("ignore:Duplicate name")
@example("tar", ["../a.jpg"])
def test_odd_names_stay_inside(kind: str, some: list[str]) -> None:
    found = attempt(MAKERS[kind]([(name, b"x") for name in some]))
    if any(".." in name.replace("\\", "/").split("/") for name in some):
        assert found is None
