"""Time the steps of a recipe's training, of one network; `steps.py` runs this in a process.

Usage: python step.py BACKEND RECIPE; prints {"milliseconds": of a step, the mean of 200}.
"""

import json
import sys
import time
from dataclasses import replace

from digits.backends import load_backend
from digits.datasets import load_dataset
from digits.files import DATA_DIR
from digits.hardware import tune_process
from digits.models import ModelInfo
from digits.recipes import RECIPES

STEPS = 200
WARM_UP = 100  # steps, as many as are reported at once: in the first of them a framework prepares what it computes


def milliseconds(name: str, recipe_name: str) -> float:
    """Of a step, the mean of `STEPS`."""
    backend, dataset = load_backend(name), load_dataset("mnist", DATA_DIR)
    recipe = replace(RECIPES[recipe_name], ensemble=1)
    count = (WARM_UP + STEPS) * recipe.batch_size
    device = backend.select_device("cpu")
    network = backend.build(ModelInfo(recipe, dataset.name, dataset.classes, backend.PIXEL_RANGE), 0, device)
    images, labels = dataset.train.images[:count], dataset.train.labels[:count]
    trainer = backend.trainer(network, images, labels, recipe, 0, backend.select_precision("auto", device))
    reports = trainer.epoch(0, report_steps=WARM_UP)
    next(reports)
    start = time.perf_counter()
    for _ in reports:
        pass
    return (time.perf_counter() - start) / STEPS * 1000


if __name__ == "__main__":
    tune_process()
    print(json.dumps({"milliseconds": milliseconds(*sys.argv[1:])}))
