"""A checkpoints folder full of tiny runs, and the app over it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.demo.fake_runs import make_root

ENTRY = Path(__file__).resolve().parents[2] / "gan" / "demo" / "router.py"
VIEWS = ("overview", "generate", "morph", "guess", "kernel_size", "training", "results")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that ships, in small; not to be changed."""
    return make_root(tmp_path_factory.mktemp("checkpoints"))


@pytest.fixture
def full(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the template that a test may break, as the app's own folder."""
    folder = tmp_path / "checkpoints"
    shutil.copytree(template, folder)
    monkeypatch.setenv("CAR_GAN_CHECKPOINTS", str(folder))
    return folder


@pytest.fixture(autouse=True)
def fresh_caches() -> None:
    st.cache_data.clear()


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open a page of the app with a query; the app's folder is the environment's."""

    def open_(view: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(ENTRY), default_timeout=60)
        if view != "overview":
            # The front page has to run first; over nothing, it does so at once.
            with monkeypatch.context() as patch:
                patch.setenv("CAR_GAN_CHECKPOINTS", "absent")
                app.run()
            app.switch_page(f"views/{view}.py")
        for key, value in query.items():
            app.query_params[key.replace("_", "-")] = value
        return app.run()

    return open_
