"""Benchmarks take minutes and assert nothing: they are collected with `-m benchmark` alone."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if "benchmark" in str(config.option.markexpr):
        return None
    return collection_path.name.startswith("test_") or None
