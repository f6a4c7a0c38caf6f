"""What an epoch shows beside the training images: digits as people elsewhere write and print them, and what is none."""

import numpy as np

from digits.datasets import DIGITS, Split
from digits.recipes.randomness import derive
from digits.recipes.recipe import NO_DRAWING, Recipe

TIMES = 4  # that a composed page is shown, on average, in crops


def shown_count(recipe: Recipe, images: int) -> int:
    """How many images an epoch shows, where there are so many to train on; to a finder, how many crops of pages."""
    if recipe.finds:
        return recipe.pages * TIMES
    return images + sum(_counts(recipe, images))


def shown(recipe: Recipe, training: Split, seed: int, epoch: int) -> Split:
    """The images of an epoch, counted from 0: those to train on, and then those that are drawn, as many in each epoch.

    The label of what is no digit is 10, and of several 11.
    """
    written, in_print, small, none, cut = _counts(recipe, len(training))
    from digits.synthesis import non_digits, printed, strokes, variants
    from digits.synthesis.low_resolution import coarse

    rng = np.random.default_rng(derive(seed, "drawing", epoch))
    ways = [variants.DIGITS[index] for index in rng.integers(len(variants.DIGITS), size=written)]
    which, characters = printed.draw(DIGITS, in_print, rng)
    digits = _joined(
        training,
        Split(strokes.draw(ways, strokes.Hand(), rng), np.array([int(way.character) for way in ways], np.int64)),
        Split(characters, which),
    )
    again = rng.integers(len(digits), size=small)
    few_pixels = Split(coarse(digits.images[again], rng), digits.labels[again])
    parts = [digits, few_pixels, non_digits.draw(none, training, rng)]
    if cut:
        from digits.synthesis import cut_outs  # which takes an extra

        parts.append(cut_outs.draw(cut, training, rng))
    return _joined(*parts)


def _joined(*parts: Split) -> Split:
    return Split(np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts]))


def _counts(recipe: Recipe, images: int) -> list[int]:
    """How many images of each kind are drawn beside so many training images, in the order of `NO_DRAWING`."""
    return [round(getattr(recipe, name) * images) for name in NO_DRAWING]
