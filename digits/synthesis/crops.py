"""What an epoch shows to a finder: random crops of composed pages, and what is to be said of each."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from digits.datasets import Split
from digits.errors import not_installed
from digits.recipes.randomness import derive
from digits.recipes.recipe import Recipe
from digits.synthesis.epoch import TIMES, shown_count
from digits.synthesis.targets import Targets, targets

try:
    import skimage  # noqa: F401  # whose photographs are among the grounds

    from digits.synthesis.pages import VISIBLE, Page, page
except ModuleNotFoundError as error:
    raise not_installed("scikit-image" if error.name == "skimage" else "opencv", "finder") from error

PAGE, SIDE = 224, 192  # pixels of a side, of a page and of a crop
KEPT = 1000  # pages to crop from: of those before they take the place; 150 MB
COLOURS, INVERTED = 0.3, 0.15  # shares of the crops with other colours, and with bright and dark exchanged


class Batch(NamedTuple):
    """Pictures, uint8, `(n, 192, 192, 3)`, and what is to be said of them."""

    pictures: np.ndarray
    targets: Targets


def crops(recipe: Recipe, digits: Split, seed: int, epoch: int) -> Iterator[Batch]:
    """The batches of an epoch, counted from 0: each is made in the background while the one before is learned from.

    Args:
        digits: whose hands write on the pages.
    """
    with ThreadPoolExecutor(1) as thread:
        batches = _batches(recipe, digits, seed, epoch)
        coming = thread.submit(next, batches, None)
        while batch := coming.result():
            coming = thread.submit(next, batches, None)
            yield batch


def _batches(recipe: Recipe, digits: Split, seed: int, epoch: int) -> Iterator[Batch]:
    """The batches, whose pages are composed as they come."""
    own = derive(seed, "pages", epoch)
    rng, kept, composed = np.random.default_rng(own), deque[Page](maxlen=KEPT), 0
    count = shown_count(recipe, len(digits))
    for first in range(0, count, recipe.batch_size):
        last = min(first + recipe.batch_size, count)
        while composed * TIMES < last:
            kept.append(page(digits, np.random.default_rng([own, composed]), PAGE))
            composed += 1
        shown = [recoloured(crop(kept[rng.integers(len(kept))], SIDE, rng), rng) for _ in range(first, last)]
        wanted = [targets(one.boxes, one.labels, SIDE, SIDE) for one in shown]
        yield Batch(np.stack([one.pixels for one in shown]), Targets(*map(np.stack, zip(*wanted, strict=True))))


def crop(whole: Page, side: int, rng: np.random.Generator) -> Page:
    """A square of the page, from anywhere; of the digits it has those that it shows enough of, as far as it does."""
    height, width = whole.pixels.shape[:2]
    left, top = int(rng.integers(width - side + 1)), int(rng.integers(height - side + 1))
    corners = whole.boxes[:, :2] - (left, top)
    low, high = corners.clip(0, side), (corners + whole.boxes[:, 2:]).clip(0, side)
    boxes = np.concatenate([low, high - low], axis=1, dtype=np.float32)
    seen = boxes[:, 2:].prod(axis=1) >= VISIBLE * whole.boxes[:, 2:].prod(axis=1)
    return Page(whole.pixels[top : top + side, left : left + side], boxes[seen], whole.labels[seen])


def recoloured(one: Page, rng: np.random.Generator) -> Page:
    """The page, or at times the same in other colours, or with bright and dark exchanged."""
    pixels = one.pixels
    if rng.random() < COLOURS:
        pixels = pixels[..., rng.permutation(3)]
    if rng.random() < INVERTED:
        pixels = 255 - pixels
    return Page(pixels, one.boxes, one.labels)
