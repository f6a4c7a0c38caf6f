"""What a set of predictions is worth: numbers and pictures, from arrays alone. Knows nothing of frameworks."""

from digits.evaluation.compare import compare
from digits.evaluation.judge import evaluate
from digits.evaluation.report import report
from digits.evaluation.visualize import visualize

__all__ = ["compare", "evaluate", "report", "visualize"]
