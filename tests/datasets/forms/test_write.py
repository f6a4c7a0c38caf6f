"""A dataset that is written is the same one when it is read again, by us and by others."""

import re
from dataclasses import replace

import idx2numpy
import numpy as np
import pytest
from pyarrow import parquet

from digits.cli import main
from digits.datasets import Dataset, Split, load_dataset, write_dataset
from digits.datasets.forms.write import WRITERS
from digits.errors import DigitsError
from tests.conftest import run
from tests.datasets.forms.test_custom import GOOD, load, save_images, save_npz

DIGITS = Dataset("own", "own", ("3", "7", "12"), *(Split(GOOD[f"x_{s}"], GOOD[f"y_{s}"]) for s in ("train", "test")))


def assert_same(one: Dataset, other: Dataset, *splits: str) -> None:
    """Images of a folder come back in the order of their classes."""
    assert one.classes == other.classes
    for split in splits or ("train", "test"):
        ours, theirs = getattr(one, split), getattr(other, split)
        pairs = [sorted(zip(map(bytes, part.images), part.labels.tolist(), strict=True)) for part in (ours, theirs)]
        assert pairs[0] == pairs[1]


@pytest.mark.parametrize("form", WRITERS)
def test_what_is_written_is_read_again(form, tmp_path, capsys):
    target = tmp_path / "new" / ("own.npz" if form == "npz" else "own")
    write_dataset(DIGITS, target, form)
    assert_same(load(target), DIGITS)
    assert capsys.readouterr().err == ""
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("form", ["images", "npz", "parquet"])
def test_names_of_classes_and_a_validation_split_are_kept(form, tmp_path):
    dataset = replace(
        DIGITS, classes=("dog", "T-shirt", "ärmel"), validation=Split(GOOD["x_test"][:2], GOOD["y_test"][:2])
    )
    target = tmp_path / ("own.npz" if form == "npz" else "own")
    write_dataset(dataset, target, form)
    assert_same(load(target), dataset, "train", "test", "validation")


def test_idx_files_say_what_they_cannot_hold(tmp_path, capsys):
    dataset = replace(DIGITS, classes=("cat", "dog", "emu"), validation=Split(GOOD["x_test"][:2], GOOD["y_test"][:2]))
    write_dataset(dataset, tmp_path / "own", "idx")
    said = capsys.readouterr().err
    assert "note: IDX files hold numbers, no names of classes: 0 is cat, 1 is dog, 2 is emu\n" in said
    assert "its images follow the training images" in said
    images = idx2numpy.convert_from_file(str(tmp_path / "own" / "train-images-idx3-ubyte"))
    np.testing.assert_array_equal(images, np.concatenate([GOOD["x_train"], GOOD["x_test"][:2]]))


def test_idx_labels_are_the_numbers_that_classes_are_called_by(tmp_path):
    write_dataset(DIGITS, tmp_path / "own", "idx")
    labels = idx2numpy.convert_from_file(str(tmp_path / "own" / "train-labels-idx1-ubyte"))
    assert labels.tolist() == [(3, 7, 12)[label] for label in GOOD["y_train"]]
    many = replace(DIGITS, classes=tuple(f"class {number}" for number in range(257)))
    with pytest.raises(DigitsError, match="cannot hold 257 classes; allowed: 256"):
        write_dataset(many, tmp_path / "many", "idx")
    assert not (tmp_path / "many").exists()


def test_others_read_the_npz_and_the_parquet(tmp_path):
    write_dataset(DIGITS, tmp_path / "own.npz", "npz")
    with np.load(tmp_path / "own.npz") as archive:
        assert sorted(archive) == ["x_test", "x_train", "y_test", "y_train"]
        assert archive["y_test"].tolist() == [(3, 7, 12)[label] for label in GOOD["y_test"]]
    write_dataset(DIGITS, tmp_path / "own", "parquet")
    rows = parquet.read_table(tmp_path / "own" / "test-00000-of-00001.parquet").to_pylist()
    assert [row["label"] for row in rows] == GOOD["y_test"].tolist()
    assert rows[0]["image"]["bytes"].startswith(b"\x89PNG")


@pytest.mark.parametrize(("classes", "odd"), [(("..", "b", "c"), "'..'"), (("a", "x/y", "x-y"), "'x/y'")])
def test_a_class_that_cannot_be_a_folder_is_refused(classes, odd, tmp_path):
    with pytest.raises(DigitsError, match=f"class {odd} cannot be the name of a folder. Write another form"):
        write_dataset(replace(DIGITS, classes=classes), tmp_path / "own", "images")
    assert list(tmp_path.iterdir()) == []


def test_a_slash_in_a_class_becomes_a_dash_and_that_is_said(tmp_path, capsys):
    write_dataset(replace(DIGITS, classes=("T-shirt/top", "b", "c")), tmp_path / "own", "images")
    assert "note: the folder of class 'T-shirt/top' is called T-shirt-top" in capsys.readouterr().err
    assert load(tmp_path / "own").classes == ("b", "c", "T-shirt-top")


def test_nothing_is_written_over(tmp_path, capsys):
    path = save_npz(tmp_path / "own.npz")
    (tmp_path / "link").symlink_to("nowhere")
    for target in (path, tmp_path, tmp_path / "link"):
        assert main(["convert-data", str(path), str(target), "--to", "npz"]) == 1
        assert capsys.readouterr().err.endswith("is there already; name another, or move it away\n")


def test_the_command_makes_idx_files_of_ones_own_pictures(tmp_path):
    folder = save_images(tmp_path / "pictures", count=20, classes=("0", "1"), bright=True)
    done = run("-m", "digits", "convert-data", folder, tmp_path / "idx", "--to", "idx")
    assert (done.returncode, done.stdout) == (0, f"Saved {tmp_path / 'idx'}\n")
    assert "all its images were inverted" in done.stderr
    assert_same(load(tmp_path / "idx"), load_dataset(str(folder)))


def test_the_command_knows_every_form():
    listed = run("-m", "digits", "convert-data", "--help").stdout
    forms = "|".join(WRITERS)
    assert re.search(rf"--to +{re.escape(f'[{forms}]')}", listed)
