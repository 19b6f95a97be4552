"""Writes what a host of the app needs and nothing else: `python -m gan.demo.bundle FOLDER`."""

import ast
import re
import shutil
import sys
from pathlib import Path

from gan import runs
from gan.demo import catalogue
from gan.demo.catalogue import Entry
from gan.errors import UserError, command
from gan.experiments.studies.kernel_size import KernelSize
from gan.runs import JUDGE_FILE, JUDGE_GRAPH, JUDGE_REFERENCE, judge_weights

ROOT = Path(__file__).resolve().parents[2]
START = "streamlit_app.py"
DRAWN = re.compile(r"k\d(-matched)?-seed0")  # the kernel experiment's first seed
# What a package is called where it is imported, if not as where it is installed from.
INSTALLED = {
    "PIL": "pillow",
    "backports": "backports.zstd",
    "pyarrow": "streamlit",
    "starlette": "streamlit",
}
DOCKERFILE = """\
FROM python:3.11-slim
RUN useradd --create-home --uid 1000 visitor
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY . .
USER visitor
EXPOSE 8501
CMD ["streamlit", "run", "streamlit_app.py", "--server.address", "0.0.0.0"]
"""
README = """\
---
title: Car GAN
emoji: 🚗
colorFrom: blue
colorTo: gray
sdk: docker
app_port: 8501
pinned: false
---

Car GAN: a neural network that draws cars of the body type you choose, and how good it is.

`pip install -r requirements.txt && streamlit run streamlit_app.py`
"""


@command
def main() -> None:
    """Write the bundle into the folder that the command line names."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        raise UserError("name a folder to write: python -m gan.demo.bundle FOLDER")
    folder = Path(sys.argv[1])
    write(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"wrote {folder}: {size / 1e6:.1f} MB\nTry it:  cd {folder} && streamlit run {START}")


def write(folder: Path) -> None:
    """Copy the app, the runs that it shows and the judges; say what they need to run.

    Raises:
        UserError: The folder holds something already, or there is no run that can draw.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} holds something already: name a new folder")
    root = runs.runs_root().absolute()
    entries = catalogue.list_entries(root)
    if not any(entry.ready for entry in entries):
        raise UserError(f"no run in {root} can draw: python train/train_cgan.py makes one")
    sources, packages = needed()
    for path in (*sources, ROOT / ".streamlit" / "config.toml", *ROOT.glob("gan/*/*.csv")):
        _copy(path, folder / path.relative_to(ROOT))
    for path in shown(root, entries):
        _copy(path, folder / "checkpoints" / path.relative_to(root))
    for name, text in {
        "requirements.txt": requirements(packages),
        "Dockerfile": DOCKERFILE,
        "README.md": README,
        ".dockerignore": "**/__pycache__\n",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")


def needed() -> tuple[list[Path], set[str]]:
    """The app's source files, found by following their imports, and the packages they import."""
    found: set[Path] = set()
    packages: set[str] = set()
    waiting = [ROOT / START, *(ROOT / "gan" / "demo").rglob("*.py")]
    while waiting:
        path = waiting.pop()
        if path in found or path.name == Path(__file__).name:
            continue
        found.add(path)
        for name in _imports(path):
            top, *rest = name.split(".")
            if top != "gan":
                packages.add(top)
                continue
            # "from gan.demo import store" may name a module or something within gan.demo.
            parents = [ROOT.joinpath("gan", *rest[:i]) for i in range(len(rest) + 1)]
            waiting += [one / "__init__.py" for one in parents if one.is_dir()]
            waiting += [
                one.with_suffix(".py") for one in parents if one.with_suffix(".py").is_file()
            ]
    return sorted(found), packages - sys.stdlib_module_names


def requirements(packages: set[str]) -> str:
    """The lines of requirements.txt for imported packages, without their comments."""
    wanted = {INSTALLED.get(package, package).lower() for package in packages}
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.partition("#")[0].strip() for line in lines]
    return "".join(
        f"{pin}\n" for pin in pins if re.split("[=<>]", pin)[0].lower().replace("-", "_") in wanted
    )


def shown(root: Path, entries: list[Entry]) -> list[Path]:
    """The files of runs that can draw and of the kernels' runs, all results, and the judges.

    The kernels' runs come without weights, which would be a third of the bundle: their grids show
    what each draws. Of their losses those of the kernels' first seed come: where the app has no
    losses, it says so.
    """
    found = [path for path in root.glob("*/results.csv") if path.is_file()]
    for entry in entries:
        run, kernel = entry.run, entry.name.startswith(f"{KernelSize.name}/")
        if not (entry.ready or kernel):
            continue
        found += [path for _, path in run.samples()]
        found += [run.config_path, run.metrics_path, run.along_path]
        found += [] if kernel and not DRAWN.fullmatch(run.name) else [run.losses_path]
        found += [run.confusion_path, run.distances_path, run.sources_path]
        found += [run.predictions_path, run.copies_path, run.directions_path]
        found += [run.calibration_path]
        found += [] if kernel else [run.generator_path, run.graph_path]
    for path in root.glob(f"judge-*/{JUDGE_FILE}"):
        names = (JUDGE_FILE, JUDGE_GRAPH, judge_weights(0), JUDGE_REFERENCE)
        found += [path.with_name(name) for name in names]
    return [path for path in found if path.is_file()]


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    module = ast.parse(path.read_text(encoding="utf-8"))
    # Pages import late what takes time. What the rest imports late is for training, not for them.
    for node in ast.walk(module) if path.is_relative_to(ROOT / "gan/demo") else module.body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


if __name__ == "__main__":
    main()
