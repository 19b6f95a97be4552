"""From a command line to a finished run: the common part of the training scripts."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, make_dataclass
from typing import Annotated, Any, Literal

import tyro

from gan import atomic, cli
from gan.config import DriftConfig, ProjectedConfig, RunConfig, from_json
from gan.errors import UserError
from gan.recipes import on_gpu, suited
from gan.runs import Run, find_run, runs_root

SECTIONS = ("data", "network", "objective", "loop")


@dataclass(frozen=True)
class OutputConfig:
    """Where the run is kept."""

    out: str = ""  # the run's folder, or a name under checkpoints/; default: DATA-NETWORK[-SIZE]
    resume: bool = False  # go on with the run in --out from its last save, with its settings


def read_command(
    description: str, recipes: dict[str, RunConfig], arguments: Sequence[str] | None = None
) -> tuple[RunConfig, OutputConfig, Run | None]:
    """Parse a training command whose flags are the settings of the chosen recipe.

    Args:
        description: First paragraph of --help.
        recipes: What --recipe chooses from; the first is the default.
        arguments: Default: sys.argv.

    Returns:
        The settings, where the run goes, and the run that it starts from (--start-from or
        --grow-from), if any. With --resume the defaults are the settings of the run that is named,
        with --start-from the same as far as they suit this machine.

    Raises:
        UserError: A flag or value is wrong, or the run that is named can't be used.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    # These flags decide which other flags there are, so they are read first.
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--recipe", nargs="?")
    first.add_argument("--out", nargs="?")
    first.add_argument("--resume", nargs="?", const=True)
    first.add_argument("--size", nargs="?")
    first.add_argument("--grow-from", "--grow_from", nargs="?")
    first.add_argument("--start-from", "--start_from", nargs="?")
    early, _ = first.parse_known_args(arguments)
    named = [flag for flag in ("grow_from", "start_from") if getattr(early, flag) is not None]
    if named and set(arguments) & {"-h", "--help"}:
        early.grow_from = early.start_from = None  # help needs no run
    elif len(named) > 1:
        raise UserError("take --start-from (same size) or --grow-from (twice the size), not both")
    elif named and early.resume:
        raise UserError(
            "--resume goes on with the run in --out: leave out --grow-from, --start-from"
        )
    elif named and not getattr(early, named[0]):
        raise UserError(f"--{named[0].replace('_', '-')} needs the name of a run")
    elif early.start_from and early.recipe:
        raise UserError("--start-from goes on with the settings of its run: leave out --recipe")
    default = "grown" if early.grow_from and "grown" in recipes else next(iter(recipes))
    name = early.recipe if early.recipe in recipes else default
    start = recipes[name]
    if early.resume:
        if not early.out:
            raise UserError("--resume needs --out: the run to go on with")
        run = find_run(early.out)
        start = from_json(run.read_config()["settings"])
        if all(type(start.network) is not type(recipe.network) for recipe in recipes.values()):
            raise UserError(f"{run.path} holds a {start.architecture} run: use its own script")
    origin = None
    ours = isinstance(start.network, ProjectedConfig) and not early.resume
    if ours and (early.grow_from or early.start_from):
        from gan import growing  # not above: it imports torch

        origin = find_run(early.grow_from or early.start_from)
        start = growing.start(origin)
        if early.grow_from:
            start = growing.grow(origin, _for_machine(recipes, name, 2 * start.data.size))
        elif (here := suited(start, _has_gpu())) != start:
            start = here
            _tell(f"the settings of {origin.path} are for another kind of machine: exchanged")
    elif not early.resume:
        pixels = int(early.size) if str(early.size).isdecimal() else start.data.size
        start = _for_machine(recipes, name, pixels)
    fields: list[tuple[str, Any, Any]] = [("output", OutputConfig, OutputConfig())]
    # A run that goes on, or starts at the size of another, has that run's settings.
    if len(recipes) > 1 and not early.resume and not early.start_from:
        choice: Any = Annotated[Literal[tuple(recipes)], tyro.conf.arg(help="named settings")]
        fields.insert(0, ("recipe", choice, default))
    for section in SECTIONS:
        settings = getattr(start, section)
        fields.append((section, type(settings), settings))
    if ours:
        for name, size in (("grow_from", "twice its size"), ("start_from", "its size")):
            help_text = f"a finished run whose generator this one starts with, at {size}"
            fields.append((name, Annotated[str, tyro.conf.arg(help=help_text)], ""))
    command = make_dataclass("Command", fields, frozen=True)
    parsed: Any = cli.parse(command, arguments, description=description)
    config = RunConfig(*(getattr(parsed, section) for section in SECTIONS))
    if origin is not None:
        growing.check(config, start, origin)
    return config, parsed.output, origin


def launch(config: RunConfig, output: OutputConfig, origin: Run | None = None) -> None:
    """Load the photos, train, and print where the run is and what to do next.

    `origin` is the run whose generator the new run starts with.

    Raises:
        UserError: The photos, the folder or the run to start from can't be used.
    """
    # Imported here so that --help and a mistyped flag need not wait for torch.
    import torch
    from accelerate import PartialState

    from gan.checkpoint import load_generator
    from gan.data import photos
    from gan.growing import first_weights
    from gan.training import train

    atomic.check_place(find_run(output.out).path if output.out else runs_root(), "--out")
    known = find_run(output.out) if output.resume else origin
    content_hash = _content_hash(known, config) if known else ""
    loaded = photos.load(config.data.data, config.data.size, content_hash)
    if origin is not None and not origin.kept_validation():
        values = origin.read_config()
        larger = from_json(values["settings"]).data.size != config.data.size
        if larger or values["dataset"].get("content_hash") == loaded.content_hash:
            loaded = loaded.without_validation()  # the generator was trained on them already
    if config.conditional and len(loaded.classes) < 2:
        raise UserError("a conditional network needs at least two body types")
    _warn_of_few_pictures(config)
    # By its path: how the run draws by default is nothing to this one.
    trunk = load_generator(origin, origin.generator_path) if origin else None
    weights = first_weights(trunk, loaded.classes) if trunk else None
    size = f"-{config.data.size}" if origin else ""
    run = find_run(output.out or f"{loaded.name}-{config.architecture}{size}")
    try:
        finished = train(config, loaded, run, output.resume, weights)
    except torch.OutOfMemoryError:
        small = f"the GPU has too little memory for --batch {config.loop.batch}: "
        if output.resume:
            raise UserError(small + "go on with a larger one, as the batch can't change") from None
        raise UserError(
            f"{small}take a smaller one or --recipe long-cpu (grown-cpu), and another --out"
        ) from None
    except KeyboardInterrupt:
        if run.resume_path.exists():
            saved = f"The last save is in {run.path}. Go on with:\n  {resume_command(run)}"
            print(f"\n{saved}", file=sys.stderr)
        raise
    if not PartialState().is_main_process:
        return  # of several processes only one prints
    if not finished:
        print(f"\nOut of time. Go on with:\n  {resume_command(run)} --minutes 0")
    choose = " --choose" if run.kept() else ""
    print(
        f"\nThe run is in {run.path}\n"
        f"Evaluate it:  python train/evaluate.py {shlex.quote(str(run.path))}{choose}\n"
        f"See it:       streamlit run streamlit_app.py"
    )


def _for_machine(recipes: dict[str, RunConfig], name: str, size: int) -> RunConfig:
    """The recipe `name`, or what takes its place on a GPU, for pictures of `size` pixels."""
    larger = on_gpu(name, size)
    if larger == name or larger not in recipes or not _has_gpu():
        return recipes[name]
    _tell(f"with a GPU, --recipe {name} has the settings of --recipe {larger}")
    return recipes[larger]


def _tell(line: str) -> None:
    if os.environ.get("RANK", "0") == "0":  # of several processes only one prints
        print(line, file=sys.stderr)


def _warn_of_few_pictures(config: RunConfig) -> None:
    objective, pictures = config.objective, config.loop.pictures
    if isinstance(objective, DriftConfig) and objective.drift:
        full = objective.join + objective.ramp
        if 0 < pictures < full:
            _tell(
                f"--pictures {pictures} ends before the heads' loss has its full weight, after"
                f" {full} (--join and --ramp): take more, or a smaller --batch and lower both"
            )


def _has_gpu() -> bool:
    from gan.hardware import best_device  # not above: it imports torch

    return best_device().type == "cuda"


def _content_hash(run: Run, config: RunConfig) -> str:
    """The content hash of the run's photos; "" where others, or of another size, are meant."""
    values = run.read_config()
    same = from_json(values["settings"]).data == config.data
    return str(values["dataset"].get("content_hash", "")) if same else ""


def resume_command(run: Run) -> str:
    """The command that goes on with `run`."""
    return shlex.join(["python", sys.argv[0], "--out", str(run.path), "--resume"])
