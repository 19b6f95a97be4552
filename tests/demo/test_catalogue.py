"""Listing runs: whole ones, broken ones, and what is said of the broken."""

from pathlib import Path

import pytest

from gan.demo.catalogue import headline, list_entries
from tests.demo.fake_runs import TYPES, break_settings, make_run


def test_an_empty_or_absent_folder_lists_nothing(tmp_path: Path) -> None:
    assert list_entries(tmp_path) == []
    assert list_entries(tmp_path / "absent") == []
    assert headline([]) is None


def test_preferred_runs_come_first_and_nested_ones_last(full: Path) -> None:
    names = [entry.name for entry in list_entries(full)]
    assert names[:3] == ["cgan", "report-cgan", "report-dcgan-k4"]
    assert names[3:] == sorted(names[3:])
    assert "kernel-size/k4-seed0" in names
    assert all(not name.startswith("judge") for name in names)


def test_a_whole_run_says_what_it_can_do(full: Path) -> None:
    entries = {entry.name: entry for entry in list_entries(full)}
    assert entries["cgan"].classes == TYPES
    assert entries["cgan"].counts["Van"] == 400
    assert entries["report-dcgan-k4"].classes == ()
    assert not any(entry.problems for entry in entries.values())
    assert all(entry.ready for entry in entries.values())
    assert headline(list(entries.values())) is entries["cgan"]


def test_each_kind_of_broken_run_is_listed_with_one_line(tmp_path: Path) -> None:
    make_run(tmp_path, "whole", conditional=True)
    truncated = make_run(tmp_path, "truncated", conditional=True)
    weights = truncated.generator_path.read_bytes()
    truncated.generator_path.write_bytes(weights[: len(weights) // 2])
    unsaved = make_run(tmp_path, "unsaved", conditional=False, weights=False, metrics=False)
    config = unsaved.read_config()
    config["progress"]["finished"] = False
    unsaved.write_config(config)
    break_settings(make_run(tmp_path, "unknown", conditional=False))
    make_run(tmp_path, "half-config", conditional=False).config_path.write_text(
        '{"settings": ', encoding="utf-8"
    )
    make_run(tmp_path, "no-config", conditional=False).config_path.unlink()
    bad_csv = make_run(tmp_path, "bad-csv", conditional=False)
    bad_csv.metrics_path.write_text("what,is,this\n1,2,3\n", encoding="utf-8")

    entries = {entry.name: entry for entry in list_entries(tmp_path)}
    said = {name: "; ".join(entry.problems) for name, entry in entries.items()}
    assert said["whole"] == ""
    assert "damaged" in said["truncated"]
    assert "has not saved yet" in said["unsaved"]
    assert "diffusion" in said["unknown"]
    assert "can't be read" in said["half-config"]
    assert "has no config.json" in said["no-config"]
    assert "metrics.csv can't be read" in said["bad-csv"]
    assert {name for name, entry in entries.items() if entry.ready} == {"whole", "bad-csv"}
    assert not any(str(tmp_path) in words for words in said.values())


@pytest.mark.parametrize(("finished", "metrics"), [(True, False), (False, True)])
def test_an_ended_run_that_ships_no_generator_has_no_problem(
    tmp_path: Path, finished: bool, metrics: bool
) -> None:
    run = make_run(tmp_path, "figures", conditional=True, weights=False, metrics=metrics)
    config = run.read_config()
    config["progress"]["finished"] = finished
    run.write_config(config)
    (entry,) = list_entries(tmp_path)
    assert entry.problems == ()
    assert not entry.ready
