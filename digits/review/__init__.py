"""A person checks what was read: the least sure first, or a random sample, which alone tells the accuracy."""

from digits.review.readings import read_readings
from digits.review.server import application
from digits.review.session import Review
from digits.review.store import opened

__all__ = ["Review", "application", "opened", "read_readings"]
