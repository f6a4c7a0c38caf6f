"""A model that learned from MNIST alone, and somebody who writes with MNIST's test digits."""

from pathlib import Path

import numpy as np
import pytest

from digits.page.site import BASELINE
from digits.reading import Reader
from tests.reading.compose import Writer


@pytest.fixture(scope="session")
def model() -> Path:
    """The baseline that ships with the page: enough to tell digits apart, not as good as what ships to read."""
    return BASELINE


@pytest.fixture(scope="session")
def reader(model: Path) -> Reader:
    return Reader(model)


@pytest.fixture
def writer(mnist, rng: np.random.Generator) -> Writer:
    return Writer(mnist.test.images, mnist.test.labels, rng)
