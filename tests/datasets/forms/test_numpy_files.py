"""Arrays in a `.npz` or in a folder of `.npy`, under the names that tutorials give them."""

from pathlib import Path

import numpy as np
import pytest

from tests.datasets.forms.test_custom import GOOD, assert_form, assert_refused, load, save_images

TRAIN, TEST = (GOOD["x_train"], GOOD["y_train"]), (GOOD["x_test"], GOOD["y_test"])
NAMES = [
    (("X_train", "y_train"), ("X_test", "y_test")),
    (("x_train", "y_train"), ("x_test", "y_test")),
    (("train_images", "train_labels"), ("test_images", "test_labels")),
    (("training_images", "training_labels"), ("testing_images", "testing_labels")),
    (("train_data", "train_targets"), ("test_data", "test_targets")),
    (("images_train", "labels_train"), ("images_test", "labels_test")),
]


def save(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    """A `.npz`, or a folder of `.npy` where the path has no ending."""
    if path.suffix == ".npz":
        np.savez(path, **arrays)
        return path
    path.mkdir()
    for name, array in arrays.items():
        np.save(path / f"{name}.npy", array)
    return path


@pytest.mark.parametrize("target", ["own.npz", "folder"])
@pytest.mark.parametrize(("train", "test"), NAMES)
def test_the_names_of_tutorials_are_known(train, test, target, tmp_path, capsys):
    arrays = dict(zip((*train, *test), (*TRAIN, *TEST), strict=True))
    dataset = load(save(tmp_path / target, arrays))
    assert_form(dataset)
    np.testing.assert_array_equal(dataset.train.images, GOOD["x_train"])
    np.testing.assert_array_equal(dataset.test.labels, GOOD["y_test"])
    assert dataset.validation is None
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("target", ["own.npz", "folder"])
@pytest.mark.parametrize("names", [("images", "labels"), ("X", "y"), ("data", "target"), ("x_train", "y_train")])
def test_without_a_test_split_a_part_is_held_out(names, target, tmp_path, capsys):
    dataset = load(save(tmp_path / target, dict(zip(names, TRAIN, strict=True))))
    assert_form(dataset)
    assert len(dataset.train) + len(dataset.test) == 12
    assert not {image.tobytes() for image in dataset.test.images} & {image.tobytes() for image in dataset.train.images}
    assert "is held out for testing\n" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["val", "valid", "validation", "Val"])
def test_a_validation_split_is_one(word, tmp_path):
    validation = {f"x_{word}": GOOD["x_test"][:1], f"y_{word}": GOOD["y_test"][:1]}
    dataset = load(save(tmp_path / "own.npz", GOOD | validation))
    np.testing.assert_array_equal(dataset.validation.images, GOOD["x_test"][:1])
    np.testing.assert_array_equal(dataset.validation.labels, [0])
    assert dataset.sha256 != load(save(tmp_path / "without.npz", GOOD)).sha256
    validation[f"y_{word}"] = np.array([5])
    assert_refused(save(tmp_path / "odd.npz", GOOD | validation), "its validation images have the class '5', but no tr")


def test_what_was_converted_and_what_was_not_read_is_one_line(tmp_path, capsys):
    changes = {name: GOOD[name].reshape(-1, 784) / 255 for name in ("x_train", "x_test")}
    changes |= {name: np.eye(3)[GOOD[name]] for name in ("y_train", "y_test")}
    dataset = load(save(tmp_path / "own.npz", GOOD | changes | {"weights": np.zeros(3)}))
    np.testing.assert_array_equal(dataset.train.images, GOOD["x_train"])
    np.testing.assert_array_equal(dataset.test.labels, GOOD["y_test"])
    assert capsys.readouterr().err == (
        f"note: in {tmp_path / 'own.npz'} images of shape (n, 784) are read as 28 × 28; images were float64 from 0 to "
        "1, and are multiplied by 255; labels were one-hot; weights is not read\n"
    )


def test_classes_may_have_names(tmp_path):
    names = np.array(["cat", "dog", "emu", "fox"])
    assert load(save(tmp_path / "own.npz", GOOD | {"class_names": names})).classes == ("cat", "dog", "emu")
    for number, (wrong, reason) in enumerate(
        [
            (names[:2], "y_train in"),
            (names[[0, 1, 1]], "two classes with the name 'dog'"),
            (np.array(["a", "b\n", "c"]), "'b\\n', which cannot be printed"),
            (np.arange(3), "class_names in"),
            (np.array(["x" * 400_000] * 3), "is too large"),
        ]
    ):
        assert_refused(save(tmp_path / f"{number}.npz", GOOD | {"class_names": wrong}), reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"X_train": GOOD["x_train"]}, "has both x_train and X_train; allowed: one of them"),
        ({"x_val": GOOD["x_test"]}, "has x_val, but no labels to it; needed: x_train and y_train"),
        ({"y_val": GOOD["y_test"]}, "has y_val, but no images to it; needed"),
    ],
)
def test_arrays_that_do_not_pair_are_refused(changes, reason, tmp_path):
    assert_refused(save(tmp_path / "own.npz", GOOD | changes), reason)


def test_an_npz_of_other_arrays_says_what_it_has(tmp_path):
    assert_refused(save(tmp_path / "own.npz", {"a": np.zeros(3)}), "has no images and labels; needed", "found: a")


def test_damaged_npy_files_are_named(tmp_path):
    folder = save(tmp_path / "folder", GOOD)
    path = folder / "y_train.npy"
    whole = path.read_bytes()
    attack = {
        b"text": "is not an array of numbers in NumPy's format",
        b"": "is not an array of numbers in NumPy's format",
        b"\x93NUMPY\2\0\xff\xff\xff\xff" + bytes(99_999): "is not an array of numbers in NumPy's format",
        whole[:40]: "is not an array of numbers in NumPy's format",
        whole[:-1]: "is cut off or too long: it holds 95 bytes, its header says (12,)",
        whole + b"\0": "is cut off or too long",
        whole.replace(b"(12,)", b"(-1,)"): "is damaged: its header says (-1,)",
        whole.replace(b"<i8", b"|O8"): "y_train in",
    }
    for data, reason in attack.items():
        path.write_bytes(data)
        assert_refused(folder, reason)


def test_a_folder_of_images_may_hold_arrays_too(tmp_path):
    folder = save_images(tmp_path / "own")
    np.save(folder / "labels.npy", np.zeros(3))
    assert load(folder).classes == ("cat", "dog")
