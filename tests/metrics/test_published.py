"""The report's figures, as they stand in its tables."""

from gan.metrics import published


def test_the_published_table_is_the_reports() -> None:
    table = published.trainings().set_index(["variant", "kernel"])
    assert table.loc[("unconditional", 6), "fid"] == 148.915
    assert table.loc[("conditional", 4), "is"] == 1.0
    assert len(table) == 4
