import struct
from pathlib import Path

import idx2numpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from digits.datasets import idx
from digits.errors import DigitsError

uint8_arrays = arrays(np.uint8, array_shapes(min_dims=1, max_dims=4, max_side=5))


@given(uint8_arrays)
def test_decode_gives_back_what_encode_was_given(array: np.ndarray) -> None:
    decoded = idx.decode(idx.encode(array), "it")
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, array)


@given(uint8_arrays)
def test_another_reader_of_the_format_agrees(array: np.ndarray) -> None:
    np.testing.assert_array_equal(idx2numpy.convert_from_string(idx.encode(array)), array)


def test_an_array_in_another_memory_order_is_encoded_row_by_row() -> None:
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert idx.encode(np.asfortranarray(array)) == idx.encode(array) == b"\0\0\x08\2\0\0\0\2\0\0\0\3" + bytes(range(6))


@given(uint8_arrays, st.data())
def test_a_file_cut_off_anywhere_is_refused(array: np.ndarray, data: st.DataObject) -> None:
    encoded = idx.encode(array)
    with pytest.raises(DigitsError, match=r"^it "):
        idx.decode(encoded[: data.draw(st.integers(0, len(encoded) - 1))], "it")


@given(uint8_arrays, st.binary(min_size=1, max_size=9))
def test_a_file_with_something_after_its_end_is_refused(array: np.ndarray, rest: bytes) -> None:
    with pytest.raises(DigitsError, match="its header says"):
        idx.decode(idx.encode(array) + rest, "it")


@given(st.binary(max_size=40) | st.binary(max_size=40).map(lambda rest: b"\0\0\x08" + rest))
def test_any_other_bytes_are_an_array_or_a_digits_error(data: bytes) -> None:
    try:
        array = idx.decode(data, "it")
    except DigitsError:
        return
    assert idx.encode(array) == data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not an IDX file"),
        (b"\0\0\x08", "not an IDX file"),
        (b"\x1f\x8b\x08\x01", "not an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "type 0x0d"),  # floats
        (b"\0\0\x08\x00\x01", "0 dimensions"),
        (b"\0\0\x08\x05" + b"\0\0\0\x01" * 5 + b"\x01", "5 dimensions"),
        (b"\0\0\x08\x03\0\0\0\x01", "cut off within its header"),
        (b"\0\0\x08\x01" + b"\xff" * 4 + b"\x01", "its header says"),
        (b"\0\0\x08\x04" + struct.pack(">4I", 0, *[2**32 - 1] * 3), "its header says"),  # NumPy cannot even name it
    ],
)
def test_hostile_headers_are_named(data: bytes, reason: str) -> None:
    with pytest.raises(DigitsError, match=reason):
        idx.decode(data, "it")


@pytest.mark.parametrize(
    "array", [np.zeros(3), np.zeros(3, np.int8), np.uint8(3), np.zeros((1,) * 5, np.uint8), np.zeros((0, 9), np.uint8)]
)
def test_arrays_that_the_published_files_never_hold_are_not_encoded(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="allowed: uint8"):
        idx.encode(np.asarray(array))


def test_the_published_files_are_read_as_another_reader_reads_them(data_dir: Path) -> None:
    """Nor is anything lost by writing them again: encode gives the published bytes."""
    for path in (data_dir / "MNIST" / "raw").iterdir():
        array = idx.decode(path.read_bytes(), path.name)
        np.testing.assert_array_equal(array, idx2numpy.convert_from_file(str(path)))
        assert idx.encode(array) == path.read_bytes()
