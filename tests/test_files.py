import os
import stat
from pathlib import Path

import pytest

from digits.errors import DigitsError
from digits.files import display, expanded, locked, sha256, write_together


def test_files_are_written_into_a_folder_that_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    write_together(folder, {"one": b"1", "two": b"22"})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"one": b"1", "two": b"22"}


def test_a_file_that_is_there_is_replaced_and_its_neighbours_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"a longer, earlier one")
    (tmp_path / "mine").write_bytes(b"mine")
    write_together(tmp_path, {"one": b"1"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one": b"1", "mine": b"mine"}


def test_files_appear_in_order_once_all_are_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda file: events.append("on the disk") or fsync(file))
    monkeypatch.setattr(Path, "replace", lambda self, to: events.append(to.name) or replace(self, to))
    write_together(tmp_path, {"z": b"", "a": b"", "m": b""})
    assert events == ["on the disk"] * 3 + ["z", "a", "m"]


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failing_write_leaves_the_folder_as_it_was(
    failure: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one").write_bytes(b"earlier")
    written = []

    def fsync(file: int) -> None:
        written.append(file)
        if len(written) == 2:
            raise failure

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(type(failure)):
        write_together(tmp_path, {"one": b"1", "two": b"2", "three": b"3"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one": b"earlier"}


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(OSError, match="taken"):
        write_together(tmp_path / "taken", {"one": b"1"})


def test_others_may_read_what_is_written_as_the_umask_says(tmp_path: Path) -> None:
    write_together(tmp_path, {"one": b"1"})
    (tmp_path / "usual").write_bytes(b"")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_sha256_is_the_published_one_of_abc() -> None:
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(b"abc") == sha256(memoryview(b"abc")) == digest


@pytest.mark.parametrize(
    ("folder", "shown"),
    [("mnist_data", "./mnist_data"), ("a/b", "./a/b"), ("/a/b", "/a/b"), ("../b", "../b"), (".", ".")],
)
def test_display_writes_a_folder_as_the_seed_does(folder: str, shown: str) -> None:
    assert display(Path(folder)) == shown


def test_a_pattern_that_the_shell_has_left_stands_for_the_files_that_it_fits(tmp_path: Path) -> None:
    """Windows' shell leaves them all; a name may look like a pattern, and a pattern may fit nothing."""
    for name in ("b.png", "a.png", "c[1].png", "c1.png", "d.txt", ".hidden.png"):
        (tmp_path / name).touch()
    given = [tmp_path / "d.txt", tmp_path / "*.png", tmp_path / "c[1].png", tmp_path / "*.gif", Path("-")]
    names = [path.name for path in expanded(given)]
    assert names == ["d.txt", "a.png", "b.png", "c1.png", "c[1].png", "c[1].png", "*.gif", "-"]


def test_a_lock_is_held_by_one_alone_and_is_gone_afterwards(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    with locked(lock, "busy"), pytest.raises(DigitsError, match="^busy$"), locked(lock, "busy"):
        pass
    assert not lock.exists()
    with locked(lock, "busy"):
        pass
