"""A dataset of a few kilobytes under the name `mnist`."""

from pathlib import Path

import numpy as np
import pytest

from digits.datasets import idx
from digits.datasets.registry import DATASETS, MNIST, DatasetSpec, IdxFile
from digits.files import sha256

_RNG = np.random.default_rng(0)
ARRAYS = {
    "x_train": _RNG.integers(256, size=(6, 28, 28), dtype=np.uint8),
    "y_train": np.arange(6, dtype=np.uint8),
    "x_test": _RNG.integers(256, size=(4, 28, 28), dtype=np.uint8),
    "y_test": np.arange(6, 10, dtype=np.uint8),
}
FILES = {file.name: idx.encode(ARRAYS[file.array]) for file in MNIST.files}  # the true bytes, by name
SPEC = DatasetSpec(
    name="mnist",
    title="Tiny",
    classes=MNIST.classes,
    raw=MNIST.raw,
    npz=MNIST.npz,
    files=tuple(IdxFile(f.name, sha256(FILES[f.name]), ARRAYS[f.array].shape, f.array) for f in MNIST.files),
    mirrors=(),
    npm_package="no-such-package@0.0.0",
    npm_folder="package/data",
)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> DatasetSpec:
    """`SPEC` in the place of MNIST, on a machine without npm and without a proxy."""
    monkeypatch.setitem(DATASETS, "mnist", SPEC)
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("bin")))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return SPEC


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def assert_complete(data_dir: Path) -> None:
    """The folder holds the tiny dataset in both forms, and nothing else."""
    assert {path.name: path.read_bytes() for path in (data_dir / SPEC.raw).iterdir()} == FILES
    with np.load(data_dir / SPEC.npz, allow_pickle=False) as archive:
        assert {name: array.tolist() for name, array in archive.items()} == {k: v.tolist() for k, v in ARRAYS.items()}
    assert sorted(path.name for path in data_dir.iterdir()) == ["MNIST", "mnist.npz"]
