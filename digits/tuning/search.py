"""What a user can choose for a search."""

import math
from dataclasses import dataclass, replace
from pathlib import Path

from digits.files import DATA_DIR, OUTPUT_DIR
from digits.recipes import Recipe, check_seed, refuse
from digits.tuning.space import Space, largest


@dataclass(frozen=True)
class Search:
    """All that a user can choose for a search.

    Attributes:
        backend: "pytorch" or "tensorflow".
        recipe: from which it starts; the first trial is this recipe itself.
        space: what is tried.
        trials: how many in all, those of an earlier search that goes on included.
        minutes: after which no trial is begun; None for no limit.
        seeds: with how many the winner is compared with the recipe.
        seed: of the choices, the held-out images and the trials; the comparison's are those after it.
        dataset: a name of `datasets.registry`, or the path of the user's own data.
        data_dir: folder of the datasets that have a name.
        output_dir: folder of the search.
        resume: whether to go on with the search in `output_dir`, if there is one.
        address: of a Ray cluster, or None for this machine alone.
    """

    backend: str
    recipe: Recipe
    space: Space
    trials: int = 40
    minutes: float | None = None
    seeds: int = 5
    seed: int = 0
    dataset: str = "mnist"
    data_dir: Path = DATA_DIR
    output_dir: Path = OUTPUT_DIR
    resume: bool = False
    address: str | None = None

    def __post_init__(self) -> None:
        check_seed(self.seed)
        for name, least in (("trials", 1), ("seeds", 3)):
            if getattr(self, name) < least:
                refuse(name, getattr(self, name), f"a whole number, {least} or more")
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            refuse("minutes", self.minutes, "a number above 0")
        if self.recipe.finds:
            refuse("recipe", self.recipe.name, "one that tells of which class an image is: trials are judged by that")
        largest(self.space, self.start)

    @property
    def start(self) -> Recipe:
        """The recipe that the search starts from, for one network."""
        return replace(self.recipe, ensemble=1)

    @property
    def test_seeds(self) -> range:
        """With which the winner is compared."""
        return range(self.seed + 1, self.seed + 1 + self.seeds)
