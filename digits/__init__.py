"""Handwritten digits with small CNNs: the same networks in PyTorch and in TensorFlow.

`digits.read("photo.jpg")` reads the digits in a picture; `digits.Reader` keeps its model loaded.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digits.reading import Digit, Reader, Reading, read

__all__ = ["Digit", "Reader", "Reading", "read"]


def __getattr__(name: str) -> Any:
    """What `__all__` names, imported at its first use, so that `import digits` loads nothing."""
    if name not in __all__:
        raise AttributeError(f"module 'digits' has no attribute {name!r}")
    from digits import reading

    return getattr(reading, name)
