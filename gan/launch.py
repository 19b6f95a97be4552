"""From a command line to a finished run: what the training scripts share."""

import sys
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from gan import cli
from gan.config import RunConfig, from_json
from gan.errors import UserError
from gan.runs import Run, runs_root

SECTIONS = ("data", "network", "objective", "loop")


@dataclass(frozen=True)
class OutputConfig:
    """Where the run is kept."""

    out: str = ""  # the run's folder, or its name under checkpoints/; default: DATA-NETWORK
    resume: bool = False  # go on with the run in --out from its last save, with its settings


def read_command(recipes: dict[str, type], arguments: list[str] | None = None) -> Any:
    """Parse a training command: a dataclass with output, data, network, objective and loop.

    `recipes` are the dataclasses that --recipe chooses from, the default first. With --resume
    the run's own settings are the defaults, so that nothing need be repeated.

    Raises:
        UserError: A flag or value is wrong, or the run to go on with can't be read.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    command = _chosen(recipes, arguments)
    if "--resume" not in arguments:
        return cli.parse(command, arguments)
    out = _value(arguments, "--out")
    if not out:
        raise UserError("--resume needs --out: the run to go on with")
    run = find_run(out)
    settings = from_json(run.read_config()["settings"])
    for command in recipes.values():
        fresh = command()
        if type(settings.network) is type(fresh.network):
            saved = {part: getattr(settings, part) for part in SECTIONS}
            return cli.parse(command, arguments, replace(fresh, **saved))
    raise UserError(f"{run.path} holds a {settings.architecture} run: use its own script")


def _chosen(recipes: dict[str, type], arguments: list[str]) -> type:
    # Anything else that follows --recipe is left to the parser, which names the choices.
    return recipes.get(_value(arguments, "--recipe"), next(iter(recipes.values())))


def _value(arguments: list[str], flag: str) -> str:
    """What follows the last `flag`, as "--flag value" or "--flag=value"; empty if nothing does."""
    found = ""
    for this, following in pairwise([*arguments, ""]):
        if this == flag:
            found = following
        elif this.startswith(f"{flag}="):
            found = this.partition("=")[2]
    return found


def find_run(out: str) -> Run:
    """The run that `out` names: a path if it has a slash or exists, else a name in checkpoints/."""
    path = Path(out).expanduser()
    if path.is_absolute() or len(path.parts) > 1 or path.exists():
        return Run(path)
    return Run(runs_root() / path)


def launch(config: RunConfig, output: OutputConfig) -> None:
    """Load the photos, train, and say where the results are and what comes next."""
    # Imported here: --help and a mistyped flag shouldn't wait for torch.
    from accelerate import PartialState

    from gan.data import photos
    from gan.training import train

    loaded = photos.load(config.data.data, config.data.size)
    if config.conditional and len(loaded.classes) < 2:
        raise UserError("a conditional network needs at least two body types")
    run = find_run(output.out or f"{loaded.name}-{config.architecture}")
    try:
        finished = train(config, loaded, run, output.resume)
    except KeyboardInterrupt:
        print(f"\nSaved in {run.path}. Go on with:\n  {resume_command(run)}", file=sys.stderr)
        raise
    if not PartialState().is_main_process:
        return  # one of several processes speaks for all
    if not finished:
        print(f"\nOut of time. Go on with:\n  {resume_command(run)} --minutes 0")
    choose = " --choose" if run.kept() else ""
    print(
        f"\nThe run is in {run.path}\n"
        f"Evaluate it:  python train/evaluate.py {run.path}{choose}\n"
        f"See it:       streamlit run streamlit_app.py"
    )


def resume_command(run: Run) -> str:
    """The command that goes on with `run`."""
    return f"python {sys.argv[0]} --out {run.path} --resume"
