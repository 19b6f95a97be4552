"""The findings that ship stand in each experiment's README.md as its CSV gives them."""

from pathlib import Path

import pytest

from gan.document import read_part
from gan.errors import UserError
from gan.experiments import results
from gan.experiments.command import PART, conduct
from gan.experiments.experiment import Experiment, every_experiment
from gan.runs import runs_root

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("kind", every_experiment(), ids=lambda kind: kind.name)
def test_the_written_findings_are_those_of_the_figures(kind: type[Experiment]) -> None:
    folder = REPOSITORY / "checkpoints" / kind.name
    written = read_part(folder / "README.md", PART)
    found = kind.document(results.read(folder))
    assert written == found, f"run `{kind.command()} --findings --write`"


def test_every_experiment_has_its_script() -> None:
    for kind in every_experiment():
        assert (REPOSITORY / "train" / kind.script).exists()


def test_findings_are_written_between_what_a_person_wrote(root: Path) -> None:
    kind = every_experiment()[0]
    folder = root / kind.name
    folder.mkdir()
    whole = (REPOSITORY / "checkpoints" / kind.name / results.FILE).read_text(encoding="utf-8")
    (folder / results.FILE).write_text(whole, encoding="utf-8")
    assert runs_root() == root
    conduct(kind, ["--findings", "--write"])
    readme = folder / "README.md"
    new = readme.read_text(encoding="utf-8")
    assert new.startswith(f"# {kind.title}\n")
    readme.write_text(f"before\n{new}after\n", encoding="utf-8")
    fewer = "".join(whole.splitlines(keepends=True)[:40])
    (folder / results.FILE).write_text(fewer, encoding="utf-8")
    conduct(kind, ["--findings", "--write"])
    again = readme.read_text(encoding="utf-8")
    assert again.startswith("before\n#")
    assert again.endswith("after\n")
    assert again != f"before\n{new}after\n"
    with pytest.raises(UserError, match="--findings"):
        conduct(kind, ["--write"])
