"""What a network sees in training: images, and what augmentation makes of them in one epoch after another."""

from pathlib import Path

import numpy as np

from digits.backends import load_backend
from digits.datasets import load_dataset
from digits.errors import DigitsError
from digits.evaluation import plots
from digits.files import display, write_together
from digits.recipes import Recipe
from digits.recipes.augmentation import outlines, sample
from digits.recipes.randomness import derive

ROWS, COLUMNS = 10, 11


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
