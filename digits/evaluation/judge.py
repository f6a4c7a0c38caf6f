"""What one run's predictions are worth, in numbers."""

from dataclasses import dataclass
from typing import Any

from digits.datasets.registry import title_of
from digits.evaluation import metrics
from digits.runs import Run, probs_name


@dataclass(frozen=True)
class Judgement:
    """The numbers about one run; those that need probabilities are None where it has only predictions."""

    accuracy: metrics.Accuracy
    log_loss: float | None
    calibration: metrics.Calibration | None
    classes: list[metrics.ClassScore]
    confusions: list[metrics.Confusion]


def judge(run: Run) -> Judgement:
    """All the numbers about the predictions of `run`."""
    classes = len(run.classes)
    probabilities = run.probabilities
    return Judgement(
        metrics.accuracy(run.labels, run.predictions),
        None if probabilities is None else metrics.log_loss(run.labels, probabilities),
        None if probabilities is None else metrics.calibration(run.labels, probabilities),
        metrics.class_scores(run.labels, run.predictions, classes),
        metrics.commonest_confusions(metrics.confusion(run.labels, run.predictions, classes)),
    )


def dataset_title(run: Run) -> str:
    """What the run's images are, as far as that is known: `MNIST`."""
    return title_of(run.dataset) if run.dataset else "the test images"


def title(run: Run) -> str:
    """Whose predictions of what: `PyTorch on MNIST`."""
    return f"{run.title} on {dataset_title(run)}"


def to_json(run: Run, judgement: Judgement) -> dict[str, Any]:
    """The numbers as one object.

    Its keys:
        backend: `pytorch`, `tensorflow`, or `onnx` for an exported model.
        dataset: its name, or null where that is not known.
        images: how many were predicted.
        accuracy: `value`, and `low` and `high` of its 95% Wilson interval, 0 to 1.
        log_loss: in nats, or null without probabilities.
        expected_calibration_error: 0 to 1, or null without probabilities.
        calibration: a list of bins, or null without probabilities; each has `above`, `up_to` (the confidences it
            holds), `images`, and their mean `confidence` and `accuracy` (null in an empty bin).
        classes: a list, one for each class: `name`, `precision`, `recall`, `f1` (0 to 1, or null where a class has no
            predictions or no images) and `images`.
        confusions: the commonest, most often first: names of the `true` and the `predicted` class, and `images`.
    """
    names, accuracy, calibration = run.classes, judgement.accuracy, judgement.calibration
    return {
        "backend": run.backend,
        "dataset": run.dataset,
        "images": accuracy.count,
        "accuracy": {"value": accuracy.value, "low": accuracy.low, "high": accuracy.high},
        "log_loss": judgement.log_loss,
        "expected_calibration_error": calibration.error if calibration else None,
        "calibration": _bins(calibration) if calibration else None,
        "classes": [{"name": name, **score._asdict()} for name, score in zip(names, judgement.classes, strict=True)],
        "confusions": [
            {"true": names[true], "predicted": names[predicted], "images": images}
            for true, predicted, images in judgement.confusions
        ],
    }


def _bins(calibration: metrics.Calibration) -> list[dict[str, float | int | None]]:
    return [
        {
            "above": above,
            "up_to": up_to,
            "images": images,
            "confidence": confidence if images else None,
            "accuracy": accuracy if images else None,
        }
        for above, up_to, images, confidence, accuracy in zip(
            calibration.edges[:-1].tolist(),
            calibration.edges[1:].tolist(),
            calibration.images.tolist(),
            calibration.confidence.tolist(),
            calibration.accuracy.tolist(),
            strict=True,
        )
    ]


def share(value: float | None) -> str:
    """A share as a percentage, or a dash where it cannot be said."""
    return "–" if value is None else f"{value:.2%}"


def calibration_facts(run: Run, judgement: Judgement) -> list[tuple[str, str]]:
    """What the probabilities are worth, as pairs of a word and a value."""
    loss, error = [f"cannot be computed: there is no {probs_name(run.backend)}"] * 2
    if judgement.calibration is not None:
        loss = f"{judgement.log_loss:.4f}"
        error = f"{judgement.calibration.error:.2%}, expected, over {len(judgement.calibration.images)} bins"
    return [("log-loss", loss), ("calibration error", error)]
