"""Where benchmarks keep what they measured, and what was published of it."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from processor import Processor

from digits.files import OUTPUT_DIR, write_together

FOLDER = OUTPUT_DIR / "benchmarks"
PUBLISHED = Path(__file__).with_name("published.json")


class Spread(NamedTuple):
    """Of several measurements: the median, the lowest and the highest."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        values = list(values)
        return cls(median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.range})"

    @property
    def range(self) -> str:
        return f"{self.lowest:.2f} to {self.highest:.2f}"


def as_json(content: object) -> bytes:
    return json.dumps(content, indent=1).encode() + b"\n"


def keep(benchmark: str, isa: str, processor: Processor, figures: Mapping[str, Any]) -> None:
    """Write what there is so far, in place of what was written before."""
    head = {"isa": isa, "level": processor.level, "date": date.today().isoformat(), "processor": str(processor)}
    write_together(FOLDER, {f"{benchmark}_{isa}.json": as_json({**head, **figures})})


def published(benchmark: str) -> dict[str, Any]:
    """What docs/ says of a benchmark, by the level of the processor."""
    return json.loads(PUBLISHED.read_text())[benchmark]


def is_cut_short(work: Callable[[], None]) -> bool:
    """Do the work, and return whether Ctrl-C ended it before it was done."""
    try:
        work()
    except KeyboardInterrupt:
        print("\nCut short; what there is:")
        return True
    return False
