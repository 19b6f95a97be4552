"""A link holds every parameter and drops what was there before."""

from urllib.parse import parse_qs, urlsplit

from gan.demo.links import view_link


def test_everything_is_written_out() -> None:
    link = view_link(
        "https://cars.example:8501/app/generate?old=1#top",
        {"type": "Station wagon & more", "natural": True, "seed": 0},
    )
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path) == (
        "https",
        "cars.example:8501",
        "/app/generate",
    )
    assert parts.fragment == ""
    assert parse_qs(parts.query) == {
        "type": ["Station wagon & more"],
        "natural": ["true"],
        "seed": ["0"],
    }


def test_without_an_address_the_query_stands_alone() -> None:
    assert view_link(None, {"a": 1}) == "?a=1"
