from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digits.datasets import Dataset, idx, load_dataset, npz
from digits.datasets.registry import DatasetSpec
from digits.errors import DigitsError
from tests.datasets.conftest import ARRAYS, FILES


def test_mnist_has_the_published_form(mnist: Dataset) -> None:
    assert (mnist.name, mnist.title, mnist.classes) == ("mnist", "MNIST", tuple("0123456789"))
    for split, n in [(mnist.train, 60_000), (mnist.test, 10_000)]:
        assert len(split) == n
        assert (split.images.dtype, split.images.shape) == (np.uint8, (n, 28, 28))
        assert (split.labels.dtype, split.labels.shape) == (np.int64, (n,))


def test_mnist_has_the_published_digits(mnist: Dataset) -> None:
    """The numbers that the literature gives: labels per class, and the mean and deviation of a pixel."""
    assert np.bincount(mnist.train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.train.images.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert (mnist.train.images.min(), mnist.train.images.max()) == (0, 255)


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_archive_of_somebody_else_is_read_when_its_pixels_are_right(save, tmp_path: Path) -> None:
    save(tmp_path / "mnist.npz", **dict(reversed(ARRAYS.items())))
    dataset = load_dataset("mnist", tmp_path)
    np.testing.assert_array_equal(dataset.train.images, ARRAYS["x_train"])
    np.testing.assert_array_equal(dataset.train.labels, ARRAYS["y_train"])
    np.testing.assert_array_equal(dataset.test.images, ARRAYS["x_test"])
    np.testing.assert_array_equal(dataset.test.labels, ARRAYS["y_test"])


@pytest.mark.parametrize("array", ARRAYS)
def test_one_changed_byte_is_noticed(array: str, tiny: DatasetSpec, tmp_path: Path) -> None:
    changed = ARRAYS[array].copy()
    changed.flat[-1] ^= 1
    (tmp_path / "mnist.npz").write_bytes(npz.encode(ARRAYS | {array: changed}))
    with pytest.raises(
        DigitsError, match=f"mnist.npz is damaged: {array} is not Tiny's. Run: python download_mnist.py"
    ):
        load_dataset("mnist", tmp_path)


def test_images_in_another_order_are_noticed(tiny: DatasetSpec, tmp_path: Path) -> None:
    (tmp_path / "mnist.npz").write_bytes(npz.encode(ARRAYS | {"x_test": ARRAYS["x_test"][::-1]}))
    with pytest.raises(DigitsError, match="x_test is not Tiny's"):
        load_dataset("mnist", tmp_path)


# The fixtures stay as they are from one example to the next.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, len(npz.encode(ARRAYS)) - 1), bits=st.integers(1, 255))
def test_a_flipped_byte_is_an_error_or_does_no_harm(
    tiny: DatasetSpec, tmp_path: Path, position: int, bits: int
) -> None:
    damaged = bytearray(npz.encode(ARRAYS))
    damaged[position] ^= bits
    (tmp_path / "mnist.npz").write_bytes(damaged)
    try:
        dataset = load_dataset("mnist", tmp_path)
    except DigitsError:
        return
    assert idx.encode(dataset.train.images) == FILES["train-images-idx3-ubyte"]
    assert idx.encode(dataset.test.labels.astype(np.uint8)) == FILES["t10k-labels-idx1-ubyte"]


def test_what_is_not_there_comes_with_the_command_that_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DigitsError) as usual:
        load_dataset("mnist", Path("mnist_data"))
    assert str(usual.value) == "MNIST is not in ./mnist_data. Run: python download_mnist.py"
    with pytest.raises(DigitsError) as another:
        load_dataset("mnist", Path("/else/where"))
    assert str(another.value) == "MNIST is not in /else/where. Run: python download_mnist.py --data-dir /else/where"


def test_a_data_folder_for_data_that_lie_elsewhere_is_refused_but_a_name_that_is_wrong_says_so(tmp_path: Path) -> None:
    with pytest.raises(
        DigitsError, match=f"^--data-dir changes nothing for your own data in {tmp_path}; it is the fol"
    ):
        load_dataset(str(tmp_path), Path("mnist_data"))
    with pytest.raises(DigitsError, match="^dataset is 'minst'; allowed: mnist"):
        load_dataset("minst", tmp_path)


def test_what_is_damaged_comes_with_the_command_that_replaces_it(tmp_path: Path) -> None:
    (tmp_path / "mnist.npz").write_bytes(b"PK")
    with pytest.raises(DigitsError, match=r"mnist.npz is damaged or not .* Run: python download_mnist.py --data-dir /"):
        load_dataset("mnist", tmp_path)
