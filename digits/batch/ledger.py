"""What there is to read and what was read of it, in an SQLite file: a wave of readings is in it, or none of them is.

Whatever ends the process, the next one finds there what is missing.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from digits.errors import DigitsError

WHOLE = -1  # the row of a file that is a picture itself
_PAGE = 1000  # pictures that are asked for at once

_ALONE = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF;"
_OURS = 0x64696769  # by which SQLite files tell whose they are
_TABLES = f"""
PRAGMA application_id = {_OURS};
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS picture (
    id INTEGER PRIMARY KEY, name BLOB NOT NULL, row INTEGER NOT NULL, size INTEGER NOT NULL, time INTEGER NOT NULL,
    place INTEGER NOT NULL, lines TEXT, failed INTEGER NOT NULL DEFAULT 0, UNIQUE (name, row)
);
CREATE INDEX IF NOT EXISTS by_place ON picture (place);
"""

# A picture that is known, and has changed, is as good as new.
_LIST = """
INSERT INTO picture (name, row, size, time, place) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (name, row) DO UPDATE SET
    lines = CASE WHEN size = excluded.size AND time = excluded.time THEN lines END,
    size = excluded.size, time = excluded.time, place = excluded.place
"""


class Picture(NamedTuple):
    """A picture to read.

    Attributes:
        name: the path or address of its file.
        row: which one of a Parquet file it is, from 0; `WHOLE` where the file is the picture.
        size: bytes of the file.
        time: of its last change, in nanoseconds since 1970.
        id: by which the ledger knows it.
    """

    name: str
    row: int
    size: int
    time: int
    id: int = 0


class Entry(NamedTuple):
    """What came of a picture.

    Attributes:
        id: the picture's.
        lines: a JSON object a page, on a line each.
        failed: whether there is an error in them.
    """

    id: int
    lines: str
    failed: bool


class Ledger:
    """The ledger in `path`, which no other process writes meanwhile. The system forgets that with the process.

    Args:
        settings: what decides readings, by name; the same as those that it was begun with.
        resume: whether there may be readings in it.

    Raises:
        DigitsError: it was begun with other settings, or has readings and may not, is at work elsewhere, is damaged,
            or cannot be written.
    """

    def __init__(self, path: Path, settings: Mapping[str, str], resume: bool):
        self.path = path
        with self._refusing():
            self._database = sqlite3.connect(path, timeout=1, isolation_level=None)
            self._database.executescript(f"{_ALONE} BEGIN EXCLUSIVE;")
            (tables,) = self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if tables and self._database.execute("PRAGMA application_id").fetchone() != (_OURS,):
                raise sqlite3.DatabaseError("it is a database of something else")
            for statement in _TABLES.split(";"):
                self._database.execute(statement)
            self._database.execute("COMMIT")
        try:
            self._check(settings, resume)
        except DigitsError:
            self.close()
            raise

    def _check(self, settings: Mapping[str, str], resume: bool) -> None:
        read = self.count("lines IS NOT NULL")
        if read and not resume:
            raise DigitsError(f"{self.path} holds {read:,} readings. Go on with --resume, or delete it and begin anew")
        with self._at_once() as database:
            known = dict(database.execute("SELECT name, value FROM setting"))
            for name, value in settings.items():
                if read and known.get(name) != value:
                    raise DigitsError(
                        f"{self.path} was begun with another {name}: {known.get(name)}, and now it is {value}. Go on "
                        "with the one that it was begun with, or delete the file and begin anew"
                    )
            database.executemany("INSERT OR REPLACE INTO setting VALUES (?, ?)", settings.items())

    def list(self, pictures: Iterable[Picture]) -> None:
        """Take `pictures` for what there is to read, in their order; others are forgotten, with their readings."""
        with self._at_once() as database:
            (last,) = database.execute("SELECT coalesce(max(place), 0) FROM picture").fetchone()
            placed = enumerate(pictures, last + 1)
            listed = ((os.fsencode(one.name), one.row, one.size, one.time, place) for place, one in placed)
            database.executemany(_LIST, listed)
            database.execute("DELETE FROM picture WHERE place <= ?", (last,))

    def missing(self) -> Iterator[Picture]:
        """The pictures that were not read, or failed, when they are asked for: all that there are, each once."""
        place = 0
        wanted = "SELECT place, name, row, size, time, id FROM picture WHERE place > ? AND (lines IS NULL OR failed)"
        while True:
            with self._refusing():
                found = self._database.execute(f"{wanted} ORDER BY place LIMIT {_PAGE}", (place,)).fetchall()
            for _, name, *rest in found:
                yield Picture(os.fsdecode(name), *rest)
            if not found:
                return
            place = found[-1][0]

    def note(self, readings: Iterable[Entry]) -> None:
        """Keep these readings, all of them or, where that fails, none."""
        with self._at_once() as database:
            database.executemany(
                "UPDATE picture SET lines = ?, failed = ? WHERE id = ?",
                [(one.lines, one.failed, one.id) for one in readings],
            )

    def count(self, where: str = "1") -> int:
        """How many pictures there are of which this SQL is true."""
        with self._refusing():
            (count,) = self._database.execute(f"SELECT count(*) FROM picture WHERE {where}").fetchone()  # noqa: S608
        return int(count)

    def lines(self) -> Iterator[str]:
        """All readings in the order of their pictures, a JSON object each."""
        with self._refusing():
            for (lines,) in self._database.execute("SELECT lines FROM picture ORDER BY place"):
                yield from lines.splitlines()

    def close(self) -> None:
        """Let others write it. One without readings is deleted, or whose readings are forgotten."""
        is_empty = not self.count("lines IS NOT NULL")
        self._database.close()
        if is_empty:
            self.path.unlink()

    def forget(self) -> None:
        """Forget all readings: they are elsewhere now."""
        with self._at_once() as database:
            database.execute("DELETE FROM picture")

    @contextmanager
    def _at_once(self) -> Iterator[sqlite3.Connection]:
        with self._refusing():
            self._database.execute("BEGIN")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                self._database.rollback()
                raise

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Makes one line of whatever SQLite raises."""
        try:
            yield
        except sqlite3.OperationalError as error:
            known = {
                "locked": "another process writes it. Wait for it, or name another --output",
                "full": "the disk is full",
            }
            says = next((known[word] for word in known if word in str(error)), str(error))
            raise DigitsError(f"{self.path}: {says}") from error
        except sqlite3.DatabaseError as error:
            raise DigitsError(f"{self.path} is damaged or not ours ({error}). Delete it, and begin anew") from error
