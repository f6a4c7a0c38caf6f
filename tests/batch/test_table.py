import csv
import json

import pyarrow.parquet as pq
import pytest

from digits.batch.table import checked, write_table
from digits.errors import DigitsError

DIGIT = {"digit": 7, "confidence": 0.9892, "line": 0, "group": 1, "box": [1, 2, 30, 40]}
ROWS = [
    {"source": 'a "b", c.png', "text": "1\n2", "confidence": 0.5, "digits": [DIGIT, DIGIT], "left_out": [[0, 0, 5, 6]]},
    {"source": "x.parquet", "row": 0, "page": 2, "text": "", "confidence": 0.25, "digits": [], "left_out": []},
    {"source": "é.png", "error": "é.png is not there"},
]


@pytest.fixture
def lines():
    return map(json.dumps, ROWS)


def test_jsonl_has_the_objects(lines, tmp_path):
    write_table(tmp_path / "x.jsonl", lines)
    assert list(map(json.loads, (tmp_path / "x.jsonl").read_text().splitlines())) == ROWS


def test_csv_has_lists_as_json(lines, tmp_path):
    write_table(tmp_path / "x.csv", lines)
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        one, two, three = csv.DictReader(file)
    assert list(one) == ["source", "row", "page", "text", "confidence", "digits", "left_out", "error"]
    assert one["source"] == 'a "b", c.png' and one["text"] == "1\n2" and json.loads(one["digits"]) == [DIGIT, DIGIT]
    assert (two["row"], two["page"], two["text"], two["digits"], two["error"]) == ("0", "2", "", "[]", "")
    assert (three["source"], three["error"], three["confidence"]) == ("é.png", "é.png is not there", "")


def test_parquet_has_lists_and_nothing_where_there_is_nothing(lines, tmp_path, monkeypatch):
    monkeypatch.setattr("digits.batch.table._ROWS", 2)
    write_table(tmp_path / "x.parquet", lines)
    found = pq.read_table(tmp_path / "x.parquet").to_pylist()
    assert [{name: value for name, value in row.items() if value is not None} for row in found] == ROWS


@pytest.mark.parametrize("name", ["x.jsonl", "x.csv", "x.parquet"])
def test_no_readings_are_a_table_too_and_half_of_them_none(name, tmp_path):
    write_table(tmp_path / name, [])

    def failing():
        yield json.dumps(ROWS[0])
        raise DigitsError("the ledger is damaged")

    before = (tmp_path / name).read_bytes()
    with pytest.raises(DigitsError):
        write_table(tmp_path / name, failing())
    assert (tmp_path / name).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("s3://scans/x.csv", r"allowed: a path on this machine"),
        ("x.txt", r"output is x\.txt; allowed: a name that ends in \.parquet, \.csv, \.jsonl"),
        (
            "folder.csv",
            r"output is folder\.csv, which is a folder; allowed: a file in it, say folder\.csv/readings\.csv",
        ),
    ],
)
def test_an_output_that_cannot_be_written_is_told_before(output, says, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DigitsError, match=says):
        checked(output)
