"""Which recipes a search may try: fields of a recipe, each with its range or its choices."""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from digits.errors import DigitsError
from digits.recipes import RENAMED, Augmentation, Recipe, about

if TYPE_CHECKING:
    from optuna.trial import Trial

EXAMPLE = '"learning_rate=1e-4..1e-1:log filters.0=8..32 dropout=0..0.5 batch_size=32|64|128"'
MAX_LETTERS = 2000  # of a space
FIELDS = {**about(Recipe), **about(Augmentation)}

# Fields by which trials are judged, so that what is tried with other values could not be compared.
FIXED = {
    "ensemble": "a trial trains one network",
    "validation": "all trials are judged on the same images",
    "patience": "trials that promise little are stopped early anyway",
}

Value = int | float | str


@dataclass(frozen=True)
class Dimension:
    """A field of a recipe, or one number of a field that has several, and the values that are tried.

    Attributes:
        name: of the field, with the number's place behind a dot: `filters.0`.
        low, high: the least and the largest value; both None where there are choices.
        log: whether values are drawn so that each factor is as likely, not each distance.
        choices: the values, where it is no range.
    """

    name: str
    low: Any = None
    high: Any = None
    log: bool = False
    choices: tuple[Value, ...] = ()

    @property
    def field(self) -> str:
        return self.name.partition(".")[0]

    @property
    def place(self) -> int | None:
        """Which number of the field, from 0; None where it has only one."""
        number = self.name.partition(".")[2]
        return int(number) if number else None

    @property
    def is_whole(self) -> bool:
        return FIELDS[self.field].kind in (int, tuple)

    def __str__(self) -> str:
        if self.choices:
            return f"{self.name}={'|'.join(map(str, self.choices))}"
        return f"{self.name}={self.low}..{self.high}{':log' * self.log}"

    def holds(self, value: Any) -> bool:
        """Whether the search may try this value."""
        return value in self.choices if self.choices else self.low <= value <= self.high

    def draw(self, trial: "Trial") -> Any:
        """Let Optuna choose a value."""
        if self.choices:
            return trial.suggest_categorical(self.name, self.choices)
        if self.is_whole:
            return trial.suggest_int(self.name, self.low, self.high, log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)

    def random(self, rng: random.Random) -> Value:
        """A value at random, with no regard to `log`."""
        if self.choices:
            return rng.choice(self.choices)
        return (rng.randint if self.is_whole else rng.uniform)(self.low, self.high)

    def rounded(self, value: Value) -> Value:
        """A value with three digits, as one would write it into a flag, still within the range."""
        if self.choices or self.is_whole:
            return value
        return min(max(float(f"{value:.3g}"), float(self.low)), float(self.high))


Space = tuple[Dimension, ...]


def parse_space(text: str) -> Space:
    """The dimensions that are written in `text`, with blanks between them.

    Raises:
        DigitsError: one is not as it should be; it is named.
    """
    if len(text) > MAX_LETTERS:
        raise DigitsError(f"the space has {len(text):,} letters; allowed: {MAX_LETTERS:,}")
    space = tuple(_dimension(part) for part in text.split())
    names = [dimension.name for dimension in space]
    if not space:
        raise DigitsError(f"the space is empty; allowed: fields of a recipe, say {EXAMPLE}")
    for name in names:
        if names.count(name) > 1:
            raise DigitsError(f"the space names {name} twice")
    return space


def _dimension(part: str) -> Dimension:
    name, _, values = part.partition("=")
    field, dot, place = name.partition(".")
    field = RENAMED.get(field, field)
    if field in FIXED:
        raise DigitsError(f"the space has {part}, but {field} stays as it is: {FIXED[field]}")
    if field not in FIELDS:
        raise DigitsError(f"the space has {part}, but {field} is no field of a recipe; allowed: {', '.join(FIELDS)}")
    known = FIELDS[field]
    if (known.kind is tuple) != bool(dot) or (dot and not (place.isdecimal() and place.isascii() and len(place) < 4)):
        instead = f"{field}.0, {field}.1 and so on" if known.kind is tuple else field
        raise DigitsError(f"the space has {part}; allowed: {instead}")
    name = f"{field}.{int(place)}" if dot else field
    values, _, how = values.partition(":")
    low, dots, high = values.partition("..")
    if how not in ("", "log") or (how and not dots) or not values:
        raise DigitsError(f"the space has {part}; allowed: {name}=LOW..HIGH, with :log or without, or {name}=A|B|C")
    if not dots:
        return Dimension(name, choices=tuple(dict.fromkeys(_value(part, field, one) for one in values.split("|"))))
    if known.kind is str:
        raise DigitsError(f"the space has {part}, but {field} has names for values; allowed: {'|'.join(known.choices)}")
    least, most = _value(part, field, low), _value(part, field, high)
    if not least < most:
        raise DigitsError(f"the space has {part}, but {low} is not less than {high}")
    if how and not least > 0:
        raise DigitsError(f"the space has {part}, but a range by factors (:log) begins above 0")
    return Dimension(name, least, most, bool(how))


def _value(part: str, field: str, text: str) -> Any:
    """A value as its field has it, checked by what the field allows."""
    known = FIELDS[field]
    try:
        value: Any = (int if known.kind is tuple else known.kind)(text)
    except ValueError:
        value = None
    if not known.allows((value,) if known.kind is tuple else value):
        raise DigitsError(f"the space has {part}, but {text or 'nothing'} is not a value of {field}: {known.allowed}")
    return value


def default_space(recipe: Recipe) -> Space:
    """What is worth trying around a recipe: the size of the steps and of the network, and what keeps it from learning
    by heart."""
    rate = recipe.learning_rate
    space = [Dimension("learning_rate", float(f"{rate / 10:.3g}"), float(f"{rate * 10:.3g}"), log=True)]
    if len(recipe.filters) <= 2:  # of more, the search would be long
        space += [
            Dimension(f"filters.{place}", max(1, count // 2), min(1024, 2 * count))
            for place, count in enumerate(recipe.filters)
        ]
    if recipe.hidden_units:
        low, high = max(1, recipe.hidden_units // 2), min(8192, 2 * recipe.hidden_units)
        space.append(Dimension("hidden_units", low, high, log=True))
    space += [Dimension("dropout", 0.0, 0.5), Dimension("batch_size", choices=(32, 64, 128, 256))]
    if recipe.schedule != "constant":
        space.append(Dimension("warmup", 0.0, 0.5))
    if recipe.augmentation:
        space += [Dimension("rotation", 0.0, 20.0), Dimension("shift", 0.0, 3.0), Dimension("elastic", 0.0, 4.0)]
    return tuple(space)


def check_space(space: Space, recipe: Recipe) -> None:
    """Make sure that every recipe of the space can be trained, and that each dimension changes something.

    Raises:
        DigitsError: not so; what is wrong is named.
    """
    if "architecture" in (fields := {dimension.field for dimension in space}):
        for other in ("filters", "hidden_units"):
            if other in fields:
                raise DigitsError(f"the space has {other} and architecture; each architecture has its own {other}")
    rng, without_effect = random.Random(0), set(space)  # noqa: S311  # no secret
    for _ in range(64):
        values = {dimension.name: dimension.random(rng) for dimension in space}
        tried = recipe_of(recipe, space, values)
        without_effect -= {one for one in space if value_of(tried, one) == one.rounded(values[one.name])}
    for dimension in sorted(without_effect, key=str):
        raise DigitsError(f"the space has {dimension}, but {dimension.field} changes nothing in {recipe.name}")


def recipe_of(start: Recipe, space: Space, values: Mapping[str, Any]) -> Recipe:
    """The recipe `start` with these values of the space's dimensions, rounded.

    Raises:
        DigitsError: a value is not allowed there.
    """
    record = asdict(start)
    if any(dimension.field == "architecture" for dimension in space):
        del record["filters"], record["hidden_units"]
    for dimension in space:
        value = dimension.rounded(values[dimension.name])
        if dimension.place is not None:
            numbers = list(record[dimension.field])
            if dimension.place >= len(numbers):
                raise DigitsError(
                    f"the space has {dimension}, but {dimension.field} of {start.name} has {len(numbers)} numbers; "
                    f"allowed: {dimension.field}.0 to {dimension.field}.{len(numbers) - 1}"
                )
            numbers[dimension.place] = value
            value = numbers  # type: ignore[assignment]
        (record["augmentation"] if dimension.field in about(Augmentation) else record)[dimension.field] = value
    return Recipe.from_dict(record)


def value_of(recipe: Recipe, dimension: Dimension) -> Any:
    """What a recipe has for a dimension."""
    value = getattr(recipe if hasattr(recipe, dimension.field) else recipe.augmentation, dimension.field)
    if dimension.place is None:
        return value
    return value[dimension.place] if dimension.place < len(value) else None


def values_of(recipe: Recipe, space: Space) -> dict[str, Any]:
    """What a recipe has for each dimension of the space that holds it."""
    values = {dimension.name: value_of(recipe, dimension) for dimension in space}
    return {one.name: values[one.name] for one in space if values[one.name] is not None and one.holds(values[one.name])}
