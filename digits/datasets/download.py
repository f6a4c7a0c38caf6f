"""Getting the published files into the data folder, and never taking other bytes for them."""

from collections.abc import Callable
from pathlib import Path

from digits.datasets import idx, npz
from digits.datasets.registry import DATASETS, DatasetSpec
from digits.datasets.sources import folder_source, sources
from digits.errors import DigitsError
from digits.files import display, sha256, write_together
from digits.web import NotServed


def download_dataset(
    data_dir: Path, mirror: str | None = None, name: str = "mnist", say: Callable[[str], None] = print
) -> None:
    """Put the dataset `name` into `data_dir`: the IDX files where torchvision looks for them, and Keras's `.npz`.

    What is already there and right is used and stays as it is, without any network; what is damaged is replaced.

    Args:
        data_dir: made if missing.
        mirror: a folder or an http(s) URL that holds the four files, gzipped or not; tried before the public ones.
        name: a name of `registry.DATASETS`.
        say: takes each line for the user.

    Raises:
        DigitsError: no source gave a file, or there is no dataset of this name.
        OSError: `data_dir` cannot be written.
    """
    if name not in DATASETS:
        raise DigitsError(
            f"dataset is {name!r}; allowed for download: {', '.join(DATASETS)}. "
            "Your own data need none: give their path to digits train --dataset"
        )
    spec = DATASETS[name]
    contents = _on_disk(data_dir, spec, say)
    if len(contents) < len(spec.files):
        contents = _from_sources(data_dir, spec, contents, mirror, say)

    raw = data_dir / spec.raw
    new = {file.name: contents[file.name] for file in spec.files if not _same(raw / file.name, contents[file.name])}
    arrays = {file.array: idx.decode(contents[file.name], file.name) for file in spec.files}
    archive = npz.encode(arrays)
    new_archive = {} if _same(data_dir / spec.npz, archive) else {spec.npz: archive}
    if new:
        write_together(raw, new)
    if new_archive:
        write_together(data_dir, new_archive)
    counts = f"{len(arrays['y_train']):,} training and {len(arrays['y_test']):,} test images"
    done = "saved to" if new or new_archive else "was already in"
    say(f"{spec.title} {done} {display(data_dir)}: {counts}, every byte checked")


def _from_sources(
    data_dir: Path, spec: DatasetSpec, found: dict[str, bytes], mirror: str | None, say: Callable[[str], None]
) -> dict[str, bytes]:
    """`found` and what it lacks of the four files, asking one source after another until none is missing."""
    contents = dict(found)
    for label, fetch in sources(spec, mirror):
        try:
            for file in spec.files:
                if file.name not in contents:
                    contents[file.name] = fetch(file)
        except NotServed as reason:
            say(f"{label}: {reason}")
            continue
        say(f"{label}: ok")
        return contents
    names = ", ".join(file.name for file in spec.files if file.name not in contents)
    raise DigitsError(
        f"no source has {spec.title}. Put these files, gzipped (.gz) or not, into {display(data_dir / spec.raw)} "
        f"by hand and run this again, or name a folder or URL that has them with --mirror: {names}"
    )


def _on_disk(data_dir: Path, spec: DatasetSpec, say: Callable[[str], None]) -> dict[str, bytes]:
    """Those of the four files whose bytes are in the data folder already: as IDX, gzipped, or in the `.npz`."""
    contents = {}
    folder = folder_source(data_dir / spec.raw)
    for file in spec.files:
        try:
            contents[file.name] = folder(file)
        except NotServed as reason:
            if (data_dir / spec.raw / file.name).exists():
                say(f"{display(data_dir / spec.raw)}: {reason}; replacing it")
    if len(contents) < len(spec.files) and (data_dir / spec.npz).is_file():
        try:
            arrays = npz.read(data_dir / spec.npz, spec)
        except DigitsError as error:
            say(f"{error}; replacing it")
            return contents
        encoded = {file: idx.encode(arrays[file.array]) for file in spec.files}
        contents |= {file.name: data for file, data in encoded.items() if sha256(data) == file.sha256}
    return contents


def _same(path: Path, data: bytes) -> bool:
    return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data
