"""Which pixels of an image reach the answer of a network, and which need not be looked at in training."""

from digits.datasets import SIDE


def side_that_counts(windows: list[tuple[int, int]]) -> int:
    """How many pixels of an image's width and height reach the answer, counted from the upper left.

    Strides and pooling that do not come out even leave the last pixels out: of the baseline's 28 only 26 are ever
    looked at. Without the others the answer is the same, from less work.

    Args:
        windows: size and stride of each convolution and pooling in order, none of them padded.
    """
    side = SIDE
    for size, stride in windows:
        side = (side - size) // stride + 1
    for size, stride in reversed(windows):
        side = (side - 1) * stride + size
    return side
