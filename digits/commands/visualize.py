"""`digits visualize`: what runs are worth, what a network sees in training, and what is drawn beside that."""

from pathlib import Path

import numpy as np

from digits.backends import load_backend
from digits.datasets import SIDE, load_dataset
from digits.errors import DigitsError
from digits.evaluation import plots
from digits.files import display, write_together
from digits.recipes import Recipe
from digits.recipes.randomness import derive
from digits.synthesis import non_digits, strokes, variants
from digits.synthesis.augmentation import outlines, sample

ROWS, COLUMNS = 10, 11
HANDS = 3  # beside the plain drawing of a variant


def show_augmentation(recipe: Recipe, backend: str, dataset: str, data_dir: Path, output_dir: Path) -> None:
    """Draw an image of each of the first classes beside eleven of its augmented forms into `output_dir`.

    Raises:
        DigitsError: the recipe changes no images, or the data are missing or damaged, or the framework is.
        OSError: the picture cannot be written.
    """
    if not recipe.augmentation:
        raise DigitsError(f"the recipe {recipe.name} does not change its images. Try --recipe deep, or --rotation 10")
    data = load_dataset(dataset, data_dir)
    firsts = [int(np.flatnonzero(data.train.labels == label)[0]) for label in range(min(ROWS, len(data.classes)))]
    images = data.train.images[np.repeat(firsts, COLUMNS)]  # (rows · columns, 28, 28)
    transforms = sample(recipe.augmentation, outlines(images), np.random.default_rng(derive(0, "augmentation")))
    changed = load_backend(backend).augmented(images, transforms)
    rows = changed.reshape(-1, COLUMNS, *changed.shape[1:])
    rows = np.concatenate([data.train.images[firsts][:, np.newaxis], rows], axis=1)
    page = plots.augmentation(rows, data.title, f"as {recipe.name} changes it in training")
    write_together(output_dir, {"augmentation.png": plots.png(page)})
    print(f"Saved {display(output_dir)}/augmentation.png")


def show_strokes(data_dir: Path, output_dir: Path) -> None:
    """Draw into `output_dir` all variants of digits, each plainly and by three hands, and what is no digit.

    Raises:
        DigitsError: the data, of whose digits pairs and pieces are made, are missing or damaged.
        OSError: the pictures cannot be written.
    """
    training, rng = load_dataset("mnist", data_dir).train, np.random.default_rng(0)
    plain = strokes.draw(variants.DIGITS, strokes.PLAIN, rng)[:, np.newaxis]
    by_hand = strokes.draw([one for one in variants.DIGITS for _ in range(HANDS)], strokes.Hand(), rng)
    images = np.concatenate([plain, by_hand.reshape(-1, HANDS, *by_hand.shape[1:])], axis=1)
    characters, names = [one.character for one in variants.DIGITS], [one.name for one in variants.DIGITS]
    digits = plots.drawn(images, characters, names, "Ways of writing digits", "each plainly, and by three hands")
    each = 6  # pictures of four images
    none = np.stack([kind(4 * each, training, rng) for kind in non_digits.KINDS]).reshape(-1, 4, SIDE, SIDE)
    kinds = [kind.__name__.replace("_", " ") for kind in non_digits.KINDS for _ in range(each)]
    others = plots.drawn(none, [""] * len(kinds), kinds, "What is no digit", "as training shows it")
    write_together(output_dir, {"strokes.png": plots.png(digits), "nothing.png": plots.png(others)})
    print(f"Saved {display(output_dir)}/strokes.png and nothing.png")
