import sqlite3

import pytest

from digits.batch.ledger import Entry, Ledger, Picture
from digits.errors import DigitsError

SETTINGS = {"model": "abc", "finder": "def"}
ONE, TWO, ROW = Picture("1.png", -1, 10, 20), Picture("a\udcff.png", -1, 11, 21), Picture("x.parquet", 0, 12, 22)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "readings.csv.ledger"


def begun(path, *pictures, resume=False):
    ledger = Ledger(path, SETTINGS, resume)
    ledger.list(pictures)
    return ledger


def names(ledger):
    return [one.name for one in ledger.missing()]


def note_all(ledger):
    ledger.note([Entry(one.id, f'"{one.name!a}"', failed=False) for one in ledger.missing()])


def test_what_was_noted_is_not_missing_and_has_its_place(path):
    ledger = begun(path, ONE, TWO, ROW, TWO)
    assert names(ledger) == ["1.png", "x.parquet", "a\udcff.png"]  # once, where it was named last
    one, *others = ledger.missing()
    ledger.note([Entry(others[1].id, "page 1\npage 2", False), Entry(one.id, "error", True)])
    assert names(ledger) == ["1.png", "x.parquet"]  # what failed is tried again
    ledger.note([Entry(others[0].id, "row", False)])
    assert list(ledger.lines()) == ["error", "row", "page 1", "page 2"]


def test_it_goes_on_with_what_is_missing_or_has_changed_and_forgets_what_is_gone(path):
    gone = Picture("gone.png", -1, 1, 1)
    ledger = begun(path, gone, ONE, TWO, ROW)
    note_all(ledger)
    ledger.close()
    larger, later, new = ONE._replace(size=99), TWO._replace(time=99), Picture("0.png", -1, 1, 1)
    ledger = begun(path, new, larger, later, ROW, resume=True)
    assert names(ledger) == ["0.png", "1.png", "a\udcff.png"]
    note_all(ledger)
    assert [line.strip('"') for line in ledger.lines()] == [ascii(one.name) for one in (new, larger, later, ROW)]


def test_what_has_been_read_is_not_begun_anew_unasked(path):
    ledger = begun(path, ONE, TWO)
    note_all(ledger)
    ledger.close()
    with pytest.raises(DigitsError, match=r"ledger holds 2 readings. Go on with --resume, or delete it and begin anew"):
        Ledger(path, SETTINGS, resume=False)


def test_readings_of_two_models_are_not_mixed(path):
    ledger = begun(path, ONE)
    note_all(ledger)
    ledger.close()
    with pytest.raises(DigitsError, match=r"was begun with another model: abc, and now it is xyz\. Go on with the one"):
        Ledger(path, {**SETTINGS, "model": "xyz"}, resume=True)
    Ledger(path, SETTINGS, resume=True).close()  # which has let go of it


def test_one_without_readings_goes_and_where_it_could_not_it_is_begun_anew(path):
    begun(path, ONE).close()
    assert not path.exists()
    begun(path, ONE)._database.close()  # as where the process is killed
    ledger = Ledger(path, {**SETTINGS, "model": "xyz"}, resume=False)
    ledger.list([TWO])
    note_all(ledger)
    ledger.forget()
    ledger.close()
    assert not path.exists()


def test_two_do_not_write_it_at_once(path):
    ledger = begun(path, ONE)
    with pytest.raises(DigitsError, match=r"another process writes it\. Wait for it, or name another --output"):
        Ledger(path, SETTINGS, resume=True)
    ledger.close()
    Ledger(path, SETTINGS, resume=True).close()


@pytest.mark.parametrize("content", [b"not a database, but long enough" * 200, b"SQLite format 3\0" + b"x" * 4000])
def test_what_is_no_ledger_is_one_line(content, path):
    path.write_bytes(content)
    with pytest.raises(DigitsError, match=r"is damaged or not ours \(.*\)\. Delete it, and begin anew"):
        Ledger(path, SETTINGS, resume=True)


def test_a_database_of_somebody_else_is_one_line(path):
    sqlite3.connect(path).execute("CREATE TABLE other (a)").connection.close()
    with pytest.raises(DigitsError, match=r"ledger is damaged or not ours \(it is a database of something else\)"):
        Ledger(path, SETTINGS, resume=True)
    assert path.exists()


def test_a_full_disk_takes_nothing_of_what_was_there(path):
    ledger = begun(path, *(Picture(f"{number}.png", -1, 1, 1) for number in range(50)))
    first, *others = ledger.missing()
    ledger.note([Entry(first.id, "kept", False)])
    (pages,) = ledger._database.execute("PRAGMA page_count").fetchone()
    ledger._database.execute(f"PRAGMA max_page_count = {pages + 3}")  # SQLite's own word for a disk of this size
    with pytest.raises(DigitsError, match=r"ledger: the disk is full$"):
        ledger.note([Entry(one.id, "x" * 4000, False) for one in others])
    assert ledger.count("lines IS NOT NULL") == 1 and len(list(ledger.missing())) == 49
    ledger.close()
    again = begun(path, *(Picture(f"{number}.png", -1, 1, 1) for number in range(50)), resume=True)
    assert again.count("lines = 'kept'") == 1


def test_a_listing_that_fails_leaves_the_last_one(path):
    def listing():
        yield TWO
        raise DigitsError("the folder cannot be listed")

    ledger = begun(path, ONE)
    note_all(ledger)
    with pytest.raises(DigitsError, match="cannot be listed"):
        ledger.list(listing())
    assert ledger.count("lines IS NOT NULL") == 1 == ledger.count()
