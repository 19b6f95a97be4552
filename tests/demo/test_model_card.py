"""What the cards say of a run."""

from pathlib import Path

from gan.demo import model_card
from gan.demo.catalogue import list_entries
from tests.demo.fake_runs import make_run


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
    for restarts, told in (([25_600], True), ([], False), ("25600", False)):
        values["progress"]["restarts"] = restarts
        run.write_config(values)
        (entry,) = list_entries(tmp_path)
        assert ("finished at 25,600, then given more" in model_card.model_card(entry)) == told


def test_each_figure_stands_between_what_photos_and_noise_score(tmp_path: Path) -> None:
    run = make_run(tmp_path, "one", conditional=True)
    table = model_card.counts_table([("One", run.read_metrics())]).set_index("Figure")
    assert not any("floor" in name or "noise" in name for name in table.index)
    distance = table.loc["FD (EfficientNet-Lite2)"]
    assert [distance["Photos"], distance["Noise"]] == ["6.50", "900.0"]
    assert table.loc["Copies", "Read by"] == "pixel by pixel"
    assert table.loc["GAN-test", "Noise"] == ""
    assert table.loc["GAN-test", "Photos"] == table.loc["Same classifier on photos", "Value"]
    assert table.loc["GAN-test", "Seeds"] == 3
