"""`digits visualize`: what runs are worth, what a network sees in training, and what is drawn beside that."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from digits.backends import BACKENDS
from digits.commands import click, options
from digits.commands.tables import table
from digits.errors import DigitsError
from digits.files import display, write_together
from digits.recipes import RECIPES, Augmentation, Recipe, about, flag

if TYPE_CHECKING:
    from digits.runs import Run

ROWS, COLUMNS = 10, 11
HANDS = 3  # beside the plain drawing of a variant


def show_augmentation(recipe: Recipe, backend: str, dataset: str, data_dir: Path, output_dir: Path) -> None:
    """Draw an image of each of the first classes beside eleven of its augmented forms into `output_dir`.

    Raises:
        DigitsError: the recipe changes no images, or the data are missing or damaged, or the framework is.
        OSError: the picture cannot be written.
    """
    from digits.backends import load_backend
    from digits.datasets import load_dataset
    from digits.evaluation import plots
    from digits.recipes.randomness import derive
    from digits.synthesis.augmentation import outlines, sample

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
    from digits.datasets import SIDE, load_dataset
    from digits.evaluation import plots
    from digits.synthesis import non_digits, strokes, variants

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


folders = options.together([options.data_dir(), options.output_dir()])


@options.command(
    "visualize", "draw what runs are worth, or what training shows", "digits visualize augmentation --rotation 20"
)
@click.argument("what", type=click.Choice(["runs", "augmentation", "strokes"]), default="runs")
@folders
@click.option_panel("Of augmentation only")
@options.recipe_options(RECIPES, "deep", about(Augmentation))
@click.option("--backend", type=click.Choice(list(BACKENDS)), help="Whose augmentation to draw. [default: pytorch]")
@options.dataset(f"{options.OWN} [default: mnist]", default=None)
def command(what: str, data_dir: Path, output_dir: Path, **flags: Any) -> None:
    given = [name for name, value in flags.items() if value is not None]
    if what == "augmentation":
        from digits.datasets import full_name

        recipe = options.chosen(RECIPES, "deep", flags)
        dataset = full_name(flags["dataset"] or "mnist")
        show_augmentation(recipe, flags["backend"] or "pytorch", dataset, data_dir, output_dir)
    elif given:
        instead = "Run: digits visualize augmentation"
        raise DigitsError(f"{flag(given[0])} changes nothing in pictures of {what}. {instead}")
    elif what == "strokes":
        show_strokes(data_dir, output_dir)
    else:
        show_runs(data_dir, output_dir)


def show_runs(data_dir: Path, output_dir: Path) -> None:
    """Draw every run in `output_dir`, save the pictures beside it and print a table.

    A backend without predictions is a warning; so is a dataset that cannot be read, without which mistakes cannot be
    shown.

    Raises:
        DigitsError: there is no run at all, or one whose files are damaged or do not belong together.
        OSError: the pictures cannot be written.
    """
    from digits.evaluation.visualize import load_runs, render_pictures

    runs = load_runs(output_dir)
    pictures = render_pictures(runs, data_dir)
    write_together(output_dir, pictures)
    for name in pictures:
        print(f"Saved {display(output_dir)}/{name}")
    print(f"\n{_table(runs)}")


def _table(runs: dict[str, "Run"]) -> str:
    from digits.evaluation import metrics

    rows = []
    for run in runs.values():
        accuracy = metrics.accuracy(run.labels, run.predictions)
        seconds = f"{run.record.train_seconds + run.record.evaluate_seconds:.1f}" if run.record else "?"
        rows.append((run.title, f"{accuracy.value:.2%}", accuracy.interval, seconds))
    return table(rows, ("framework", "test accuracy", "95% interval", "seconds"), left=(0, 1, 2))
