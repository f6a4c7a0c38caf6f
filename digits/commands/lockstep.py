"""`digits lockstep`: trains both frameworks in step, prints each step, and draws both."""

from pathlib import Path
from typing import TYPE_CHECKING

from digits.commands import click, options
from digits.files import display, write_together
from digits.recipes import RECIPES, Recipe

if TYPE_CHECKING:
    from digits.training.lockstep import Pair


@options.command("lockstep", "train both frameworks in step and compare their weights", "digits lockstep --steps 50")
@click.option(
    "--recipe", type=click.Choice(list(RECIPES)), default="baseline", show_default=True, help="Recipe to train."
)
@click.option("--steps", type=int, default=200, show_default=True, metavar="N", help="Steps in each precision.")
@options.seed()
@options.data_dir()
@options.output_dir()
def command(recipe: str, steps: int, seed: int, data_dir: Path, output_dir: Path) -> None:
    show(RECIPES[recipe], steps, seed, data_dir, output_dir)


def show(recipe: Recipe, steps: int, seed: int, data_dir: Path, output_dir: Path) -> None:
    """Run the lockstep in float64 and in float32, print each step, and draw both into `output_dir`.

    Raises:
        DigitsError: see `lockstep`; or the data are missing or damaged.
        OSError: the picture cannot be written.
    """
    from digits.datasets import load_dataset
    from digits.evaluation import plots
    from digits.training.lockstep import lockstep

    dataset = load_dataset("mnist", data_dir)
    runs: dict[str, list[Pair]] = {}
    for precision in ("float64", "float32"):
        coming = lockstep(dataset, recipe, steps, seed, precision)
        print(f"\n{precision}: the same weights, the same batches in the same order, dropout off\n")
        print(f"{'step':>5}  {'loss in PyTorch':<20}{'loss in TensorFlow':<20}largest difference of a weight")
        runs[precision] = []
        for step in coming:
            runs[precision].append(step)
            print(f"{step.number:>5}  {step.pytorch:<20.15f}{step.tensorflow:<20.15f}{step.difference:.1e}")
    print()
    for precision, taken in runs.items():
        print(f"{precision}: after {steps} steps no weight differs by more than {taken[-1].difference:.1e}")
    losses = [step.pytorch for step in runs["float64"]], [step.tensorflow for step in runs["float64"]]
    differences = {precision: [step.difference for step in taken] for precision, taken in runs.items()}
    write_together(output_dir, {"lockstep.png": plots.png(plots.lockstep(*losses, differences))})
    print(f"Saved {display(output_dir)}/lockstep.png")
