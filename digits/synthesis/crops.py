"""What an epoch shows to a finder: random crops of composed pages, and what is to be said of each."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from digits.datasets import Split
from digits.errors import not_installed
from digits.processes import Submit, processes, result
from digits.recipes.randomness import derive
from digits.recipes.recipe import Recipe
from digits.synthesis.epoch import TIMES
from digits.synthesis.targets import Targets, targets

try:
    import skimage  # noqa: F401  # whose photographs are among the grounds
except ModuleNotFoundError as error:
    raise not_installed("scikit-image", "finder") from error

from digits.synthesis.pages import VISIBLE, Page, page

PAGE, SIDE = 224, 192  # pixels of a side, of a page and of a crop
TOGETHER = 16  # batches whose crops are of the same pages, each in any of them
CUT_OUT = 0.2  # share of the crops that show a row of digits and little else
COLOURS, INVERTED = 0.3, 0.15  # with other colours, and with bright and dark exchanged


class Batch(NamedTuple):
    """Pictures, uint8, `(n, 192, 192, 3)`, and what is to be said of them."""

    pictures: NDArray[np.uint8]
    targets: Targets


def crops(recipe: Recipe, digits: Split, seed: int, first: int, makers: int) -> Iterator[Batch]:
    """The batches of all epochs, counted from 0, that the recipe has from one on.

    They are made in the background while those before are learned from. How many make them changes nothing in them.

    Args:
        digits: whose hands write on the pages.
        first: the epoch to begin with.
        makers: how many processes make them; one is a thread of this process.
    """
    drawn_from, coming = (recipe, digits, seed), deque["Future[Batch]"]()
    with processes(makers, 1, drawn_from) if makers > 1 else _one_thread(drawn_from) as submit:
        for epoch, number in product(range(first, recipe.epochs), range(_portions(recipe))):
            coming.append(submit(portion, epoch, number))
            if len(coming) > makers:
                yield from _parts(result(coming.popleft()), recipe.batch_size)
        for future in coming:
            yield from _parts(result(future), recipe.batch_size)


@contextmanager
def _one_thread(drawn_from: tuple[Recipe, Split, int]) -> Iterator[Submit]:
    """As `processes`."""
    threads = ThreadPoolExecutor(1)
    try:
        yield lambda function, *arguments: threads.submit(function, drawn_from, *arguments)
    finally:
        threads.shutdown(cancel_futures=True)


def _portions(recipe: Recipe) -> int:
    """How many portions an epoch has; see `portion`."""
    return -(-recipe.pages * TIMES // (TOGETHER * recipe.batch_size))


def portion(drawn_from: tuple[Recipe, Split, int], epoch: int, number: int) -> Batch:
    """A portion of an epoch, counted from 0: up to `TOGETHER` batches, which depend on no other portion.

    Args:
        drawn_from: the recipe, whose hands write on the pages, and the seed.
    """
    recipe, digits, seed = drawn_from
    size = TOGETHER * recipe.batch_size
    count = min(size, recipe.pages * TIMES - number * size)
    rng = np.random.default_rng([derive(seed, "pages", epoch), number])
    composed = [page(digits, rng, PAGE) for _ in range(-(-count // TIMES))]
    shown = [recoloured(part(composed[index // TIMES], SIDE, rng), rng) for index in rng.permutation(count)]
    wanted = [targets(one.boxes, one.labels, SIDE, SIDE) for one in shown]
    return Batch(np.stack([one.pixels for one in shown]), Targets(*map(np.stack, zip(*wanted, strict=True))))


def _parts(whole: Batch, size: int) -> Iterator[Batch]:
    """Its batches of `size`; the last one may be smaller."""
    for first in range(0, len(whole.pictures), size):
        some = slice(first, first + size)
        yield Batch(whole.pictures[some], Targets(*(one[some] for one in whole.targets)))


def part(whole: Page, side: int, rng: np.random.Generator) -> Page:
    """A square of the page, from anywhere, or a row cut out, as on cheques and in data sets.

    A row's edges are drawn out to a square, as the reader does.
    """
    if len(whole.labels) and rng.random() < CUT_OUT:
        row = _row(whole.boxes, int(rng.integers(len(whole.boxes))))
        room = np.median(row[:, 3]) * rng.uniform(-0.05, 0.5, 4) * rng.uniform(0, 1)
        first = row[:, :2].min(axis=0) - room[:2]
        last = (row[:, :2] + row[:, 2:]).max(axis=0) + room[2:]
    else:
        first = rng.integers(np.array(whole.pixels.shape[1::-1]) - side + 1)
        last = first + side
    low, high = (np.round(corner).astype(int).clip(0, whole.pixels.shape[1::-1]) for corner in (first, last))
    return crop(whole, low, np.clip(high, low + 1, low + side), side)


def _row(boxes: NDArray[np.float32], index: int) -> NDArray[np.float32]:
    """The boxes that stand beside this one, itself included."""
    middles = boxes[:, 1] + boxes[:, 3] / 2
    return boxes[np.abs(middles - middles[index]) < boxes[index, 3] / 2]


def crop(whole: Page, low: NDArray[np.int64], high: NDArray[np.int64], side: int) -> Page:
    """What lies between two corners (x, y), with its edges drawn out to a square.

    Of the digits it has those that it shows enough of, as far as it does.
    """
    pixels = whole.pixels[low[1] : high[1], low[0] : high[0]]
    missing = [(0, side - length) for length in pixels.shape[:2]]
    corners = whole.boxes[:, :2] - low
    first, last = corners.clip(0, high - low), (corners + whole.boxes[:, 2:]).clip(0, high - low)
    boxes = np.concatenate([first, last - first], axis=1, dtype=np.float32)
    seen = boxes[:, 2:].prod(axis=1) >= VISIBLE * whole.boxes[:, 2:].prod(axis=1)
    return Page(np.pad(pixels, [*missing, (0, 0)], "edge"), boxes[seen], whole.labels[seen])


def recoloured(one: Page, rng: np.random.Generator) -> Page:
    """The page, or at times the same in other colours, or with bright and dark exchanged."""
    pixels = one.pixels
    if rng.random() < COLOURS:
        pixels = pixels[..., rng.permutation(3)]
    if rng.random() < INVERTED:
        pixels = 255 - pixels
    return Page(pixels, one.boxes, one.labels)
