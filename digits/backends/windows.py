"""Which pixels of an image reach the answer of a network, and which need not be looked at in training."""

from digits.datasets import SIDE

Window = tuple[int, int]  # size and stride


def side_that_counts(windows: list[Window | None]) -> int:
    """How many pixels of an image's width and height reach the answer, counted from the upper left.

    Strides and pooling that do not come out even leave the last pixels out: of the baseline's 28 only 26 are ever
    looked at. Without the others the answer is the same, from less work.

    Args:
        windows: of each convolution and pooling in order; None where one is padded or no square: then all pixels count.
    """
    plain = [window for window in windows if window]
    if len(plain) < len(windows):
        return SIDE
    side = SIDE
    for size, stride in plain:
        side = (side - size) // stride + 1
    for size, stride in reversed(plain):
        side = (side - 1) * stride + size
    return side
