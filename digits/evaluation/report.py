"""The tables and pictures of the runs in a folder, in one page that needs nothing else."""

import base64
from collections.abc import Mapping
from typing import Any

from digits.evaluation import metrics
from digits.evaluation.compare import outcomes, why_incomparable
from digits.evaluation.judge import Judgement, calibration_facts, dataset_title, judge, share
from digits.evaluation.visualize import DISAGREEMENTS, LOSS_CURVES, picture_name
from digits.runs import Run

REPORT = "report.html"


def render(runs: Mapping[str, Run], pictures: Mapping[str, bytes]) -> str:
    """The page as HTML, with the pictures (names and bytes of PNG files) in it; it asks for no other file."""
    titles = dict.fromkeys(dataset_title(run) for run in runs.values())
    return render_page(
        REPORT,
        pictures,
        title=f"Digits on {' and '.join(titles)}",
        runs=[_view(run) for run in runs.values()],
        loss_curves=LOSS_CURVES,
        disagreements=DISAGREEMENTS,
        **(_comparison(*runs.values()) if len(runs) == 2 else {}),
    )


def render_page(template: str, pictures: Mapping[str, bytes], **values: Any) -> str:
    """One of the templates as HTML, with these values and, as `pictures`, PNG files by name."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("digits.evaluation"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["share"] = share
    within = {name: f"data:image/png;base64,{base64.b64encode(png).decode()}" for name, png in pictures.items()}
    return environment.get_template(template).render(pictures=within, **values)


def _view(run: Run) -> dict[str, Any]:
    """What the page says of one run."""
    from digits.evaluation.fonts import drawable

    judgement, names = judge(run), run.classes
    return {
        "name": run.title,
        "accuracy": judgement.accuracy,
        "facts": _facts(run, judgement),
        "recipe": run.record.recipe if run.record else None,
        "classes": list(zip(names, drawable(names), judgement.classes, strict=True)),
        "confusions": [(names[true], names[predicted], images) for true, predicted, images in judgement.confusions],
        **{kind: picture_name(kind, run.backend) for kind in ("confusion_matrix", "reliability", "mistakes")},
    }


def _facts(run: Run, judgement: Judgement) -> list[tuple[str, str]]:
    """What else is known of a run, as pairs of a word and a value."""
    facts, record = calibration_facts(run, judgement), run.record
    if record is None:
        return [*facts, ("made", "not known: this run has no record")]
    return [
        *facts,
        ("training", f"{record.train_seconds:.1f} s"),
        ("testing", f"{record.evaluate_seconds:.1f} s"),
        ("device", record.device),
        ("precision", record.precision),
        ("seed", str(record.seed)),
        ("versions", ", ".join(f"{package} {version}" for package, version in record.versions.items())),
    ]


def _comparison(a: Run, b: Run) -> dict[str, Any]:
    """What the page says of the two together: a comparison, or the obstacle to one."""
    obstacle = why_incomparable(a, b)
    if obstacle:
        return {"comparison": None, "obstacle": obstacle}
    comparison, names = metrics.compare(a.labels, a.predictions, b.predictions), (a.title, b.title)
    sentence = comparison.sentence(*names)
    return {
        "comparison": {
            "sentence": f"{sentence[0].upper()}{sentence[1:]}",
            "outcomes": [(what, count, count / comparison.images) for what, count in outcomes(comparison, *names)],
        }
    }
