"""`digits recipes`: the recipes, what their networks cost, and what they were measured to reach."""

from digits.backends import BACKENDS
from digits.commands import options
from digits.commands.tables import table
from digits.evaluation.measured import COSTS, MEASUREMENTS, PROCESSORS
from digits.recipes import RECIPES, Recipe


@options.command("recipes", "list the recipes, their networks and what they reach", "digits recipes")
def command() -> None:
    print(listed())


def listed() -> str:
    """The recipes with the costs of their networks, and the accuracies and seconds that they were measured to reach.

    What is not known of a recipe is a dash.
    """
    headers = ("recipe", "networks", "parameters", "multiply-adds", "epochs", "measured")
    rows = [
        (*(_costs(recipe) if index == 0 else [""] * 5), line)
        for recipe in RECIPES.values()
        for index, line in enumerate(_measured(recipe))
    ]
    shown = table(rows, headers, left=(0, 5))
    processors = "".join(f"\n{name}: {processor}." for name, processor in PROCESSORS.items())
    return (
        f"{shown}\n\nTest accuracy: the mean over seeds with its 95% interval. Multiply-adds: for one image, "
        f"or a page of 192 × 192. "
        f"Seconds: to train and evaluate a seed on two cores.{processors}"
    )


def _costs(recipe: Recipe) -> list[str]:
    """The cells of a recipe that say what it costs."""
    cost = COSTS.get(recipe.name)
    figures = (cost.parameters, cost.multiply_adds) if cost else ()
    costs = [f"{recipe.ensemble * figure:,}" for figure in figures] or ["–", "–"]
    return [recipe.name, str(recipe.ensemble), *costs, str(recipe.epochs)]


def _measured(recipe: Recipe) -> list[str]:
    """A line for each measurement of the recipe."""
    return [
        f"{measured} on {dataset}, {BACKENDS[backend].title}, {measured.seeds} seed{'s' * (measured.seeds > 1)}"
        + "".join(f", {seconds:.3g} s ({processor})" for processor, seconds in measured.seconds.items())
        + (f", with {measured.flags}" if measured.flags else "")
        for (name, dataset, backend), measured in MEASUREMENTS.items()
        if name == recipe.name
    ] or ["–"]
