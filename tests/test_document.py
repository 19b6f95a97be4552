"""Only the part between the marks of a document is written, and what is written is true."""

import subprocess
import sys
from pathlib import Path

import pytest

from gan.document import read_part, write_part
from gan.errors import UserError

TEXT = """# Runs

<!-- other: begin -->
1
<!-- other: end -->
<!-- results: begin -->
old
<!-- results: end -->

The end.
"""


def test_a_part_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text(TEXT, encoding="utf-8")
    write_part(document, "results", "| a |\n|---|")
    assert document.read_text(encoding="utf-8") == TEXT.replace("old", "| a |\n|---|")
    assert read_part(document, "results") == "| a |\n|---|"
    assert read_part(document, "other") == "1"


@pytest.mark.parametrize("text", ["# Runs\n", TEXT.replace("<!-- results: end -->", "")])
def test_without_marks_nothing_is_written(tmp_path: Path, text: str) -> None:
    document = tmp_path / "README.md"
    document.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="results: begin"):
        write_part(document, "results", "new")
    assert document.read_text(encoding="utf-8") == text


def test_a_document_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"README\.md can't be read"):
        read_part(tmp_path / "README.md", "results")


def test_the_speed_table_says_what_was_measured() -> None:
    folder = Path(__file__).parent / "benchmarks"
    printed = subprocess.run(
        [sys.executable, folder / "table.py"], capture_output=True, text=True, check=True
    )
    assert read_part(folder / "README.md", "speed") == printed.stdout.strip("\n")
