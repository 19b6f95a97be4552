"""Body types from tables, folders and file names."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gan.data.body_types import BODY_TYPES, class_name
from gan.data.by_folder import car_connection
from gan.data.labels import Labelled, choose, label
from gan.errors import UserError


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def found(folder: Path, table: Path | None = None) -> dict[str, tuple[str, str, str]]:
    return {p.name: (p.body_type, p.split, p.problem) for p in label(folder, table).photos}


@pytest.mark.parametrize(
    ("name", "body_type"),
    [
        ("Audi_A5_2013_43_18_210_20_4_73_54_182_24_FWD_4_2_Convertible_eUH.jpg", "convertible"),
        ("Acura_ILX_2013_28_16_110_15_4_70_55_179_39_FWD_5_4_4dr_aWg.jpg", "sedan"),
        ("Acura_MDX_2014_42_18_290_35_6_77_67_193_20_FWD_7_4_SUV_oiQ.jpg", "suv"),
        ("Audi_S5_2013_50_19_330_30_6_73_53_182_18_AWD_4_2_2dr_abc.jpg", "coupe"),
        ("Audi_A3_2013_27_17_200_20_4_69_55_168_22_FWD_5_4_2dr_abc.jpg", "hatchback"),
        ("Ford_F-150_2015_26_17_280_35_6_79_75_209_18_RWD_3_2_Pickup_abc.jpg", "pickup"),
        ("Ford_Transit Connect_2015_26_17_280_35_6_79_75_209_18_FWD_5_4_Van_abc.jpg", "van"),
        ("Volvo_V60_2015_26_17_240_20_5_73_58_182_25_FWD_5_4_Station Wagon_abc.jpg", "wagon"),
        ("Fiat_500_2013_nan_15_100_14_4_64_60_139_31_FWD_4_nan_nan_abc.jpg", ""),
        ("IMG_2013_01.jpg", None),
        ("sedan.jpg", None),
        ("Audi_A5_2013_43_18_210_20_4_73_54_182_24_FWD_4_2_Convertible.jpg", None),
    ],
)
def test_car_connection_names(name: str, body_type: str | None) -> None:
    assert car_connection(name) == body_type


@pytest.mark.parametrize(
    ("name", "body_type"),
    [("SUV", "suv"), (" Station_Wagon ", "wagon"), ("pick-up", "pickup"), ("Coupé", "coupe")],
)
def test_names_of_types_are_made_alike(name: str, body_type: str) -> None:
    assert class_name(name) == body_type


def test_class_folders_at_any_depth_with_split_folders(tmp_path: Path) -> None:
    touch(tmp_path, "train/Sedan/1.jpg", "test/saloon/2.png", "x/SUV/3.jpg", "4.jpg")
    touch(tmp_path, "train/Sedan/notes.txt", "train/Sedan/.5.jpg", "__MACOSX/Sedan/6.jpg")
    assert found(tmp_path) == {
        "train/Sedan/1.jpg": ("sedan", "train", ""),
        "test/saloon/2.png": ("sedan", "test", ""),
        "x/SUV/3.jpg": ("suv", "", ""),
        "4.jpg": ("", "", "no label"),
    }


def test_car_connection_names_win_over_folders_of_makes(tmp_path: Path) -> None:
    name = "Acura_ILX_2013_28_16_110_15_4_70_55_179_39_FWD_5_4_4dr_aWg.jpg"
    touch(tmp_path, f"Acura/{name}", "Acura/" + name.replace("4dr", "SUV"))
    assert [p.body_type for p in label(tmp_path).photos] == ["sedan", "suv"]
    touch(tmp_path / "sorted", f"sedan/{name}", f"hatchback/{name}")
    assert [p.body_type for p in label(tmp_path / "sorted").photos] == ["hatchback", "sedan"]


def test_table_with_bare_names_and_split(tmp_path: Path) -> None:
    touch(tmp_path, "photos/1.jpg", "photos/2.jpg", "photos/3.jpg")
    (tmp_path / "labels.csv").write_text(
        "filename,body_type,split\n1.jpg,SUV,train\n2.jpg,van,test\n9.jpg,van,test\n",
        encoding="utf-8",
    )
    (tmp_path / "other.csv").write_text("date,price\n1,2\n", encoding="utf-8")
    assert found(tmp_path) == {
        "photos/1.jpg": ("suv", "train", ""),
        "photos/2.jpg": ("van", "test", ""),
        "photos/3.jpg": ("", "", "no label in the table"),
        "9.jpg": ("", "", "in the table, but not there"),
    }


def test_table_with_paths_semicolons_and_byte_order_mark(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "b/1.jpg", "b/2.jpg")
    table = tmp_path / "elsewhere.txt"
    table.write_text("Path;Class\n./a/1.jpg;sedan\nb\\1.jpg;van\n1.jpg;suv\n", "utf-8-sig")
    assert found(tmp_path, table) == {
        "a/1.jpg": ("sedan", "", ""),
        "b/1.jpg": ("van", "", ""),
        "b/2.jpg": ("", "", "no label in the table"),
        "1.jpg": ("", "", "name fits several photos"),
    }


def test_contradicting_rows_are_reported(tmp_path: Path) -> None:
    touch(tmp_path, "1.jpg", "2.jpg")
    (tmp_path / "l.csv").write_text(
        "file,type\n1.jpg,suv\n1.jpg,van\n2.jpg,van\n2.jpg,van\n", encoding="utf-8"
    )
    assert found(tmp_path) == {
        "1.jpg": ("van", "", "two different labels"),
        "2.jpg": ("van", "", ""),
    }


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda f: f.mkdir(), "no photos"),
        (lambda f: touch(f, "readme.txt"), "no photos"),
        (lambda f: touch(f, "1.jpg", "2.jpg"), "--labels"),
        (
            lambda f: [
                touch(f, "1.jpg"),
                (f / "a.csv").write_text("file,type\n1.jpg,suv\n", encoding="utf-8"),
                (f / "b.csv").write_text("file,type\n1.jpg,red\n", encoding="utf-8"),
            ],
            "choose with --labels",
        ),
        (
            lambda f: [
                touch(f, "1.jpg"),
                (f / "a.csv").write_text("file,type,split\n1.jpg,suv,maybe\n", encoding="utf-8"),
            ],
            "'maybe'",
        ),
    ],
)
def test_bad_folders(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    make(tmp_path / "f")
    with pytest.raises(UserError, match=words):
        label(tmp_path / "f")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"nothing,here\n1,2\n", b"", b'file,type\n"'])
def test_bad_tables(tmp_path: Path, content: bytes) -> None:
    folder = touch(tmp_path / "f", "1.jpg")
    table = tmp_path / "t.csv"
    table.write_bytes(content)
    try:
        photos = label(folder, table)
    except UserError as error:
        message = str(error)
        assert str(table) in message
    else:
        assert all(photo.problem for photo in photos.photos)


class TestChoose:
    @pytest.fixture
    def photos(self, tmp_path: Path) -> Labelled:
        touch(tmp_path, "sedan/1.jpg", "jeep/2.jpg", "crossover/3.jpg", "van/4.jpg")
        return label(tmp_path)

    def test_nothing_keeps_all(self, photos: Labelled) -> None:
        assert choose(photos, "").classes() == {"jeep": 1, "sedan": 1, "suv": 1, "van": 1}

    def test_picks_and_maps(self, photos: Labelled) -> None:
        chosen = choose(photos, "sedan, suv=jeep,suv=crossover")
        assert chosen.classes() == {"sedan": 1, "suv": 2}
        assert [p.problem for p in chosen.photos if p.body_type == "van"] == ["class not chosen"]

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("sadan", "no photo has"),
            ("suv=", "can't be"),
            ("=van", "can't be"),
            ("sedan,,van", "can't be"),
            ("sedan,van=sedan", "two classes"),
        ],
    )
    def test_bad_text(self, photos: Labelled, text: str, words: str) -> None:
        with pytest.raises(UserError, match=words):
            choose(photos, text)


def test_eight_types() -> None:
    assert len(BODY_TYPES) == len(set(BODY_TYPES)) == 8
    assert list(BODY_TYPES) == sorted(BODY_TYPES)
