"""Settings in words."""

import pytest

from gan.experiments.named import share_kept


@pytest.mark.parametrize(
    ("setting", "words"),
    [("cut-1/8", "1/8"), ("cut-1/16-balanced", "1/16, balanced"), ("full", "full")],
)
def test_a_cut_is_named_by_the_share_that_is_kept(setting: str, words: str) -> None:
    assert share_kept(setting) == words
