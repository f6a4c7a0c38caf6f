"""What a set of predictions is worth: numbers and pictures, from arrays alone. Knows nothing of frameworks."""

from digits.evaluation.visualize import visualize

__all__ = ["visualize"]
