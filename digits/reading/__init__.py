"""Photographs and drawings to digits: find them, bring them into MNIST's form, and ask a network."""

from digits.errors import DigitsError

try:
    import cv2  # noqa: F401
except ModuleNotFoundError as error:
    raise DigitsError("opencv is not installed. Run: pip install -e '.[read]'") from error

from digits.reading.picture import Source
from digits.reading.reader import Digit, Reader, Reading, read

__all__ = ["Digit", "Reader", "Reading", "Source", "read"]
