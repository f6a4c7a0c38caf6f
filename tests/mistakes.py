"""Twenty mistakes that the tests must catch: `python -m tests.mistakes` makes each in a copy, and runs its tests.

Whoever makes the tests quicker runs this before and after. Some were made once, and mended; the others are of the kinds
that ruin experiments. It takes some minutes; numbers, from 1, choose a few: `python -m tests.mistakes 3 11`.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Mistake(NamedTuple):
    """A mistake.

    Attributes:
        what: it is.
        file: that has it.
        right: what stands there once.
        wrong: what is written instead.
        tests: that have to see it, of its room.
    """

    what: str
    file: str
    right: str
    wrong: str
    tests: str


MISTAKES = [
    Mistake(
        "what resembles no correction is outvoted",
        "digits/reading/hand.py",
        "(nearest - np.maximum(taken_for, NEAR))",
        "(nearest - NEAR)",
        "tests/reading/test_hand.py",
    ),
    Mistake(
        "a hand's scores are of another type than they say",
        "digits/reading/reader.py",
        "scores = likely.astype(np.float32)",
        "scores = likely",
        "tests/reading/test_hand.py",
    ),
    Mistake(
        "a picture that changes while it is read is not seen",
        "digits/batch/work.py",
        "if _has_changed(picture):",
        "if False:",
        "tests/batch/test_work.py tests/batch/test_run.py",
    ),
    Mistake(
        "probabilities of a folder keep whatever type a file has",
        "digits/runs/folder.py",
        "probabilities = probabilities.astype(np.float32)",
        "pass",
        "tests/runs",
    ),
    Mistake(
        "a bomb of many pixels is decoded",
        "digits/image_files.py",
        "if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:",
        "if max(width, height) > MAX_SIDE:",
        "tests/test_image_files.py tests/reading/test_picture.py",
    ),
    Mistake(
        "anybody is let in, whatever the link",
        "digits/page/guards.py",
        "return hmac.compare_digest(brought.encode(), self.token.encode())",
        "return True",
        "tests/page/test_guards.py",
    ),
    Mistake(
        "a package that is missing is not named by its extra",
        "digits/errors.py",
        "if name in TRAIN:",
        "if False:",
        "tests/test_errors.py",
    ),
    Mistake(
        "a half-written file is seen",
        "digits/files.py",
        "(Path(staging) / name).replace(folder / name)",
        "(folder / name).write_bytes((Path(staging) / name).read_bytes())",
        "tests/test_files.py",
    ),
    Mistake(
        "what was judged as least sure enters the sample's accuracy",
        "digits/review/session.py",
        "return said if self.is_sample else said or",
        "return said or",
        "tests/review/test_session.py",
    ),
    Mistake(
        "an average of weights forgets the wrong way round",
        "digits/backends/pytorch/optimizer.py",
        "self.average.lerp_(self.weights, 1 - keep)",
        "self.average.lerp_(self.weights, keep)",
        "tests/backends/test_train.py",
    ),
    Mistake(
        "validation images are trained on",
        "digits/training/validation.py",
        "return Split(images.images[~chosen], images.labels[~chosen]), Split",
        "return images, Split",
        "tests/training/test_validation.py",
    ),
    Mistake(
        "every epoch shows its images in the same order",
        "digits/recipes/randomness.py",
        "PURPOSES.index(purpose), index)",
        "PURPOSES.index(purpose), 0)",
        "tests/recipes tests/backends/test_train.py",
    ),
    Mistake(
        "two axes of a kernel are swapped on the way to PyTorch",
        "digits/backends/tensorflow/store.py",
        "kernel.transpose(3, 2, 0, 1)",
        "kernel.transpose(3, 2, 1, 0)",
        "tests/backends/test_store.py",
    ),
    Mistake(
        "an interval is another than it says",
        "digits/evaluation/metrics.py",
        'method="wilson"',
        'method="exact"',
        "tests/evaluation/test_metrics.py",
    ),
    Mistake(
        "images are shuffled, their labels are not",
        "digits/backends/pytorch/train.py",
        "self.labels.index_select(0, on_device)",
        "self.labels[: len(on_device)]",
        "tests/backends/test_train.py",
    ),
    Mistake(
        "a doubt speaks for a digit",
        "digits/reading/confidence.py",
        "_logit(1 - predictions.doubts)",
        "_logit(predictions.doubts)",
        "tests/reading/test_confidence.py tests/reading/test_reader.py",
    ),
    Mistake(
        "rows are read from below",
        "digits/reading/rows.py",
        "return sorted(rows, key=lambda row: float(np.mean(y[row])))",
        "return sorted(rows, key=lambda row: -float(np.mean(y[row])))",
        "tests/reading/test_rows.py",
    ),
    Mistake(
        "a confusion matrix lies on its side",
        "digits/evaluation/metrics.py",
        "metrics.confusion_matrix(labels, predictions, labels=range(classes))",
        "metrics.confusion_matrix(predictions, labels, labels=range(classes))",
        "tests/evaluation/test_metrics.py",
    ),
    Mistake(
        "a run goes on with a checkpoint of another recipe",
        "digits/training/checkpoints.py",
        "for name, theirs, ours in _differences(identity, self.identity):",
        "for name, theirs, ours in []:",
        "tests/training/test_checkpoints.py",
    ),
    Mistake(
        "chance counts as evidence",
        "digits/evaluation/metrics.py",
        "if self.p_value >= SIGNIFICANT:",
        "if self.p_value < SIGNIFICANT:",
        "tests/evaluation/test_metrics.py",
    ),
]


def is_caught(mistake: Mistake) -> bool:
    """Make a mistake in a copy of the project, and see whether a test fails."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        subprocess.run(["git", "clone", "-q", "--no-local", ROOT, copy], check=True)
        for name in (".venv", "mnist_data"):
            if (ROOT / name).exists():
                (copy / name).symlink_to((ROOT / name).resolve())
        path = copy / mistake.file
        text = path.read_text()
        assert text.count(mistake.right) == 1, mistake
        path.write_text(text.replace(mistake.right, mistake.wrong))
        command = [sys.executable, "-m", "pytest", "-x", "-m", "not slow", *mistake.tests.split()]
        done = subprocess.run(command, cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True)
        assert done.returncode in (0, 1), done.stdout.decode()
        return done.returncode == 1


def main(numbers: list[int]) -> None:
    """Make these mistakes, or all, and say which are caught, and after how many seconds."""
    missed = 0
    for number in numbers or range(1, len(MISTAKES) + 1):
        mistake, start = MISTAKES[number - 1], time.perf_counter()
        caught = is_caught(mistake)
        missed += not caught
        said = f"{'caught' if caught else 'MISSED'} after {time.perf_counter() - start:.0f} s"
        print(f"{number}. {mistake.what} ({mistake.file}): {said}", flush=True)
    sys.exit(bool(missed))


if __name__ == "__main__":
    main(list(map(int, sys.argv[1:])))
