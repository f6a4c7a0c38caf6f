"""Parquet as Hugging Face has it, and as it should not be."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pyarrow import parquet

from digits.errors import DigitsError, not_installed
from tests.conftest import run
from tests.datasets.forms.test_custom import GOOD, assert_form, assert_refused, load

STRUCT = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def png(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def table(images: list, labels: object, names: tuple[str, ...] = ()) -> pa.Table:
    """As Hugging Face's library writes it; an image is an array, bytes or None."""
    data = [png(image) if isinstance(image, np.ndarray) else image for image in images]
    rows = [None if one is None else {"bytes": one, "path": None} for one in data]
    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": names}}
    made = pa.table({"image": pa.array(rows, STRUCT), "label": pa.array(labels, pa.int64())})
    return made.replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})} if names else None
    )


TRAIN, TEST = table(list(GOOD["x_train"]), GOOD["y_train"]), table(list(GOOD["x_test"]), GOOD["y_test"])


def save(path: Path, data: pa.Table, **options: object) -> Path:
    path.parent.mkdir(exist_ok=True)
    parquet.write_table(data, path, **options)
    return path


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_hugging_faces_folder_is_a_dataset(compression, tmp_path, capsys):
    save(tmp_path / "mnist" / "train-00000-of-00002.parquet", TRAIN[:7], compression=compression, row_group_size=3)
    save(tmp_path / "mnist" / "train-00001-of-00002.parquet", TRAIN[7:], compression=compression, use_dictionary=False)
    save(tmp_path / "mnist" / "test-00000-of-00001.parquet", TEST, compression=compression)
    dataset = load(tmp_path / "mnist")
    assert_form(dataset)
    np.testing.assert_array_equal(dataset.train.images, GOOD["x_train"])
    np.testing.assert_array_equal(dataset.train.labels, GOOD["y_train"])
    np.testing.assert_array_equal(dataset.test.images, GOOD["x_test"])
    np.testing.assert_array_equal(dataset.test.labels, GOOD["y_test"])
    assert capsys.readouterr().err == ""


def test_one_file_is_a_dataset_with_a_part_held_out(tmp_path, capsys):
    dataset = load(save(tmp_path / "mnist.parquet", TRAIN))
    assert_form(dataset)
    assert "has no test split" in capsys.readouterr().err


def test_images_may_be_bytes_alone_and_repeat(tmp_path):
    images = [png(image) for image in GOOD["x_train"]] * 100
    plain = pa.table({"img": pa.array(images, pa.binary()), "label": pa.array(list(GOOD["y_train"]) * 100, pa.int32())})
    dataset = load(save(tmp_path / "own.parquet", plain))
    assert (len(dataset.train) + len(dataset.test), dataset.classes) == (1200, ("0", "1", "2"))


def test_classes_have_the_names_that_the_file_gives_them(tmp_path):
    named = table(list(GOOD["x_train"]), GOOD["y_train"], ("cat", "dog", "emu", "fox"))
    assert load(save(tmp_path / "own.parquet", named)).classes == ("cat", "dog", "emu")
    few = table(list(GOOD["x_train"]), GOOD["y_train"], ("cat", "dog"))
    assert_refused(save(tmp_path / "few.parquet", few), "holds the label 2, but names for only 2 classes")
    odd = table(list(GOOD["x_train"]), GOOD["y_train"], ("cat", "d\nog", "emu"))
    assert_refused(save(tmp_path / "odd.parquet", odd), "'d\\nog', which cannot be printed")
    same = table(list(GOOD["x_train"]), GOOD["y_train"], ("cat", "cat", "emu"))
    assert_refused(save(tmp_path / "same.parquet", same), "two classes with the name 'cat'")


BLANK = [np.zeros((28, 28), np.uint8)] * 3
BAD = {
    "no labels": (
        TRAIN.select(["image"]),
        "has the columns 'image.bytes (BYTE_ARRAY), image.path (BYTE_ARRAY)'; allowed",
    ),
    "no images": (TRAIN.select(["label"]), "has the columns 'label (INT64)'; allowed: image"),
    "lists": (pa.table({"image": [[b"x"]] * 3, "label": [[1]] * 3}), "has the columns 'none'; allowed: image"),
    "lists of lists": (pa.table({"image": [[[{"bytes": b"x"}]]] * 3, "label": [0, 1, 2]}), "has the columns 'label"),
    "labels in words": (TRAIN.set_column(1, "label", [["one"] * 12]), "label (BYTE_ARRAY)'; allowed: image"),
    "dates": (TRAIN.set_column(1, "label", [pa.array([5] * 12, pa.timestamp("s"))]), "the label of"),
    "no rows": (TRAIN[:0], "has no rows"),
    "an image missing": (table([*BLANK, None], [0, 1, 2, 0]), "has a row without image or label"),
    "bytes missing": (
        pa.table({"image": pa.array([{"bytes": None, "path": "a"}] * 3, STRUCT), "label": [0, 1, 2]}),
        "has a row without image or label",
    ),
    "a label missing": (table(BLANK, [0, None, 2]), "has a row without image or label"),
    "a label below 0": (table(BLANK, [0, -1, 2]), "holds the label -1; allowed: 0 to"),
    "not an image": (
        table([*BLANK, b"text"], [0, 1, 2, 0]),
        "own.parquet, row 3 is not a readable image; allowed: PNG",
    ),
}


@pytest.mark.parametrize(("data", "reason"), BAD.values(), ids=BAD)
def test_a_table_of_something_else_is_refused_in_one_line(data, reason, tmp_path):
    assert_refused(save(tmp_path / "own.parquet", data), str(tmp_path / "own.parquet"), reason)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1 text PAR1", b"PAR1" + bytes(99) + b"\xff\xff\xff\x7fPAR1"])
def test_a_file_that_is_not_parquet_is_refused(data, tmp_path):
    (tmp_path / "own.parquet").write_bytes(data)
    assert_refused(tmp_path / "own.parquet", "own.parquet is damaged or not Parquet (")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=4), st.floats(0, 1))
def test_damage_anywhere_is_refused_or_leaves_a_dataset(tmp_path: Path, flips: list, end: float) -> None:
    path = save(tmp_path / "own.parquet", TRAIN)
    damaged = bytearray(path.read_bytes())
    for position, bits in flips:
        damaged[int(position * (len(damaged) - 1))] ^= bits
    path.write_bytes(damaged[: max(1, int(end * 2 * len(damaged)))])
    try:
        dataset = load(path)
    except DigitsError as error:
        assert "\n" not in str(error)
    else:
        assert dataset.train.images.shape[1:] == (28, 28)


def bomb(path: Path) -> Path:
    """Some kilobytes that unpack to 400 GB: an image of 200 MB that stands there once, and 2,000 rows that are it."""
    places, large = pa.array(np.zeros(2000, np.int32)), pa.array([bytes(200 << 20)], pa.binary())
    image = pa.StructArray.from_arrays([pa.DictionaryArray.from_arrays(places, large)], names=["bytes"])
    data = pa.table({"image": image, "label": [0] * 2000})
    return save(
        path, data, compression="zstd", dictionary_pagesize_limit=1 << 30, store_schema=False, write_statistics=False
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system sets no limit")
def test_a_bomb_is_refused_in_bounded_memory(tmp_path):
    code = """
import re, sys
from pathlib import Path
from digits.datasets import load_dataset
try:
    load_dataset(sys.argv[1])
except Exception as error:
    print(error)
print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""
    said, peak = run("-c", code, bomb(tmp_path / "own.parquet")).stdout.splitlines()
    assert said == f"{tmp_path / 'own.parquet'} unpacks to more than memory may hold; allowed: rows of images"
    assert int(peak) < 2_500_000


def test_a_file_that_says_that_it_is_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("digits.datasets.forms.parts.MAX_BYTES", 4000)
    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", lambda *_, **__: pytest.fail("read"))
    assert_refused(save(tmp_path / "own.parquet", TRAIN), "is too large; allowed: up to")


def test_a_dictionary_that_overflows_is_read(tmp_path):
    """As that of MNIST does: the writer goes over to plain values after a megabyte."""
    images = np.random.default_rng(0).integers(0, 256, (600, 28, 28), np.uint8)
    path = save(tmp_path / "own.parquet", table(list(images), np.arange(600) % 3), dictionary_pagesize_limit=50_000)
    dataset = load(path)
    assert len(dataset.train) + len(dataset.test) == 600


def test_the_limit_of_memory_is_lifted_again(tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_AS)
    load(save(tmp_path / "own.parquet", TRAIN))
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_pyarrow_that_is_missing_is_named(tmp_path):
    save(tmp_path / "own.parquet", TRAIN)
    absent = tmp_path / "site" / "pyarrow"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text("raise ModuleNotFoundError('No module named pyarrow', name='pyarrow')")
    code = "import sys; from digits.datasets import load_dataset; load_dataset(sys.argv[1])"
    done = run("-c", code, tmp_path / "own.parquet", PYTHONPATH=str(absent.parent))
    assert done.stderr.splitlines()[-1].endswith(
        f"{not_installed('pyarrow, which reads and writes Parquet,', 'parquet')}"
    )
