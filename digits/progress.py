"""How far long work has come: on a terminal or below a notebook's cell; nothing elsewhere."""

import sys
from collections.abc import Iterator, Sequence
from io import StringIO
from time import monotonic
from types import TracebackType
from typing import Any, TypeVar

Item = TypeVar("Item")

BETWEEN = 0.2  # seconds from one drawing in a notebook to the next


class Bar:
    """A line that says how far work has come. Before anything else is printed, `clear` takes it away.

    It stands on stderr where that is a terminal, and in a notebook below the cell that runs.
    """

    def __init__(self, unit: str) -> None:
        """Nothing is shown yet; `unit` is what is counted."""
        self.bar: Any = None
        self.cell = _Cell() if _in_notebook() else None
        if self.cell or (sys.stderr is not None and sys.stderr.isatty()):
            from rich import progress
            from rich.console import Console

            said = "{task.fields[said]}", f"{{task.fields[rate]}} {unit} a second"
            columns = ("{task.description}", progress.BarColumn(), *said, progress.TimeRemainingColumn())
            console = self.cell.console() if self.cell else Console(stderr=True, highlight=False)
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
            if self.cell:
                self.cell.show(self.bar)
            else:
                self.bar.start()

    def over(self, what: str, items: Sequence[Item]) -> Iterator[Item]:
        """The items, each counted as it is given away."""
        for number, item in enumerate(items):
            if number % 20 == 0:
                self.show(what, number, len(items))
            yield item

    def clear(self) -> None:
        """Take the line away; `show` brings it back."""
        if self.cell:
            self.cell.clear()
        elif self.bar:
            self.bar.stop()

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.clear()


class _Cell:
    """The place below a notebook's cell where the line stands, as plain text: rich would need widgets for that."""

    def __init__(self) -> None:
        self.place: Any = None
        self.due = 0.0

    def console(self) -> Any:
        """Where rich draws the line, to be taken from there."""
        from rich.console import Console

        return Console(file=StringIO(), width=100, color_system=None, force_jupyter=False)

    def show(self, bar: Any) -> None:
        """Draw the line, unless it was drawn a moment ago."""
        if monotonic() < self.due:
            return
        with bar.console.capture() as drawn:
            bar.console.print(bar.get_renderable())
        self._say(drawn.get().strip())
        self.due = monotonic() + BETWEEN

    def clear(self) -> None:
        """Leave nothing of it."""
        if self.place:
            self._say("")
        self.due = 0.0

    def _say(self, line: str) -> None:
        if self.place:
            self.place.update({"text/plain": line}, raw=True)
        else:
            from IPython.display import display

            self.place = display({"text/plain": line}, raw=True, display_id=True)


def _in_notebook() -> bool:
    """Whether a notebook's kernel runs this."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")
