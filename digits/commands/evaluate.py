"""`digits evaluate`: what one run is worth, in numbers."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from digits.commands import options
from digits.commands.tables import table
from digits.errors import DigitsError
from digits.files import DATA_DIR

if TYPE_CHECKING:
    from digits.evaluation.judge import Judgement
    from digits.runs import Run

RUN = "a file of a run, such as outputs/pytorch_preds.npy, or a model (.safetensors, .keras, .onnx)"


@options.command(
    "evaluate", f"say in numbers what one run is worth: {RUN}", "digits evaluate outputs/pytorch_preds.npy"
)
@options.a_path("file")
@options.dataset("Ask a model about this one, a name or a path, not the one it was trained on.", default=None)
@options.as_json()
@options.data_dir()
def command(file: Path, dataset: str | None, as_json: bool, data_dir: Path) -> None:
    from digits.exchange.predictions import open_predictions

    check_data_dir(data_dir, file)
    evaluate(open_predictions(file, data_dir, dataset), as_json)


def check_data_dir(data_dir: Path, *paths: Path) -> None:
    """Make sure that --data-dir, where it is given, is of use: a model is asked about the data, a run was already.

    Raises:
        DigitsError: all these files are of runs.
    """
    if data_dir is not DATA_DIR and all(path.suffix in (".json", ".npy") for path in paths):
        raise DigitsError("--data-dir changes nothing for a run, which holds its predictions; it is for models")


def evaluate(run: "Run", as_json: bool = False) -> None:
    """Print what a run is worth: tables, or one JSON object (see `to_json`)."""
    from digits.evaluation.guessing import hint
    from digits.evaluation.judge import judge, to_json

    judgement = judge(run)
    print(json.dumps(to_json(run, judgement), indent=2) if as_json else _tables(run, judgement))
    if said := hint(run.predictions, run.labels):
        print(f"note: {said}", file=sys.stderr)


def _tables(run: "Run", judgement: "Judgement") -> str:
    from digits.evaluation.judge import calibration_facts, share, title

    names = run.classes
    facts = [("accuracy", f"{judgement.accuracy}, {judgement.accuracy.count:,} images")]
    facts += calibration_facts(run, judgement)
    classes = [
        (name, share(precision), share(recall), share(f1), f"{images:,}")
        for name, (precision, recall, f1, images) in zip(names, judgement.classes, strict=True)
    ]
    confusions = [(names[true], names[predicted], f"{images:,}") for true, predicted, images in judgement.confusions]
    parts = [
        title(run),
        table(facts, left=(0, 1)),
        table(classes, ("class", "precision", "recall", "F1", "images")),
        "commonest confusions\n" + table(confusions, ("true", "predicted", "images"), left=(0, 1)),
    ]
    return "\n\n".join(parts)
