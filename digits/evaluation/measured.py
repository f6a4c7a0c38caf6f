"""What the recipes cost, and what they were measured to reach: the figures that `digits recipes` lists.

Tests count the networks' parameters and multiply-adds. Accuracies are from `benchmarks/accuracy.py` and
`benchmarks/training_speed.py`: means over seeds, each with the 95% interval of that mean. One or two seeds say little
of how seeds differ: there it is Wilson's interval of an accuracy that was measured on so many images.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# Those that seconds were measured on, two cores of each.
PROCESSORS = {
    "AMX": "an Intel Xeon (family 6, model 167) with AMX-BF16",
    "AVX2": "the same, standing in for one with AVX2 and nothing newer",
    "AVX512": "an AMD EPYC (Zen 5) with AVX512-BF16",
}


@dataclass(frozen=True)
class Cost:
    """Of one network of a recipe, for ten classes.

    Attributes:
        parameters: numbers that are trained.
        multiply_adds: for one image, or for a page of 192 × 192 pixels; biases are not counted.
    """

    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Measurement:
    """What a recipe was measured to reach.

    Attributes:
        accuracy: mean test accuracy over the seeds, in percent.
        margin: half the width of its 95% interval, in percentage points.
        seeds: how many.
        seconds: median time of training and evaluating one, by processor, a key of `PROCESSORS`; empty where other work
            ran beside.
        flags: what was changed in the recipe.
    """

    accuracy: float
    margin: float
    seeds: int
    seconds: Mapping[str, float]
    flags: str = ""

    def __str__(self) -> str:
        return f"{self.accuracy:.2f} ± {self.margin:.2f}%"


# By recipe.
COSTS = {
    "baseline": Cost(108_618, 758_592),
    "fast": Cost(108_874, 622_080),
    "deep": Cost(335_402, 28_696_320),
    "reader": Cost(337_708, 28_698_624),  # two outputs more, for what is no digit
    "finder": Cost(1_110_398, 266_379_264),
}

# By recipe, dataset and backend.
MEASUREMENTS: dict[tuple[str, str, str], Measurement] = {
    ("baseline", "mnist", "pytorch"): Measurement(98.86, 0.08, 18, {"AMX": 6.1, "AVX2": 9.7}),
    ("baseline", "mnist", "tensorflow"): Measurement(98.81, 0.18, 5, {"AMX": 4.8, "AVX2": 8.3}),
    ("fast", "mnist", "pytorch"): Measurement(99.14, 0.11, 5, {"AMX": 1.2, "AVX2": 2.3}),
    ("fast", "mnist", "tensorflow"): Measurement(99.19, 0.04, 5, {"AMX": 1.5, "AVX2": 2.4}),
    ("reader", "mnist", "pytorch"): Measurement(99.67, 0.11, 2, {}),
    ("reader", "mnist", "tensorflow"): Measurement(99.64, 0.12, 2, {}),
    ("deep", "mnist", "pytorch"): Measurement(99.72, 0.04, 5, {"AVX512": 400}),
    ("deep", "mnist", "tensorflow"): Measurement(99.72, 0.11, 2, {"AVX512": 489}),
    ("deep", "fashion-mnist", "pytorch"): Measurement(
        *(94.47, 0.45, 2, {}),
        "--ensemble 1 --epochs 20 --rotation 0 --shear 0 --elastic 0 --thickness 0 --unaugmented-share 0",
    ),
}
