"""A search: trials on held-out training images, then the winner beside the recipe that it started from."""

import hashlib
import json
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits.datasets import DIGITS, load_dataset
from digits.errors import DigitsError
from digits.evaluation.metrics import Difference, difference
from digits.files import DATA_DIR, OUTPUT_DIR, display, require_writable, write_together
from digits.jobs import Cluster, Engine, side_by_side
from digits.jobs.cluster import import_ray, inventory
from digits.recipes import NO_DRAWING, Recipe, check_seed, refuse
from digits.training.validation import training_count
from digits.tuning.display import Display
from digits.tuning.report import PAGE, TUNED, page
from digits.tuning.space import Space, check_space, recipe_of, value_of, values_of
from digits.tuning.storage import (
    FAILED,
    FINISHED,
    JOURNAL,
    STOPPED,
    Row,
    alone,
    import_optuna,
    open_study,
    rows,
    undisturbed,
)
from digits.tuning.trials import Job, Judged, Material, test, trial

if TYPE_CHECKING:
    from optuna.study import Study

HELD_OUT = 0.1  # share of the training images that trials are judged on, where the recipe names no other


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
        precision: of the arithmetic of training.
        dataset: a name of `datasets.registry`, or the path of the user's own data.
        data_dir: folder of the datasets that have a name.
        output_dir: folder of the search.
        resume: whether to go on with the search in `output_dir`, if there is one.
        address: of a Ray cluster, or None for this machine alone.
        origin: what `--recipe` calls the recipe, where that is not its name.
    """

    backend: str
    recipe: Recipe
    space: Space
    trials: int = 40
    minutes: float | None = None
    seeds: int = 5
    seed: int = 0
    precision: str = "auto"
    dataset: str = "mnist"
    data_dir: Path = DATA_DIR
    output_dir: Path = OUTPUT_DIR
    resume: bool = False
    address: str | None = None
    origin: str = ""

    def __post_init__(self) -> None:
        check_seed(self.seed)
        for name, least in (("trials", 1), ("seeds", 3)):
            if getattr(self, name) < least:
                refuse(name, getattr(self, name), f"a whole number, {least} or more")
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            refuse("minutes", self.minutes, "a number above 0")
        check_space(self.space, self.start)

    @property
    def start(self) -> Recipe:
        """The recipe that the search starts from, for one network."""
        return replace(self.recipe, ensemble=1)


def tune(search: Search) -> None:
    """Search, compare, and write `tuned.json` and `tuning.html`.

    Raises:
        DigitsError: Ray or Optuna is not installed, the data are missing, there is no such cluster, the search to go
            on with is another, or no trial came to its end.
    """
    import_optuna(), import_ray(search.address)
    require_writable(search.output_dir)
    with alone(search.output_dir):
        material = _load(search)
        with undisturbed():
            study = open_study(
                search.output_dir,
                identity(search, material),
                search.space,
                search.resume,
                _sampler(search),
                _pruner(search),
            )
        print(f"Searching: {' '.join(map(str, search.space))}")
        try:
            with Cluster(search.address, 1, search.backend, material) as engine:
                run_trials(search, study, engine)
                winner = best(study, search)
                outcome = compare(search, study, engine, material, winner)
        except BaseException as error:
            kept = len(rows(study, search.space))
            if isinstance(error, KeyboardInterrupt):
                print(f"{kept} trials are kept; --resume goes on from there", file=sys.stderr)
            if not study.get_trials(deepcopy=False):  # Ray did not start, say
                (search.output_dir / JOURNAL).unlink()
            raise
        _write(search, study, material, winner, outcome)


def _load(search: Search) -> Material:
    """What the trials train on, checked for all recipes of the space."""
    dataset = load_dataset(search.dataset, search.data_dir)
    fields = {one.field: one for one in search.space}
    drawn = [name for name in NO_DRAWING if name in fields or getattr(search.recipe, name)]
    if drawn and dataset.classes != DIGITS:
        raise DigitsError(f"{drawn[0]} must be 0 for {dataset.name}, whose classes are not the ten digits")
    if search.recipe.validation and dataset.validation:
        refuse("validation", search.recipe.validation, f"0, as {dataset.name} brings validation images of its own")
    held_out = 0.0 if dataset.validation else search.recipe.validation or HELD_OUT
    images = training_count(len(dataset.train), held_out)
    one = fields.get("batch_size")
    batch = max(one.choices or (one.high,)) if one else search.recipe.batch_size  # type: ignore[type-var]
    if batch > images:  # type: ignore[operator]
        raise DigitsError(f"batch size is up to {batch:,}, but there are only {images:,} training images for a trial")
    return Material(search.backend, search.precision, dataset, held_out, search.seed)


def identity(search: Search, material: Material) -> dict[str, Any]:
    """All that decides what the losses of trials mean; a search that goes on must share it."""
    versions = {name: version for name, version in inventory(search.backend).items() if "source" not in name}
    decides = {
        "backend": search.backend,
        "dataset": material.dataset.name,
        "dataset_sha256": material.dataset.sha256,
        "recipe": asdict(search.start),
        "space": " ".join(map(str, search.space)),
        "seed": search.seed,
        "held_out": material.held_out,
        "precision": search.precision,
        "versions": versions,
    }
    return json.loads(json.dumps(decides))


def _sampler(search: Search) -> Any:
    return import_optuna().samplers.TPESampler(seed=search.seed)


def _pruner(search: Search) -> Any:
    """ASHA (Li et al., 2018, arXiv:1810.05934): after 1, 3, 9 … epochs only the better third goes on."""
    pruners = import_optuna().pruners
    several = search.recipe.epochs > 1 or any(one.field == "epochs" for one in search.space)
    return pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3) if several else pruners.NopPruner()


def run_trials(search: Search, study: "Study", engine: Engine) -> None:
    """Try recipes until there are so many trials, or the time is over. What ends is in the study's file at once."""
    optuna = import_optuna()
    began, past = time.monotonic(), rows(study, search.space)
    under_way: dict[int, tuple[Any, float]] = {}  # Optuna's trial and when it began, by number
    if not study.get_trials(deepcopy=False):
        study.enqueue_trial(values_of(search.start, search.space))
    elif hasattr(study.sampler, "reseed_rng"):  # or it would draw again what it drew then
        study.sampler.reseed_rng()

    def chosen() -> Iterator[Job]:
        while len(past) + len(under_way) < search.trials and not _is_over(search, began):
            with undisturbed():
                asked = study.ask()
                values = {one.name: one.draw(asked) for one in search.space}
            under_way[asked.number] = asked, time.monotonic()
            recipe = recipe_of(search.start, search.space, values)
            shown.begin(asked.number, values)
            yield Job(asked.number, recipe, search.seed)

    with Display(search.space, search.trials, search.minutes, past) as shown:
        for step in side_by_side(engine, trial, chosen()):
            asked, start = under_way[step.job.number]
            with undisturbed():
                if isinstance(step.value, Judged):
                    reached = _epochs(study, asked.number) + 1
                    asked.report(step.value.loss, reached)
                    asked.set_user_attr("accuracy", step.value.accuracy)
                    shown.progress(asked.number, step.place, reached, step.value)
                    may_stop = reached < step.job.recipe.epochs and step.job.recipe != search.start
                    step.stop = may_stop and asked.should_prune()
                if step.ended or step.stop:
                    asked.set_user_attr("seconds", round(time.monotonic() - start, 2))
                    if step.reason:
                        asked.set_user_attr("reason", step.reason)
                        study.tell(asked, state=optuna.trial.TrialState.PRUNED)  # it teaches the search what not to try
                    elif step.stop:
                        study.tell(asked, state=optuna.trial.TrialState.PRUNED)
                    else:
                        losses = study.get_trials(deepcopy=False)[asked.number].intermediate_values
                        study.tell(asked, losses[max(losses)])
                    del under_way[asked.number]
                    past[:] = rows(study, search.space)
                    shown.end(past)


def _epochs(study: "Study", number: int) -> int:
    """How many epochs of a trial are reported."""
    return len(study.get_trials(deepcopy=False)[number].intermediate_values)


def _is_over(search: Search, began: float) -> bool:
    return search.minutes is not None and time.monotonic() - began > 60 * search.minutes


@dataclass(frozen=True)
class Winner:
    """The trial with the lowest loss, and its recipe, for one network."""

    row: Row
    recipe: Recipe


def best(study: "Study", search: Search) -> Winner:
    """The winner.

    Raises:
        DigitsError: no trial came to its end.
    """
    found = rows(study, search.space)
    finished = [row for row in found if row.state == FINISHED]
    if not finished:
        reasons = [row.reason for row in found if row.reason]
        why = f"the last one failed: {reasons[-1]}" if reasons else "give them more --minutes, and --resume"
        raise DigitsError(f"none of {len(found)} trials came to its end; {why}")
    row = min(finished, key=lambda row: (row.losses[-1], row.number))
    return Winner(row, replace(recipe_of(search.start, search.space, row.values), name="tuned"))


@dataclass(frozen=True)
class Outcome:
    """What the test images say.

    Attributes:
        tuned, start: the accuracy of each seed's network, 0 to 1, of the winner and of the recipe it started from.
        gain: the difference, None where the two are one.
        sentence: it in words.
    """

    tuned: list[float]
    start: list[float]
    gain: Difference | None
    sentence: str


def compare(search: Search, study: "Study", engine: Engine, material: Material, winner: Winner) -> Outcome:
    """Train the winner and the recipe that it started from with several seeds, and look at the test once for each.

    What each reached is kept in the study, so that a search that goes on looks no second time.

    Raises:
        DigitsError: one of them failed.
    """
    name = search.recipe.name
    if replace(winner.recipe, name=name) == search.start:
        return Outcome([], [], None, f"no trial was better than {name} itself, from which the search started")
    seeds = range(search.seed + 1, search.seed + 1 + search.seeds)
    wanted = [(recipe, seed) for seed in seeds for recipe in (winner.recipe, search.start)]
    missing = [one for one in wanted if _key(*one) not in study.user_attrs]
    print(f"Comparing with {name}: {search.seeds} seeds each, of which the test images are looked at once")
    jobs = [Job(number, *one) for number, one in enumerate(missing)]
    for step in side_by_side(engine, test, jobs):
        if step.reason:
            raise DigitsError(f"the comparison failed: {step.reason}. Go on with --resume")
        if not step.ended:
            with undisturbed():
                study.set_user_attr(_key(step.job.recipe, step.job.seed), step.value)
            accuracy = step.value / len(material.dataset.test)
            print(f"  {step.job.recipe.name}, seed {step.job.seed}: test accuracy {accuracy:.2%}")
    images = len(material.dataset.test)
    tuned, start = (
        [_count(study.user_attrs[_key(recipe, seed)], images) / images for seed in seeds]
        for recipe in (winner.recipe, search.start)
    )
    gain = difference(tuned, start)
    return Outcome(tuned, start, gain, gain.sentence("the tuned recipe", name))


def _count(noted: Any, images: int) -> int:
    """How many of the test images were right, as the study's file has it."""
    if type(noted) is not int or not 0 <= noted <= images:
        raise DigitsError(f"the search's file says that {noted!r:.50} of {images:,} test images were right. Delete it")
    return noted


def _key(recipe: Recipe, seed: int) -> str:
    """What the study calls the right answers of a recipe with a seed."""
    fields = {**asdict(recipe), "name": ""}
    return f"test {hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]} {seed}"


def flags(search: Search, winner: Recipe) -> str:
    """The command that trains the winner, by the flags that make it of the recipe it started from."""
    words = [f"digits train {search.backend} --recipe {search.origin or search.recipe.name}"]
    for name in dict.fromkeys(one.field for one in search.space):
        dimension = next(one for one in search.space if one.field == name)
        value = getattr(winner if hasattr(winner, name) else winner.augmentation, name)
        if dimension.place is None and value == value_of(search.start, dimension):
            continue
        words.append(f"--{name.replace('_', '-')} {','.join(map(str, value)) if isinstance(value, tuple) else value}")
    return " ".join(words)


def _write(search: Search, study: "Study", material: Material, winner: Winner, outcome: Outcome) -> None:
    """Write the winner and the page about the search into the output folder."""
    found, command = rows(study, search.space), flags(search, winner.recipe)
    seeds = range(search.seed + 1, search.seed + 1 + len(outcome.tuned))
    record = {
        **identity(search, material),
        "recipe": asdict(replace(winner.recipe, ensemble=search.recipe.ensemble)),
        "started_from": asdict(search.recipe),
        "flags": command,
        "trials": {state: sum(row.state == state for row in found) for state in (FINISHED, STOPPED, FAILED)},
        "validation_loss": winner.row.losses[-1],
        "validation_accuracy": winner.row.accuracy,
        "test_accuracy": {"seeds": list(seeds), "tuned": outcome.tuned, "started_from": outcome.start},
        "gain": asdict(outcome.gain) if outcome.gain else None,
        "sentence": outcome.sentence,
    }
    html = page(search, study, found, winner, outcome, command)
    write_together(search.output_dir, {PAGE: html.encode(), TUNED: (json.dumps(record, indent=2) + "\n").encode()})
    print(f"{outcome.sentence[0].upper()}{outcome.sentence[1:]}")
    print(f"Train it with: digits train {search.backend} --recipe {search.output_dir / TUNED}")
    print(f"Saved {display(search.output_dir)}/{TUNED} and {PAGE}")
