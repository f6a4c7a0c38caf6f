"""Tables for a terminal, folded where it is narrow, and whole in a pipe."""

import io
import shutil
import sys
from collections.abc import Collection, Sequence

UNFOLDED = 10_000  # columns


def table(rows: Sequence[Sequence[str]], headers: Sequence[str] = (), left: Collection[int] = (0,)) -> str:
    """Rows below their headers; the columns `left` are texts, the others numbers, which end below each other.

    Texts in any script line up where the terminal shows them in its usual widths.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=bool(headers), header_style="")
    for number in range(len(headers or rows[0])):
        header = Text(headers[number]) if headers else ""
        drawn.add_column(header, justify="left" if number in left else "right", overflow="fold")
    for row in rows:
        drawn.add_row(*map(Text, row))
    width = shutil.get_terminal_size().columns if sys.stdout and sys.stdout.isatty() else UNFOLDED
    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(drawn)
    return "\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n"))
