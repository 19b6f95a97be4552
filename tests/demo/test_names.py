"""No short name of a folder or a table reaches a reader."""

import pytest

from gan.demo import names


@pytest.mark.parametrize(
    ("short", "words"),
    [
        ("cgan", "Our network"),
        ("my-own-run", "my-own-run"),
        ("kernel-size/k6-matched-seed1", "Kernel size: kernel 6 (narrowed), seed 1"),
        ("rare-types/cut-1of16-balanced-seed2", "1/16 of the photos, balanced batches, seed 2"),
        ("recipe-pieces/no-balance-seed0", "without class-balanced batches, seed 0"),
        ("ablations/best-mse-slope-0.3-seed0", "the best changes together, seed 0"),
        ("ablations/relu-seed0", "ReLU in place of LeakyReLU, seed 0"),
    ],
)
def test_a_run_has_a_readable_name(short: str, words: str) -> None:
    assert names.run(short).endswith(words)


def test_short_names_in_sentences_are_written_out() -> None:
    said = names.in_text("k6-matched beats k4; cut-1/8-balanced 0.28 (0.2 to 0.3), full 0.34 (0.3)")
    assert said == (
        "kernel 6 (narrowed) beats kernel 4; 1/8 of the photos (balanced) 0.28 (0.2 to 0.3), "
        "all photos 0.34 (0.3)"
    )
    assert names.in_text("full-length runs") == "full-length runs"
