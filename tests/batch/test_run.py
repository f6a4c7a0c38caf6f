"""Whole runs, as users start them: undisturbed, killed, interrupted, on pictures that change or kill."""

import csv
import json
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from pyarrow.fs import FileSystem

import digits
from digits.batch import Progress, run
from digits.errors import DigitsError
from tests import inside
from tests.batch.conftest import finished
from tests.batch.test_work import hostile
from tests.calls import read_or_die
from tests.conftest import ROOT, heed_ctrl_c
from tests.test_processes import wait_for

COUNT = 110


@pytest.fixture
def many(drawings, tmp_path) -> Path:
    """A folder of drawings, of which 2% are damaged or made to harm, and a Parquet file with more of them."""
    folder = tmp_path / "many"
    (folder / "in").mkdir(parents=True)
    for number in range(COUNT):
        (folder / "in" / f"{number}.png").write_bytes(drawings[number % len(drawings)])
    hostile(folder / "bad")
    pq.write_table(pa.table({"image": [*drawings[:20], b"nothing"]}), folder / "more.parquet")
    return folder


TOTAL, FAILED = COUNT + 8 + 21, 8 + 1


def rows(path: Path) -> list[dict]:
    return list(map(json.loads, path.read_text().splitlines()))


def assert_same(found: list[dict], expected: list[dict]) -> None:
    """Texts, boxes and errors are the same, confidences within 1e-4."""
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.pop("confidence", 0) == pytest.approx(other.pop("confidence", 0), abs=1e-4)
        for digit, same in zip(one.get("digits", []), other.get("digits", []), strict=True):
            assert digit.pop("confidence") == pytest.approx(same.pop("confidence"), abs=1e-4)
        assert one == other


def command(source: Path, output: Path, *flags: str) -> list[str]:
    return [sys.executable, "-m", "digits", "read", str(source), "--output", str(output), *flags]


def noted(output: Path) -> int:
    """How many readings are kept, without a lock, which the process at work has."""
    with closing(sqlite3.connect(f"file:{output}.ledger?immutable=1", uri=True)) as database:
        try:
            return database.execute("SELECT count(*) FROM picture WHERE lines IS NOT NULL").fetchone()[0]
        except sqlite3.DatabaseError:  # it is being written
            return 0


def test_a_row_a_picture_in_each_form_and_errors_say_so(many, tmp_path):
    done = subprocess.run(command(many, tmp_path / "x.jsonl"), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    what = f"{FAILED} of {TOTAL} pictures could not be read; {tmp_path}/x.jsonl says why. --resume tries them again"
    assert done.stderr == f"error: {what}\n"
    assert f"Saved {tmp_path}/x.jsonl\n" in done.stdout
    found = rows(tmp_path / "x.jsonl")
    assert len(found) == TOTAL and sum("error" in one for one in found) == FAILED
    for one in found[::5]:
        if "row" not in one and "error" not in one:
            assert one == {"source": one["source"], **digits.read(one["source"]).to_dict()}

    for name in ("x.csv", "x.parquet"):  # as a run would write them
        (tmp_path / "x.jsonl.ledger").rename(tmp_path / f"{name}.ledger")
        last = finished(many, output=tmp_path / name, resume=True)
        assert last == Progress(TOTAL - FAILED, TOTAL, TOTAL, FAILED)
        (tmp_path / f"{name}.ledger").rename(tmp_path / "x.jsonl.ledger")
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        cells = list(csv.DictReader(file))
    table = pq.read_table(tmp_path / "x.parquet").to_pylist()
    for one, cell, row in zip(found, cells, table, strict=True):
        assert {name: value for name, value in row.items() if value is not None} == one
        as_text = {name: json.dumps(value) if isinstance(value, list) else str(value) for name, value in one.items()}
        assert {name: value for name, value in cell.items() if value} == {
            name: value for name, value in as_text.items() if value
        }


@pytest.mark.parametrize("how", [pytest.param(signal.SIGKILL, marks=pytest.mark.slow), signal.SIGINT])
def test_a_run_that_is_killed_goes_on_and_ends_as_one_that_is_not(how, many, tmp_path):
    output = tmp_path / "killed.jsonl"
    process = subprocess.Popen(
        command(many, output),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    wait_for(lambda: noted(output) > 20)
    process.send_signal(how)
    _, errors = process.communicate(timeout=120)
    kept = noted(output)
    assert 20 < kept < TOTAL and not output.exists()
    if how == signal.SIGINT:
        assert process.returncode == 130
        said = rf"(\d+) of {TOTAL} pictures are done; --resume goes on from there\nerror: interrupted; .*\n"
        assert 0 < int(re.fullmatch(said, errors)[1]) <= kept, errors  # the last wave may have been kept meanwhile

    in_the_way = inside.digits("read", many, "--output", output)
    assert "readings. Go on with --resume, or delete it and begin anew" in in_the_way.stderr

    done = inside.digits("read", many, "--output", output, "--resume")
    assert f"{FAILED} of {TOTAL} pictures could not be read" in done.stderr
    before = int(done.stdout.split()[0])
    assert 0 < before <= kept and done.stdout.startswith(f"{before} pictures were read before\n")
    finished(many, output=tmp_path / "whole.jsonl")
    assert_same(rows(output), rows(tmp_path / "whole.jsonl"))


def test_what_changes_between_is_read_as_it_is_then(folder, drawings, tmp_path):
    output = tmp_path / "x.jsonl"
    (folder / "6.png").write_bytes(b"nothing yet")
    assert finished(folder, output=output) == Progress(0, 10, 10, 1)
    (folder / "6.png").write_bytes(drawings[6])  # written to its end
    (folder / "1.png").write_bytes(drawings[0])  # another
    (folder / "0.png").rename(folder / "new.png")
    assert finished(folder, output=output, resume=True) == Progress(7, 10, 10, 0)
    finished(folder, output=tmp_path / "anew.jsonl")
    assert rows(output) == rows(tmp_path / "anew.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["anew.jsonl", "scans", "x.jsonl"]
    with pytest.raises(DigitsError, match=r"x\.jsonl is whole: there is nothing to go on with"):
        finished(folder, output=output, resume=True)


def test_a_bucket_is_read_whole(bucket, drawings, tmp_path):
    files, root = FileSystem.from_uri(bucket)
    rows_of_two = pa.BufferOutputStream()
    pq.write_table(pa.table({"image": drawings[10:12]}), rows_of_two)
    contents = {f"{number}.png": data for number, data in enumerate(drawings[:10])}
    for name, data in {**contents, "bad.png": b"x", "more.parquet": rows_of_two.getvalue()}.items():
        with files.open_output_stream(f"{root}/whole/{name}") as stream:
            stream.write(data)
    where, options = bucket.split("?")
    assert finished(f"{where}/whole?{options}", output=tmp_path / "x.jsonl") == Progress(0, 13, 13, 1)
    found = rows(tmp_path / "x.jsonl")
    expected = [digits.read(data).text for data in drawings[:12]]
    assert [one["text"] for one in found if "text" in one] == expected
    assert [one["source"].split("?")[0] for one in found[-2:]] == [f"{where}/whole/more.parquet"] * 2


def test_a_hand_votes_in_every_process_and_a_run_stays_with_it(folder, drawings, tmp_path):
    one, other = tmp_path / "hand", tmp_path / "other"
    for hand, name in ((one, "3"), (other, "4")):
        (hand / name).mkdir(parents=True)
        seen = digits.Reader().trace(drawings[0]).seen  # a 7, said to be another digit
        Image.fromarray(seen.images[seen.read[0]]).save(hand / name / "a.png")
    output = tmp_path / "out.jsonl"
    (folder / "11.png").write_bytes(b"nothing")  # so that there is something to go on with
    finished(folder, output=output, hand=one)
    sure = {Path(row["source"]).name: row.get("confidence") for row in rows(output)}["0.png"]
    assert sure == pytest.approx(digits.Reader(hand=one).read(drawings[0]).confidence, abs=1e-4)
    assert sure < digits.read(drawings[0]).confidence - 0.01
    for another in (other, None):
        with pytest.raises(DigitsError, match="was begun with another hand"):
            finished(folder, output=output, hand=another, resume=True)
    with pytest.raises(DigitsError, match="nowhere is no folder"):
        finished(folder, output=tmp_path / "new.csv", hand=tmp_path / "nowhere")


def test_the_table_of_before_is_no_source(folder, tmp_path):
    for _ in range(2):
        assert finished(folder, output=folder / "x.parquet") == Progress(0, 10, 10, 0)


def test_a_picture_that_kills_its_process_is_a_row_and_all_others_are_read(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "read_pictures", read_or_die)  # which dies of 3.png
    assert finished(folder, output=tmp_path / "x.jsonl") == Progress(0, 10, 10, 1)
    found = rows(tmp_path / "x.jsonl")
    assert found[3]["error"] == f"{folder / '3.png'} cannot be read: a process was killed, as where memory runs out"
    assert sum("text" in one for one in found) == 9


def test_a_table_that_cannot_be_written_costs_no_reading(folder, tmp_path, monkeypatch):
    output = tmp_path / "x.csv"
    output.write_text("of before")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(OSError, match="No space left"):
            finished(folder, output=output)
    assert output.read_text() == "of before"
    assert finished(folder, output=output, resume=True) == Progress(10, 10, 10, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scans", "x.csv"]


def test_a_source_without_pictures_leaves_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DigitsError, match="empty has no images"):
        finished(tmp_path / "empty", output=tmp_path / "x.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
