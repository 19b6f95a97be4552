"""Layouts that people have: what labels each, which split it gives, and what is warned of."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from gan.data.labels import Labelled, choose, label
from gan.errors import UserError

Expected = dict[str, tuple[str, str]]


def make(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Photos are empty files; tables hold what is given, text as UTF-8."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def photos(*names: str) -> dict[str, str | bytes]:
    return dict.fromkeys(names, "")


def found(labelled: Labelled) -> Expected:
    """Body type and split of each photo that has a label."""
    return {p.name: (p.body_type, p.split) for p in labelled.photos if not p.problem}


FOLDERS: dict[str, Expected] = {
    "a body type above a year": {
        "sedan/2019/1.jpg": ("sedan", ""),
        "suv/2018/2.jpg": ("suv", ""),
    },
    "a body type above makes and models": {
        "train/Coupe/Audi/TT/1.jpg": ("coupe", "train"),
        "test/Vans/VW/Bus/2.jpg": ("van", "test"),
    },
    "a model that contains another type": {
        "suv/Transit Van 2019/1.jpg": ("suv", ""),
        "Wagons/Mini Coupe/2.jpg": ("wagon", ""),
    },
    "below a make": {"Audi/wagon/1.jpg": ("wagon", ""), "BMW/jeep/2.jpg": ("jeep", "")},
    "Stanford Cars' names": {
        "train/Acura RL Sedan 2012/1.jpg": ("sedan", "train"),
        "train/Ford F-150 Regular Cab 2012/1.jpg": ("pickup", "train"),
        "train/Ford Ranger SuperCab 2011/1.jpg": ("pickup", "train"),
        "train/Dodge Caravan Minivan 1997/1.jpg": ("van", "train"),
        "test/Ford E-Series Wagon Van 2012/1.jpg": ("van", "test"),
        "test/Rolls-Royce Phantom Drophead Coupe Convertible 2012/1.jpg": ("convertible", "test"),
    },
    "plurals, hyphens, accents": {
        "Sedans/1.jpg": ("sedan", ""),
        "Hatch-back/1.jpg": ("hatchback", ""),
        "Coupés/1.jpg": ("coupe", ""),
        "Coupe\u0301/1.jpg": ("coupe", ""),
        "S.U.V./1.jpg": ("suv", ""),
        "PickupTrucks/1.jpg": ("pickup", ""),
        "01_station-wagons/1.jpg": ("wagon", ""),
    },
    "Unicode forms of one name": {
        "Gela\u0308nde/1.jpg": ("gelände", ""),
        "Gel\u00e4nde/2.jpg": ("gelände", ""),
        "GELÄNDE/3.jpg": ("gelände", ""),
    },
    "names that deny": {"suv/1.jpg": ("suv", ""), "non-suv/2.jpg": ("non suv", "")},
    "splits of all kinds": {
        "training_set/sedan/1.jpg": ("sedan", "train"),
        "test_set/sedan/2.jpg": ("sedan", "test"),
        "Validation Images/van/3.jpg": ("van", "validation"),
        "cars_train/van/4.jpg": ("van", "train"),
        "testset/van/5.jpg": ("van", "test"),
        "van_test/6.jpg": ("van", "test"),
        "sedan/val2017/7.jpg": ("sedan", "validation"),
    },
    "in file names": {
        "images/sedan_001.jpg": ("sedan", ""),
        "images/Ford F-150 Crew Cab.jpg": ("pickup", ""),
        "images/suv (2).jpg": ("suv", ""),
    },
}


@pytest.mark.parametrize("layout", FOLDERS)
def test_names_label_photos(tmp_path: Path, layout: str) -> None:
    labelled = label(make(tmp_path, photos(*FOLDERS[layout])))
    assert found(labelled) == FOLDERS[layout]
    assert labelled.source == ("by file name" if layout == "in file names" else "by folder")


ONE_TWO = {"1.jpg": ("sedan", ""), "2.jpg": ("coupe", "")}
TABLES: dict[str, tuple[dict[str, str | bytes], Expected]] = {
    "Hugging Face: metadata.csv per split": (
        {
            "train/metadata.csv": "file_name,label\n1.jpg,sedan\n",
            "test/metadata.csv": "file_name,label\n1.jpg,suv\n",
        },
        {"train/1.jpg": ("sedan", "train"), "test/1.jpg": ("suv", "test")},
    ),
    "Hugging Face: metadata.jsonl": (
        {"metadata.jsonl": '{"file_name": "a/1.jpg", "label": "SUV"}\n\n{"file_name": "a/2.jpg"}'},
        {"a/1.jpg": ("suv", "")},
    ),
    "train.csv and test.csv": (
        {"train.csv": "id,label\n1,sedan\n", "test.csv": "id,label\n2,suv\n"},
        {"images/1.jpg": ("sedan", "train"), "images/2.jpg": ("suv", "test")},
    ),
    "train.csv and test.csv, photos numbered alike": (
        {"train.csv": "image,class\n1.jpg,sedan\n", "test.csv": "image,class\n1.jpg,suv\n"},
        {"train/1.jpg": ("sedan", "train"), "test/1.jpg": ("suv", "test")},
    ),
    "Roboflow: boxes": (
        {
            "train/_annotations.csv": "filename,width,class,xmin\na.jpg,9,Sedan,0\na.jpg,9,Sedan,4",
            "valid/_annotations.csv": "filename,width,class,xmin\nb.jpg,9,SUV,0\n",
        },
        {"train/a.jpg": ("sedan", "train"), "valid/b.jpg": ("suv", "validation")},
    ),
    "Roboflow: one column a class": (
        {"test/_classes.csv": "filename, Sedan, SUV\na.jpg, 1, 0\nb.jpg, 0, 1\n"},
        {"test/a.jpg": ("sedan", "test"), "test/b.jpg": ("suv", "test")},
    ),
    "Western European": (
        {"t.csv": "file;type\n1.jpg;Limousine\n2.jpg;Coupé".encode("cp1252")},
        ONE_TWO,
    ),
    "UTF-16": (
        {"t.csv": "file\ttype\r\n1.jpg\tsedan\r\n2.jpg\tcoupé\r\n".encode("utf-16")},
        ONE_TWO,
    ),
    "UTF-16 without a mark": (
        {"t.csv": "file,type\n1.jpg,sedan\n2.jpg,coupé".encode("utf-16-le")},
        ONE_TWO,
    ),
    "GBK": (
        {"t.csv": "file,type\n轿车.jpg,sedan\n跑车.jpg,coupe\n".encode("gbk")},
        {"轿车.jpg": ("sedan", ""), "跑车.jpg": ("coupe", "")},
    ),
    "Excel's first line": ({"t.csv": "sep=;\nfile;type\n1.jpg;sedan\n2.jpg;coupe\n"}, ONE_TWO),
    "line ends of old Macs": ({"t.csv": "file,type\r1.jpg,sedan\r2.jpg,coupe\r"}, ONE_TWO),
    "UTF-16 without a header": ({"t.csv": "1.jpg\tsedan\n2.jpg\tcoupe".encode("utf-16")}, ONE_TWO),
    "no header": ({"t.csv": "1.jpg,sedan\n2.jpg,coupe\n"}, ONE_TWO),
    "a column is_test": (
        {"t.csv": "image,body_type,is_test\n1.jpg,sedan,0\n2.jpg,coupe,1\n"},
        {"1.jpg": ("sedan", "train"), "2.jpg": ("coupe", "test")},
    ),
    "drive letters, case, slashes": (
        {"t.csv": "path,label\nC:\\Me\\A\\1.JPG,sedan\nC:\\Me\\b\\1.JPG,suv\n"},
        {"a/1.jpg": ("sedan", ""), "b/1.jpg": ("suv", "")},
    ),
    "absolute paths of another machine": (
        {"t.csv": "path,label\n/home/me/cars/a/1.jpg,sedan\nfile:///cars/b/1.jpg,suv\n"},
        {"a/1.jpg": ("sedan", ""), "b/1.jpg": ("suv", "")},
    ),
    "spaces around names": ({"t.csv": "file,type\n 1.jpg ,sedan\n2.jpg,coupe\n"}, ONE_TWO),
    "missing endings and Unicode forms": (
        {"t.csv": "id,label\ncoupe\u0301.7,coupe\nx.y,suv\n"},
        {"coup\u00e9.7.jpg": ("coupe", ""), "x.y.png": ("suv", "")},
    ),
    "relative to the table": (
        {"set/labels/t.csv": "file,type\n../photos/1.jpg,van\n"},
        {"set/photos/1.jpg": ("van", "")},
    ),
    "a table of splits beside class folders": (
        {"split.csv": "file,split\nsedan/1.jpg,train\nsuv/1.jpg,test\n"},
        {"sedan/1.jpg": ("sedan", "train"), "suv/1.jpg": ("suv", "test")},
    ),
    "classes that are longer names": (
        {"t.csv": "file,class\n1.jpg,Acura RL Sedan 2012\n2.jpg,Audi TT Coupe 2012\n"},
        ONE_TWO,
    ),
    "CompCars": (
        {
            "misc/attributes.txt": "model_id door_number type\n5 4 3\n6 5 2\n7 0 0\n",
            "train_test_split/classification/train.txt": "1/5/2014/a.jpg\n",
            "train_test_split/classification/test.txt": "1/6/2014/b.jpg\n",
        },
        {"image/1/5/2014/a.jpg": ("sedan", "train"), "image/1/6/2014/b.jpg": ("suv", "test")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", TABLES)
def test_tables_label_photos(tmp_path: Path, layout: str) -> None:
    tables, expected = TABLES[layout]
    extra = photos("image/1/7/2014/c.jpg") if layout == "CompCars" else {}
    labelled = label(make(tmp_path, tables | photos(*expected) | extra))
    assert found(labelled) == expected
    named = [t for t in tables if not t.startswith("train_test")]
    assert all(name in labelled.source for name in named)
    assert "names fit" in labelled.source


def annotations(path: Path, rows: list[dict[str, object]], names: list[str] | None = None) -> None:
    fields = [(key, object) for key in rows[0]]
    array = np.array([tuple(row.values()) for row in rows], dtype=fields)
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = {"class_names": np.array(names, dtype=object)} if names else {}
    savemat(path, {"annotations": array, **meta})


NAMES = ["Acura RL Sedan 2012", "Ford F-150 Regular Cab 2012", "Acura Integra Type R 2001"]


@pytest.mark.parametrize("layout", ["one file", "a file for each split", "no labels of the test"])
def test_stanfords_own_labels(tmp_path: Path, layout: str) -> None:
    if layout == "one file":
        names = ("car_ims/000001.jpg", "car_ims/000002.jpg", "car_ims/000003.jpg")
        rows = [
            {"relative_im_path": name, "class": i + 1, "test": i % 2}
            for i, name in enumerate(names)
        ]
        annotations(tmp_path / "cars_annos.mat", rows, NAMES)  # type: ignore[arg-type]
    else:
        names = ("cars_train/00001.jpg", "cars_test/00001.jpg", "cars_train/00002.jpg")
        devkit = tmp_path / "devkit"
        train: list[dict[str, object]] = [
            {"fname": "00001.jpg", "class": 1},
            {"fname": "00002.jpg", "class": 3},
        ]
        annotations(devkit / "cars_train_annos.mat", train)
        test = {"fname": "00001.jpg"} | ({} if "no labels" in layout else {"class": 2})
        annotations(devkit / "cars_test_annos_withlabels.mat", [test])  # type: ignore[list-item]
        savemat(devkit / "cars_meta.mat", {"class_names": np.array(NAMES, dtype=object)})
    labelled = label(make(tmp_path, photos(*names)))
    expected = {names[0]: ("sedan", "train"), names[1]: ("pickup", "test")}
    if "no labels" in layout:
        del expected[names[1]]
    assert found(labelled) == expected
    assert ".mat" in labelled.source


BY_FOLDER = ("sedan/1.jpg", "sedan/2.jpg", "suv/3.jpg")
BY_CHANCE: dict[str, dict[str, str | bytes]] = {
    "models": {"specs.csv": "name,price,type\nCorolla,1,x\nCivic,2,y\n"},
    "models that are numbered": {"specs.csv": "id,name,type\n1,Corolla,x\n2,Civic,y\n3,Golf,z\n"},
    "an old output folder": {
        "out/dataset.json": "{}", "out/pictures.npy": "",
        "out/files.csv": "file,body_type\nsedan/1.jpg,van\nsedan/2.jpg,van\nsuv/3.jpg,van\n",
    },
    "a few photos": {"notes.csv": "file,type\nsedan/1.jpg,van\nx.jpg,a\ny.jpg,b\n"},
    "prices": {"prices.csv": "date,price\n2019,1\n"},
    "no table at all": {"t.csv": b"\x00\x01\x02"},
    "a cut quote": {"t.csv": 'file,type\n"1.jpg,van'},
    "MATLAB's, damaged": {"cars_annos.mat": b"MATLAB 5.0 MAT-file" + bytes(200)},
}  # fmt: skip


@pytest.mark.parametrize("case", BY_CHANCE)
def test_a_table_about_other_things_is_named_and_not_used(tmp_path: Path, case: str) -> None:
    labelled = label(make(tmp_path, BY_CHANCE[case] | photos(*BY_FOLDER)))
    assert labelled.source == "by folder"
    assert labelled.classes() == {"sedan": 2, "suv": 1}
    passed_over = dict(labelled.passed_over)
    assert passed_over.keys() & {*BY_CHANCE[case], "out"}
    if case not in ("an old output folder", "prices"):
        assert any(next(iter(BY_CHANCE[case])) in warning for warning in labelled.warnings)


def test_a_table_of_few_photos_does_not_label_the_rest(tmp_path: Path) -> None:
    table = {
        "notes.csv": "file,type\njeep/1.jpg,van\n" + "".join(f"x{i}.jpg,a\n" for i in range(5))
    }
    names = [f"{folder}/{i}.jpg" for folder in ("jeep", "tesla") for i in range(3)]
    labelled = label(make(tmp_path, table | photos(*names)))
    assert labelled.classes() == {"jeep": 3, "tesla": 3}
    assert "1 of its 6 names fit" in labelled.warnings[0]


def test_a_table_whose_names_each_fit_several_photos_labels_none(tmp_path: Path) -> None:
    """Scores, prices or the like by bare names that every class folder has."""
    names = [f"{kind}/{i}.jpg" for kind in ("sedan", "suv") for i in range(4)]
    table = "filename,category\n" + "".join(f"{i}.jpg,good\n" for i in range(4))
    labelled = label(make(tmp_path, photos(*names) | {"scores.csv": table}))
    assert labelled.classes() == {"sedan": 4, "suv": 4}
    assert any("4 fit several at once" in warning for warning in labelled.warnings)


def test_many_tables_about_other_things_are_one_warning(tmp_path: Path) -> None:
    tables = {f"run{i}/metrics.csv": "name,type\nx,y\n" for i in range(20)}
    labelled = label(make(tmp_path, tables | photos(*BY_FOLDER)))  # type: ignore[arg-type]
    assert len(labelled.passed_over) == 20
    assert len(labelled.warnings) == 4
    assert "17 more tables" in labelled.warnings[-1]


def test_the_nearest_near_match_is_named(tmp_path: Path) -> None:
    table = {"l.csv": "file,type\n0007.png,van\n0008.png,suv\n"}
    labelled = label(make(tmp_path, table | photos("van/car_0007.jpg", "suv/car_0008.jpg")))
    (warning,) = labelled.warnings
    assert "0 of its 2 names fit" in warning
    assert "'0007.png' there, 'van/car_0007.jpg'" in warning
    with pytest.raises(UserError, match=r"l\.csv names no photo.*'0007.png' there"):
        label(tmp_path, tmp_path / "l.csv")


DOUBTS = {
    "31 classes": ([f"model {chr(97 + i)}{j}/1.jpg" for i in range(16) for j in "xy"], "classes:"),
    "years": (["toyota/2019/1.jpg", "kia/2018/1.jpg"], "years: '2018', '2019'"),
    "numbers": (["0/1.jpg", "1/1.jpg"], "numbers: '0', '1'"),
    "a test split that isn't one": (["my test pics/van/1.jpg", "suv/1.jpg"], "'my test pics'"),
    "nothing to test on": (["train/van/1.jpg", "train/suv/1.jpg"], "none is left to test on"),
    "two types in one name": (["Wagon Van/1.jpg", "suv/1.jpg"], "'Wagon Van'"),
    "a name without a type": (["A Sedan/1.jpg", "B Van/1.jpg", "Type R/1.jpg"], "'Type R'"),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_what_looks_wrong_is_warned_of(tmp_path: Path, case: str) -> None:
    names, words = DOUBTS[case]
    assert any(words in warning for warning in label(make(tmp_path, photos(*names))).warnings)
    assert label(make(tmp_path / "plain", photos("sedan/1.jpg", "suv/2.jpg"))).warnings == ()


@pytest.mark.parametrize("classes", ["", "all,van", "all=suv,van"])
def test_no_class_is_called_all(tmp_path: Path, classes: str) -> None:
    labelled = label(make(tmp_path, photos("all/1.jpg", "van/2.jpg", "suv/3.jpg")))
    with pytest.raises(UserError, match="--classes others=all"):
        choose(labelled, classes)
    chosen = choose(labelled, "others=all,van")
    assert chosen.classes() == {"others": 1, "van": 1}


NO_SOURCE = {
    "parquet": ({"train-0.parquet": b"PAR1"}, "Parquet"),
    "an archive": ({"cars.zip": b"PK\x03\x04"}, r"give --data .*cars\.zip"),
    "nothing": ({}, "holds no photos"),
    "two tables that contradict": (
        {"a.csv": "file,type\n1.jpg,suv\n", "b.csv": "file,type\n1.jpg,van\n", "1.jpg": ""},
        r"a\.csv and b\.csv give 1 photos different labels: choose with --labels",
    ),
    "COCO": ({"1.jpg": "", "2.jpg": "", "x.coco.json": json.dumps({"images": []})}, "--labels"),
}


@pytest.mark.parametrize("case", NO_SOURCE)
def test_what_can_not_be_used_says_what_to_do(tmp_path: Path, case: str) -> None:
    files, words = NO_SOURCE[case]
    tmp_path.joinpath("x").mkdir()
    with pytest.raises(UserError, match=words):
        label(make(tmp_path / "x", files))  # type: ignore[arg-type]
