"""Training from Python, in three lines: what `digits train` does, and the trained model in hand."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from digits.backends import BACKENDS
from digits.commands import steps
from digits.commands.options import DEVICES, PRECISIONS, chosen
from digits.datasets import Dataset, full_name
from digits.errors import DigitsError
from digits.exchange.classifier import Classifier
from digits.files import DATA_DIR
from digits.recipes import RECIPES, Augmentation, Recipe, about
from digits.runs import model_name
from digits.training import History, Model, Result, Settings


@dataclass(frozen=True, eq=False)
class TrainedModel(Classifier):
    """A model that was trained here, ready to predict and to be saved.

    Attributes:
        history: the epochs of its training.
        result: its predictions about the test images.
    """

    history: History
    result: Result
    _run: tuple[Settings, Model, Dataset] = field(repr=False)

    @property
    def accuracy(self) -> float:
        """The share of the test images that it predicts right: 0 to 1."""
        return self.result.accuracy

    def save(self, folder: str | Path) -> Path:
        """Write what `digits train` writes: model, predictions, labels, probabilities and the run's record, or nothing.

        Returns:
            The path of the model.

        Raises:
            OSError: the folder cannot be written, or the disk is full.
        """
        settings, model, dataset = self._run
        steps.write(replace(settings, output_dir=Path(folder)), model, dataset, self.history, self.result)
        return Path(folder) / model_name(self.backend)


def train_model(
    backend: str,
    recipe: str = "baseline",
    dataset: str = "mnist",
    *,
    seed: int = 0,
    device: str = "auto",
    precision: str = "auto",
    data_dir: str | Path = DATA_DIR,
    **changes: Any,
) -> TrainedModel:
    """Train a network as `digits train` does, with the same lines on the console, and evaluate it.

    Nothing is written into the working directory. A run that has to survive a crash is one for `digits train --resume`.

    Args:
        backend: "pytorch" or "tensorflow".
        recipe: the name of a recipe, or the path of a JSON file that holds one.
        dataset: the name of a dataset, or the path of your own.
        seed: of all randomness: a whole number, 0 or more.
        device: "auto", "cpu", "cuda" or "mps".
        precision: "auto", "float32" or "bfloat16".
        data_dir: folder of the datasets that have a name.
        changes: fields of the recipe or its augmentation by name, say `epochs=5` or `rotation=10`.

    Raises:
        DigitsError: a value is not allowed, the framework is not installed, or the dataset is missing or damaged.
    """
    for name, value, allowed in (
        ("backend", backend, BACKENDS),
        ("device", device, DEVICES),
        ("precision", precision, PRECISIONS),
        *(("a field of the recipe", name, {**about(Recipe), **about(Augmentation)}) for name in changes),
    ):
        if value not in allowed:
            raise DigitsError(f"{name} is {value!r}; allowed: {', '.join(allowed)}")
    chosen_recipe = chosen(RECIPES, "baseline", {"recipe": recipe, **changes})
    if chosen_recipe.finds:
        raise DigitsError(f"recipe is {recipe}, which finds digits and predicts no class. Run: digits train {backend}")
    with TemporaryDirectory(prefix="digits-") as folder:
        settings = Settings(
            backend,
            chosen_recipe,
            seed=seed,
            device=device,
            precision=precision,
            data_dir=data_dir if isinstance(data_dir, Path) else Path(data_dir),  # DATA_DIR is told by identity
            output_dir=Path(folder),
            dataset=full_name(str(dataset)),
        )
        data = steps.load(settings)
        model = steps.build(settings, data)
        history = steps.train(settings, model, data)
        result = steps.evaluate(model, data)
    answer = lambda images: model.info.probabilities(model.backend.predict(model.network, images))  # noqa: E731
    return TrainedModel(backend, model.info, answer, history, result, (settings, model, data))
