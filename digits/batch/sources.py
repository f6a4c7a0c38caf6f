"""What there is to read: files, folders, patterns, Parquet, and addresses such as `s3://bucket/scans`."""

import functools
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from digits.datasets import in_natural_order, require_pyarrow, shown
from digits.errors import DigitsError
from digits.files import expanded
from digits.image_files import PICTURES
from digits.processes import first_line

_PARQUET = ".parquet"
_TAKEN = (*PICTURES, _PARQUET)


class SourceFile(NamedTuple):
    """A file of a picture or, in Parquet, of many.

    Attributes:
        name: its path, or its address.
        size: bytes.
        time: of its last change, in nanoseconds since 1970; 0 where nobody knows.
    """

    name: str
    size: int
    time: int


def found(sources: Iterable[str]) -> Iterator[SourceFile]:
    """The files that `sources` name, in their order; what is in a folder, nested ones too, in natural order.

    Hidden files are passed over. What else is not read is told in a note on stderr.

    Raises:
        DigitsError: a source is not there, is nothing to read from, or has no pictures; or it takes pyarrow, which is
            missing.
    """
    for source in sources:
        if is_address(source):
            yield from _at_address(source)
        else:
            for path in expanded([Path(source)]):
                yield from _here(path)


def is_address(name: str) -> bool:
    """Whether it is an address for pyarrow, and no path."""
    return "://" in name


def is_parquet(name: str) -> bool:
    """Whether what lies at this path or address is Parquet, by its ending."""
    path = urlsplit(name).path if is_address(name) else name
    return path.lower().endswith(_PARQUET)


def stamp(path: Path) -> SourceFile:
    """A file of this machine as it is now.

    Raises:
        DigitsError: it is not there, or is no file.
    """
    try:
        known = path.stat()
    except OSError as error:
        raise DigitsError(f"{shown(path)} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(known.st_mode):
        raise DigitsError(f"{shown(path)} is neither a file nor a folder")
    return SourceFile(str(path), known.st_size, known.st_mtime_ns)


def opened(name: str) -> IO[bytes]:
    """The file of this path or address, opened to be read from any place.

    Raises:
        OSError: it cannot be.
        DigitsError: the address is none.
    """
    if not is_address(name):
        return Path(name).open("rb")
    files, path = _file_system(name)
    file: IO[bytes] = files.open_input_file(path)
    return file


# On this machine


def _here(path: Path) -> Iterator[SourceFile]:
    if not path.is_dir():
        yield stamp(path)
        return
    others, links, nothing = 0, 0, True
    for folder, inside, names in os.walk(path, onerror=_refuse):
        inside[:] = sorted((name for name in inside if not name.startswith(".")), key=in_natural_order)
        links += sum((Path(folder) / name).is_symlink() for name in inside)
        for name in sorted((name for name in names if not name.startswith(".")), key=in_natural_order):
            file = Path(folder) / name
            if name.lower().endswith(_TAKEN) and file.is_file():
                yield stamp(file)
                nothing = False
            else:
                others += 1
    _tell(shown(path), others, links, nothing)


def _refuse(error: OSError) -> None:
    raise DigitsError(f"{shown(error.filename)} cannot be listed: {error.strerror}") from error


def _tell(source: str, others: int, links: int, nothing: bool) -> None:
    if nothing:
        raise DigitsError(f"{source} has no images; allowed: {', '.join(_TAKEN)}")
    if others:
        what = "1 other file is no image" if others == 1 else f"{others:,} other files are no images"
        print(f"note: {source}: {what}, and not read", file=sys.stderr)
    if links:
        what = "1 link to a folder is" if links == 1 else f"{links:,} links to folders are"
        print(f"note: {source}: {what} not followed", file=sys.stderr)


# At an address


def _at_address(address: str) -> Iterator[SourceFile]:
    """The files at an address; `*` and `[` in it fit letters of a name, as in a shell."""
    parts = urlsplit(address)
    base, patterns = _split_pattern(parts.path)
    address = parts._replace(path=base).geturl()
    files, path = _file_system(address)
    others, nothing, folders = 0, True, [path]
    while folders:
        for one in _inside(files, folders.pop(), address):
            below = one.path.removeprefix(path).strip("/")
            names = below.split("/")
            if one.type.name == "Directory":
                if not patterns or (len(names) < len(patterns) and _fit(names, patterns)):
                    folders.append(one.path)
            elif not patterns or (len(names) == len(patterns) and _fit(names, patterns)):
                if not below or one.base_name.lower().endswith(_TAKEN):
                    yield SourceFile(_below(address, below), one.size, one.mtime_ns or 0)
                    nothing = False
                else:
                    others += 1
    _tell(address, others, 0, nothing)


def _inside(files: Any, folder: str, address: str) -> list[Any]:
    """What is in a folder: files in natural order, then folders, the last one first; or a file itself."""
    from pyarrow.fs import FileSelector, FileType

    with _refusing(address):
        [itself] = files.get_file_info([folder])
        if itself.type == FileType.File:
            return [itself]
        inside = [one for one in files.get_file_info(FileSelector(folder)) if not one.base_name.startswith(".")]
    inside.sort(key=lambda one: in_natural_order(one.base_name))
    folders = [one for one in inside if one.type == FileType.Directory]
    return [*(one for one in inside if one.type == FileType.File), *reversed(folders)]


def _split_pattern(path: str) -> tuple[str, list[str]]:
    """A path up to its first part with a `*` or a `[`, and the parts from there on."""
    parts = path.split("/")
    first = next((index for index, part in enumerate(parts) if "*" in part or "[" in part), len(parts))
    return "/".join(parts[:first]), parts[first:]


def _fit(names: list[str], patterns: list[str]) -> bool:
    return all(map(fnmatchcase, names, patterns))


def _below(address: str, path: str) -> str:
    """The address of what lies at a path below another address."""
    parts = urlsplit(address)
    return parts._replace(path=f"{parts.path.rstrip('/')}/{quote(path)}").geturl() if path else address


def _file_system(address: str) -> tuple[Any, str]:
    """The file system that pyarrow has for an address, and the path in it.

    Raises:
        DigitsError: there is no such kind of address, it holds a password, or pyarrow is missing.
    """
    parts = urlsplit(address)
    if "@" in parts.netloc:
        raise DigitsError(
            f"{parts.scheme}://… has a key or a password in it, which would be written beside every reading. "
            "Give it to pyarrow by the environment instead, say by AWS_ACCESS_KEY_ID"
        )
    files, root = _root(parts._replace(path="/").geturl())
    return files, f"{root.rstrip('/')}{unquote(parts.path).rstrip('/')}"


@functools.cache
def _root(address: str) -> tuple[Any, str]:
    """The file system that pyarrow has for an address, and the path in it of what all its addresses begin with."""
    require_pyarrow()
    from pyarrow.fs import FileSystem

    with _refusing(address):
        files, root = FileSystem.from_uri(address)
    return files, root


@contextmanager
def _refusing(address: str) -> Iterator[None]:
    """Makes one line of whatever pyarrow raises about an address."""
    try:
        yield
    except Exception as error:
        raise DigitsError(f"{address} cannot be read: {first_line(error)}") from error
