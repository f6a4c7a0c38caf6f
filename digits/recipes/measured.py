"""What the recipes cost, and what they were measured to reach: the figures that `digits recipes` lists.

Tests count the networks' parameters and multiply-adds. Accuracies and seconds are from `benchmarks/accuracy.py`, on two
cores of an AMD EPYC (Zen 5): means over seeds, each with the 95 % interval of that mean. Two seeds say little of how
seeds differ: there it is Wilson's interval of an accuracy that was measured on so many images.
"""

from dataclasses import dataclass

from digits.recipes import RECIPES
from digits.runs import BACKENDS


@dataclass(frozen=True)
class Cost:
    """Of an architecture with ten classes: trained parameters, and multiply-adds for an image (biases not counted)."""

    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Reached:
    """What was measured.

    Attributes:
        accuracy: mean test accuracy over the seeds, in percent.
        margin: half the width of its 95 % interval, likewise.
        seeds: how many.
        seconds: median time of training and evaluating one; None where other work ran beside.
        flags: what was changed in the recipe.
    """

    accuracy: float
    margin: float
    seeds: int
    seconds: float | None
    flags: str = ""

    def __str__(self) -> str:
        return f"{self.accuracy:.2f} ± {self.margin:.2f} %"


COSTS = {
    "baseline": Cost(108_618, 758_592),
    "fast": Cost(108_874, 622_080),
    "deep": Cost(335_402, 28_696_320),
}

# By recipe, dataset and backend.
REACHED: dict[tuple[str, str, str], Reached] = {
    ("baseline", "mnist", "pytorch"): Reached(98.85, 0.18, 5, 4.8),
    ("baseline", "mnist", "tensorflow"): Reached(98.91, 0.09, 5, 5.1),
    ("fast", "mnist", "pytorch"): Reached(99.16, 0.04, 10, 0.95),
    ("fast", "mnist", "tensorflow"): Reached(99.12, 0.05, 10, 1.67),
    ("deep", "mnist", "pytorch"): Reached(99.72, 0.04, 5, 400),
    ("deep", "mnist", "tensorflow"): Reached(99.72, 0.11, 2, 489),
    ("deep", "fashion-mnist", "pytorch"): Reached(
        94.47, 0.45, 2, None, "--ensemble 1 --epochs 20 --rotation 0 --shear 0 --elastic 0 --thickness 0 --refinement 0"
    ),
}


def table() -> str:
    """The recipes with the costs of their networks, and the accuracies and seconds that they were measured to reach."""
    lines = [f"{'recipe':<10}{'networks':>8}{'parameters':>12}{'multiply-adds':>16}{'epochs':>8}  measured"]
    for name, recipe in RECIPES.items():
        cost, count = COSTS[recipe.architecture], recipe.ensemble
        costs = f"{count * cost.parameters:>12,}{count * cost.multiply_adds:>16,}"
        start = f"{name:<10}{count:>8}{costs}{recipe.epochs:>8}"
        figures = [
            f"{reached} on {dataset}, {BACKENDS[backend]}, {reached.seeds} seeds"
            + (f" of {reached.seconds:.3g} s" if reached.seconds else "")
            + (f", with {reached.flags}" if reached.flags else "")
            for (of, dataset, backend), reached in REACHED.items()
            if of == name
        ]
        for line in figures or ["not yet"]:
            lines.append(f"{start}  {line}")
            start = " " * len(start)
    lines.append("\nTest accuracy: the mean over seeds with its 95 % interval. Multiply-adds: for one image.")
    return "\n".join(lines)
