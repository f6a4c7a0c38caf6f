import io
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digits.datasets import npz
from digits.errors import DigitsError
from tests.datasets.conftest import ARRAYS, SPEC


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array)
    return buffer.getvalue()


def npy_of_shape(shape: str, body: bytes = b"", descr: str = "|u1") -> bytes:
    """The bytes of a `.npy` that declares `shape`, whatever it holds."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + body


def archive(compression: int = zipfile.ZIP_STORED, **members: bytes | None) -> bytes:
    """A good archive of the tiny dataset, but for `members`; None leaves one out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in ({name: npy(array) for name, array in ARRAYS.items()} | members).items():
            if data is not None:
                file.writestr(f"{name}.npy", data)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("npz") / "mnist.npz"


def assert_refused(path: Path, data: bytes, reason: str | None = None) -> None:
    path.write_bytes(data)
    with pytest.raises(DigitsError, match=reason) as caught:
        npz.read(path, SPEC)
    assert str(caught.value).startswith(f"{path} is damaged or not a .npz of Tiny")
    assert "\n" not in str(caught.value)


def assert_read(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    arrays = npz.read(path, SPEC)
    assert list(arrays) == list(ARRAYS)
    for name, array in arrays.items():
        assert array.dtype == np.uint8
        np.testing.assert_array_equal(array, ARRAYS[name])


def test_what_encode_wrote_is_read_back(path: Path) -> None:
    assert_read(path, npz.encode(ARRAYS))


def test_encode_gives_the_same_bytes_every_time() -> None:
    """`download` tells by the bytes whether a file on the disk is its own."""
    assert npz.encode(ARRAYS) == npz.encode(ARRAYS)


def test_plain_numpy_reads_what_encode_wrote() -> None:
    with np.load(io.BytesIO(npz.encode(ARRAYS)), allow_pickle=False) as theirs:
        assert theirs.files == ["x_train", "y_train", "x_test", "y_test"]
        assert {theirs[name].dtype for name in theirs} == {np.dtype(np.uint8)}
        np.testing.assert_array_equal(theirs["x_test"], ARRAYS["x_test"])


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_of_others_are_read(path: Path, compression: int) -> None:
    assert_read(path, archive(compression, extra=b"of no interest", x_test=npy(np.asfortranarray(ARRAYS["x_test"]))))


@pytest.mark.parametrize("name", ARRAYS)
def test_a_missing_array_is_named(path: Path, name: str) -> None:
    assert_refused(path, archive(**{name: None}), f"{name}.npy")


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32, bool, "S1", "V1", "u1, u1"])
def test_arrays_of_another_type_are_refused(path: Path, dtype: object) -> None:
    assert_refused(path, archive(y_test=npy(np.zeros(4, dtype))), "y_test is .*, not uint8")


@pytest.mark.parametrize("shape", [(), (3,), (5,), (4, 1), (1, 1, 1, 1, 4), (0,), (0, 2**40)])
def test_arrays_of_another_shape_are_refused(path: Path, shape: tuple[int, ...]) -> None:
    assert_refused(path, archive(y_test=npy(np.zeros(shape, np.uint8))), "y_test is uint8 of shape")


@pytest.mark.parametrize("shape", ["(10**15,)", "(1000000000000000,)", f"({2**70},)", "(-4,)", "(4.5,)", "4", "None"])
def test_arrays_that_lie_about_their_shape_are_refused(path: Path, shape: str) -> None:
    assert_refused(path, archive(y_test=npy_of_shape(shape, b"1234")))


@pytest.mark.parametrize("header", [b"{", b"{'a", b"(" * 5000, b"\xff" * 40, b"__import__('os')", b"[" * 30 + b"\n"])
def test_headers_that_are_not_numpys_are_refused(path: Path, header: bytes) -> None:
    for version in (b"\1\0", b"\2\0", b"\3\0", b"\4\0"):
        length = struct.pack("<H" if version == b"\1\0" else "<I", len(header))
        assert_refused(path, archive(y_test=b"\x93NUMPY" + version + length + header))


def test_objects_are_not_unpickled(path: Path, tmp_path: Path) -> None:
    attack = f"cbuiltins\nopen\n(S'{tmp_path / 'touched'}'\nS'w'\ntR.".encode()  # a pickle that makes a file
    assert_refused(
        path,
        archive(y_test=npy_of_shape("(1,)", attack, descr="|O")),
        "holds Python objects, which are never unpickled",
    )
    assert_refused(path, archive(y_test=attack), "y_test is not an array of numbers")
    assert not (tmp_path / "touched").exists()
    pickle.loads(attack).close()  # noqa: S301
    assert (tmp_path / "touched").exists(), "the attack is none"


@pytest.mark.parametrize("name", ARRAYS)
def test_a_bomb_is_not_unpacked(path: Path, name: str) -> None:
    """20 MB in 20 kB: refused by its declared size."""
    bomb = npy_of_shape("(20000000,)", bytes(20_000_000))
    assert_refused(path, archive(zipfile.ZIP_DEFLATED, **{name: bomb}), f"{name} is too large")


def test_a_bomb_that_hides_behind_a_good_array_is_not_unpacked(path: Path) -> None:
    """np.load prefers a member named `y_test` to `y_test.npy`."""
    buffer = io.BytesIO(archive())
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("y_test", npy_of_shape("(20000000,)", bytes(20_000_000)))
    assert_read(path, buffer.getvalue())


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(path: Path) -> None:
    data = npy_of_shape("(20000000,)", bytes(20_000_000))
    bomb = archive(zipfile.ZIP_DEFLATED, y_test=data).replace(struct.pack("<I", len(data)), struct.pack("<I", 100))
    assert_refused(path, bomb)


def test_an_encrypted_array_is_refused(path: Path) -> None:
    data = bytearray(archive())
    data[data.index(b"PK\1\2") + 8] |= 1  # the flag in the list of members
    data[6] |= 1  # and before the member
    assert_refused(path, bytes(data), "encrypted")


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        file.addfile(tarfile.TarInfo("x_train.npy"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\3\4",
        b"PK\5\6" + bytes(18),  # an empty archive
        b"<html>not found</html>",
        npy(ARRAYS["x_train"]),
        npy_of_shape("(1000000000000000,)"),
        pickle.dumps(ARRAYS),
        tar(),
        archive(y_test=b""),
        archive(y_test=b"not an array"),
        archive(y_test=b"\x93NUMPY"),
    ],
)
def test_what_is_not_an_archive_of_arrays_is_refused(path: Path, data: bytes) -> None:
    assert_refused(path, data)


ARCHIVES = [npz.encode(ARRAYS), *map(archive, [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])]


@given(st.sampled_from(ARCHIVES), st.data())
def test_an_archive_cut_off_anywhere_is_refused(path: Path, data: bytes, draw: st.DataObject) -> None:
    assert_refused(path, data[: draw.draw(st.integers(0, len(data) - 1))])


@given(st.sampled_from(ARCHIVES), st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=5))
@example(ARCHIVES[1], [(0.01, 255)])
def test_flipped_bytes_are_refused_or_do_no_harm(path: Path, data: bytes, flips: list[tuple[float, int]]) -> None:
    """What is still read has the right form; that it has the right pixels is for `load` to check."""
    damaged = bytearray(data)
    for position, bits in flips:
        damaged[int(position * (len(data) - 1))] ^= bits
    path.write_bytes(damaged)
    try:
        arrays = npz.read(path, SPEC)
    except DigitsError:
        return
    assert {name: (array.dtype, array.shape) for name, array in arrays.items()} == {
        name: (np.uint8, array.shape) for name, array in ARRAYS.items()
    }


@given(st.binary(max_size=200) | st.binary(max_size=200).map(lambda rest: b"PK\3\4" + rest + b"PK\5\6" + bytes(18)))
def test_any_other_bytes_are_refused(path: Path, data: bytes) -> None:
    assert_refused(path, data)


def test_a_file_that_cannot_be_opened_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        npz.read(tmp_path / "absent.npz", SPEC)
