"""The evaluation script as a user meets it, with small networks and budgets."""

import io
import shutil
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from gan import atomic, checkpoint
from gan.config import CGANConfig
from gan.experiments import results
from gan.metrics import extractors
from gan.metrics.glossary import INCEPTION, LITE2
from gan.metrics.inception import LOGITS, POOLED
from gan.models import build_generator
from gan.runs import Run


@pytest.fixture
def evaluate(
    run_script: Callable[..., tuple[int, str, str]],
) -> Callable[..., tuple[int, str, str]]:
    """Run evaluate.py as `run_script` does."""
    return partial(run_script, "evaluate.py")


def test_figures_are_printed_written_and_the_next_command_named(
    home: Path, evaluate: Callable[..., tuple[int, str, str]]
) -> None:
    run = Run(home / "checkpoints" / "first")
    code, output, _ = evaluate(run.path, "--count", 100, "--seeds", 1)
    assert code == 0
    # No Inception here: one line says so, and the rest goes on.
    (said,) = [line for line in output.splitlines() if "Inception" in line]
    assert "the network is unreachable" in said
    assert "curl -LO" in said
    assert str(run.metrics_path) in output
    assert "streamlit run streamlit_app.py" in output.splitlines()[-1]
    table = run.read_metrics()
    assert {"fd", "gan_test", "gan_train", "diversity"} <= set(table["metric"])
    whole = table[(table["metric"] == "fd") & (table["reference"] == "train")]
    assert set(whole["n_fake"]) == {100}
    assert set(table.loc[table["metric"] == "gan_train", "reference"]) == {"validation"}
    assert not run.openings_path.exists()
    assert (table["images_seen"] == 500).all()

    # Everything about the photos is kept: a quick look afterwards trains no judge, and what is
    # measured at that count is not measured again.
    code, output, errors = evaluate(run.path, "--quick", "--count", 100)
    assert code == 0
    assert "judge, seed" not in errors
    assert "drawing" not in output
    assert "Inception" not in output

    # More seeds than before are more to measure, by the judge alone.
    code, output, _ = evaluate(run.path, "--count", 100, "--seeds", 2, "--networks", "lite2")
    assert code == 0
    table = run.read_metrics()
    assert set(table.loc[table["metric"] == "gan_train", "seed"]) == {0, 1}


# How public sets name their photos, by body type; splits have numbers of their own.
PUBLIC = {
    "Stanford Cars": {  # as its mirrors ship it: a folder a model
        "sedan": "car_data/{split}/Audi S4 Sedan 2012/{i:05}.jpg",
        "pickup": "car_data/{split}/Ford F-150 Regular Cab 2012/{i:05}.jpg",
    },
    "The Car Connection": {  # one folder; the body type is the last but one of a name's parts
        "coupe": "Audi_A5_2013_43_18_210_20_4_73_54_182_24_FWD_4_2_2dr_{i}{split}.jpg",
        "suv": "Acura_MDX_2014_42_18_290_35_6_77_67_193_20_FWD_7_4_SUV_{i}{split}.jpg",
    },
}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_set_goes_from_its_archive_to_figures(
    home: Path, run_script: Callable[..., tuple[int, str, str]], name: str
) -> None:
    """The two commands of gan/data/README.md, on an archive of the same layout."""
    layout = PUBLIC[name]
    stream = np.random.RandomState(0)
    archive = home / "public.zip"
    with zipfile.ZipFile(archive, "w") as pack:
        for split, count in (("train", 40), ("test", 10)):
            boxes = ""
            for i in range(2 * count):
                body_type = list(layout)[i // count]
                pixels = stream.randint(0, 90, (70, 90, 3)) + 100 * (i // count)
                file = io.BytesIO()
                Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG")
                pack.writestr(layout[body_type].format(i=i, split=split), file.getvalue())
                boxes += f"{i:05}.jpg,39,116,569,375,{1 + i // count}\n"
            if name == "Stanford Cars":  # tables of boxes and class numbers, without a header
                pack.writestr(f"anno_{split}.csv", boxes)
    small = ("--width", 4, "--latent", 8, "--dense", 8, "--batch", 16, "--pictures", 32)
    flags = ("--recipe", "report", "--data", archive, "--out", "public", *small)
    code, _, errors = run_script("train_cgan.py", *flags)
    assert code == 0, errors
    run = Run(home / "checkpoints" / "public")
    dataset = run.read_config()["dataset"]
    assert dataset["classes"] == sorted(layout)
    assert sum(sum(counts.values()) for counts in dataset["counts"].values()) == 100
    if name == "Stanford Cars":
        assert dataset["counts"]["test"] == dict.fromkeys(dataset["classes"], 10)
    code, output, errors = run_script(
        "evaluate.py", "public", "--count", 100, "--seeds", 1, "--networks", "lite2"
    )
    assert code == 0, errors
    assert set(layout) <= set(output.split())
    table = run.read_metrics()
    taught = table[table["metric"] == "gan_train"]
    assert set(taught["body_type"]) == {"all", *layout}
    assert {"fd", "copies", "gan_test"} <= set(table["metric"])


def test_without_the_judge_only_the_networks_asked_for_read_the_pictures(
    home: Path, evaluate: Callable[..., tuple[int, str, str]]
) -> None:
    run = Run(home / "checkpoints" / "first")
    arguments = (run.path, "--count", 100, "--networks", "lite2", "--no-judge")
    code, output, errors = evaluate(*arguments)
    assert code == 0, errors
    table = run.read_metrics()
    assert set(table["extractor"]) == {LITE2}
    assert {"fd", "is", "fd_floor", "coverage"} <= set(table["metric"])
    assert not list((home / "checkpoints").glob("judge-*"))
    assert not run.predictions_path.exists()
    assert str(run.neighbours_path) not in output
    assert not run.openings_path.exists()
    code, output, errors = evaluate(*arguments, "--test")  # copies need no classifier
    assert code == 0, errors
    table = run.read_metrics()
    assert set(table["extractor"]) == {LITE2, ""}
    assert set(table.loc[table["extractor"] == "", "metric"]) == {"copies", "copies_floor"}
    assert str(run.neighbours_path) in output
    assert run.openings_path.exists()
    code, _, errors = evaluate(*arguments, "--added")
    assert code == 2
    assert "--no-judge" in errors


def test_several_runs_at_once_the_test_split_open_and_what_is_no_run_left_out(
    home: Path, evaluate: Callable[..., tuple[int, str, str]]
) -> None:
    first, second, third = (Run(home / "checkpoints" / name) for name in ("first", "b", "c"))
    for other in (second, third):
        shutil.copytree(first.path, other.path)
    third.generator_path.unlink()
    table = home / "checkpoints" / "results.csv"
    table.write_text("setting\n", encoding="utf-8")
    code, output, errors = evaluate(
        first.path, second.path, third.path, table, "--quick", "--count", 100, "--test"
    )
    assert code == 0, errors
    assert "left out, without a generator: c\n" in output
    for run in (first, second):
        assert len(pd.read_csv(run.openings_path)) == 1
        found = run.read_metrics()
        assert set(found.loc[found["metric"] == "gan_train", "reference"]) == {"test"}
    assert len(list((home / "checkpoints").glob("judge-*"))) == 1


def test_a_run_without_its_photos_does_not_keep_the_others_from_being_judged(
    home: Path, evaluate: Callable[..., tuple[int, str, str]]
) -> None:
    first, other = (Run(home / "checkpoints" / name) for name in ("first", "other"))
    shutil.copytree(first.path, other.path)
    values = other.read_config()
    values["settings"]["data"]["data"] = "elsewhere.zip"
    values["dataset"]["content_hash"] = "0" * 64
    other.write_config(values)
    network = build_generator(CGANConfig(width=4, latent=8, dense=8), 64, 2)
    checkpoint.save_generator(other.generator_path, network, values["settings"])
    arguments = ("--count", 100, "--networks", "lite2", "--no-judge")
    code, output, errors = evaluate(first.path, other.path, *arguments)
    assert code == 0, errors
    assert "left out: other: " in output
    assert "elsewhere.zip" in output
    assert len(first.read_metrics())
    assert not other.metrics_path.exists()
    code, _, errors = evaluate(other.path, *arguments)
    assert code == 2
    assert "elsewhere.zip" in errors


class TinyInception(torch.nn.Module):
    """Stands for Inception: fixed projections; `stops` ends the program in place of features."""

    stops = False

    def __init__(self, *layers: str) -> None:
        super().__init__()
        self.features_list = layers or (POOLED, LOGITS)
        stream = torch.Generator().manual_seed(0)
        self.matrix = torch.nn.Parameter(torch.randn(3 * 8 * 8, 12, generator=stream))

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if TinyInception.stops:
            raise KeyboardInterrupt
        small = torch.nn.functional.adaptive_avg_pool2d(pictures.float() / 255, 8)
        found = small.flatten(1) @ self.matrix
        return (found[:, :8], found[:, 8:])[: len(self.features_list)]

    def get_name(self) -> str:
        return INCEPTION


def test_is_follows_once_inception_is_whole(
    home: Path, evaluate: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(home / "checkpoints" / "first")
    arguments = (run.path, "--count", 100, "--networks", "inception", "--no-judge")
    for layers, measured in (
        ((POOLED,), {"fid"}),
        ((POOLED, LOGITS), {"fid", "is"}),
        ((POOLED,), {"fid", "is"}),
    ):
        tiny = TinyInception(*layers)
        monkeypatch.setattr("gan.metrics.extractors.create_inception", lambda _, tiny=tiny: tiny)
        before = set(run.read_metrics()["metric"]) if run.metrics_path.exists() else set()
        code, output, errors = evaluate(*arguments)
        assert code == 0, errors
        assert ("drawing" in output) == (not measured <= before)
        found = run.read_metrics()
        assert set(found["metric"]) & {"fid", "is"} == measured
        assert {"fid_floor", "fid_noise"} <= set(found["metric"])


def test_one_command_gives_fid_and_is_to_every_run_and_goes_on_after_an_interruption(
    home: Path, evaluate: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = extractors.create
    monkeypatch.setattr(
        extractors,
        "create",
        lambda name, weights=None: TinyInception() if name == INCEPTION else found(name),
    )
    first, folder = Run(home / "checkpoints" / "first"), home / "checkpoints" / "kernel-size"
    runs = [Run(folder / f"k{kernel}-seed0") for kernel in (4, 6)]
    for run in (*runs, Run(folder / "k8-seed0")):
        shutil.copytree(first.path, run.path)
    (folder / "k8-seed0" / "generator.safetensors").unlink()
    figures = {"fd": 9.0, "seconds": 10.0, "pictures_per_s": 50.0}
    about = {"seed": 0, "view": "equal-pictures", "extractor": "", "body_type": "all"}
    rows = [
        about | {"setting": run.name.partition("-")[0], "metric": metric, "value": value}
        for run in runs
        for metric, value in figures.items()
    ]
    results.write(folder, rows)
    arguments = (*sorted(folder.iterdir()), first.path, "--count", 100, "--seeds", 1)

    code, output, errors = evaluate(runs[0].path, *arguments[-4:])
    assert code == 0, errors
    before = runs[0].read_metrics()
    monkeypatch.setattr(TinyInception, "stops", True)
    code, output, _ = evaluate(*arguments)
    assert code == 130
    assert "k4-seed0: drawing" not in output
    assert "k6-seed0: drawing" in output
    monkeypatch.setattr(TinyInception, "stops", False)

    code, output, errors = evaluate(*arguments)
    assert code == 0, errors
    assert output.count("left out") == 1
    assert "left out, without a generator: k8-seed0\n" in output
    assert "k4-seed0: drawing" not in output
    assert runs[0].read_metrics().equals(before)
    for run in (*runs, first):
        table = run.read_metrics()
        table = table[(table["extractor"] == INCEPTION) & (table["body_type"] == "all")]
        counts = table.set_index(["metric", "reference"])["n_fake"].to_dict()
        for key in (("fid", "train"), ("fid_floor", "train"), ("is", "")):
            assert counts[key] == 100
        assert counts["is_floor", "half"] > 0
    shown = results.read(folder)
    for metric in ("fid", "fid_floor", "is", "is_floor"):
        wide = results.values(shown, metric, "equal-pictures", extractor=INCEPTION)
        assert set(wide) == {"k4", "k6"}
    output = evaluate(*arguments)[1]
    assert "drawing" not in output
    assert "python train/kernel_sweep.py --findings --write put them into the tables" in output


def test_the_best_kept_generator_is_taken(
    home: Path, evaluate: Callable[..., tuple[int, str, str]]
) -> None:
    """It becomes the run's generator, and the figures are its own."""
    run = Run(home / "checkpoints" / "first")
    settings = run.read_config()["settings"]
    batch = settings["loop"]["batch"]
    network = build_generator(CGANConfig(width=4, latent=8, dense=8), 64, 2)
    for iteration, brightness in ((3, -3.0), (6, 0.0), (9, 3.0)):
        torch.nn.init.constant_(network.layers[-2].bias, brightness)
        checkpoint.save_generator(run.kept_path(iteration), network, settings)
    code, output, errors = evaluate(run.path, "--choose", "--count", 100, "--seeds", 1)
    assert code == 0, errors
    table = pd.read_csv(run.choice_path)
    assert table["images_seen"].tolist() == [3 * batch, 6 * batch, 9 * batch]
    best = table.loc[table["fd"].idxmin()]
    assert (table["fd"] == best["fd"]).sum() == 1
    assert f"of {best['images_seen']:,.0f} pictures seen, the best of 3" in output
    taken = run.kept_path(int(best["iteration"]))
    assert run.generator_path.read_bytes() == taken.read_bytes()
    assert set(run.read_metrics()["images_seen"]) == {best["images_seen"]}


def test_kept_generators_are_judged_and_measured_once(
    home: Path, evaluate: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan.metrics.along.COUNT", 60)
    run = Run(home / "checkpoints" / "first")
    batch = run.read_config()["settings"]["loop"]["batch"]
    for iteration in (3, 6):
        atomic.write_bytes(run.kept_path(iteration), run.generator_path.read_bytes())
    arguments = (run.path, "--along", "--count", 100, "--seeds", 1, "--networks", "lite2")
    assert evaluate(*arguments, "--no-judge")[0] == 0
    assert set(run.read_along()["extractor"]) == {LITE2}
    code, output, errors = evaluate(*arguments)
    assert code == 0, errors
    assert str(run.along_path) in output
    table = run.read_along()
    assert set(table["images_seen"]) == {3 * batch, 6 * batch}
    assert set(table["n_fake"].dropna()) >= {60}
    # The same generator twice, so the same figures.
    whole = table[table["body_type"] == "all"]
    assert (whole.groupby(["metric", "extractor"])["value"].nunique() == 1).all()
    wanted = {"fd", "fd_floor", "gan_test", "precision", "density", "coverage"}
    assert wanted <= set(whole["metric"])
    assert not set(run.read_metrics()["images_seen"]) & {3 * batch}

    atomic.write_bytes(run.kept_path(9), run.generator_path.read_bytes())
    monkeypatch.setattr("gan.metrics.along.COUNT", 80)
    assert evaluate(*arguments)[0] == 0
    counts = run.read_along().groupby("images_seen")["n_fake"].max().to_dict()
    assert counts == {3 * batch: 60, 6 * batch: 60, 9 * batch: 80}
    assert evaluate(*arguments, "--again")[0] == 0
    assert set(run.read_along().groupby("images_seen")["n_fake"].max()) == {80}

    # IS follows once Inception has its last layer.
    for layers, gives_is in (((POOLED,), False), ((POOLED, LOGITS), True)):
        tiny = TinyInception(*layers)
        monkeypatch.setattr("gan.metrics.extractors.create_inception", lambda _, tiny=tiny: tiny)
        assert evaluate(*arguments[:-1], "inception", "--no-judge")[0] == 0
        found = run.read_along()
        found = found[found["extractor"] == INCEPTION]
        assert set(found["images_seen"]) == {3 * batch, 6 * batch, 9 * batch}
        assert ("is" in set(found["metric"])) == gives_is


def test_bad_input_is_one_line_and_code_2(
    home: Path, evaluate: Callable[..., tuple[int, str, str]]
) -> None:
    run = home / "checkpoints" / "first"
    other = home / "other" / "sedan"
    other.mkdir(parents=True)
    cases = {
        (): "name a run's folder",
        (home / "nowhere",): "is not a run",
        (run, "--count", 5): "--count must be",
        (run, "--seeds", 0): "--seeds must be",
        (run, "--colour", "red"): "--colour",
        (run, "--choose"): "--keep-every",
        (run, "--quick", "--seeds", 2): "--quick has its own --seeds",
        ("~nobody-of-this-name/run",): "is not a run",
        (run, "--along"): "--keep-every",
        (run, "--data", home / "absent"): "absent",
        (run, "--inception-weights", home / "absent.pth"): "absent.pth",
    }
    for arguments, says in cases.items():
        code, _, errors = evaluate(*arguments)
        assert code == 2, arguments
        assert says in errors
        assert errors.count("error: ") == errors.count("\n") == 1, errors


def test_a_cut_generator_is_one_line(
    home: Path, evaluate: Callable[..., tuple[int, str, str]]
) -> None:
    run = Run(home / "checkpoints" / "first")
    run.generator_path.write_bytes(run.generator_path.read_bytes()[:1000])
    code, _, errors = evaluate(run.path, "--quick")
    assert code == 2
    assert "is damaged or cut off" in errors
    # It is found before the judge is trained.
    assert "judge, seed" not in errors


def test_photos_of_another_set_are_refused(
    home: Path, evaluate: Callable[..., tuple[int, str, str]]
) -> None:
    """The photos changed since: the run doesn't belong to them."""
    for path in sorted((home / "photos" / "suv").glob("*.png"))[:10]:
        path.unlink()
    code, _, errors = evaluate(home / "checkpoints" / "first", "--quick")
    assert code == 2
    assert "first was trained on other photos" in errors
