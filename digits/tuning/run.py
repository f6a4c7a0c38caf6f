"""A search: trials on held-out training images, then the winner beside the recipe that it started from."""

import contextlib
import io
import json
import math
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from digits.backends import BACKENDS
from digits.errors import DigitsError
from digits.evaluation.metrics import difference
from digits.evaluation.report import render_page
from digits.files import write_together
from digits.hardware import cores_here
from digits.processes import Submit, deaf_to_ctrl_c, processes, result
from digits.recipes import Recipe
from digits.training import Settings, load
from digits.training.cluster import cluster, inventory
from digits.training.run import check_data
from digits.tuning.search import Search
from digits.tuning.space import largest, recipe_of, values_of
from digits.tuning.storage import FAILED, FINISHED, STOPPED, Row, alone, import_optuna, open_study, rows, served
from digits.tuning.trials import Material, key, look, trial

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

TUNED, PAGE = "tuned.json", "tuning.html"
LOOK_SECONDS = 1.0  # between two looks at what is under way


@dataclass(frozen=True)
class Tuning:
    """A search that is open: first its trials, then the looks at the test images, then its files.

    Attributes:
        study: all that is known of it, of earlier commands too.
        storage: the same, for the processes that work for it.
        submit: has one of them call a function with `material`.
    """

    material: Material
    study: "Study"
    storage: "BaseStorage"
    submit: Submit

    @property
    def search(self) -> Search:
        """What is searched for, and how."""
        return self.material.search

    @property
    def rows(self) -> list[Row]:
        """The trials that have ended, in order."""
        return rows(self.study, self.search.space)

    def trials(self) -> Iterator[list["FrozenTrial"]]:
        """Try recipes until there are so many, or the time is over; each second those under way.

        Raises:
            DigitsError: a process was killed.
        """
        seconds = math.inf if self.search.minutes is None else 60 * self.search.minutes
        first, until = self.study.user_attrs.get("tasks", 0), time.time() + seconds
        tasks = range(first, first + self.search.trials - len(self.rows))
        self.study.set_user_attr("tasks", max(first, tasks.stop))  # so that no other has the number of one of these
        futures = {self.submit(trial, self.storage, task, until) for task in tasks}
        while futures:
            done, futures = wait(futures, LOOK_SECONDS, FIRST_COMPLETED)
            yield [one for one in self.study.get_trials(deepcopy=False) if one.state.name == "RUNNING"]
            for future in done:
                self._result(future)

    def _result(self, future: Any) -> None:
        try:
            result(future)
        except DigitsError as error:
            raise DigitsError(f"{error}. {len(self.rows)} trials are kept; go on with --resume") from error

    @property
    def winner(self) -> Recipe:
        """The recipe with the lowest loss, for one network.

        Raises:
            DigitsError: no trial came to its end.
        """
        if not any(row.how == FINISHED for row in self.rows):
            reasons = [row.reason for row in self.rows if row.reason]
            why = f"the last one failed: {reasons[-1]}" if reasons else "give them more --minutes, and --resume"
            raise DigitsError(f"none of {len(self.rows)} trials came to its end; {why}")
        return replace(recipe_of(self.search.start, self.search.space, self.study.best_trial.params), name="tuned")

    @property
    def has_won(self) -> bool:
        """Whether the winner is another recipe than the one that the search started from."""
        return replace(self.winner, name=self.search.start.name) != self.search.start

    def looks(self) -> Iterator[tuple[Recipe, int, float]]:
        """Train both with several seeds, and look at the test images once for each: recipe, seed, accuracy.

        What each reached is kept in the study, so that a search that goes on looks no second time.

        Raises:
            DigitsError: one of them failed.
        """
        pairs = [(recipe, seed) for seed in self.search.test_seeds for recipe in (self.winner, self.search.start)]
        missing = [pair for pair in pairs if key(*pair) not in self.study.user_attrs]
        futures = {self.submit(look, self.storage, *pair): pair for pair in missing}
        while futures:
            for future in wait(futures, return_when=FIRST_COMPLETED).done:
                self._result(future)
                pair = futures.pop(future)
                yield *pair, self._accuracy(*pair)

    def _accuracy(self, recipe: Recipe, seed: int) -> float:
        noted, images = self.study.user_attrs[key(recipe, seed)], len(self.material.dataset.test)
        if type(noted) is not int or not 0 <= noted <= images:
            raise DigitsError(f"the search's file has {noted!r:.50} of {images:,} test images right. Delete it")
        return noted / images

    def write(self) -> str:
        """Write the winner and the page about the search into the output folder, and say in a sentence what came of it.

        Raises:
            OSError: they cannot be written.
        """
        search, best, hows = self.search, self.study.best_trial, [row.how for row in self.rows]
        seeds = list(search.test_seeds) if self.has_won else []
        tuned, start = ([self._accuracy(one, seed) for seed in seeds] for one in (self.winner, search.start))
        gain, name = difference(tuned, start) if seeds else None, search.recipe.name
        sentence = f"No trial was better than {name} itself, from which the search started"
        if gain:
            sentence = gain.sentence("the tuned recipe", name)
            sentence = f"{sentence[0].upper()}{sentence[1:]}"
        record = {
            **identity(self.material),
            "recipe": asdict(replace(self.winner, ensemble=search.recipe.ensemble)),
            "started_from": asdict(search.recipe),
            "trials": {how: hows.count(how) for how in (FINISHED, STOPPED, FAILED)},
            "validation_loss": best.value,
            "validation_accuracy": best.user_attrs["accuracy"],
            "test_accuracy": {"seeds": seeds, "tuned": tuned, "started_from": start},
            "gain": asdict(gain) if gain else None,
            "sentence": sentence,
        }
        ordered = sorted(self.rows, key=lambda row: (row.how != FINISHED, math.inf if row.loss is None else row.loss))
        pictures = _pictures(self.study, self.rows)
        page = render_page(PAGE, pictures, record=record, best=best, space=search.space, rows=ordered)
        files = {PAGE: page.encode(), TUNED: (json.dumps(record, indent=2) + "\n").encode()}
        write_together(search.output_dir, files)
        return sentence


@contextlib.contextmanager
def opened(search: Search, sampler: str = "TPESampler") -> Iterator[Tuning]:
    """A search, with processes for it: here, a core each, or on the nodes of its cluster. Leaving this ends them.

    Args:
        sampler: the name of the one of Optuna's that chooses what to try.

    Raises:
        DigitsError: Ray or Optuna is not installed, the data are missing or do not suit the recipes, there is no such
            cluster, or the search to go on with is another.
    """
    import_optuna()
    settings = Settings(search.backend, search.start, data_dir=search.data_dir, output_dir=search.output_dir)
    material = Material(search, load(replace(settings, dataset=search.dataset)), sampler)
    check_data(replace(largest(search.space, search.start), validation=material.held_out), material.dataset)
    if search.address:
        engine = cluster(search.address, 1, BACKENDS[search.backend].modules, material)
    else:
        engine = processes(cores_here(), 1, material)
    with alone(search.output_dir), engine as submit:
        with deaf_to_ctrl_c():  # Optuna would say that its lock is missing, and not that it was interrupted
            start = values_of(search.start, search.space)
            study, storage = open_study(search.output_dir, identity(material), search.space, start, search.resume)
        yield Tuning(material, study, served(storage) if search.address else storage, submit)


def identity(material: Material) -> dict[str, Any]:
    """All that decides what the losses of trials mean; a search that goes on must share it."""
    search, dataset = material.search, material.dataset
    versions = inventory(BACKENDS[search.backend].modules)
    decides = {
        "backend": search.backend,
        "dataset": dataset.name,
        "dataset_sha256": dataset.sha256,
        "recipe": asdict(search.start),
        "space": " ".join(map(str, search.space)),
        "seed": search.seed,
        "held_out": material.held_out,
        "versions": {name: version for name, version in versions.items() if "source" not in name},
    }
    return json.loads(json.dumps(decides))


def _pictures(study: "Study", rows: list[Row]) -> dict[str, bytes]:
    """The history of all trials and Optuna's pictures as PNG files, by name; none where fewer than two finished."""
    ended = {
        how: [(row.trial.number, row.loss) for row in rows if row.how == how] for how in (FINISHED, STOPPED, FAILED)
    }
    finished = [(number, loss) for number, loss in ended[FINISHED] if loss is not None]
    if len(finished) < 2:
        return {}
    from digits.evaluation import plots
    from digits.figures import matplotlib

    matplotlib.use("agg")  # Optuna draws with pyplot, which would take the backend of MPLBACKEND
    from matplotlib import pyplot
    from optuna.visualization import matplotlib as optuna_plots

    pictures = {"history": plots.png(plots.search_history(ended, finished))}
    for name, kind in {"slices": "slice", "importances": "param_importances"}.items():
        with warnings.catch_warnings(action="ignore"):  # where a value was the same in all trials
            axes = np.ravel(getattr(optuna_plots, f"plot_{kind}")(study, target_name="validation loss"))
            if name == "slices":
                axes[0].set_yscale("log")  # which all share
            file = io.BytesIO()
            axes[0].figure.savefig(file, dpi=100, bbox_inches="tight")
        pictures[name] = file.getvalue()
        pyplot.close(axes[0].figure)
    return pictures
