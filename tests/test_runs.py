"""A run folder's tables survive torn lines, repeats and a second writer."""

import json
from pathlib import Path

import pandas as pd
import pytest

from gan import atomic
from gan.errors import UserError
from gan.runs import LOSS_COLUMNS, METRIC_COLUMNS, Run, find_judges, find_runs, latest, runs_root
from tests.demo.fake_runs import CONTENT_HASH, make_judge


def losses(run: Run, count: int) -> None:
    run.write_losses(pd.DataFrame([[i] * 7 for i in range(count)], columns=list(LOSS_COLUMNS)))


def test_losses_have_six_digits_and_seconds_their_milliseconds(tmp_path: Path) -> None:
    run = Run(tmp_path)
    row = [7, 448, 12345.678, 0.123456789, 1e-9, -3.0, 2.0]
    run.write_losses(pd.DataFrame([row], columns=list(LOSS_COLUMNS)))
    written = run.losses_path.read_text(encoding="utf-8").splitlines()[1]
    assert written == "7,448,12345.678,0.123457,1e-09,-3,2"
    assert run.read_losses().to_numpy().tolist() == [[7, 448, 12345.678, 0.123457, 1e-9, -3, 2]]


def test_missing_tables_are_empty(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert list(run.read_losses().columns) == list(LOSS_COLUMNS)
    assert run.read_metrics().empty


@pytest.mark.parametrize("cut", [1, 5, 13])
def test_torn_last_line_is_dropped(tmp_path: Path, cut: int) -> None:
    run = Run(tmp_path)
    losses(run, 5)
    run.losses_path.write_bytes(run.losses_path.read_bytes()[:-cut])
    assert run.read_losses()["iteration"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "\x00\x01\n", "iteration\n1\n2,3,4\n"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    run = Run(tmp_path)
    run.losses_path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"losses\.csv"):
        run.read_losses()


def test_newer_metric_replaces_the_same_one(tmp_path: Path) -> None:
    run = Run(tmp_path)
    row = {"images_seen": 10, "metric": "fd", "extractor": "x", "body_type": "all", "seed": 0}
    run.add_metrics([row | {"value": 1.0}, row | {"value": 5.0, "seed": 1}])
    run.add_metrics([row | {"value": 2.0}])
    table = run.read_metrics()
    assert list(table.columns) == list(METRIC_COLUMNS)
    assert sorted(table["value"]) == [2.0, 5.0]
    assert table["reference"].tolist() == ["", ""]


def test_figures_of_two_judges_never_stand_side_by_side(tmp_path: Path) -> None:
    run = Run(tmp_path)
    row = {"images_seen": 10, "metric": "fd", "extractor": "x", "body_type": "all", "value": 1.0}
    other = {"images_seen": 20, "metric": "fd", "extractor": "x", "body_type": "all", "value": 2.0}
    run.add_metrics([row | {"seed": seed, "judge": "old"} for seed in range(3)])
    run.add_metrics([row | {"metric": "gan_train", "reference": "test", "judge": "old"}])
    run.add_metrics([row | {"extractor": "y"}])  # read by no judge
    run.add_metrics([other | {"seed": 0, "judge": "old"}, row | {"seed": 0, "judge": "new"}])
    table = run.read_metrics().sort_values(["images_seen", "extractor"])
    assert table["judge"].tolist() == ["new", "", "old"]
    assert table["images_seen"].tolist() == [10, 10, 20]


def test_all_seeds_of_a_figure_are_of_as_many_pictures(tmp_path: Path) -> None:
    run = Run(tmp_path)
    row = {"images_seen": 10, "metric": "fd", "extractor": "x", "body_type": "all", "value": 1.0}
    run.add_metrics([row | {"seed": seed, "n_fake": 100} for seed in range(3)])
    run.add_metrics([row | {"metric": "gan_train", "seed": 1, "n_fake": 100}])
    run.add_metrics([row | {"metric": "classifier", "seed": 1}])  # of photos: has no such count
    run.add_metrics([row | {"seed": 0, "n_fake": 20}, row | {"metric": "classifier", "seed": 0}])
    table = run.read_metrics().sort_values(["metric", "seed"])
    assert table["metric"].tolist() == ["classifier", "classifier", "fd", "gan_train"]
    assert table.loc[table["metric"] == "fd", "n_fake"].tolist() == [20]


def test_figures_of_two_generators_are_never_set_together(tmp_path: Path) -> None:
    run = Run(tmp_path)
    row = {"metric": "fd", "body_type": "all", "value": 1.0, "seed": 0}
    run.add_metrics([row | {"images_seen": 10, "extractor": name} for name in ("x", "y")])
    run.add_metrics([row | {"images_seen": 20, "extractor": "x"}])
    assert latest(run.read_metrics())["images_seen"].tolist() == [20]
    assert latest(run.read_metrics()[:0]).empty
    # A point along an experiment's curve may be judged after the generator in the folder.
    empty: dict[str, object] = {"settings": {}, "dataset": {}, "environment": {}}
    run.write_config(empty | {"progress": {"images_seen": 10}})
    assert latest(run.read_metrics())["extractor"].tolist() == ["x", "y"]


def test_metrics_without_a_judge_are_those_of_an_earlier_version(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.add_metrics([{"images_seen": 10, "metric": "fd", "value": 1.0, "seed": 0}])
    older = "\n".join(
        line.rpartition(",")[0] for line in run.metrics_path.read_text("utf-8").split()
    )
    run.metrics_path.write_text(older + "\n", encoding="utf-8")
    assert run.read_metrics()["judge"].tolist() == [""]
    run.metrics_path.write_text(older.replace("seed", "sowing") + "\n", encoding="utf-8")
    with pytest.raises(UserError, match="its columns are not"):
        run.read_metrics()


def test_replacing_leaves_the_old_file_on_failure(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic.write_text(path, "old")

    def fail_halfway() -> None:
        with atomic.replacing(path) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_second_writer_is_refused(tmp_path: Path) -> None:
    run = Run(tmp_path)
    with run.lock(), pytest.raises(UserError, match="another training"), run.lock():
        pass
    with run.lock():
        pass


def test_lock_clears_what_a_killed_writer_left(tmp_path: Path) -> None:
    leftover = tmp_path / ".losses.csv.abc.tmp"
    leftover.write_text("half", encoding="utf-8")
    with Run(tmp_path).lock():
        assert not leftover.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"settings": {}}'])
def test_half_a_config_is_refused(tmp_path: Path, text: str) -> None:
    run = Run(tmp_path)
    run.config_path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"config\.json"):
        run.read_config()


def test_runs_are_found_however_deep(root: Path) -> None:
    for name in ("b", "kernel-size/k4-seed0", "a"):
        Run(root / name).write_config(json.loads("{}"))
    assert [str(run.path.relative_to(root)) for run in find_runs(runs_root())] == [
        "a",
        "b",
        "kernel-size/k4-seed0",
    ]


def test_samples_are_in_order_of_iteration(tmp_path: Path) -> None:
    run = Run(tmp_path)
    for iteration in (100, 20, 3):
        atomic.write_bytes(run.sample_path(iteration), b"")
    older = ("notes.png", "0000007.png", "0000020.png", "0000020.jpg", "0000030.jpg")
    for name in older:  # of when grids were PNG, then JPEG
        (run.samples_path / name).touch()
    assert [path.name for _, path in run.samples()] == [
        "0000003.avif", "0000007.png", "0000020.avif", "0000030.jpg", "0000100.avif"
    ]  # fmt: skip


def test_the_judge_is_found_by_its_photos_not_by_its_name(tmp_path: Path) -> None:
    folder = make_judge(tmp_path)
    damaged = tmp_path / "judge-a-64"
    damaged.mkdir()
    (damaged / "judge.json").write_text("[", encoding="utf-8")
    assert find_judges(tmp_path, CONTENT_HASH, 64) == [folder]
    assert find_judges(tmp_path, CONTENT_HASH, 128) == []
    assert find_judges(tmp_path, "other", 64) == []
    about = json.loads((folder / "judge.json").read_text(encoding="utf-8"))
    about["dataset"]["also"] = ["other"]  # the same photos, decoded by another version of Pillow
    (folder / "judge.json").write_text(json.dumps(about), encoding="utf-8")
    assert find_judges(tmp_path, "other", 64) == [folder]
    del about["dataset"]
    (folder / "judge.json").write_text(json.dumps(about), encoding="utf-8")
    assert find_judges(tmp_path, CONTENT_HASH, 64) == []
