"""No short name of a folder or a table reaches a reader."""

import re
from pathlib import Path

import pytest

from gan.demo import names
from gan.experiments import results
from gan.experiments.experiment import Experiment, every_experiment

SHIPPED = Path(__file__).resolve().parents[2] / "checkpoints"


@pytest.mark.parametrize(
    ("short", "words"),
    [
        ("cgan", "Our network, 128 px"),
        ("my-own-run", "my-own-run"),
        ("kernel-size/k6-matched-seed1", "Kernel size: kernel 6, narrowed, seed 1"),
        ("rare-types/cut-1of16-balanced-seed2", "1/16 of the photos, balanced batches, seed 2"),
        ("recipe-pieces/no-balance-seed0", "without class-balanced batches, seed 0"),
        ("ablations/best-mse-slope-0.3-seed0", "the changes that looked better, together, seed 0"),
        ("ablations/relu-seed0", "ReLU in place of LeakyReLU, seed 0"),
    ],
)
def test_a_run_has_a_readable_name(short: str, words: str) -> None:
    assert names.run(short).endswith(words)


@pytest.mark.parametrize("kind", every_experiment())
def test_findings_speak_of_settings_in_words(kind: type[Experiment]) -> None:
    raw = re.compile(
        r"\bk[468]\b|-matched|cut-1|\bno-\w|\blr-[dg]|dense-3|\bfd\b|gan_test|d-first|equal-"
    )
    table = results.read(SHIPPED / kind.name)
    for findings in kind.findings(table).values():
        for finding in findings:
            assert not raw.findall(f"{finding.claim} {finding.evidence} {finding.verdict}")
