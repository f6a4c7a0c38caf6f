"""What a dataset is, wherever it comes from."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

SIDE = 28  # pixels, of each image


@dataclass(frozen=True)
class Split:
    """Images (uint8, `(n, 28, 28)`, ink bright on dark) and their labels (int64, `(n,)`)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, which: NDArray[np.integer | np.bool] | slice) -> "Split":
        """Some of the images, by index or by a mask."""
        return Split(self.images[which], self.labels[which])


@dataclass(frozen=True)
class Dataset:
    """A dataset in memory.

    Attributes:
        name: its name or path.
        title: what pictures call it.
        classes: a name for each label.
        train, test: its two splits.
        validation: the images that it brings to choose the best epoch by, or None.
    """

    name: str
    title: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    validation: Split | None = None

    @cached_property
    def sha256(self) -> str:
        """Of all images and labels: where it is the same, so are these."""
        digest = hashlib.sha256()
        for split in (self.train, self.test, *([self.validation] if self.validation else [])):
            digest.update(repr(split.images.shape).encode())
            digest.update(np.ascontiguousarray(split.images).data)
            digest.update(np.ascontiguousarray(split.labels).data)
        return digest.hexdigest()
