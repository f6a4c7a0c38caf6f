"""Tables for a terminal."""

from collections.abc import Sequence

from tabulate import tabulate


def table(rows: Sequence[Sequence[str]], headers: Sequence[str] = (), left: int = 1) -> str:
    """Rows below their headers; the first `left` columns are texts, the others numbers, which end below each other.

    Texts in any script line up where the terminal shows them in its usual widths.
    """
    columns = len(headers or rows[0])
    align = ["left"] * left + ["right"] * (columns - left)
    return tabulate(rows, headers, tablefmt="plain", colalign=align, disable_numparse=True)
