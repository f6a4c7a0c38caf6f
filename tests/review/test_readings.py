import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from digits.errors import DigitsError
from digits.review import read_readings
from tests.review.conftest import PHOTO, TEXT

ROW = {"source": "a.png", "text": "1", "confidence": 0.5, "digits": [], "left_out": []}


def test_a_table_says_the_same_in_each_form(made):
    one, two, three = (read_readings(made / f"readings.{suffix}") for suffix in ("jsonl", "csv", "parquet"))
    assert one == two == three
    assert (len(one.rows), one.failed) == (10, 1)
    rows = {Path(row.key.source).name: row for row in one.rows}
    assert rows[PHOTO].text == TEXT
    assert rows["blank.png"].text == ""
    where = [row.key[1:] for row in one.rows if not row.key.source.endswith(("png", "jpg"))]
    assert where == [(0, None), (1, None), (None, 1), (None, 2)]


def test_another_reading_has_another_digest(tmp_path):
    digests = set()
    for changed in ({}, {"text": "2"}, {"confidence": 0.6}, {"digits": [{"box": [1, 2, 3, 4]}]}):
        digests.add(of(tmp_path, {**ROW, **changed}).digest)
    assert len(digests) == 4


def of(folder: Path, *rows: object):
    path = folder / "readings.jsonl"
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return read_readings(path)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["{"], "is damaged or no table of readings"),
        (["[1]"], "a line is no object of JSON"),
        (["[" * 100_000], "is damaged or no table of readings"),
        ([{**ROW, "text": "1a"}], "row 1 is no reading (text is no rows of digits)"),
        ([{**ROW, "text": "1\n\n2"}], "row 1 is no reading (text is no rows of digits)"),
        ([{**ROW, "text": "٣"}], "row 1 is no reading (text is no rows of digits)"),
        ([ROW, {**ROW, "source": "b.png", "confidence": 2}], "row 2 is no reading (no confidence or no digits)"),
        ([{**ROW, "source": ""}], "row 1 is no reading (no source)"),
        ([{**ROW, "source": "a\0b"}], "row 1 is no reading (no source)"),
        ([{**ROW, "row": -1}], "row 1 is no reading (row -1, page None)"),
        ([{**ROW, "page": "1"}], "row 1 is no reading (row None, page '1')"),
        ([ROW, ROW], "row 2 is no reading (a.png was there before)"),
        ([{"file": "a.png"}], "row 1 is no reading ('source')"),
        ([{"source": "a.png", "error": "no"}], "holds no picture that could be read: there is nothing to review"),
        ([], "holds no picture that could be read: there is nothing to review"),
    ],
)
def test_what_is_no_table_of_readings_is_one_line(rows, says, tmp_path):
    with pytest.raises(DigitsError) as raised:
        of(tmp_path, *rows)
    assert says in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("x.csv", b"a,b\n1,2\n", "it has no column"),
        ("x.csv", b"\xff\xfe", "is damaged or no table of readings"),
        (
            "x.csv",
            b"source,row,page,text,confidence,digits,left_out,error\na,x,,1,0.5,[],[],\n",
            "is damaged or no table",
        ),
        ("x.csv", b"source,row,page,text,confidence,digits,left_out,error\na.png\n", "row 1 is no reading"),
        ("x.parquet", b"PAR1 and no more", "is damaged or not Parquet"),
        ("x.png", b"", "is no table of readings; allowed: names that end in .parquet, .csv, .jsonl"),
    ],
)
def test_another_file_is_one_line(name, data, says, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DigitsError) as raised:
        read_readings(tmp_path / name)
    assert says in str(raised.value) and "\n" not in str(raised.value)


def test_parquet_of_something_else_names_the_column_that_is_missing(tmp_path):
    pq.write_table(pa.table({"source": ["a"], "text": ["1"]}), tmp_path / "x.parquet")
    with pytest.raises(DigitsError, match="x.parquet has no column confidence; allowed: source, row"):
        read_readings(tmp_path / "x.parquet")


def test_a_table_that_is_not_there_says_how_to_make_it(tmp_path):
    with pytest.raises(DigitsError, match=r"x.csv is not there. Make it: digits read PICTURES --output .*x.csv$"):
        read_readings(tmp_path / "x.csv")


def test_a_page_of_a_thousand_digits_is_read_from_csv(tmp_path):
    digit = {"digit": 1, "confidence": 0.5, "line": 0, "group": 0, "box": [1000, 1000, 1000, 1000]}
    digits = json.dumps([digit] * 2000).replace('"', '""')
    head = "source,row,page,text,confidence,digits,left_out,error\n"
    (tmp_path / "x.csv").write_text(f'{head}a.png,,,{"1" * 2000},0.5,"{digits}",[],\n')
    assert read_readings(tmp_path / "x.csv").rows[0].text == "1" * 2000
