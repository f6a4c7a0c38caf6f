"""CSV as Kaggle has it, and as it should not be."""

import gzip
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from digits.cli import main
from digits.datasets import Dataset, load_dataset, read_unlabelled
from digits.errors import DigitsError
from tests.datasets.forms.test_custom import GOOD, assert_form, assert_refused, drawings, load, save_images

PIXELS = [f"pixel{number}" for number in range(784)]


def rows(images: np.ndarray, labels: np.ndarray | None = None) -> list[str]:
    table = images.reshape(len(images), -1)
    table = table if labels is None else np.column_stack([labels, table])
    return [",".join(map(str, row)) for row in table.tolist()]


def save(path: Path, lines: list[str], end: str = "\n") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes((end.join(lines) + end).encode())
    return path


HEADER = ",".join(["label", *PIXELS])
GOOD_ROWS = rows(GOOD["x_train"], GOOD["y_train"])


def test_kaggles_folder_is_a_dataset_whose_test_file_has_no_labels(tmp_path, capsys):
    save(tmp_path / "recognizer" / "train.csv", [HEADER, *GOOD_ROWS])
    save(tmp_path / "recognizer" / "test.csv", [",".join(PIXELS), *rows(GOOD["x_test"])])
    save(tmp_path / "recognizer" / "sample_submission.csv", ["ImageId,Label", "1,0"])
    dataset = load(tmp_path / "recognizer")
    assert_form(dataset)
    assert {image.tobytes() for split in (dataset.train, dataset.test) for image in split.images} == {
        image.tobytes() for image in GOOD["x_train"]
    }
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(str(tmp_path / "recognizer"))[2] for line in said] == [
        " sample_submission.csv is of no split by its name, and is not read",
        "/test.csv has no labels, and is not read",
        f" has no test split: one in 7, {len(dataset.test)} of 12 images, is held out for testing",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", [HEADER, HEADER.replace("label", '"Label"'), "\ufeff" + HEADER])
def test_labelled_files_are_the_splits(header, end, tmp_path, capsys):
    save(tmp_path / "own" / "mnist_train.csv", [header, *GOOD_ROWS], end)
    save(tmp_path / "own" / "mnist_test.csv", [header, *rows(GOOD["x_test"], GOOD["y_test"])], end)
    dataset = load(tmp_path / "own")
    np.testing.assert_array_equal(dataset.train.images, GOOD["x_train"])
    np.testing.assert_array_equal(dataset.train.labels, GOOD["y_train"])
    np.testing.assert_array_equal(dataset.test.images, GOOD["x_test"])
    assert capsys.readouterr().err == ""


def test_the_label_may_be_the_last_column_and_pixels_may_be_named_by_place(tmp_path):
    names = [f"{row}x{column}" for row in range(1, 29) for column in range(1, 29)]
    table = np.column_stack([GOOD["x_train"].reshape(12, 784), GOOD["y_train"]])
    path = save(tmp_path / "train.csv", [",".join([*names, "class"]), *(",".join(map(str, row)) for row in table)])
    dataset = load(path)
    assert {image.tobytes() for image in dataset.train.images} < {image.tobytes() for image in GOOD["x_train"]}


def assert_holds(dataset: Dataset, classes: tuple[str, ...] = ("0", "1", "2")) -> None:
    """The training images of `GOOD` and nothing else, each with its label, wherever some are held out."""
    assert dataset.classes == classes
    labels = {image.tobytes(): label for image, label in zip(GOOD["x_train"], GOOD["y_train"], strict=True)}
    found = [pair for split in (dataset.train, dataset.test) for pair in zip(split.images, split.labels, strict=True)]
    assert len(found) == len(labels)
    assert all(labels[image.tobytes()] == label for image, label in found)


FLAT = GOOD["x_train"].reshape(12, 784)


def table(*columns: np.ndarray | list, separator: str = ",") -> list[str]:
    """The columns, or tables of columns, side by side."""
    return [separator.join(map(str, row)) for row in np.column_stack([np.asarray(one, object) for one in columns])]


def as_pandas_reads(row: str) -> str:
    """A row that was taken for a header: pandas numbers what comes again."""
    seen: Counter[str] = Counter()
    names = []
    for cell in row.split(","):
        names.append(f"{cell}.{seen[cell]}" if seen[cell] else cell)
        seen[cell] += 1
    return ",".join(names)


HEADERS_OF_NUMBERS = {
    "counted": ",".join(map(str, range(785))),
    "counted from 1": ",".join(map(str, range(1, 786))),
    "a row that pandas took for one": as_pandas_reads(GOOD_ROWS[4]),
    "the same, of label 0": as_pandas_reads(GOOD_ROWS[0]),
}


@pytest.mark.parametrize("header", HEADERS_OF_NUMBERS.values(), ids=HEADERS_OF_NUMBERS)
def test_a_header_of_numbers_is_no_image(header, tmp_path, capsys):
    assert_holds(load(save(tmp_path / "train.csv", [header, *GOOD_ROWS])))
    assert "has numbers for names, and is read as a header" in capsys.readouterr().err


@pytest.mark.parametrize("size", [8, 28])
@pytest.mark.parametrize("begin", [",", "", "label,"])
def test_nor_is_one_an_image_to_predict(begin, size, tmp_path):
    """Else each ImageId of a submission would be one more."""
    images = drawings(5, (size, size))
    header = begin + ",".join(map(str, range(size * size)))
    columns = [np.arange(5)] if begin else []
    path = save(tmp_path / "test.csv", [header, *table(*columns, images.reshape(5, -1))])
    np.testing.assert_array_equal(read_unlabelled(path), images)


def test_a_header_that_pandas_made_of_an_image_is_no_image_to_predict(tmp_path):
    lines = rows(GOOD["x_test"])
    path = save(tmp_path / "test.csv", [as_pandas_reads(lines[0]), *lines])
    np.testing.assert_array_equal(read_unlabelled(path), GOOD["x_test"])


def test_images_of_8_by_8_with_labels_under_a_counted_header(tmp_path):
    images = drawings(6, (8, 8))
    lines = table(np.arange(6) % 2, images.reshape(6, 64))
    dataset = load(save(tmp_path / "train.csv", [",".join(map(str, range(65))), *lines]))
    assert len(dataset.train) + len(dataset.test) == 6


def test_a_first_line_that_could_be_names_or_an_image_is_refused(tmp_path):
    first = ",".join(map(str, range(0, 128, 2)))
    path = save(tmp_path / "train.csv", [first, *rows(drawings(4, (8, 8)))])
    with pytest.raises(DigitsError, match="no two numbers in the first line .* are the same, .* give it a header"):
        read_unlabelled(path)


def test_noise_without_a_header_is_read(tmp_path):
    """No two numbers are the same in any of its rows."""
    noise = np.random.default_rng(0).random((6, 64))
    noise[0, 0] = 1
    assert len(read_unlabelled(save(tmp_path / "test.csv", rows(noise)))) == 6


def test_without_a_header_the_labels_are_at_the_edge_that_is_no_ground(tmp_path, capsys):
    assert_holds(load(save(tmp_path / "train.csv", GOOD_ROWS)))
    assert "names no column of labels; they are read from its first one" in capsys.readouterr().err
    assert_holds(load(save(tmp_path / "train.csv", table(FLAT, GOOD["y_train"]))))
    assert "names no column of labels; they are read from its last one" in capsys.readouterr().err


NOISY = FLAT.copy()
NOISY[:, [0, -1]] = np.arange(12)[:, np.newaxis] % 4


def test_labels_that_could_be_first_or_last_are_refused_and_a_flag_says_which(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for place, lines in {"first": table(GOOD["y_train"], NOISY), "last": table(NOISY, GOOD["y_train"])}.items():
        path = save(tmp_path / f"{place}.csv", lines)
        assert_refused(path, "both its first and its last could be that. Give it a header with label in it, or")
        with pytest.raises(DigitsError, match="both its first and its last could be that"):
            read_unlabelled(path)
        command = ["convert-data", str(path), f"{place}.npz", "--to", "npz", "--label-column", place]
        assert main(command) == 0, capsys.readouterr().err
        with np.load(f"{place}.npz") as arrays:
            pairs = [
                (image.tobytes(), label)
                for split in ("train", "test")
                for image, label in zip(arrays[f"x_{split}"], arrays[f"y_{split}"], strict=True)
            ]
        assert sorted(pairs) == sorted(
            (image.tobytes(), label) for image, label in zip(NOISY.astype(np.uint8), GOOD["y_train"], strict=True)
        )


def test_the_flag_may_be_a_name_and_has_an_effect_or_is_refused(tmp_path):
    path = save(tmp_path / "train.csv", [HEADER.replace("label", "Digit"), *GOOD_ROWS])
    assert_refused(
        path, "has 785 columns of pixels", "if one has labels under another name, digits convert-data --label"
    )
    assert_holds(load_dataset(str(path), label_column="Digit"))
    for label_column, reason in [
        ("kind", "label column is kind; allowed: first, last or a name; .* has digit, pixel0, pixel782, pixel783"),
        ("pixel5", "has its labels in column 7; allowed: the first or the last"),
    ]:
        with pytest.raises(DigitsError, match=reason):
            load_dataset(str(path), label_column=label_column)
    for other in (save_images(tmp_path / "images"), "mnist"):
        with pytest.raises(DigitsError, match="--label-column changes nothing for .*, which is no CSV"):
            load_dataset(str(other), label_column="first")


TABLES = {
    "semicolons": ([HEADER.replace(",", ";"), *table(GOOD["y_train"], FLAT, separator=";")], tuple("012")),
    "tabs": ([HEADER.replace(",", "\t"), *table(GOOD["y_train"], FLAT, separator="\t")], tuple("012")),
    "semicolons and no header": (table(FLAT, GOOD["y_train"], separator=";"), tuple("012")),
    "pandas' index": (["," + HEADER, *table(np.arange(12), GOOD["y_train"], FLAT)], tuple("012")),
    "an index by name": (["ID," + HEADER, *table(np.arange(700, 712), GOOD["y_train"], FLAT)], tuple("012")),
    "an index that was saved": (["Unnamed: 0," + HEADER, *table(np.arange(12), GOOD["y_train"], FLAT)], tuple("012")),
    "an index and labels at the end": (
        ["index," + ",".join(PIXELS) + ",Label", *table(np.arange(12), FLAT, GOOD["y_train"])],
        tuple("012"),
    ),
    "words": ([HEADER, *table(np.array(["a cat", "b", "dog"], object)[GOOD["y_train"]], FLAT)], ("a cat", "b", "dog")),
    "words and no header": (table(np.array(["a", "b", "c"], object)[GOOD["y_train"]], FLAT), ("a", "b", "c")),
    "words in quotes": ([HEADER, *table(np.array(['"a"', '"b"', '"c"'], object)[GOOD["y_train"]], FLAT)], tuple("abc")),
    "digits and letters": ([HEADER, *table(np.array(["0", "A", "b"], object)[GOOD["y_train"]], FLAT)], ("0", "A", "b")),
    "numbers above 255": ([HEADER, *table(GOOD["y_train"] + 300, FLAT)], ("300", "301", "302")),
    "whole floats": ([HEADER, *table(GOOD["y_train"] / 1, FLAT)], tuple("012")),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("lines", "classes"), TABLES.values(), ids=TABLES)
def test_a_table_that_has_one_reading_is_read(lines, classes, packed, tmp_path):
    path = save(tmp_path / "train.csv", lines)
    if packed:
        path = path.rename(tmp_path / "train.csv.gz")
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert_holds(load(path), classes)
    assert_holds(load(tmp_path), classes)


def test_a_gzipped_table_is_read_without_labels_and_one_that_is_damaged_is_refused(tmp_path):
    path = tmp_path / "test.csv.gz"
    packed = gzip.compress("\n".join(rows(GOOD["x_test"])).encode())
    path.write_bytes(packed)
    np.testing.assert_array_equal(read_unlabelled(path), GOOD["x_test"])
    path.write_bytes(packed[:-30])
    with pytest.raises(DigitsError, match=r"test.csv.gz is damaged or cut off \("):
        read_unlabelled(path)


def test_floats_are_read_as_arrays_of_floats_are(tmp_path, capsys):
    lines = rows(GOOD["x_train"] / 255, GOOD["y_train"])
    dataset = load(save(tmp_path / "train.csv", [HEADER, *lines]))
    assert {image.tobytes() for image in dataset.train.images} < {image.tobytes() for image in GOOD["x_train"]}
    assert "images were float32 from 0 to 1, and are multiplied by 255" in capsys.readouterr().err


def test_the_test_file_is_read_without_labels(tmp_path, capsys):
    path = save(tmp_path / "test.csv", [",".join(PIXELS), *rows(GOOD["x_test"])])
    np.testing.assert_array_equal(read_unlabelled(path), GOOD["x_test"])
    np.testing.assert_array_equal(read_unlabelled(save(path, rows(GOOD["x_test"]))), GOOD["x_test"])
    assert capsys.readouterr().err == ""
    path = save(tmp_path / "train.csv", [HEADER, *GOOD_ROWS])
    np.testing.assert_array_equal(read_unlabelled(path), GOOD["x_train"])
    assert "the labels in" in capsys.readouterr().err
    with pytest.raises(DigitsError, match="is not there"):
        read_unlabelled(tmp_path / "none.csv")


ROW = GOOD_ROWS[0]
BAD = {
    "text": (
        ["To be, or not to be,", "that is the question"],
        "has 3 columns of pixels; allowed: a column of labels an",
    ),
    "nothing": ([""], "columns of pixels; allowed"),
    "a header alone": ([HEADER], "has no rows"),
    "785 columns of pixels": (
        [HEADER + ",pixel784", ROW + ",0"],
        "has 785 columns of pixels; allowed: a column of labe",
    ),
    "a row too short": ([HEADER, *GOOD_ROWS, ROW[: ROW.rindex(",")]], "line 14: there are 784 columns, and 785 in the"),
    "a row too long": ([HEADER, ROW, ROW + ",0"], "line 3: there are 786 columns, and 785 in the lines before"),
    "all rows too long": ([HEADER, ROW + ",0", ROW + ",0"], "has 786 columns, its header has 785"),
    "over 255": (
        [HEADER, ROW, ROW[: ROW.rindex(",")] + ",256"],
        "line 3: '256' is in the place of a number; allowed: w",
    ),
    "below 0": ([HEADER, ROW, ROW[: ROW.rindex(",")] + ",-1"], "line 3: '-1' is in the place of a number"),
    "a hole": ([HEADER, ROW[: ROW.rindex(",")] + ","], "line 2: '' is in the place of a number"),
    "a word": ([HEADER, ROW, "seven" + ROW[1:]], "row 2: the label is 'seven'; allowed: whole numbers in"),
    "an open quote": ([HEADER, ROW, '"' + ROW], "row 2: the label is '\"0'; allowed: whole numbers in"),
    "no label": ([HEADER, ROW, ROW[1:]], "row 2: the label is ''; allowed: whole numbers in all rows, or words in all"),
    "a word among letters": (
        [HEADER, *("A" + ROW[1:], "AB" + ROW[1:], "3" + ROW[1:])],
        "row 1: the label is 'A'; allow",
    ),
    "nothing but a label": ([HEADER, ROW, "5"], "line 3: there are too few columns"),
    "an empty line": ([HEADER, ROW, "", ROW], "is empty in line 3; allowed: an image a line"),
    "two labels": (["label,class," + ",".join(PIXELS), "0," + ROW], "has the columns label and class; allowed: one"),
    "a label in the middle": ([",".join(["pixel0", "label", *PIXELS[1:]]), ROW], "has its labels in column 2; allowed"),
    "pixels out of order": ([",".join(["label", *PIXELS[::-1]]), ROW], "has columns of pixels out of order"),
    "no labels": ([",".join(PIXELS), *rows(GOOD["x_train"])], "has no column with the name label; allowed"),
    "NaN": ([HEADER, "0.0" + ROW[1:], "nan" + ROW[1:]], "labels that are not whole"),
    "infinity": ([HEADER, ROW + ".0", ROW[: ROW.rindex(",")] + ",1e999"], "holds values that are not finite"),
    "a line without an end": (["0" * 2_000_000], "line 1 has more than 1,048,576 bytes"),
    "a row without an end": ([HEADER, ROW, "0," * 1_000_000], "line 3 has more than 1,048,576 bytes"),
}


@pytest.mark.parametrize(("lines", "reason"), BAD.values(), ids=BAD)
def test_a_damaged_table_is_refused_in_one_line(lines, reason, tmp_path):
    path = save(tmp_path / "train.csv", lines)
    assert_refused(path, str(path), reason)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    for data in (b"\xff\xfe\0a", bytes(5000), b"label,\x80\n"):
        (tmp_path / "train.csv").write_bytes(data)
        assert_refused(tmp_path / "train.csv", "is not a CSV file of numbers" if data[0] else "columns of pixels")


def test_no_more_is_read_than_the_first_line_without_end(tmp_path):
    """10 GB of zeros, which take no room on the disk."""
    with (tmp_path / "train.csv").open("wb") as file:
        file.truncate(10 << 30)
    start = time.perf_counter()
    assert_refused(tmp_path / "train.csv", "line 1 has more than 1,048,576 bytes")
    assert time.perf_counter() - start < 2


def test_too_many_rows_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("digits.datasets.forms.csv_files.MAX_IMAGES", 11)
    assert_refused(save(tmp_path / "train.csv", [HEADER, *GOOD_ROWS]), "has too many rows; allowed: up to 11")


def test_a_split_has_one_file_and_a_file_one_split(tmp_path):
    for name in ("train.csv", "mnist_train.csv"):
        save(tmp_path / "two" / name, [HEADER, *GOOD_ROWS])
    assert_refused(tmp_path / "two", "has mnist_train.csv and train.csv; allowed: one file for each split")
    save(tmp_path / "both" / "train_test.csv", [HEADER, *GOOD_ROWS])
    assert_refused(tmp_path / "both", "is of test and train by its name; allowed: one of them")


def test_a_folder_of_images_may_hold_tables_too(tmp_path):
    save(save_images(tmp_path / "own") / "train.csv", ["name,label", "0.png,cat"])
    assert load(tmp_path / "own").classes == ("cat", "dog")


def test_42000_rows_take_seconds_at_most(tmp_path):
    """A tenth of them, as the machine that runs the tests may be slow: docs/data.md has the measured figure."""
    images = drawings(4200)
    path = save(tmp_path / "train.csv", [HEADER, *rows(images, np.arange(4200) % 10)])
    start = time.perf_counter()
    load(path)
    assert time.perf_counter() - start < 2
