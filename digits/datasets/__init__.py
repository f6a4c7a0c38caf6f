"""Where pixels come from: NumPy arrays, checked. Knows nothing of frameworks."""

from digits.datasets.dataset import SIDE, Dataset, Split
from digits.datasets.download import download_dataset
from digits.datasets.forms.parquet_files import count_images, images_from, require_pyarrow, rows_of
from digits.datasets.forms.parts import in_natural_order, shown
from digits.datasets.forms.unlabelled import read_unlabelled
from digits.datasets.forms.write import write_dataset
from digits.datasets.load import check_data_dir, load_dataset, load_test
from digits.datasets.registry import DIGITS, full_name

__all__ = [
    "DIGITS",
    "SIDE",
    "Dataset",
    "Split",
    "check_data_dir",
    "count_images",
    "download_dataset",
    "full_name",
    "images_from",
    "in_natural_order",
    "load_dataset",
    "load_test",
    "read_unlabelled",
    "require_pyarrow",
    "rows_of",
    "shown",
    "write_dataset",
]
