"""Whether one run's predictions are better than another's of the same images."""

from typing import Any

import numpy as np

from digits.evaluation import metrics
from digits.runs import Run


def why_incomparable(a: Run, b: Run) -> str | None:
    """Why the predictions of the two are not of the same images, or None where they are."""
    datasets = a.dataset, b.dataset
    if None not in datasets and datasets[0] != datasets[1]:
        return f"one is of {datasets[0]}, the other of {datasets[1]}"
    if len(a.labels) != len(b.labels):
        return f"one is of {len(a.labels):,} images, the other of {len(b.labels):,}"
    different = int(np.count_nonzero(a.labels != b.labels))
    return f"{different:,} of their {len(a.labels):,} labels differ" if different else None


def to_json(comparison: metrics.Comparison) -> dict[str, Any]:
    """The comparison as an object; the command adds `a` and `b`, the two files.

    Its keys:
        images: how many both predicted.
        agreement: the share of images with the same prediction from both, right or wrong, 0 to 1.
        both_right, both_wrong, only_a_right, only_b_right: counts of images.
        p_value: of the exact McNemar test, 0 to 1.
        better: `a` or `b`, or null where there is no evidence that one is better (p_value is 0.05 or more).
    """
    keys = ("images", "agreement", "both_right", "both_wrong", "only_a_right", "only_b_right", "p_value", "better")
    return {key: getattr(comparison, key) for key in keys}


def outcomes(comparison: metrics.Comparison, a: str, b: str) -> list[tuple[str, int]]:
    """The lines of the table: what happened, and to how many images; `a` and `b` are names."""
    return [
        ("both right", comparison.both_right),
        (f"only {a} right", comparison.only_a_right),
        (f"only {b} right", comparison.only_b_right),
        ("both wrong", comparison.both_wrong),
        ("same answer", comparison.same_answer),
    ]
