"""Where pixels come from: NumPy arrays, checked. Knows nothing of frameworks."""

from digits.datasets.dataset import SIDE, Dataset, Split
from digits.datasets.download import download_dataset
from digits.datasets.load import load_dataset
from digits.datasets.registry import full_name

__all__ = ["SIDE", "Dataset", "Split", "download_dataset", "full_name", "load_dataset"]
