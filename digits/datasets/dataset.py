"""What a dataset is, wherever it comes from."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

SIDE = 28  # pixels, of each image


@dataclass(frozen=True)
class Split:
    """Images (uint8, `(n, 28, 28)`, ink bright on dark) and their labels (int64, `(n,)`)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """A dataset in memory: its name or path, its title in pictures, a name for each label, and its two splits."""

    name: str
    title: str
    classes: tuple[str, ...]
    train: Split
    test: Split

    @cached_property
    def sha256(self) -> str:
        """Of all images and labels: where it is the same, so are these."""
        digest = hashlib.sha256()
        for split in (self.train, self.test):
            digest.update(repr(split.images.shape).encode())
            digest.update(np.ascontiguousarray(split.images).data)
            digest.update(np.ascontiguousarray(split.labels).data)
        return digest.hexdigest()
