"""A dataset so small that a trial takes a second or two."""

from pathlib import Path

import numpy as np
import pytest

from digits.datasets import Dataset


@pytest.fixture(scope="session")
def small(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 1,500 training images of MNIST and 500 of its test images, as a file."""
    path = tmp_path_factory.mktemp("small") / "small.npz"
    train, test = mnist.train, mnist.test
    arrays = {"x_train": train.images[:1500], "y_train": train.labels[:1500]}
    np.savez(path, **arrays, x_test=test.images[:500], y_test=test.labels[:500])
    return path
