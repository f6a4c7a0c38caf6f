"""The plain loops: they run as they are written, and are the very thing that tutorials teach."""

import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from digits.datasets import Dataset, Split, write_dataset
from tests.conftest import ROOT, run

pytestmark = pytest.mark.whole

PLAIN = {"pytorch": "plain_pytorch.py", "tensorflow": "plain_tensorflow.py"}


@pytest.fixture(scope="module")
def raw_dir(mnist: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first images of MNIST, as its four files."""
    folder = tmp_path_factory.mktemp("plain") / "raw"
    train, test = (Split(split.images[:n], split.labels[:n]) for split, n in [(mnist.train, 6400), (mnist.test, 1000)])
    write_dataset(Dataset("small", "small", mnist.classes, train, test), folder, "idx")
    return folder


@pytest.mark.parametrize("script", PLAIN.values())
def test_a_plain_loop_learns_and_ends_with_a_line_for_the_benchmarks(script, raw_dir):
    done = run(f"lessons/{script}", raw_dir, 1)
    assert done.returncode == 0, done.stderr
    *_, said, last = done.stdout.splitlines()
    result = json.loads(last)
    assert set(result) == {"seconds", "accuracy"}
    assert said == f"Test Accuracy: {result['accuracy']:.2%}"
    assert 0.85 < result["accuracy"] < 0.99
    assert result["seconds"] > 0.1
    losses = [float(loss) for loss in re.findall(r"loss: (\d\.\d+)", done.stdout, re.IGNORECASE)]
    assert len(losses) == 3
    assert losses[0] > losses[1] > losses[2]


@pytest.mark.parametrize("script", PLAIN.values())
def test_without_data_one_line_says_what_to_do(script, tmp_path):
    done = run(f"lessons/{script}", tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"error: MNIST is not in {tmp_path}. Run: python download_mnist.py"
    assert "Traceback" not in done.stderr


def test_the_plain_networks_are_those_of_the_scripts():
    torch_network = runpy.run_path(str(ROOT / "lessons" / PLAIN["pytorch"]))["network"]()
    keras_network = runpy.run_path(str(ROOT / "lessons" / PLAIN["tensorflow"]))["network"]()
    theirs = [tuple(weights.shape) for weights in torch_network.parameters()]
    assert sum(int(np.prod(shape)) for shape in theirs) == keras_network.count_params() == 108_618
    script = runpy.run_path(str(ROOT / "mnist_pytorch.py"))
    ours = script["network"](script["filters"], script["hidden_units"], script["dropout"], 10)
    assert str(torch_network) == str(ours)


@pytest.mark.parametrize("script", PLAIN.values())
def test_a_plain_loop_takes_nothing_of_the_package(script):
    assert not re.search(r"^\s*(from|import) digits", (ROOT / "lessons" / script).read_text(), re.MULTILINE)
