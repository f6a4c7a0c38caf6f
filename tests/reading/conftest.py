"""A small model, trained for these tests, and somebody who writes with MNIST's test digits."""

from pathlib import Path

import numpy as np
import pytest

from digits.reading import Reader
from tests.conftest import run
from tests.reading.compose import Writer


@pytest.fixture(scope="session")
def model(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`fast`, trained for one epoch and exported: enough to tell digits apart, not as good as what ships."""
    folder = tmp_path_factory.mktemp("reader")
    flags = ("--recipe", "fast", "--precision", "float32", "--data-dir", data_dir, "--output-dir", folder)
    for command in (("train", "pytorch", *flags), ("export", folder / "pytorch_model.safetensors")):
        done = run("-m", "digits", *command)
        assert done.returncode == 0, done.stderr
    return folder / "pytorch_model.onnx"


@pytest.fixture(scope="session")
def reader(model: Path) -> Reader:
    return Reader(model)


@pytest.fixture
def writer(mnist, rng: np.random.Generator) -> Writer:
    return Writer(mnist.test.images, mnist.test.labels, rng)
