"""Where pixels come from: NumPy arrays, checked against the published files. Knows nothing of frameworks."""

from digits.datasets.download import download_dataset
from digits.datasets.load import Dataset, Split, load_dataset

__all__ = ["Dataset", "Split", "download_dataset", "load_dataset"]
