"""`digits compare`: whether one run is better than another."""

import json
from pathlib import Path

from digits.commands import options
from digits.commands.evaluate import RUN, check_data_dir
from digits.commands.tables import table
from digits.errors import DigitsError


@options.command(
    "compare",
    f"say whether one run is better than another; each is {RUN}",
    "digits compare outputs/pytorch_preds.npy outputs/tensorflow_preds.npy",
)
@options.a_path("a")
@options.a_path("b")
@options.as_json()
@options.data_dir()
def command(a: Path, b: Path, as_json: bool, data_dir: Path) -> None:
    from digits.evaluation import metrics
    from digits.evaluation.compare import outcomes, to_json, why_incomparable
    from digits.evaluation.judge import title
    from digits.exchange.predictions import open_predictions

    check_data_dir(data_dir, a, b)
    runs = {path: open_predictions(path, data_dir) for path in (a, b)}
    obstacle = why_incomparable(runs[a], runs[b])
    if obstacle:
        raise DigitsError(f"{a} and {b} cannot be compared: {obstacle}")
    comparison = metrics.compare(runs[a].labels, runs[a].predictions, runs[b].predictions)
    if as_json:
        print(json.dumps({"a": str(a), "b": str(b), **to_json(comparison)}, indent=2))
        return
    for name, path in (("A", a), ("B", b)):
        accuracy = metrics.accuracy(runs[path].labels, runs[path].predictions)
        print(f"{name}  {path}: {title(runs[path])}, {accuracy}")
    rows = [(what, f"{n:,}", f"{n / comparison.images:.2%}") for what, n in outcomes(comparison, "A", "B")]
    print(f"\n{table(rows, ('', 'images', 'share'))}")
    print(f"\nExact McNemar test: {comparison.sentence('A', 'B')}")
