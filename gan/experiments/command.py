"""The command of every experiment: from its flags to results.csv and findings."""

from gan import atomic
from gan.cli import parse
from gan.document import write_part
from gan.errors import UserError
from gan.experiments import results
from gan.experiments.experiment import Experiment
from gan.runs import find_run

PART = "findings"  # of the README.md beside results.csv
NEW = """# {title}

{question}

<!-- findings: begin -->
<!-- findings: end -->
"""


def conduct(kind: type[Experiment], arguments: list[str] | None = None) -> None:
    """Show the plan or the findings of an experiment, or carry it out, as the flags say.

    `arguments` default to sys.argv.

    Raises:
        UserError: A flag or the folder is wrong, or a run failed.
        KeyboardInterrupt: A signal stopped the experiment; the current run was saved.
    """
    given = parse(kind.options, arguments, description=kind.__doc__)
    # A miniature run of the experiment has a folder of its own.
    tiny = given.budget == "tiny"
    folder = find_run(given.out or kind.name + "-tiny" * tiny).path
    if given.write and not given.findings:
        raise UserError("--write goes with --findings: it writes them into README.md")
    if given.findings:
        table = results.read(folder)
        print(kind.findings_text(table))
        if given.write:
            readme = folder / "README.md"
            if not readme.exists():
                atomic.write_text(readme, NEW.format(title=kind.title, question=kind.question))
            write_part(readme, PART, kind.document(table))
            print(f"\nwritten into {readme}")
        return
    # Imported here so that --help, a mistyped flag and the findings need not wait for torch.
    from gan.experiments.plan import load_photos
    from gan.experiments.running import carry_out, show_plan
    from gan.metrics.extractors import create
    from gan.metrics.glossary import LITE2

    experiment = kind(given, load_photos(given.data, tiny), folder, create(LITE2))
    if given.dry_run:
        for line in show_plan(experiment):
            print(line, flush=True)
        return
    atomic.check_place(folder, "--out")
    try:
        failed = carry_out(experiment)
    except KeyboardInterrupt:
        print("\nSaved. The same command goes on from here.")
        raise
    print(f"\n{kind.findings_text(results.read(folder))}\n\nfigures: {folder / results.FILE}")
    if failed:
        reasons = [f"{run} ({reason})" for run, reason in failed.items()]
        shown = "; ".join(reasons[:3] + ["..."] * (len(reasons) > 3))
        count = f"{len(failed)} of {len(experiment.plan())} runs"
        raise UserError(f"{count} failed, the same command tries again: {shown}")
