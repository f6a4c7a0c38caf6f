"""A run of `digits train` whose network finds digits: it is asked about composed pages, in place of test images."""

import time

import numpy as np
from numpy.typing import NDArray

from digits.commands.steps import Settings, build, end, load, model_files, recorded, train
from digits.datasets import Split
from digits.files import display
from digits.recipes.randomness import derive
from digits.runs import save_record
from digits.training import Model

PAGES, AT_ONCE = 500, 20  # that it is asked about, and how many of them at a time
LEAST = 0.4  # probability of what counts as found
NEAR = 0.25  # of the longer side of a digit: so near to its centre it must be found


def run(settings: Settings) -> None:
    """A whole run."""
    dataset = load(settings)
    model = build(settings, dataset)
    history = train(settings, model, dataset)
    began = time.perf_counter()
    share = read_whole(model, dataset.test)
    print(f"Pages read whole: {share:.2%}")
    measured = {"pages_read_whole": share}
    record = recorded(settings, model, dataset, history, time.perf_counter() - began, measured)
    save_record(settings.output_dir, record, model_files(settings, model, dataset, measured))
    end(settings, model, dataset, history, measured)
    print(f"Finder saved to {display(settings.output_dir)}")


def read_whole(model: Model, digits: Split) -> float:
    """The share of composed pages of which the model finds all digits, and nothing else.

    They are the same for all models. The hands that write on them are those of the test images, which training has
    never seen.
    """
    from digits.reading.peaks import distinct, peaks
    from digits.synthesis.crops import SIDE
    from digits.synthesis.pages import page

    whole = 0
    for first in range(0, PAGES, AT_ONCE):
        seeds = ([derive(0, "unseen pages"), index] for index in range(first, first + AT_ONCE))
        pages = [page(digits, np.random.default_rng(seed), SIDE) for seed in seeds]
        for one, maps in zip(
            pages, model.backend.predict(model.network, np.stack([one.pixels for one in pages])), strict=True
        ):
            boxes, scores, probabilities = peaks(maps, LEAST)
            kept = distinct(boxes, scores)
            whole += agree(one.boxes, one.labels, boxes[kept], probabilities[kept].argmax(axis=1))
    return whole / PAGES


def agree(
    boxes: NDArray[np.float32], labels: NDArray[np.int64], found: NDArray[np.float32], said: NDArray[np.int64]
) -> bool:
    """Whether each digit was found, and nothing else.

    Args:
        boxes, found: `(n, 4)`: left, top, width and height of each digit, and of what was found.
        labels, said: `(n,)`: which digit each is, and is said to be.
    """
    if len(boxes) != len(found):
        return False
    middles, others = (each[:, :2] + each[:, 2:] / 2 for each in (boxes, found))
    apart = np.linalg.norm(middles[:, np.newaxis] - others, axis=2)  # (n, n)
    near = (apart <= NEAR * boxes[:, 2:].max(axis=1)[:, np.newaxis]) & (labels[:, np.newaxis] == said)
    return bool(near.any(axis=0).all() and near.any(axis=1).all())
