"""Photographs and drawings to digits: find them, bring them into MNIST's form, and ask a network."""

from digits.errors import not_installed

try:
    import cv2  # noqa: F401
except ModuleNotFoundError as error:
    raise not_installed("opencv-python-headless", "") from error

from digits.reading.picture import Source
from digits.reading.reader import Reader, read
from digits.reading.reading import Digit, Reading

__all__ = ["Digit", "Reader", "Reading", "Source", "read"]
