"""Which form a path is in: Kaggle's MNIST, mnist_png's folders, and paths of no form or of two."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from digits.datasets import idx
from digits.datasets.forms.form import FORMS, IMAGES
from tests.datasets.forms.test_custom import GOOD, NAMES, assert_form, assert_refused, load, save_idx, save_images

LAYOUTS = {
    "a dash": "{dash}",
    "a dot": "{dot}",
    "a dot, in a folder with a dot": "{dot}/{dot}",
    "a dash, in a folder with a dash": "{dash}/{dash}",
    "a dot, in a folder with a dash": "{dash}/{dot}",
    "a dash, in a folder with a dot": "{dot}/{dash}",
}


def save_as_kaggle(folder: Path, layout: str, suffix: str = "") -> Path:
    """The four files of `GOOD`, in a layout that people get when they unpack Kaggle's archive."""
    for array, name in NAMES.items():
        path = folder / layout.format(dash=name, dot=name.replace("-idx", ".idx"))
        path = path.with_name(path.name + suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        data = idx.encode(GOOD[array].astype(np.uint8))
        path.write_bytes(gzip.compress(data) if suffix else data)
    return folder


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_mnist_as_kaggle_ships_it(layout, suffix, tmp_path, capsys):
    dataset = load(save_as_kaggle(tmp_path / "archive", layout, suffix))
    assert_form(dataset)
    np.testing.assert_array_equal(dataset.train.images, GOOD["x_train"])
    np.testing.assert_array_equal(dataset.test.labels, GOOD["y_test"])
    assert capsys.readouterr().err == ""


def test_both_of_kaggles_layouts_may_lie_side_by_side(tmp_path):
    """As they do in the archive."""
    save_as_kaggle(tmp_path / "archive", LAYOUTS["a dot"])
    save_as_kaggle(tmp_path / "archive", LAYOUTS["a dash, in a folder with a dash"])
    assert_form(load(tmp_path / "archive"))


def test_two_idx_files_are_a_dataset_with_a_part_held_out(tmp_path, capsys):
    dataset = load(save_idx(tmp_path / "own", x_test=None, y_test=None))
    assert_form(dataset)
    assert len(dataset.train) + len(dataset.test) == 12
    assert_refused(save_idx(tmp_path / "test", x_train=None, y_train=None), "has no training images, only test images")


@pytest.mark.parametrize(
    ("train", "test"), [("training", "testing"), ("Training", "Testing"), ("TRAIN", "test"), ("Train", "TESTING")]
)
def test_mnist_pngs_folders_in_any_case(train, test, tmp_path, capsys):
    save_images(tmp_path / "mnist_png" / train, count=5, classes=tuple("0123456789"))
    save_images(tmp_path / "mnist_png" / test, count=2, classes=tuple("0123456789"))
    dataset = load(tmp_path / "mnist_png")
    assert_form(dataset)
    assert (len(dataset.train), len(dataset.test), dataset.validation) == (50, 20, None)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("word", ["valid", "val", "validation", "Valid", "dev"])
def test_validation_beside_train_is_the_validation_split(word, tmp_path, capsys):
    save_images(tmp_path / "own" / "train", count=5, classes=("9", "10", "11"))
    save_images(tmp_path / "own" / word, count=2, classes=("11", "9"))
    save_images(tmp_path / "own" / "test", count=1, classes=("9", "10", "11"))
    dataset = load(tmp_path / "own")
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (15, 4, 3)
    assert dataset.validation.labels.tolist() == [0, 0, 2, 2]  # in the order of 9, 10, 11
    assert capsys.readouterr().err == ""


def test_validation_without_test_leaves_a_test_split_to_be_held_out(tmp_path, capsys):
    save_images(tmp_path / "own" / "train", count=9)
    save_images(tmp_path / "own" / "valid", count=2)
    dataset = load(tmp_path / "own")
    assert (len(dataset.train) + len(dataset.test), len(dataset.validation)) == (18, 4)
    assert "of 18 images, is held out for testing" in capsys.readouterr().err


def test_a_test_image_that_chooses_the_epoch_is_counted_as_a_leak(tmp_path, capsys):
    for split in ("train", "valid", "test"):
        save_images(tmp_path / "own" / split, count=3)
    (tmp_path / "own" / "test" / "cat" / "0.png").write_bytes(
        (tmp_path / "own" / "valid" / "cat" / "1.png").read_bytes()
    )
    load(tmp_path / "own")
    assert "warning: 1 of 6 test images in" in capsys.readouterr().err


def test_two_forms_in_one_folder_are_refused(tmp_path):
    folder = save_idx(tmp_path / "own")
    (folder / "train.csv").write_text("label,pixel0\n")
    assert_refused(
        folder, "is MNIST's four IDX files in a folder and a .csv or a folder of train.csv", "Put the other els"
    )


def test_a_path_of_no_form_says_what_is_one(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    for form in (IMAGES, *FORMS):
        assert_refused(tmp_path / "notes.txt", "is of no form that is known", form.what)
    np.save(tmp_path / "images.npy", GOOD["x_train"])
    assert_refused(tmp_path / "images.npy", "is of no form that is known")
