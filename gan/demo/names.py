"""What runs and settings are called in words; their folders and tables use short names."""

from gan.experiments.experiment import every_experiment
from gan.experiments.results import setting_of

MAIN = "Main runs"
REPORT = "report-cgan"  # what our networks are compared with
SHIPPED = {
    "cgan": "Our network, 128 px",
    "cgan-64": "Our network, 64 px",
    "cgan-256": "Our network, 256 px",
    "cpu-64": "Our network, 64 px, trained on a CPU",
    "trainings-of-cpu-64/seed1": "Our network, 64 px, trained on a CPU, seed 1",
    "trainings-of-cpu-64/seed2": "Our network, 64 px, trained on a CPU, seed 2",
    "cpu-128": "Our network, 128 px, trained on a CPU",
    "cpu-256": "Our network, 256 px, trained on a CPU",
    REPORT: "The report's network for body types",
    "report-dcgan-k4": "The report's network for any car, kernel 4",
}


def run(name: str) -> str:
    """A run's name in words: `kernel-size/k4-seed0` is "Kernel size: kernel 4, seed 0".

    A folder that no experiment and no shipped run has keeps its name: who made it knows it.
    """
    folder, _, last = name.rpartition("/")
    if not folder or name in SHIPPED:
        return SHIPPED.get(name, name)
    kind = next((kind for kind in every_experiment() if kind.name == folder), None)
    found = setting_of(last)
    if kind is None or found is None:
        return name
    setting, seed = found
    return f"{kind.title}: {kind.called(setting)}, seed {seed}"


def group(name: str) -> str:
    """The experiment that a run is of, by its title; the runs of the top folder are the main ones.

    What lies in other folders is "Others".
    """
    folder = name.rpartition("/")[0]
    groups = {kind.name: kind.title for kind in every_experiment()}
    return groups.get(folder, "Others") if folder else MAIN


def view(name: str) -> str:
    """A way of comparing in words: `equal-pictures` is "Equal pictures"."""
    return name[:1].upper() + name[1:].replace("-", " ")
