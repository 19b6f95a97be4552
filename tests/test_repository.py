"""What a clone brings: not too much of it, and every link of its documents leads somewhere."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gan.consistency import provenance
from gan.document import read_part
from gan.runs import Run

REPOSITORY = Path(__file__).resolve().parent.parent
LIMIT = 60_000_000  # bytes of working tree that a host or a machine with a GPU has to fetch
FILE = re.compile(r"(?<![\w/])(?:gan|train|tests)/[\w/-]+(?:\.\w+)?")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def tracked() -> list[Path]:
    """The files in git; a test that asks is skipped where the program isn't a checkout."""
    if not (REPOSITORY / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    paths = [REPOSITORY / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_a_clone_is_light() -> None:
    sizes = {path.relative_to(REPOSITORY): path.stat().st_size for path in tracked()}
    heaviest = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    assert sum(sizes.values()) <= LIMIT, f"the heaviest: {heaviest}"


def test_it_is_said_how_many_runs_come_from_uncommitted_code() -> None:
    checkpoints = REPOSITORY / "checkpoints"
    configs = [path for path in tracked() if path.name == "config.json"]
    runs = [Run(path.parent) for path in configs if checkpoints in path.parents]
    assert read_part(checkpoints / "README.md", "provenance") == provenance(runs)


def test_top_level_holds_what_the_layout_names() -> None:
    shown = {path.relative_to(REPOSITORY).parts[0] for path in tracked()}
    assert {name for name in shown if not name.startswith(".")} == {
        "README.md",
        "checkpoints",
        "gan",
        "pyproject.toml",
        "requirements.txt",
        "streamlit_app.py",
        "tests",
        "train",
    }


def headings(document: Path) -> set[str]:
    """The anchors of a document: its headings in lower case, with hyphens for spaces."""
    lines = document.read_text(encoding="utf-8").splitlines()
    texts = (line.lstrip("#").strip().lower() for line in lines if line.startswith("#"))
    return {re.sub(r"[^\w -]", "", text).replace(" ", "-") for text in texts}


def test_links_between_documents_lead_somewhere() -> None:
    links = [
        (document, target)
        for document in tracked()
        if document.suffix == ".md"
        for target in LINK.findall(document.read_text(encoding="utf-8"))
        if "://" not in target
    ]
    assert len(links) >= 4
    broken = []
    for document, target in links:
        path, _, anchor = target.partition("#")
        aim = document.parent / path if path else document
        if not aim.exists() or (anchor and anchor not in headings(aim)):
            broken.append(f"{document.relative_to(REPOSITORY)}: {target}")
    assert not broken


def test_files_that_documents_name_exist() -> None:
    """The map in README is true."""
    named = {
        (document.relative_to(REPOSITORY), name)
        for document in tracked()
        if document.suffix == ".md"
        for name in FILE.findall(document.read_text(encoding="utf-8"))
    }
    assert len(named) >= 10
    assert [name for name in sorted(named) if not (REPOSITORY / name[1]).exists()] == []


def test_text_is_read_and_written_in_a_named_encoding() -> None:
    """Ruff sees it only where it knows that a name is a path."""
    unnamed = []
    for path in tracked():
        if path.suffix != ".py":
            continue
        for call in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            positional = {"read_text": 0, "write_text": 1}.get(call.func.attr)
            atomic = isinstance(call.func.value, ast.Name) and call.func.value.id == "atomic"
            named = any(keyword.arg == "encoding" for keyword in call.keywords)
            if positional is not None and len(call.args) <= positional and not (named or atomic):
                unnamed.append(f"{path.relative_to(REPOSITORY)}:{call.lineno}")
    assert not unnamed
