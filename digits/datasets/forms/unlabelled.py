"""Images without labels, to be read by a model: arrays and tables as people save them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digits.datasets.forms.csv_files import has_csv, read_unlabelled_csv
from digits.datasets.forms.numpy_files import read_array
from digits.datasets.forms.parts import shown, tell
from digits.datasets.forms.pixels import to_greys
from digits.errors import DigitsError


def read_unlabelled(path: Path) -> NDArray[np.uint8]:
    """The images of a `.npy`, `.csv` or `.csv.gz`: uint8, `(n, height, width)`. What is converted is said on stderr.

    Raises:
        DigitsError: it is not there, damaged, too large, or could be read in two ways.
    """
    if not path.is_file():
        raise DigitsError(f"{shown(path)} is not there")
    if has_csv(path):
        return read_unlabelled_csv(path)
    array = read_array(path)
    if array.ndim == 2 and array.shape == (28, 28):  # one image
        array = array[np.newaxis]
    (greys,), said = to_greys({shown(path): array})
    if said:
        tell(f"note: in {shown(path)} {'; '.join(said)}")
    return greys
