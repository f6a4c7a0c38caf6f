"""How far long work has come, on a terminal; nothing elsewhere."""

import sys
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, TypeVar

Item = TypeVar("Item")


class Bar:
    """A line on stderr that says how far work has come. Before anything else is printed, `clear` takes it away."""

    def __init__(self, unit: str) -> None:
        """Nothing is shown yet; `unit` is what is counted."""
        self.bar: Any = None
        if sys.stderr is not None and sys.stderr.isatty():
            from rich import progress
            from rich.console import Console

            said = "{task.fields[said]}", f"{{task.fields[rate]}} {unit} a second"
            columns = ("{task.description}", progress.BarColumn(), *said, progress.TimeRemainingColumn())
            console = Console(stderr=True, highlight=False)
            if console.is_dumb_terminal:
                return
            self.bar = progress.Progress(*columns, console=console, transient=True, redirect_stdout=False)
            self.task = self.bar.add_task("", said="", rate="–")

    def show(self, what: str, done: int, total: int, said: str = "") -> None:
        """So many of `total` are done of what is called `what`; `said` stands beside the bar."""
        if self.bar:
            if what != self.bar.tasks[0].description:  # another epoch
                self.bar.reset(self.task, total=total)
            self.bar.update(self.task, description=what, completed=done, total=total, said=said)
            speed = self.bar.tasks[0].speed
            self.bar.update(self.task, rate=f"{speed:,.0f}" if speed else "–")
            self.bar.start()

    def over(self, what: str, items: Sequence[Item]) -> Iterator[Item]:
        """The items, each counted as it is given away."""
        for number, item in enumerate(items):
            if number % 20 == 0:
                self.show(what, number, len(items))
            yield item

    def clear(self) -> None:
        """Take the line away; `show` brings it back."""
        if self.bar:
            self.bar.stop()

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.clear()
