"""Which recipes a search may try: fields of a recipe, each with its range or its choices."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from digits.errors import DigitsError
from digits.recipes import Augmentation, Recipe, about, adjusted

if TYPE_CHECKING:
    from optuna.trial import Trial

EXAMPLE = '"learning_rate=1e-4..1e-1:log filters.0=8..32 dropout=0..0.5 batch_size=32|64|128"'
MAX_LETTERS = 2000  # of a space
FIELDS = {**about(Recipe), **about(Augmentation)}
WRITTEN = re.compile(
    r"(\w+)(\.(?P<place>\d{1,3}))?=((?P<low>[^|:]+?)\.\.(?P<high>[^|:]+)(?P<log>:log)?|(?P<choices>[^:]+))", re.ASCII
)

# Fields by which trials are judged, so that what is tried with other values could not be compared.
FIXED = {
    "ensemble": "a trial trains one network",
    "validation": "all trials are judged on the same images",
    "patience": "trials that promise little are stopped early anyway",
}


@dataclass(frozen=True)
class Dimension:
    """A field of a recipe, or one number of a field that has several, and the values that are tried.

    Attributes:
        name: of the field, with the number's place, counted from 0, behind a dot: `filters.0`.
        low, high: the least and the largest value; both None where there are choices.
        log: whether values are drawn so that each factor is as likely, not each distance.
        choices: the values, where it is no range.
    """

    name: str
    low: Any = None
    high: Any = None
    log: bool = False
    choices: tuple[Any, ...] = ()

    @property
    def field(self) -> str:
        """The field of the recipe that it is of."""
        return self.name.partition(".")[0]

    @property
    def is_whole(self) -> bool:
        """Whether its values are whole numbers."""
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
        suggest = trial.suggest_int if self.is_whole else trial.suggest_float
        return suggest(self.name, self.low, self.high, log=self.log)

    def rounded(self, value: Any) -> Any:
        """A value with three digits, as one would write it into a flag, still within the range."""
        if self.choices or self.is_whole:
            return value
        return min(max(float(f"{value:.3g}"), float(self.low)), float(self.high))

    def of(self, recipe: Recipe) -> Any:
        """What the recipe has here; None where it has fewer numbers."""
        value = getattr(recipe if hasattr(recipe, self.field) else recipe.augmentation, self.field)
        if "." not in self.name:
            return value
        return dict(enumerate(value)).get(int(self.name.partition(".")[2]))


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
    if twice := [name for name in names if names.count(name) > 1]:
        raise DigitsError(f"the space names {twice[0]} twice")
    return space


def _dimension(part: str) -> Dimension:
    written, field = WRITTEN.fullmatch(part), re.split("[.=]", part)[0]
    if field in FIXED:
        raise DigitsError(f"the space has {part}, but {field} stays as it is: {FIXED[field]}")
    if field not in FIELDS:
        raise DigitsError(f"the space has {part}, but {field} is no field of a recipe; allowed: {', '.join(FIELDS)}")
    known = FIELDS[field]
    if not written or bool(written["place"]) != (known.kind is tuple):
        name = f"{field}.0, the first of several," if known.kind is tuple else field
        raise DigitsError(f"the space has {part}; allowed: {name} =LOW..HIGH, =LOW..HIGH:log or =A|B|C")
    name = f"{field}.{int(written['place'])}" if written["place"] else field
    if choices := written["choices"]:
        return Dimension(name, choices=tuple(dict.fromkeys(_value(part, field, one) for one in choices.split("|"))))
    low, high = (_value(part, field, written[one]) for one in ("low", "high"))
    if known.kind is str or not low < high or (written["log"] and not low > 0):
        raise DigitsError(f"the space has {part}; allowed: two numbers, the lower one first, above 0 with :log")
    return Dimension(name, low, high, bool(written["log"]))


def _value(part: str, field: str, text: str) -> Any:
    """A value as its field has it, checked by what the field allows."""
    known = FIELDS[field]
    try:
        value: Any = (int if known.kind is tuple else known.kind)(text)
    except ValueError:
        value = None
    if not known.allows((value,) if known.kind is tuple else value):
        raise DigitsError(f"the space has {part}, but {text} is not a value of {field}: {known.allowed}")
    return value


def default_space(recipe: Recipe) -> Space:
    """What is worth trying around a recipe.

    That is the size of the steps and of the network, and what keeps it from learning by heart.
    """
    rate = recipe.learning_rate
    space = [Dimension("learning_rate", float(f"{rate / 10:.3g}"), float(f"{rate * 10:.3g}"), log=True)]
    if len(recipe.filters) <= 2:  # of more, the search would be long
        counts = enumerate(recipe.filters)
        space += [Dimension(f"filters.{place}", max(1, count // 2), min(1024, 2 * count)) for place, count in counts]
    if recipe.hidden_units:
        low, high = max(1, recipe.hidden_units // 2), min(8192, 2 * recipe.hidden_units)
        space.append(Dimension("hidden_units", low, high, log=True))
    space += [Dimension("dropout", 0.0, 0.5), Dimension("batch_size", choices=(32, 64, 128, 256))]
    if recipe.schedule != "constant":
        space.append(Dimension("warmup", 0.0, 0.5))
    if recipe.augmentation:
        space += [Dimension("rotation", 0.0, 20.0), Dimension("shift", 0.0, 3.0), Dimension("elastic", 0.0, 4.0)]
    return tuple(space)


def largest(space: Space, recipe: Recipe) -> Recipe:
    """The recipe with the largest values of the space.

    Raises:
        DigitsError: it cannot be; or a dimension has no effect, be the others' first or last choices beside it.
    """
    refused = []
    for place in (0, -1):
        values = {one.name: one.choices[place] if one.choices else one.high for one in space}
        values |= {one.name: max(one.choices) for one in space if one.choices and one.is_whole}
        found = recipe_of(recipe, space, values)
        try:
            recipe_of(recipe, space, values, lenient=False)
        except DigitsError as error:
            refused.append(error)
    if len(refused) > 1:
        raise refused[0]
    return found


def recipe_of(start: Recipe, space: Space, values: Mapping[str, Any], lenient: bool = True) -> Recipe:
    """The recipe `start` with these values of the space's dimensions, rounded.

    Raises:
        DigitsError: a value is not allowed there or, unless `lenient`, has no effect there.
    """
    changes: dict[str, Any] = {}
    for one in space:
        value, place = one.rounded(values[one.name]), one.name.partition(".")[2]
        if place:
            numbers = list(changes.get(one.field, getattr(start, one.field)))
            if int(place) >= len(numbers):
                has = f"{one.field} of {start.name} has {len(numbers)} numbers"
                raise DigitsError(f"the space has {one}, but {has}; allowed: {one.field}.0 to .{len(numbers) - 1}")
            value = tuple(value if at == int(place) else number for at, number in enumerate(numbers))
        changes[one.field] = value
    bent = {name: changes.pop(name) for name in about(Augmentation) if name in changes}
    return adjusted(start, {**changes, "augmentation": replace(start.augmentation, **bent)}, lenient)


def values_of(recipe: Recipe, space: Space) -> dict[str, Any]:
    """What a recipe has for each dimension of the space that holds it."""
    values = {one.name: one.of(recipe) for one in space if one.of(recipe) is not None}
    return {one.name: values[one.name] for one in space if one.name in values and one.holds(values[one.name])}
