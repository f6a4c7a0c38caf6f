"""Where pixels come from: NumPy arrays, checked. Knows nothing of frameworks."""

from digits.datasets.dataset import SIDE, Dataset, Split
from digits.datasets.download import download_dataset
from digits.datasets.load import load_dataset, load_test
from digits.datasets.registry import full_name
from digits.datasets.unlabelled import read_unlabelled
from digits.datasets.write import write_dataset

__all__ = [
    "SIDE",
    "Dataset",
    "Split",
    "download_dataset",
    "full_name",
    "load_dataset",
    "load_test",
    "read_unlabelled",
    "write_dataset",
]
