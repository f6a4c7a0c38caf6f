"""Runs that a test makes up, in a folder."""

import numpy as np
import pytest

from digits.runs import Run, RunRecord, save_run

RECORD = {
    "dataset": "mnist",
    "class_names": tuple("0123456789"),
    "test_accuracy": 0.5,
    "recipe": {"name": "baseline", "learning_rate": 0.001},
    "seed": 0,
    "device": "cpu",
    "precision": "float32",
    "versions": {"numpy": "2"},
    "epochs": [{"loss": 0.5, "seconds": 1.0}],
    "train_seconds": 1.0,
    "evaluate_seconds": 0.5,
}


@pytest.fixture
def make_run():
    """Write a run of 100 images, 10 of each class, with the given wrong answers; the rest is right."""

    def make(folder, backend="pytorch", wrong=(), probabilities=True, labels=None, **record):
        labels = np.repeat(np.arange(10), 10) if labels is None else labels
        predictions = labels.copy()
        for index, answer in dict(wrong).items():
            predictions[index] = answer
        sure = np.full((len(labels), 10), 0.02, np.float32)
        sure[np.arange(len(labels)), predictions] = 0.82
        made = RunRecord(**{"backend": backend, **RECORD, **record})
        run = Run(backend, predictions, labels, sure if probabilities else None, record=made)
        save_run(folder, run)
        return run

    return make
