"""What the cards say of a run."""

from pathlib import Path

from gan.demo import model_card
from gan.demo.catalogue import list_entries
from gan.metrics.glossary import FLOOR, METRICS, NOISE, title
from tests.demo.fake_runs import make_run

SHIPPED = Path(__file__).resolve().parents[2] / "checkpoints"


def test_the_card_tells_how_the_checkpoint_was_picked(tmp_path: Path) -> None:
    run = make_run(tmp_path, "one", conditional=True)
    (entry,) = list_entries(tmp_path)
    assert "the checkpoint is" not in model_card.model_card(entry)
    values = run.read_config()
    values["progress"]["chosen"] = {"images_seen": 40_000, "among": 3}
    run.write_config(values)
    (entry,) = list_entries(tmp_path)
    assert "that of 40,000 photos seen, the best of 3" in model_card.model_card(entry)
    card = model_card.model_card(entry, "3 hours on a CPU")
    assert "51,200 photos seen, 3 hours on a CPU" in card
    for restarts, told in (([25_600], True), ([], False)):
        values["progress"]["restarts"] = restarts
        run.write_config(values)
        (entry,) = list_entries(tmp_path)
        assert ("finished at 25,600, then given more" in model_card.model_card(entry)) == told


def test_each_figure_stands_between_what_photos_and_noise_score(tmp_path: Path) -> None:
    run = make_run(tmp_path, "one", conditional=True)
    photos = {"train": 900, "validation": 100, "test": 1063}
    table = model_card.counts_table([("One", run.read_metrics(), photos)]).set_index("Figure")
    assert not any("floor" in name or "noise" in name for name in table.index)
    distance = table.loc["FD (EfficientNet-Lite2)"]
    assert [distance["Photos"], distance["Noise"]] == ["6.50", "900.0"]
    assert table.loc["Copies", "Read by"] == "pixel by pixel"
    assert table.loc["Copies", "Noise"] == "not measured"
    assert table.loc["GAN-test", "Noise"] == "12.5 % (guessing)"
    # GAN-test is of equally many pictures a type, so photos of each type count alike too.
    assert table.loc["GAN-test", "Photos"] == "65.0 %"
    assert table.loc["GAN-train", "Photos"] == "71.0 %"
    assert table.loc["GAN-test", "Seeds"] == 3


def test_every_shipped_figure_has_a_row_with_both_ends_and_its_splits() -> None:
    for name in ("cgan-64", "cgan", "report-cgan", "report-dcgan-k4"):
        (entry,) = (one for one in list_entries(SHIPPED) if one.name == name)
        metrics = entry.run.read_metrics()
        table = model_card.counts_table([(name, metrics, model_card.photos_by_split(entry))])
        shown = set(table["Figure"])
        for key, extractor in set(zip(metrics["metric"], metrics["extractor"], strict=True)):
            if not key.endswith((FLOOR, NOISE)):
                assert title(key, extractor) in shown
                if METRICS[key].ruler:
                    row = table[table["Figure"] == title(key, extractor)]
                    assert (row[["Photos", "Noise"]] != "").all(axis=None), (name, key)
                    if key not in ("copies", "neighbour_distance"):  # of these noise has no value
                        assert (row[["Photos", "Noise"]] != "not measured").all(axis=None), key
        split = table.set_index(["Figure", "Generated"])["Reference"]
        if name.startswith("cgan"):  # FD counts validation photos; the judge never saw them
            assert split["GAN-test", 10_000] == "train"
            assert split["FD (car classifier)", 4_833] == "half of train and validation"
