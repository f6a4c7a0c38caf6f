"""Fields that say what they mean and which values they may have. Checks and the command line both read it here."""

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields
from typing import Any

from digits.errors import DigitsError


@dataclass(frozen=True)
class About:
    """What is known of a field.

    Attributes:
        help: what its flag says in `--help`.
        kind: the type of its values: `int`, `float`, `str`, or `tuple` for whole numbers in a row.
        allowed: its values in words, for errors.
        fits: whether a value of the right type is one of them.
        choices: all of its values, where they are few.
        most: the largest of its values, where there is one.
    """

    help: str
    kind: type
    allowed: str
    fits: Callable[[Any], bool]
    choices: Collection[str] = ()
    most: float = math.inf

    def allows(self, value: object) -> bool:
        """Whether the field may have this value, whatever the other fields have."""
        return _is_a(value, self.kind) and self.fits(value)


def choice(default: str, help: str, choices: Collection[str]) -> Any:
    """A field with one of a few names; `choices` may grow later."""
    return _field(default, About(help, str, " or ".join(choices), lambda value: value in choices, choices))


def whole(default: int | None, help: str, least: int, most: float = math.inf) -> Any:
    """A field with a whole number from `least` to `most`."""
    allowed = f"a whole number, {least} or more" if most == math.inf else f"a whole number from {least} to {most:,}"
    return _field(default, About(help, int, allowed, lambda value: least <= value <= most, most=most))


def wholes(default: tuple[int, ...] | None, help: str, least: int, most: int) -> Any:
    """A field with a tuple of whole numbers, each from `least` to `most`."""
    allowed = f"whole numbers from {least} to {most:,}, say (16, 32)"
    return _field(default, About(help, tuple, allowed, lambda value: all(least <= one <= most for one in value)))


def positive(default: float, help: str, example: str) -> Any:
    """A field with a finite number above 0."""
    allowed = f"a number above 0, say {example}"
    return _field(default, About(help, float, allowed, lambda value: 0 < value < math.inf))


def share(default: float, help: str) -> Any:
    """A field with a share of a whole, less than all of it."""
    return _field(
        default, About(help, float, "a share from 0 up to, but not including, 1", lambda value: 0 <= value < 1)
    )


def up_to(most: float, help: str) -> Any:
    """A field with a number from 0, its default, to `most`."""
    return _field(0.0, About(help, float, f"a number from 0 to {most}", lambda value: 0 <= value <= most, most=most))


def _field(default: Any, about: About) -> Any:
    return field(default=default, metadata={"about": about})


def about(record: Any) -> dict[str, About]:
    """What is known of the fields of a dataclass, or of one of its objects, by name; of those that say it."""
    return {one.name: one.metadata["about"] for one in fields(record) if "about" in one.metadata}


def flag(name: str) -> str:
    """The command line's flag for a field of this name: `--batch-size` for `batch_size`."""
    return f"--{name.replace('_', '-')}"


def check(record: Any) -> None:
    """Make sure that the fields of a dataclass's object have values that they may have.

    Raises:
        DigitsError: one has not; it is named, with its value and what is allowed.
    """
    for name, known in about(record).items():
        value = getattr(record, name)
        if not known.allows(value):
            refuse(name, value, known.allowed)


def refuse(name: str, value: object, allowed: str) -> None:
    """Raise the error of a field that has another value than it may have."""
    raise DigitsError(f"{name.replace('_', ' ')} is {value!r}, but must be {allowed}")


def _is_a(value: object, kind: type) -> bool:
    """Whether `value` is of this type; a bool is no number here, and a whole number is one with decimals, too."""
    if kind is tuple:
        return isinstance(value, tuple) and bool(value) and all(_is_a(one, int) for one in value)
    return isinstance(value, (int, float) if kind is float else kind) and not isinstance(value, bool)
