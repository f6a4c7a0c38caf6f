"""What a search shows: a line for each trial that ends and, on a terminal, a table of what is under way."""

import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from digits.evaluation.tables import table
from digits.tuning.space import Space
from digits.tuning.storage import FAILED, FINISHED, STOPPED, Row
from digits.tuning.trials import Judged


class Display:
    """Shows a search.

    Args:
        space: what it tries.
        trials: how many there will be.
        minutes: how long it may take, or None.
        past: trials of an earlier search that goes on.
    """

    def __init__(self, space: Space, trials: int, minutes: float | None, past: Sequence[Row]):
        self._space, self._trials, self._minutes, self._past = space, trials, minutes, list(past)
        self._under_way: dict[int, list[str]] = {}  # a line of the table, by trial
        self._began, self._height = time.monotonic(), 0
        self._live = sys.stdout.isatty()

    def __enter__(self) -> "Display":
        if self._past:
            print(f"Going on after {len(self._past)} trials")
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def begin(self, number: int, values: Mapping[str, Any]) -> None:
        """A trial is begun."""
        self._under_way[number] = [str(number), "", "", "", _words(values, self._space)]
        self._draw()

    def progress(self, number: int, place: str, epochs: int, judged: Judged) -> None:
        """A trial has come to the end of another epoch."""
        self._under_way[number][1:4] = [place, str(epochs), f"{judged.loss:.4f}"]
        self._draw()

    def end(self, rows: Sequence[Row]) -> None:
        """Trials have ended: all those that have are `rows`."""
        known = {row.number for row in self._past}
        self._past, ended = list(rows), [row for row in rows if row.number not in known]
        for row in ended:
            self._under_way.pop(row.number, None)
            self._clear()
            print(self._line(row))
        self._draw()

    def _line(self, row: Row) -> str:
        best = _best(self._past)
        says = {
            FINISHED: f"loss {row.losses[-1]:.4f}, accuracy {row.accuracy:.2%}" if row.losses else "",
            STOPPED: f"stopped early, loss {row.losses[-1]:.4f} after epoch {len(row.losses)}"
            if row.losses
            else STOPPED,
            FAILED: f"failed: {row.reason}",
        }[row.state]
        mark = ", best so far" if best is not None and best.number == row.number else ""
        return f"Trial {row.number}: {says}, {row.seconds:.1f} s{mark}; {_words(row.values, self._space)}"

    def _draw(self) -> None:
        if not self._live:
            return
        best, states = _best(self._past), [row.state for row in self._past]
        minutes = (time.monotonic() - self._began) / 60
        head = [
            f"{len(states)} of {self._trials} trials: {states.count(FINISHED)} finished, {states.count(STOPPED)} "
            f"stopped early, {states.count(FAILED)} failed; {minutes:.1f}"
            + (f" of {self._minutes:g}" if self._minutes else "")
            + " minutes",
            f"best so far: trial {best.number}, loss {best.losses[-1]:.4f}, accuracy {best.accuracy:.2%}"
            if best
            else "",
        ]
        rows = [self._under_way[number] for number in sorted(self._under_way)]
        body = table(rows, ("trial", "where", "epochs", "loss", "values"), left=5).splitlines() if rows else []
        width, height = shutil.get_terminal_size()
        lines = [line[: width - 1] for line in [*head, *body]][: height - 1]
        self._clear()
        print("\n".join(lines), flush=True)
        self._height = len(lines)

    def _clear(self) -> None:
        """Take the table away again, so that what is printed next stands in its place."""
        if self._height:
            print(f"\x1b[{self._height}F\x1b[J", end="", flush=True)
        self._height = 0


def _best(rows: Sequence[Row]) -> Row | None:
    return min((row for row in rows if row.state == FINISHED), key=lambda row: row.losses[-1], default=None)


def _words(values: Mapping[str, Any], space: Space) -> str:
    return " ".join(f"{one.name}={one.rounded(values[one.name])}" for one in space)
