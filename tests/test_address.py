"""What of an address is kept: nothing that could be a password or a token."""

import pytest

from gan.address import public, scrubbed
from gan.config import DataConfig, to_json
from tests.conftest import tiny_config

PLACES = [
    "https://user:SECRET@example.org/cars.zip",
    "https://SECRET@example.org/cars.zip",
    "https://example.org/cars.zip?token=SECRET",
    "https://example.org/cars.zip#SECRET",
    "https://example.org/cars.zip;jsessionid=SECRET?x=SECRET",
    "https://user:SEC/RET@example.org/cars.zip",  # not escaped, as people write it
    "https://user:SECRET#RET@example.org/cars.zip",
    "https://user:SE?SECRET@example.org/cars.zip",
    "ftp://user:SECRET@example.org/cars.zip",
]


@pytest.mark.parametrize("address", PLACES)
def test_secrets_go_wherever_they_stand(address: str) -> None:
    for text in (
        public(address),
        scrubbed(f"error: {address} broke off"),
        scrubbed(f"'{address}'"),
    ):
        assert "SECRET" not in text
        assert "SEC/" not in text
        assert "RET@" not in text


def test_scheme_host_and_path_stay() -> None:
    assert public("https://u:p@example.org:8443/a/cars.zip?x=1") == (
        "https://example.org:8443/a/cars.zip"
    )
    assert public("http://[::1]:80/cars.zip") == "http://[::1]:80/cars.zip"
    assert public("photos/my cars;2?.zip") == "photos/my cars;2?.zip"


def test_a_runs_settings_hold_none() -> None:
    config = tiny_config()
    data = DataConfig("https://user:SECRET@example.org/cars.zip?token=SECRET")
    object.__setattr__(config, "data", data)
    assert to_json(config)["data"]["data"] == "https://example.org/cars.zip"
