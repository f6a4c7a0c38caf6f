"""Fashion-MNIST takes the same way as MNIST; the real one comes from Debian's package where that is installed."""

from pathlib import Path

import numpy as np
import pytest

from digits.cli import main
from digits.datasets import download_dataset, full_name, load_dataset, sources
from digits.datasets.registry import DATASETS, FASHION_MNIST, MNIST, title_of
from digits.errors import DigitsError

installed = pytest.mark.skipif(
    not FASHION_MNIST.debian_folder.is_dir(), reason="the package dataset-fashion-mnist is not installed"
)


@installed
def test_fashion_mnist_comes_from_the_debian_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", "--dataset", "fashion-mnist", "--data-dir", str(tmp_path)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Debian package dataset-fashion-mnist: ok"
    assert said[1].startswith(f"Fashion-MNIST saved to {tmp_path}: 60,000 training and 10,000 test images")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["FashionMNIST", "fashion-mnist.npz"]
    assert {path.name for path in (tmp_path / "FashionMNIST" / "raw").iterdir()} == {f.name for f in MNIST.files}
    dataset = load_dataset("fashion-mnist", tmp_path)
    assert (dataset.name, dataset.title, len(dataset.classes)) == ("fashion-mnist", "Fashion-MNIST", 10)
    assert np.bincount(dataset.train.labels).tolist() == [6000] * 10
    assert np.bincount(dataset.test.labels).tolist() == [1000] * 10
    assert dataset.train.labels[:4].tolist() == [9, 0, 0, 3]  # as in every tutorial: an ankle boot comes first
    assert dataset.train.images.mean() / 255 == pytest.approx(0.2860, abs=5e-5)  # the literature's number


@pytest.mark.parametrize("spec", [MNIST, FASHION_MNIST], ids=lambda spec: spec.name)
def test_what_is_public_is_asked_over_https(spec) -> None:
    assert len(spec.mirrors) >= 2
    assert all(url.startswith("https://") and url.endswith("/") for url in spec.mirrors)
    assert len({file.sha256 for file in spec.files}) == 4


def test_two_datasets_share_a_folder_and_no_file() -> None:
    assert len({spec.raw for spec in DATASETS.values()} | {spec.npz for spec in DATASETS.values()}) == 2 * len(DATASETS)
    assert not {file.sha256 for file in MNIST.files} & {file.sha256 for file in FASHION_MNIST.files}


def test_a_dataset_without_npm_package_is_not_asked_of_npm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spec = DATASETS["fashion-mnist"]
    here, absent = (type(spec)(**{**vars(spec), "debian_folder": folder}) for folder in (tmp_path, tmp_path / "no"))
    assert [label for label, _ in sources.sources(absent, mirror=None)] == list(spec.mirrors)
    assert [label for label, _ in sources.sources(here, "some/folder")] == [
        "some/folder",
        "Debian package dataset-fashion-mnist",
        *spec.mirrors,
    ]


def test_what_is_missing_comes_with_the_command_that_gets_that_dataset(tmp_path: Path) -> None:
    with pytest.raises(DigitsError) as caught:
        load_dataset("fashion-mnist", tmp_path)
    command = f"digits download --dataset fashion-mnist --data-dir {tmp_path}"
    assert str(caught.value) == f"Fashion-MNIST is not in {tmp_path}. Run: {command}"


def test_only_named_datasets_are_downloaded(tmp_path: Path) -> None:
    with pytest.raises(DigitsError, match="dataset is 'emnist'; allowed for download: mnist, fashion-mnist. Your own"):
        download_dataset(tmp_path / "data", name="emnist")
    assert not (tmp_path / "data").exists()


def test_names_stay_and_paths_become_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("link").symlink_to("real")
    assert full_name("fashion-mnist") == "fashion-mnist"
    assert full_name("./mnist") == str(tmp_path / "mnist")
    assert full_name("link/a.npz") == str(tmp_path / "real" / "a.npz")
    assert (full_name(""), full_name("a\0b")) == ("", "a\0b")
    assert (title_of("mnist"), title_of("/some/where/my digits"), title_of("/")) == ("MNIST", "my digits", "/")
