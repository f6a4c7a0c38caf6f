"""A user's own data: what is accepted comes out in our form, what is damaged is refused in one line."""

import gzip
import io
import os
import random
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from digits.datasets import Dataset, full_name, idx, load_dataset
from digits.datasets.forms import images, parts
from digits.datasets.registry import MNIST
from digits.errors import DigitsError

NAMES = {file.array: file.name for file in MNIST.files}
RNG = np.random.default_rng(1)


def drawings(count: int, shape: tuple[int, ...] = (28, 28)) -> np.ndarray:
    """Different images, each bright in the middle and dark at the edge."""
    made = np.zeros((count, *shape), np.uint8)
    height, width = shape[:2]
    inside = made[:, height // 4 : -(height // 4), width // 4 : -(width // 4)]
    inside[:] = RNG.integers(100, 256, inside.shape)
    return made


GOOD = {
    "x_train": drawings(12),
    "y_train": np.arange(12) % 3,
    "x_test": drawings(6),
    "y_test": np.arange(6) % 3,
}


def load(path: object) -> Dataset:
    return load_dataset(str(path))


def assert_refused(path: object, *parts: str) -> None:
    with pytest.raises(DigitsError) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message, message


def save_idx(folder: Path, gzipped: bool = False, **changes: object) -> Path:
    """The four files of `GOOD`, but for `changes`: an array, or bytes; None leaves a file out."""
    folder.mkdir(exist_ok=True)
    for array, content in (GOOD | changes).items():
        if content is None:
            continue
        data = content if isinstance(content, bytes) else idx.encode(np.asarray(content).astype(np.uint8))
        (folder / (NAMES[array] + ".gz" * gzipped)).write_bytes(gzip.compress(data) if gzipped else data)
    return folder


def save_npz(path: Path, **changes: object) -> Path:
    np.savez_compressed(path, **{name: array for name, array in (GOOD | changes).items() if array is not None})
    return path


def save_images(folder: Path, count: int = 7, classes: tuple[str, ...] = ("cat", "dog"), bright: bool = False) -> Path:
    """A folder of classes with so many PNGs in each."""
    for name in classes:
        (folder / name).mkdir(parents=True)
        for number, image in enumerate(drawings(count)):
            Image.fromarray(255 - image if bright else image).save(folder / name / f"{number}.png")
    return folder


def assert_form(dataset: Dataset) -> None:
    for split in (dataset.train, dataset.test):
        assert (split.images.dtype, split.images.shape) == (np.uint8, (len(split), 28, 28))
        assert (split.labels.dtype, split.labels.shape) == (np.int64, (len(split),))
        assert set(split.labels) == set(range(len(dataset.classes)))


# IDX and .npz


@pytest.mark.parametrize("gzipped", [False, True])
def test_four_idx_files_are_a_dataset(gzipped: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = load(save_idx(tmp_path / "my digits", gzipped))
    assert_form(dataset)
    assert (dataset.name, dataset.title, dataset.classes) == (str(tmp_path / "my digits"), "my digits", tuple("012"))
    np.testing.assert_array_equal(dataset.train.images, GOOD["x_train"])
    np.testing.assert_array_equal(dataset.test.labels, GOOD["y_test"])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("dtype", ["u1", "i1", "<i2", ">i4", "u8", "i8"])
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
@pytest.mark.parametrize("channel", [False, True])
def test_an_npz_of_keras_is_a_dataset(dtype: str, shape: tuple[int, ...], channel: bool, tmp_path: Path) -> None:
    changes = {name: GOOD[name].astype(dtype).reshape(shape) for name in ("y_train", "y_test")}
    changes |= {name: GOOD[name][..., np.newaxis] for name in ("x_train", "x_test") if channel}
    dataset = load(save_npz(tmp_path / "own.npz", **changes, unrelated=np.zeros(3)))
    assert_form(dataset)
    assert (dataset.name, dataset.title) == (str(tmp_path / "own.npz"), "own.npz")
    np.testing.assert_array_equal(dataset.test.images, GOOD["x_test"])
    np.testing.assert_array_equal(dataset.train.labels, GOOD["y_train"])


def test_colour_becomes_grey_as_the_eye_weighs_it(tmp_path: Path) -> None:
    changes = {name: np.zeros((*GOOD[name].shape, 3), np.uint8) for name in ("x_train", "x_test")}
    changes["x_train"][0, 5, 5:8] = [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    assert load(save_npz(tmp_path / "own.npz", **changes)).train.images[0, 5, 5:8].tolist() == [76, 150, 29]


def test_a_relative_path_becomes_a_whole_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_npz(tmp_path / "mnist.npz")
    monkeypatch.chdir(tmp_path)
    assert load("./mnist.npz").name == full_name("./mnist.npz") == str(tmp_path / "mnist.npz")


WRONG_LABELS = {
    "negative": (
        np.where(GOOD["y_train"] == 0, -1, GOOD["y_train"]),
        "y_train in",
        "holds the label -1; allowed: 0 to",
    ),
    "one class": (GOOD["y_train"] * 0, "", "has 1 class; allowed: 2 to 1,000"),
    "one more": (np.arange(12) % 4, "", "its training images have the class '3', but no test image has it; each needs"),
    "huge": (
        GOOD["y_train"].astype(np.uint64) + np.uint64(2**63),
        "y_train in",
        "9223372036854775810; allowed: 0 to 2,",
    ),
    "halves": (GOOD["y_train"] + 0.5, "y_train in", "is float64 with labels that are not whole"),
    "NaN": (np.full(12, np.nan), "y_train in", "is float64 with labels that are not whole"),
    "booleans": (GOOD["y_train"] == 1, "y_train in", "is bool; allowed: whole numbers"),
    "words": (GOOD["y_train"].astype(str), "y_train in", "allowed: whole numbers"),
    "two-hot": (
        np.eye(3)[GOOD["y_train"]] + np.eye(3)[0],
        "y_train in",
        "of shape (12, 3) with rows that are not one-hot",
    ),
    "all ones": (np.ones((12, 3)), "y_train in", "of shape (12, 3) with rows that are not one-hot"),
    "no ones": (np.zeros((12, 3)), "y_train in", "of shape (12, 3) with rows that are not one-hot"),
    "probabilities": (np.full((12, 2), 0.5), "y_train in", "with rows that are not one-hot"),
    "three axes": (np.zeros((12, 3, 3), int), "y_train in", "of shape (12, 3, 3); allowed: (n,), (n, 1), or one-hot"),
    "too few": (GOOD["y_train"][:11], "y_train in", "12 images, but y_train in"),
    "objects": (GOOD["y_train"].astype(object), "y_train in", "holds Python objects, which are never unpickled"),
    "none": (GOOD["y_train"][:0], "y_train in", "0 labels"),
    "missing": (
        None,
        "has x_train, but no labels to it; needed: x_train and y_train",
        "found: x_train, x_test, y_test",
    ),
}


@pytest.mark.parametrize(("labels", "who", "reason"), WRONG_LABELS.values(), ids=WRONG_LABELS)
def test_wrong_labels_are_refused(labels: object, who: str, reason: str, tmp_path: Path) -> None:
    assert_refused(save_npz(tmp_path / "own.npz", y_train=labels), str(tmp_path / "own.npz"), who, reason)


def test_classes_are_called_by_their_numbers_with_gaps_or_without(tmp_path: Path) -> None:
    numbers = np.array([3, 7, 12])
    dataset = load(save_npz(tmp_path / "own.npz", y_train=numbers[GOOD["y_train"]], y_test=numbers[GOOD["y_test"]]))
    assert dataset.classes == ("3", "7", "12")
    np.testing.assert_array_equal(dataset.test.labels, GOOD["y_test"])
    assert_refused(save_npz(tmp_path / "one.npz", y_train=[7] * 12, y_test=[7] * 6), "has 1 class; allowed: 2 to 1,000")
    many = {"x_train": drawings(1001), "y_train": np.arange(1001)}
    assert_refused(save_npz(tmp_path / "many.npz", **many), "has 1,001 classes; allowed: 2 to 1,000")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ([0, 1, 2, 0, 1, 3], "its test images have the class '3', but no training image has it"),
        ([0, 1, 2, 0, 1, -1], "y_test in"),
        ([0, 1, 0, 1, 0, 1], "its training images have the class '2', but no test image has it"),
    ],
)
def test_test_labels_must_be_those_of_training(labels: list[int], reason: str, tmp_path: Path) -> None:
    assert_refused(save_npz(tmp_path / "own.npz", y_test=np.array(labels)), reason)


WRONG_IMAGES = {
    "NaN": (np.full((12, 28, 28), np.nan, np.float32), "holds values that are not finite"),
    "infinity": (np.full((12, 28, 28), np.inf), "holds values that are not finite"),
    "negative": (GOOD["x_train"] / 127.5 - 1, "holds values from -1 to 255; allowed: 0 to 255, or in floats 0 to 1"),
    "16 bits": (GOOD["x_train"].astype(int) * 257, "allowed: 0 to 255, or in floats 0 to 1"),
    "complex": (GOOD["x_train"] * 1j, "is complex128; allowed: numbers"),
    "words": (GOOD["x_train"].astype(str), "allowed: numbers"),
    "objects": (np.array([None] * 12, object), "holds Python objects, which are never unpickled"),
    "not square": (np.zeros((12, 785), np.uint8), "is of shape (12, 785); allowed: (n, 28, 28)"),
    "alpha": (np.zeros((12, 28, 28, 4), np.uint8), "is of shape (12, 28, 28, 4); allowed"),
    "channels at both ends": (np.zeros((12, 3, 28, 3), np.uint8), "in which either end could be the channels"),
    "flat and a channel": (np.zeros((12, 784, 1), np.uint8), "is of shape (12, 784, 1); allowed"),
    "nothing": (np.zeros((12, 0, 28), np.uint8), "not empty"),
    "structured": (np.zeros(12, [("a", "u1")]), "allowed: numbers"),
}


@pytest.mark.parametrize(("pixels", "reason"), WRONG_IMAGES.values(), ids=WRONG_IMAGES)
def test_wrong_images_are_refused(pixels: np.ndarray, reason: str, tmp_path: Path) -> None:
    assert_refused(save_npz(tmp_path / "own.npz", x_train=pixels), f"x_train in {tmp_path / 'own.npz'}", reason)


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    attack = f"cbuiltins\nopen\n(S'{tmp_path / 'touched'}'\nS'w'\ntR.".encode()  # a pickle that makes a file
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (12,), }\n"
    path = save_npz(tmp_path / "own.npz", y_train=None)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("y_train.npy", b"\x93NUMPY\1\0" + bytes([len(header), 0]) + header + attack)
    assert_refused(path, "Python objects")
    assert not (tmp_path / "touched").exists()


def test_bombs_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is refused by its header: the read that would unpack it is not made."""
    monkeypatch.setattr(parts, "MAX_BYTES", 1 << 20)
    unpacked = []
    read = zipfile.ZipExtFile.read
    monkeypatch.setattr(zipfile.ZipExtFile, "read", lambda self, n=-1: unpacked.append(got := read(self, n)) or got)
    path = save_npz(tmp_path / "own.npz", x_train=np.zeros((2000, 28, 28), np.uint8))
    assert_refused(path, "x_train in", "is too large")
    assert sum(map(len, unpacked)) < 10_000

    header = idx.encode(np.zeros((1, 28, 28), np.uint8))[:4] + b"".join(n.to_bytes(4, "big") for n in (10**6, 28, 28))
    folder = save_idx(tmp_path / "idx", gzipped=True, x_train=header + bytes(1000))
    assert_refused(folder, "train-images-idx3-ubyte.gz is too large; allowed: up to")
    folder = save_idx(tmp_path / "many", gzipped=True, y_train=idx.encode(np.zeros(1, np.uint8))[:4] + b"\xff" * 4)
    assert_refused(folder, "train-labels-idx1-ubyte.gz has 4,294,967,295 images; allowed: up to 2,000,000")


def test_a_gzip_bomb_behind_a_small_header_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda self, size=-1: unpacked.append(got := read(self, size)) or got)
    bomb = idx.encode(GOOD["x_train"]) + bytes(20_000_000)
    assert_refused(
        save_idx(tmp_path / "idx", gzipped=True, x_train=bomb), "train-images", "its header says (12, 28, 28)"
    )
    assert 0 < sum(map(len, unpacked)) < 12 * 784 + 100


def test_an_array_that_lies_about_its_shape_is_refused(tmp_path: Path) -> None:
    path = save_npz(tmp_path / "own.npz", y_train=None)
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000,), }\n"
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("y_train.npy", b"\x93NUMPY\1\0" + bytes([len(header), 0]) + header + b"\0\1\2")
    assert_refused(path, "y_train in", "is cut off")


GOOD_IMAGES = idx.encode(GOOD["x_train"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"x_train": GOOD_IMAGES[:-1]}, "train-images-idx3-ubyte holds 9,407 bytes"),
        ({"x_train": GOOD_IMAGES + b"\0"}, "train-images-idx3-ubyte holds 9,409 bytes"),
        ({"x_train": GOOD_IMAGES[:9]}, "cut off within its header"),
        ({"x_train": b""}, "train-images-idx3-ubyte is not an IDX file"),
        ({"x_train": b"\x89PNG" + GOOD_IMAGES}, "train-images-idx3-ubyte is not an IDX file"),
        ({"x_train": b"\0\0\x0d\3" + GOOD_IMAGES[4:]}, "holds type 0x0d"),
        ({"x_train": GOOD["y_train"]}, "holds an array of 1 dimensions; allowed for images: 3"),
        ({"y_test": GOOD["x_test"]}, "t10k-labels-idx1-ubyte holds an array of 3 dimensions; allowed for labels: 1"),
        ({"y_test": GOOD["y_test"][:-1]}, "t10k-images-idx3-ubyte has 6 images, but"),
        ({"y_train": None}, "has no train-labels-idx1-ubyte; needed, gzipped (.gz) or not: train-images"),
        ({"y_train": np.arange(12)}, "its training images have the class '3', but no test image has it"),
    ],
)
def test_damaged_idx_files_are_named(changes: dict, reason: str, tmp_path: Path) -> None:
    assert_refused(save_idx(tmp_path / "idx", **changes), str(tmp_path / "idx"), reason)


def test_a_gzipped_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    path = save_idx(tmp_path / "idx", gzipped=True) / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    assert_refused(tmp_path / "idx", "train-images-idx3-ubyte.gz is damaged or cut off")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=4), st.floats(0, 1), st.booleans()
)
def test_damage_anywhere_is_refused_or_leaves_a_dataset(tmp_path: Path, flips: list, end: float, packed: bool) -> None:
    good = save_npz(tmp_path / "good.npz") if packed else save_idx(tmp_path / "good", True) / f"{NAMES['x_test']}.gz"
    original = good.read_bytes()
    damaged = bytearray(original)
    for position, bits in flips:
        damaged[int(position * (len(damaged) - 1))] ^= bits
    good.write_bytes(damaged[: max(1, int(end * 2 * len(damaged)))])
    try:
        dataset = load(tmp_path / ("good.npz" if packed else "good"))
    except DigitsError as error:
        assert "\n" not in str(error)
    else:
        assert_form(dataset)
    good.write_bytes(original)


# Size and brightness


def test_other_sizes_are_scaled_to_fit_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wide = np.zeros((12, 28, 56), np.uint8)
    wide[:, 10:18, 20:36] = 200
    wide[:, 0, 0] = np.arange(12)
    dataset = load(save_npz(tmp_path / "own.npz", x_train=wide))
    assert_form(dataset)
    image = dataset.train.images[0]
    assert (image[:7] == 0).all()  # 28 × 14 in the middle: a bar above and below
    assert (image[21:] == 0).all()
    assert int(image[14, 14]) == pytest.approx(200, abs=5)
    assert image[8:20].any()
    said = capsys.readouterr().err
    assert said == f"warning: 12 of 18 images in {tmp_path / 'own.npz'} are not 28 × 28 pixels; scaled to fit\n"


def test_thin_lines_survive_being_scaled_down(tmp_path: Path) -> None:
    """Without antialiasing, most lines of one pixel in 280 would be gone."""
    big = np.zeros((12, 280, 280), np.uint8)
    big[:, 20:260, 33:243:30] = 255
    image = load(save_npz(tmp_path / "own.npz", x_train=big)).train.images[0]
    assert (image[14, 3:24:3] > 10).all()


@pytest.mark.parametrize("form", ["npz", "idx", "folder"])
def test_dark_on_bright_is_inverted_as_a_whole(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inverted = {name: 255 - GOOD[name] for name in ("x_train", "x_test")}
    if form == "folder":
        path = save_images(tmp_path / "own", bright=True)
    else:
        path = save_npz(tmp_path / "own.npz", **inverted) if form == "npz" else save_idx(tmp_path / "own", **inverted)
    dataset = load(path)
    assert f"warning: {path} is dark on bright; all its images were inverted" in capsys.readouterr().err
    assert (dataset.train.images[:, 0] == 0).all()
    if form != "folder":
        np.testing.assert_array_equal(dataset.train.images, GOOD["x_train"])
        np.testing.assert_array_equal(dataset.test.images, GOOD["x_test"])


def test_what_surrounds_a_bright_image_is_the_background(tmp_path: Path) -> None:
    tall = np.full((12, 56, 28), 240, np.uint8)
    tall[:, 20:30, 10:20] = 0
    tall[:, 5, 5] = np.arange(12)
    image = load(save_npz(tmp_path / "own.npz", x_train=tall, x_test=255 - GOOD["x_test"])).train.images[0]
    assert (image[:, :7] == 15).all()
    assert (image[0] == 15).all()


@given(st.integers(1, 5), st.integers(0, 10**6))
def test_the_background_is_the_median_of_all_edges(count: int, seed: int) -> None:
    """Each side of each image counts, and nothing within."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (count, 28, 28), np.uint8)
    for side in (np.s_[:, 0], np.s_[:, -1], np.s_[:, :, 0], np.s_[:, :, -1]):
        pixels[side] = np.minimum(pixels[side], rng.integers(0, 256))
    edge = np.ones((28, 28), bool)
    edge[1:-1, 1:-1] = False
    assert images.canvas(pixels, count).background() == np.median(pixels[:, edge])


def test_test_images_that_are_training_images_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(save_npz(tmp_path / "own.npz", x_test=np.concatenate([GOOD["x_train"][:2], GOOD["x_test"][2:]])))
    assert "warning: 2 of 6 test images in" in capsys.readouterr().err


# Folders of images


def test_a_part_of_each_class_is_held_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = load(save_images(tmp_path / "own", count=100, classes=("10", "9", "b", "A")))
    assert_form(dataset)
    assert dataset.classes == ("9", "10", "A", "b")
    assert np.bincount(dataset.test.labels, minlength=4).min() >= 1
    assert (len(dataset.train) + len(dataset.test), len(dataset.test)) == (400, pytest.approx(57, abs=28))
    assert not {image.tobytes() for image in dataset.test.images} & {image.tobytes() for image in dataset.train.images}
    out, err = capsys.readouterr()
    note = f"has no test split: one in 7, {len(dataset.test)} of 400 images, is held out for testing"
    assert (out, err) == ("", f"note: {tmp_path / 'own'} {note}\n")


def test_what_is_held_out_is_decided_by_content_not_by_name_or_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = save_images(tmp_path / "own", count=30)
    first = load(folder)
    iterdir = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: random.sample(found := list(iterdir(self)), len(found)))
    again = load(folder)
    for before, after in [(first.train, again.train), (first.test, again.test)]:
        np.testing.assert_array_equal(before.images, after.images)
        np.testing.assert_array_equal(before.labels, after.labels)
    for number, path in enumerate(sorted(folder.rglob("*.png"))):
        path.rename(path.with_name(f"{hash(number * 7) % 61:02} {number}.png"))
    renamed = load(folder)
    assert {image.tobytes() for image in renamed.test.images} == {image.tobytes() for image in first.test.images}


def test_images_stay_on_their_side_when_others_are_added(tmp_path: Path) -> None:
    everything = save_images(tmp_path / "all", count=120)
    few = tmp_path / "few"
    for path in sorted(everything.rglob("*.png")):
        if int(path.stem) % 2:
            (few / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, few / path.parent.name)
    before, after = load(few), load(everything)
    assert (len(before.train) + len(before.test), len(after.train) + len(after.test)) == (120, 240)
    for part, later in [(before.train, after.train), (before.test, after.test)]:
        assert {image.tobytes() for image in part.images} <= {image.tobytes() for image in later.images}


def test_copies_of_an_image_stay_on_one_side(tmp_path: Path) -> None:
    folder = save_images(tmp_path / "own", count=4)
    for path in list(folder.rglob("*.png")):
        for copy in range(5):
            path.with_name(f"{path.stem} copy {copy}.png").write_bytes(path.read_bytes())
    dataset = load(folder)
    assert not {image.tobytes() for image in dataset.test.images} & {image.tobytes() for image in dataset.train.images}
    assert (np.bincount(dataset.test.labels) % 6 == 0).all()


def test_two_images_are_the_least_of_a_class(tmp_path: Path) -> None:
    dataset = load(save_images(tmp_path / "two", count=2))
    assert (len(dataset.train), len(dataset.test)) == (2, 2)
    assert_refused(save_images(tmp_path / "one", count=1), "class 'cat' in", "has only one image; allowed: 2 or more")


def test_train_and_test_folders_are_taken_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_images(tmp_path / "own" / "train", count=3)
    save_images(tmp_path / "own" / "test", count=2)
    dataset = load(tmp_path / "own")
    assert_form(dataset)
    assert (dataset.classes, len(dataset.train), len(dataset.test)) == (("cat", "dog"), 6, 4)
    assert capsys.readouterr() == ("", "")


def test_classes_may_be_called_train_and_so_on_among_others(tmp_path: Path) -> None:
    assert load(save_images(tmp_path / "own", classes=("bus", "train"))).classes == ("bus", "train")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"])
def test_every_format_is_read_whatever_its_name(form: str, tmp_path: Path) -> None:
    folder = save_images(tmp_path / "own" / "train", count=2)
    save_images(tmp_path / "own" / "test", count=1)
    drawn = np.zeros((28, 28), np.uint8)
    drawn[8:20, 8:20] = 255
    Image.fromarray(drawn).save(folder / "cat" / "0.picture", format=form)
    (folder / "cat" / "0.png").unlink()
    image = load(tmp_path / "own").train.images[0]
    assert abs(image.astype(int) - drawn).max() < 40


def put_image(folder: Path, image: Image.Image, name: str = "0.png", **options: object) -> np.ndarray:
    """What becomes of an image that is the first training image of a dark dataset."""
    save_images(folder / "train", count=2)
    save_images(folder / "test", count=1)
    image.save(folder / "train" / "cat" / name, **options)
    return load(folder).train.images[0]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "PA"])
def test_what_is_transparent_is_white(mode: str, tmp_path: Path) -> None:
    image = Image.new("RGBA", (28, 28), (0, 0, 0, 255))
    image.paste((0, 0, 0, 0), (10, 10, 20, 20))
    options = {}
    if mode == "P":
        image = Image.new("P", (28, 28), 0)
        image.putpalette([0, 0, 0, 9, 9, 9])
        image.paste(1, (10, 10, 20, 20))
        options = {"transparency": 1}
    elif mode == "PA":
        options = {"format": "TIFF"}
    elif mode != "RGBA":
        image = image.convert(mode)
    pixels = put_image(tmp_path / "own", image, **options)
    assert (pixels[11:19, 11:19] == 255).all()
    assert (pixels[:9] == 0).all()


def test_a_photograph_stands_upright(tmp_path: Path) -> None:
    image = Image.new("L", (28, 28))
    image.paste(255, (2, 2, 10, 10))  # top left
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    pixels = put_image(tmp_path / "own", image, "0.png", exif=exif)
    assert (pixels[4, 20], pixels[4, 4]) == (255, 0)  # top right


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    deep = np.zeros((28, 28), np.uint16)
    deep[10, 10:13] = 65535, 32768, 256
    assert put_image(tmp_path / "own", Image.fromarray(deep))[10, 10:13].tolist() == [255, 128, 1]


def changed(folder: Path, change: Callable[[np.ndarray], bytes]) -> Path:
    """The folder, each image in it changed."""
    for path in folder.rglob("*.png"):
        path.write_bytes(change(np.asarray(Image.open(path))))
    return folder


def png(pixels: np.ndarray) -> bytes:
    if pixels.dtype == np.uint16 and pixels.ndim == 3:  # which Pillow cannot write
        return cv2.imencode(".png", pixels)[1].tobytes()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


SEEN = {
    "white ink on transparency": lambda drawn: png(np.dstack([np.full((28, 28, 3), 255, np.uint8), drawn])),
    "bytes in 16 bits": lambda drawn: png(drawn.astype(np.uint16)),
}


@pytest.mark.parametrize("change", SEEN.values(), ids=SEEN)
def test_ink_is_seen_however_it_was_saved(change: Callable, tmp_path: Path) -> None:
    folder = save_images(tmp_path / "own")
    plain, seen = load(folder), load(changed(folder, change))
    np.testing.assert_array_equal(seen.train.images, plain.train.images)


BLANK = {
    "white": lambda drawn: png(drawn | 255),
    "ones for white": lambda drawn: png(drawn // 128),
    "all transparent": lambda drawn: png(np.dstack([drawn, drawn, drawn, drawn * 0])),
    "colours of 16 bits with bytes in them": lambda drawn: png(np.dstack([drawn.astype(np.uint16)] * 3)),
}


@pytest.mark.parametrize("change", BLANK.values(), ids=BLANK)
def test_a_blank_dataset_is_refused_as_such(change: Callable, tmp_path: Path) -> None:
    folder = changed(save_images(tmp_path / "own"), change)
    assert_refused(folder, f"all 14 images in {folder} are blank, or nearly")


def test_blank_images_among_others_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = save_images(tmp_path / "own")
    Image.new("L", (9, 5), 30).save(folder / "cat" / "blank.png")
    load(folder)
    assert f"warning: 1 of 15 images in {folder} are blank, or nearly" in capsys.readouterr().err


def test_rubbish_of_systems_is_ignored(tmp_path: Path) -> None:
    folder = save_images(tmp_path / "own")
    for path in [".DS_Store", "cat/.DS_Store", "cat/Thumbs.db", "dog/desktop.ini", "cat/._0.png", "README.txt"]:
        (folder / path).write_bytes(b"rubbish")
    for path in [".git", "__MACOSX", "cat/__MACOSX"]:
        (folder / path).mkdir()
    assert load(folder).classes == ("cat", "dog")


def multiframe(path: Path) -> None:
    frames = [Image.fromarray(image) for image in drawings(3)]
    frames[0].save(path, format="GIF", save_all=True, append_images=frames[1:])


def huge(path: Path) -> None:
    """A PNG of a few bytes whose header says 60,000 × 60,000."""
    buffer = io.BytesIO()
    Image.new("L", (1, 1)).save(buffer, "PNG")
    data = buffer.getvalue()
    header = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + data[24:29]
    path.write_bytes(data[:12] + header + zlib.crc32(header).to_bytes(4, "big") + data[33:])


def large(path: Path) -> None:
    Image.new("1", (10_000, 5_001)).save(path, "PNG")


def cut_off(path: Path) -> None:
    noise = Image.fromarray(RNG.integers(0, 256, (60, 60), np.uint8))
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    path.write_bytes(buffer.getvalue()[:2000])


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("not an image"), "is not a readable image; allowed: PNG, JPEG"),
    "empty": (lambda path: path.write_bytes(b""), "is not a readable image; allowed"),
    "cut off": (cut_off, "is not a readable image ("),
    "animated": (multiframe, "holds 3 images; allowed: one"),
    "huge": (huge, "is too large; allowed: images of up to 50 megapixels"),
    "large": (large, "is too large; allowed: images of up to 50 megapixels"),
    "postscript": (
        lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
        "is not a read",
    ),
    "another format": (lambda path: Image.new("L", (9, 9)).save(path, "PPM"), "is not a readable image; allowed: PNG"),
    "floats": (lambda path: Image.fromarray(np.zeros((9, 9), np.float32)).save(path, "TIFF"), "32 bits; allowed: 8"),
    "folder": (lambda path: path.mkdir(), "is not a file; allowed in a class: images"),
    "pipe": (os.mkfifo, "is not a file; allowed in a class: images"),
    "broken link": (lambda path: path.symlink_to("nothing"), "is not a file"),
    "loop": (lambda path: path.symlink_to(path.name), "is not a file"),
    "way out": (lambda path: path.symlink_to("/etc/hostname"), "is a link that leads out of"),
}


@pytest.mark.parametrize(("make", "reason"), BAD_FILES.values(), ids=BAD_FILES)
def test_what_is_no_image_in_a_class_is_named(make: Callable, reason: str, tmp_path: Path) -> None:
    folder = save_images(tmp_path / "own")
    make(folder / "dog" / "bad.png")
    assert_refused(folder, str(folder / "dog" / "bad.png"), reason)


def test_links_within_the_folder_are_followed_and_those_out_of_it_are_not(tmp_path: Path) -> None:
    folder = save_images(tmp_path / "own")
    (folder / "dog" / "more.png").symlink_to("0.png")
    (tmp_path / "link").symlink_to("own")  # to the whole of it
    dataset = load(tmp_path / "link")
    assert (dataset.name, len(dataset.train) + len(dataset.test)) == (str(folder), 15)
    save_images(tmp_path / "secret", classes=("bird",))
    (folder / "bird").symlink_to(tmp_path / "secret" / "bird")
    assert_refused(folder, f"{folder / 'bird'} is a link that leads out of {folder}; put a copy in its place")


def test_names_that_cannot_be_printed_are_refused_on_one_line(tmp_path: Path) -> None:
    (save_images(tmp_path / "class") / "dog").rename(tmp_path / "class" / "do\ng")
    assert_refused(tmp_path / "class", "has a class with the name 'do\\ng', which cannot be printed; rename it")
    (save_images(tmp_path / "file") / "dog" / "a\nb.png").write_bytes(b"")
    assert_refused(tmp_path / "file", "a\\nb.png", "is not a readable image")
    (save_images(tmp_path / "bytes") / "dog").rename(tmp_path / "bytes" / os.fsdecode(b"d\xffg"))
    assert_refused(tmp_path / "bytes", "has a class with the name 'd\\udcffg'")
    for name in ("a\nb", "a\0b", "\x1b[31m", "\udcff", ""):
        assert_refused(name, "dataset is", "allowed: mnist, fashion-mnist, or the path of your own data")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (
            lambda root: root.mkdir(),
            "is of no form that is known; it is empty; allowed: a folder of images for each class",
        ),
        (lambda root: save_images(root, classes=("cat",)), "has 1 class; allowed: 2 to 1,000"),
        (lambda root: [(root / f"{n}").mkdir(parents=True) for n in range(1001)], "has 1,001 classes; allowed: 2 to"),
        (lambda root: (save_images(root) / "bird").mkdir(), "bird is empty; allowed: a folder of images"),
        (lambda root: save_images(root / "test"), "has no training images, only test images"),
        (
            lambda root: [save_images(root / name) for name in ("Train", "training")],
            "has both Train and training; allow",
        ),
        (
            lambda root: [save_images(root / "train"), save_images(root / "test", classes=("cat", "cow"))],
            "its test images have the class 'cow', but no training image has it",
        ),
        (
            lambda root: [
                save_images(root / "train", classes=("a", "b", "c")),
                save_images(root / "test", 1, ("a", "b")),
            ],
            "its training images have the class 'c', but no test image has it; each needs both",
        ),
        (lambda root: (save_images(root) / "0.PNG").touch(), "0.PNG is in no class; allowed: images in a folder for"),
        (lambda root: root.write_bytes(b"PK\3\4 and so on"), "is damaged or not a .npz"),
        (lambda root: root.write_bytes(b""), "is of no form that is known; allowed: a folder of images for each class"),
        (
            lambda root: None,
            "allowed: mnist, fashion-mnist, or the path of your own data, and there is nothing at this",
        ),
    ],
)
def test_a_folder_of_another_form_is_refused(make: Callable, reason: str, tmp_path: Path) -> None:
    make(tmp_path / "own")
    assert_refused(tmp_path / "own", str(tmp_path / "own"), reason)


def test_too_many_images_are_refused_before_any_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save_images(tmp_path / "own")
    monkeypatch.setattr(parts, "MAX_IMAGES", 13)
    monkeypatch.setattr(Path, "read_bytes", lambda self: pytest.fail(f"read {self}"))
    assert_refused(folder, "has 14 images; allowed: up to 13")
    monkeypatch.setattr(parts, "MAX_IMAGES", 14)
    monkeypatch.setattr(parts, "MAX_BYTES", 1000)
    assert_refused(folder, "is too large; allowed: up to")


def test_a_name_longer_than_any_path_is_refused() -> None:
    assert_refused("x" * 5000, "which cannot be read: File name too long")


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert_refused(tmp_path / "loop", "which cannot be read: Too many levels of symbolic links")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.integers(1, 90), st.integers(1, 90))
def test_an_image_of_any_size_fits_and_keeps_its_proportions(height: int, width: int) -> None:
    made = images.canvas([np.full((height, width), 255, np.uint8)], 1)
    pixels = made.on(0)[0]
    (rows, columns) = (np.flatnonzero(pixels.any(axis=axis)) for axis in (1, 0))
    assert max(len(rows), len(columns)) == 28
    for taken, length in [(len(rows), height), (len(columns), width)]:
        assert abs(taken - max(1, length * 28 / max(height, width))) <= 0.5
    assert abs(rows[0] - (27 - rows[-1])) <= 1
    assert abs(columns[0] - (27 - columns[-1])) <= 1
