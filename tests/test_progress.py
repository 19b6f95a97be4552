"""Bars in a log: nothing for short work, a line a minute for long."""

import io

import pytest

from gan.progress import bar


@pytest.mark.parametrize(("seconds", "lines"), [(0.01, 0), (1, 10), (5, 50)])
def test_a_log_gets_a_line_a_minute(
    seconds: float, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1e9]
    monkeypatch.setattr("tqdm.std.time", lambda: now[0])
    log = io.StringIO()
    with bar(total=600, desc="decode", file=log) as progress:
        for _ in range(600):
            now[0] += seconds
            progress.update()
    text = log.getvalue().strip("\r\n")
    found = text.splitlines() if text else []
    assert lines * 0.7 <= len(found) <= lines
    assert all(line.startswith("decode") for line in found)
