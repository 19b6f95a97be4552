"""What pages say of half-finished experiments."""

from pathlib import Path

import numpy as np
import pandas as pd

from gan.demo import experiments
from gan.demo.catalogue import list_entries
from tests.demo.fake_runs import make_run


def ablations(*rows: tuple[str, int, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["setting", "seed", "value"])
    return table.assign(
        view="short",
        metric="fd",
        extractor="efficientnet-lite2",
        body_type="all",
        n_real=np.nan,
        n_fake=9.0,
    )


def test_changes_are_paired_with_their_own_base_and_sorted() -> None:
    bases = [("base", seed, 100.0 * seed) for seed in range(3)]
    bases += [("conditional", seed, 500.0) for seed in range(3)]
    better = [("relu", seed, 100.0 * seed - 5 - seed) for seed in range(3)]
    single = [("mse", 0, 9.0), ("conditional-dense-3", 0, 490.0)]
    found = experiments.ablation_effects(ablations(*bases, *better, *single))
    assert found is not None
    effects, metric, _ = found
    assert metric == "fd"
    columns = ["setting", "base", "value", "low", "high", "seeds", "shown"]
    assert effects[columns].to_numpy().tolist() == [
        ["conditional-dense-3", "conditional", -10.0, -10.0, -10.0, 1, "fewer than 3 seeds"],
        ["relu", "base", -6.0, -7.0, -5.0, 3, "better with every seed"],
        ["mse", "base", 9.0, 9.0, 9.0, 1, "fewer than 3 seeds"],
    ]


def test_pieces_count_where_every_seed_agrees() -> None:
    given = {
        ("whole", "equal-pictures"): ((10, 20, 30), (0.5, 0.6, 0.7)),
        ("no-heads", "equal-pictures"): ((11, 25, 31), (0.6, 0.7, 0.8)),
        ("no-balance", "equal-pictures"): ((9, 25, 31), (0.4, 0.7, 0.8)),
        ("whole", "equal-time"): ((10, 20, 30), (0.5, 0.6, 0.7)),
        ("report", "equal-time"): ((90, 90, 90), (0.1, 0.1, 0.1)),
    }
    rows = [
        (setting, seed, view, metric, value)
        for (setting, view), found in given.items()
        for metric, values in zip(("fd", "gan_test"), found, strict=True)
        for seed, value in enumerate(values)
    ]
    table = pd.DataFrame(rows, columns=["setting", "seed", "view", "metric", "value"])
    by = {"fd": "efficientnet-lite2", "gan_test": "car-classifier"}
    table = table.assign(extractor=table["metric"].map(by), body_type="all", n_real=1, n_fake=1)
    worth = experiments.piece_table(table).set_index("recipe")
    assert worth["FD (EfficientNet-Lite2)"]["The whole recipe"] == "20.0 (10.0 to 30.0, 3 seeds)"
    said = {str(name): (row["better"], row["worse"]) for name, row in worth.iterrows()}
    assert said == {
        "The whole recipe": ("", ""),
        "Without heads on frozen features, the adversary": ("FD", "GAN-test"),
        "Without class-balanced batches": ("", ""),
        "The report's pair, trained for as long": ("FD, GAN-test", ""),
    }
    assert experiments.piece_table(table.head(0)).empty
    assert experiments.piece_table(table[table["setting"] == "whole"]).empty


def test_nothing_is_said_before_a_change_was_trained() -> None:
    assert experiments.ablation_effects(ablations(("base", 0, 1.0), ("base", 1, 2.0))) is None
    assert experiments.ablation_effects(ablations(("relu", 0, 1.0))) is None
    assert experiments.ablation_effects(ablations().head(0)) is None


def test_narrowed_runs_are_shown_at_equal_parameters_alone(tmp_path: Path) -> None:
    for name, kernel in (("k4", 4), ("k6", 6), ("k6-matched", 6), ("k8-matched", 8)):
        make_run(tmp_path, f"kernel-size/{name}-seed0", conditional=False, kernel=kernel)
    make_run(tmp_path, "single", conditional=False, kernel=8)
    entries = list_entries(tmp_path)

    def names(view: str) -> dict[str, list[str]]:
        runs = experiments.kernel_runs(entries, view)
        return {kernel: [run.run.path.name for run in found] for kernel, found in runs.items()}

    assert names("equal-pictures") == {"Kernel 4": ["k4-seed0"], "Kernel 6": ["k6-seed0"]}
    assert names("equal-parameters") == {
        "Kernel 4": ["k4-seed0"],
        "Kernel 6": ["k6-matched-seed0"],
        "Kernel 8": ["k8-matched-seed0"],
    }
    assert list(experiments.kernel_runs([one for one in entries if one.name == "single"], "")) == [
        "Kernel 8"
    ]


def test_uncut_runs_stand_beside_either_sampling() -> None:
    rows = [
        (setting, seed, "gan_test", "car-classifier", body_type, value + seed / 10, 9.0, 9.0)
        for setting, value in (("full", 0.5), ("cut-1/16", 0.1), ("cut-1/16-balanced", 0.2))
        for seed in (0, 1)
        for body_type in ("SUV", "Cut", "all")
    ]
    columns = ["setting", "seed", "metric", "extractor", "body_type", "value", "n_real", "n_fake"]
    [(metric, found)] = experiments.by_share(pd.DataFrame(rows, columns=columns))
    assert metric == "gan_test"
    means = found.set_index(["kept", "sampling"])["value"].round(3).to_dict()
    assert means == {
        ("all", "as they come"): 0.55,
        ("all", "balanced"): 0.55,
        ("1/16", "as they come"): 0.15,
        ("1/16", "balanced"): 0.25,
    }
    assert set(found["seeds"]) == {2}
    assert experiments.by_share(pd.DataFrame(rows[:6], columns=columns)) == []
