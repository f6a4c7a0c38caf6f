"""CSV as Kaggle has it, and as it should not be."""

import time
from pathlib import Path

import numpy as np
import pytest

from digits.datasets import read_unlabelled
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


def test_without_a_header_the_first_column_is_the_label_and_that_is_said(tmp_path, capsys):
    assert_form(load(save(tmp_path / "train.csv", GOOD_ROWS)))
    assert "has no header; its first column is read as the label" in capsys.readouterr().err


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
    "a word": ([HEADER, ROW, "seven" + ROW[1:]], "line 3: 'seven' is in the place of a number"),
    "an open quote": ([HEADER, ROW, '"' + ROW], "line 3: '\"0' is in the place of a number"),
    "a label that is no number": ([HEADER, "A" + ROW[1:]], "line 2: 'A' is in the place of a number"),
    "an empty line": ([HEADER, ROW, "", ROW], "is empty in line 3; allowed: an image a line"),
    "two labels": (["label,class," + ",".join(PIXELS), "0," + ROW], "has the columns label and class; allowed: one"),
    "a label in the middle": ([",".join(["pixel0", "label", *PIXELS[1:]]), ROW], "has its labels in column 2; allowed"),
    "pixels out of order": ([",".join(["label", *PIXELS[::-1]]), ROW], "has columns of pixels out of order"),
    "no labels": ([",".join(PIXELS), *rows(GOOD["x_train"])], "has no column with the name label; allowed"),
    "NaN": ([HEADER, "0.0" + ROW[1:], "nan" + ROW[1:]], "labels that are not whole"),
    "infinity": ([HEADER, "0.0" + ROW[1:], ROW[: ROW.rindex(",")] + ",1e999"], "holds values that are not finite"),
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
