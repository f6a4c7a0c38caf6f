"""Which form a path is in: Kaggle's MNIST, mnist_png's folders, and paths of no form or of two."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.datasets import idx, load_dataset, read_unlabelled, write_dataset
from digits.datasets.forms.form import FORMS, IMAGES
from tests.datasets.forms.test_csv_files import GOOD_ROWS, HEADER, rows
from tests.datasets.forms.test_csv_files import save as save_csv
from tests.datasets.forms.test_custom import (
    GOOD,
    NAMES,
    assert_form,
    assert_refused,
    load,
    save_idx,
    save_images,
    save_npz,
)

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


# Folders as people get them


def put_parquet(folder: Path, tmp_path: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    write_dataset(load(save_npz(tmp_path / "good.npz")), folder, "parquet")


def test_a_clone_of_the_hub_is_read_where_its_tables_lie(tmp_path, capsys):
    put_parquet(tmp_path / "clone" / "mnist", tmp_path)
    for name in ("README.md", ".gitattributes", "dataset_infos.json"):
        (tmp_path / "clone" / name).write_text("hello")
    (tmp_path / "clone" / ".git").mkdir()
    capsys.readouterr()
    dataset = load(tmp_path / "clone")
    assert (dataset.name, dataset.classes) == (str(tmp_path / "clone"), tuple("012"))
    assert capsys.readouterr().err == f"note: the data in {tmp_path / 'clone'} are in mnist\n"


@pytest.mark.parametrize(
    ("inside", "put"),
    [
        (
            "mnist_png/mnist_png",
            lambda folder: save_images(folder / "training", 7) and save_images(folder / "testing", 2),
        ),
        ("own", save_images),
        ("a/b/c", save_images),
        ("MNIST/raw", save_idx),
        ("own/own.npz", save_npz),
        ("A_Z Handwritten Data.csv", lambda path: save_csv(path, [HEADER, *GOOD_ROWS])),
    ],
)
def test_what_an_archive_wraps_around_the_data_is_passed_through(inside, put, tmp_path, capsys):
    where = tmp_path / "archive" / inside
    where.parent.mkdir(parents=True)
    (tmp_path / "archive" / "__MACOSX").mkdir()
    (tmp_path / "archive" / "LICENSE").write_text("hello")
    put(where)
    assert_form(load(tmp_path / "archive"))
    assert f"note: the data in {tmp_path / 'archive'} are in {inside}\n" in capsys.readouterr().err


def test_what_is_found_is_said_where_it_could_be_either(tmp_path):
    for name in ("fashion", "mnist"):
        put_parquet(tmp_path / "clone" / name, tmp_path)
    assert_refused(
        tmp_path / "clone", "parquet is no image of a class. If", "fashion is a dataset of its own, name that"
    )
    data = tmp_path / "mnist_data"
    data.mkdir()
    save_npz(data / "mnist.npz")
    (data / "notes").write_text("hello")
    save_npz(data / "other.npz")
    assert_refused(data, "is of no form that is known; found: mnist.npz, notes, other.npz; allowed: a folder of images")


def test_a_link_that_leads_out_is_not_passed_through(tmp_path):
    save_images(tmp_path / "secret")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "data").symlink_to(tmp_path / "secret")
    assert_refused(tmp_path / "own", "is a link that leads out of")


def test_a_flat_test_folder_has_no_labels_and_is_left_out(tmp_path, capsys):
    save_images(tmp_path / "own" / "train", count=9)
    save_images(tmp_path / "own" / "new", classes=("test",))
    (tmp_path / "own" / "new" / "test").rename(tmp_path / "own" / "test")
    (tmp_path / "own" / "new").rmdir()
    dataset = load(tmp_path / "own")
    assert len(dataset.train) + len(dataset.test) == 18
    said = capsys.readouterr().err
    assert f"note: the images in {tmp_path / 'own' / 'test'} are in no class, and are not read" in said
    assert "is held out for testing" in said
    (tmp_path / "own" / "train").rename(tmp_path / "own" / "valid")
    (tmp_path / "own" / "test").rename(tmp_path / "own" / "train")
    assert_refused(tmp_path / "own", "train/0.png is in no class; allowed: images in a folder for each class")


def save_list(folder: Path, header: str = "filename,label", row: str = "{name},{label}") -> Path:
    """Images in one folder, in a table with a row for each."""
    save_images(folder, classes=("cat", "dog"))
    (folder / "images").mkdir()
    lines = [header] if header else []
    for number, image in enumerate(sorted(folder.glob("*/*.png"))):
        label = image.parent.name
        image = image.rename(folder / "images" / f"{number:03}.png")
        lines.append(row.format(name=image.name, stem=image.stem, label=label, number=number))
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    for name in ("cat", "dog"):
        (folder / name).rmdir()
    return folder


LISTS = {
    "names and labels": {},
    "labels first": {"header": "class,file", "row": "{label},{name}"},
    "names with the folder": {"row": "images/{name},{label}"},
    "names without what is behind the dot": {"header": "id,label", "row": "{stem},{label}"},
    "an index": {"header": ",filename,label", "row": "{number},{name},{label}"},
    "semicolons": {"header": "filename;breed", "row": "{name};{label}"},
    "no header": {"header": ""},
}


@pytest.mark.parametrize("how", LISTS.values(), ids=LISTS)
def test_images_whose_labels_are_in_a_table(how, tmp_path):
    dataset = load(save_list(tmp_path / "own", **how))
    assert_form(dataset)
    assert dataset.classes == ("cat", "dog")
    assert len(dataset.train) + len(dataset.test) == 14
    first = np.asarray(Image.open(tmp_path / "own" / "images" / "000.png"))
    places = [split.labels[(split.images == first).all((1, 2))] for split in (dataset.train, dataset.test)]
    assert np.concatenate(places).tolist() == [0]


def test_what_a_table_of_names_does_not_say_is_refused(tmp_path, capsys):
    folder = save_list(tmp_path / "own", header="file,kind,colour", row="{name},{label},{number}")
    assert_refused(
        folder, "has the columns 'file, kind, colour'; allowed: one called label, or the one that --label-col"
    )
    assert load_dataset(str(folder), label_column="kind").classes == ("cat", "dog")
    table = folder / "labels.csv"
    for lines, reason in {
        "file,label\n000.png,cat\n../../secret.png,dog\n": "names the image '../../secret.png', which is not in",
        "file,label\n000.png,cat\n000.png,dog\n": "has 000.png 2 times; allowed: each image once",
        "file,label\n000.png,cat\n001.png\n": "row 3: allowed: 2 columns, as in the first row",
        "file,label\n000.png,cat\n001.png,\n": "row 2: the label is ''; allowed: whole numbers in all rows, or",
        "file,label\n": "has 1 rows; allowed: 2 to",
    }.items():
        table.write_text(lines)
        assert_refused(folder, str(table), reason)
    table.write_bytes(b"file,label\n\xff\xfe,0\n")
    assert_refused(folder, "is not a CSV file of names and labels (")
    table.write_text("file,label\n000.png,a\n001.png,a\n012.png,b\n013.png,b\n")
    assert len(load(folder).train) == 2
    assert "10 images in" in capsys.readouterr().err


# Files under the names that their makers gave them


def save_as(folder: Path, names: dict[str, str], **changes: np.ndarray) -> Path:
    """Four IDX files under other names than MNIST's, gzipped."""
    folder.mkdir(parents=True)
    for array, name in names.items():
        (folder / name).write_bytes(gzip.compress(idx.encode((GOOD | changes)[array].astype(np.uint8))))
    return folder


def emnist(part: str) -> dict[str, str]:
    return {
        "x_train": f"emnist-{part}-train-images-idx3-ubyte.gz",
        "y_train": f"emnist-{part}-train-labels-idx1-ubyte.gz",
        "x_test": f"emnist-{part}-test-images-idx3-ubyte.gz",
        "y_test": f"emnist-{part}-test-labels-idx1-ubyte.gz",
    }


@pytest.mark.parametrize("part", ["letters", "mnist", "byclass"])
def test_emnist_is_turned_upright(part, tmp_path, capsys):
    lying = {name: GOOD[name].transpose(0, 2, 1) for name in ("x_train", "x_test")}
    folder = save_as(tmp_path / "gzip", emnist(part), **lying)
    (folder / f"emnist-{part}-mapping.txt").write_text("1 65 97\n")
    dataset = load(tmp_path)
    np.testing.assert_array_equal(dataset.train.images, GOOD["x_train"])
    np.testing.assert_array_equal(dataset.test.images, GOOD["x_test"])
    np.testing.assert_array_equal(dataset.test.labels, GOOD["y_test"])
    assert (
        f"emnist-{part}-train has EMNIST's images, whose rows are columns; they are turned" in capsys.readouterr().err
    )


def test_emnists_tables_are_turned_upright(tmp_path):
    lying = GOOD["x_train"].transpose(0, 2, 1)
    path = save_csv(tmp_path / "emnist-letters-train.csv", rows(lying, GOOD["y_train"]))
    dataset = load(path)
    assert {image.tobytes() for image in dataset.train.images} < {image.tobytes() for image in GOOD["x_train"]}
    path = save_csv(tmp_path / "emnist-digits-test.csv", rows(lying, GOOD["y_train"]))
    np.testing.assert_array_equal(read_unlabelled(path), GOOD["x_train"])


def test_emnists_six_datasets_in_one_folder_are_named(tmp_path):
    folder = save_as(
        tmp_path / "gzip",
        emnist("letters") | {f"{name}2": file for name, file in emnist("digits").items()},
        **{f"{name}2": array for name, array in GOOD.items()},
    )
    assert_refused(
        folder, "has the files of emnist-digits, emnist-letters; allowed: one. Put its files into a folder of"
    )


def qmnist_labels(labels: np.ndarray) -> bytes:
    """QMNIST's own form: eight columns of big-endian int32, of which the first is the digit."""
    columns = np.zeros((len(labels), 8), ">i4")
    columns[:, 0], columns[:, 1:] = labels, 7000
    return b"\0\0\x0c\2" + struct.pack(">2I", *columns.shape) + columns.tobytes()


@pytest.mark.parametrize("packed", [False, True])
def test_qmnists_labels_are_of_eight_columns(packed, tmp_path):
    (tmp_path / "raw").mkdir()
    for split in ("train", "test"):
        for name, data in {
            f"qmnist-{split}-images-idx3-ubyte": idx.encode(GOOD[f"x_{split}"]),
            f"qmnist-{split}-labels-idx2-int": qmnist_labels(GOOD[f"y_{split}"]),
        }.items():
            path = tmp_path / "raw" / (name + ".gz" * packed)
            path.write_bytes(gzip.compress(data) if packed else data)
    dataset = load(tmp_path / "raw")
    assert_form(dataset)
    np.testing.assert_array_equal(dataset.train.images, GOOD["x_train"])
    np.testing.assert_array_equal(dataset.test.labels, GOOD["y_test"])


def test_kmnists_files_have_one_array_each(tmp_path, capsys):
    for array, name in {
        "x_train": "train-imgs",
        "y_train": "train-labels",
        "x_test": "test-imgs",
        "y_test": "test-labels",
    }.items():
        np.savez_compressed(tmp_path / f"kmnist-{name}.npz", GOOD[array].astype(np.uint8))
    (tmp_path / "kmnist_classmap.csv").write_text("index,codepoint,char\n")
    dataset = load(tmp_path)
    assert_form(dataset)
    np.testing.assert_array_equal(dataset.train.images, GOOD["x_train"])
    np.testing.assert_array_equal(dataset.test.labels, GOOD["y_test"])
    assert capsys.readouterr().err == ""
    np.savez(tmp_path / "kmnist-test-imgs.npz", GOOD["x_test"], GOOD["x_test"])
    assert_refused(tmp_path, "kmnist-test-imgs.npz has 2 arrays; allowed, among others in a folder: one")
    (tmp_path / "kmnist-test-imgs.npz").write_bytes(b"PK")
    assert_refused(tmp_path, "kmnist-test-imgs.npz is damaged or not a .npz (")
