import json
import os
import zlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from pyarrow.fs import FileSystem

import digits
from digits.batch.ledger import WHOLE, Picture
from digits.batch.sources import stamp
from digits.batch.work import Job, read_pictures, settings_of, source_of
from digits.errors import DigitsError
from tests.batch.conftest import as_png

JOB = Job(None, settings_of(None, None))


def picture(path: Path, row: int = WHOLE) -> Picture:
    return Picture(*stamp(path)[:1], row, *stamp(path)[1:], id=row)


def lines(*pictures: Picture) -> list[dict]:
    return [json.loads(line) for one in read_pictures(JOB, pictures) for line in one.lines.splitlines()]


def parquet(path: Path, images: list, **options: object) -> Path:
    pq.write_table(pa.table({"image": images}), path, **options)
    return path


def test_a_reading_is_that_of_digits_read(folder):
    (one,) = lines(picture(folder / "3.png"))
    assert one == {"source": str(folder / "3.png"), **digits.read(folder / "3.png").to_dict()}
    assert one["text"] == "0" and one["digits"][0]["box"]


@pytest.mark.parametrize(
    "wrap", [lambda data: data, lambda data: {"bytes": data, "path": None}], ids=["bytes", "struct"]
)
def test_rows_of_parquet_are_pictures(wrap, drawings, folder, tmp_path):
    images = [wrap(data) for data in drawings[:50]]
    images[7], images[20] = None, wrap(b"nothing")
    path = parquet(tmp_path / "x.parquet", images, row_group_size=12)
    chosen = [picture(path, row) for row in (0, 1, 5, 7, 11, 12, 13, 20, 40)]
    first, *found = lines(*chosen[:3]), *lines(*chosen[3:])
    found = [*first, *found]
    assert [one["row"] for one in found] == [one.row for one in chosen]
    expected = [digits.read(data).text for data in drawings]
    for one in found:
        if one["row"] in (7, 20):
            assert one["error"].startswith(f"{path}, row {one['row']} {'has no' if one['row'] == 7 else 'is not a'}")
        else:
            assert one["text"] == expected[one["row"]]
    assert lines(picture(path, 3))[0]["text"] == expected[3]  # back, too


def test_rows_that_are_not_there_or_damaged_are_errors_and_the_others_are_read(drawings, tmp_path):
    path = parquet(tmp_path / "x.parquet", drawings[:30], compression="gzip", use_dictionary=False, row_group_size=12)
    assert "row 30 is not there" in lines(picture(path, 30))[0]["error"]
    place = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    data = bytearray(path.read_bytes())
    data[place : place + 100] = bytes(100)
    path.write_bytes(data)
    first, *damaged, last = lines(*(picture(path, row) for row in (0, 13, 14, 25)))
    assert [one["text"] for one in (first, last)] == ["7", digits.read(drawings[25]).text]
    assert all(f"{path} is damaged or not Parquet" in one["error"] for one in damaged)
    assert lines(picture(parquet(tmp_path / "y.parquet", drawings[:1]), 0))[0]["text"] == "7"


def hostile(folder: Path) -> list[Path]:
    """Pictures that are damaged, or made to harm."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    good = as_png(rng.integers(0, 255, (40, 40), np.uint8))
    header = good[:16] + (60_000).to_bytes(4) * 2 + good[24:29]
    files = {
        "empty.png": b"",
        "text.png": b"not a picture",
        "half.png": good[: len(good) // 2],
        "bomb.png": header + zlib.crc32(header[12:]).to_bytes(4) + good[33:],
        "noise.jpg": b"\xff\xd8\xff" + rng.bytes(3000),
        "html.gif": b"<html>",
        "tiff.tif": b"II*\0" + rng.bytes(500),
        "new\nline.png": b"",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def test_what_is_damaged_or_made_to_harm_is_a_row_with_its_error(folder, tmp_path):
    bad = hostile(tmp_path / "bad")
    (tmp_path / "bad" / "link.png").symlink_to("/nowhere")
    gone = picture(folder / "1.png")
    (folder / "1.png").unlink()
    found = read_pictures(JOB, [*map(picture, bad), gone, picture(folder / "2.png")])
    assert [one.failed for one in found] == [*[True] * (len(bad) + 1), False]
    rows = [json.loads(one.lines) for one in found]
    assert all(set(row) == {"source", "error"} and row["source"] in row["error"] for row in rows[:-1])
    assert all("\n" not in row["error"] for row in rows[:-1])


def test_what_changed_since_it_was_listed_is_not_read_as_if_it_had_not(folder, drawings, tmp_path):
    path = folder / "1.png"
    before = picture(path)
    os.utime(path, ns=(1, 1))
    row = picture(parquet(tmp_path / "x.parquet", drawings[:4]), 2)
    parquet(tmp_path / "x.parquet", drawings[4:8])
    for one in (before, row):
        (found,) = read_pictures(JOB, [one])
        assert found.failed and "has changed since it was listed. It is read anew with --resume" in found.lines


def test_pages_are_lines_of_their_own(folder, tmp_path):
    pages = [Image.open(folder / f"{number}.png") for number in (0, 1)]
    pages[0].save(tmp_path / "scan.tif", save_all=True, append_images=pages[1:])
    found = lines(picture(tmp_path / "scan.tif"))
    assert [(one["page"], one["text"]) for one in found] == [(1, "7"), (2, "2")]


def test_a_mistake_of_ours_is_a_row_too(folder, monkeypatch):
    def fail(*_: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr("digits.reading.reader.left_out", fail)
    (found,) = lines(picture(folder / "1.png"))
    assert found["error"] == f"{folder / '1.png'} cannot be read (ZeroDivisionError: two)"


def test_pictures_at_an_address_are_read(bucket, drawings):
    from pyarrow.fs import FileSystem

    files, root = FileSystem.from_uri(bucket)
    where, options = bucket.split("?")
    parquet_bytes = pa.BufferOutputStream()
    pq.write_table(pa.table({"image": drawings[:20]}), parquet_bytes)
    for name, data in {"read/0.png": drawings[0], "read/x.parquet": parquet_bytes.getvalue()}.items():
        with files.open_output_stream(f"{root}/{name}") as stream:
            stream.write(data)
    wanted = {"0.png": WHOLE, "none.png": WHOLE, "x.parquet": 19}
    pictures = [Picture(f"{where}/read/{name}?{options}", row, 0, 0) for name, row in wanted.items()]
    one, none, row = lines(*pictures)
    assert (one["text"], row["text"], row["row"]) == ("7", digits.read(drawings[19]).text, 19)
    assert none["source"] == pictures[1].name and "none.png" in none["error"] and "\n" not in none["error"]


def test_a_model_that_is_another_here_reads_nothing(folder):
    job = Job(None, (("model", "0123"), *JOB.settings[1:]))
    with pytest.raises(DigitsError, match=r"^the model on .* is another \(.*\) than here \(0123\)"):
        read_pictures(job, [picture(folder / "1.png")])


def test_the_source_of_one_picture_is_what_a_reader_takes(folder, drawings, bucket, tmp_path):
    files, root = FileSystem.from_uri(bucket)
    with files.open_output_stream(f"{root}/1.png") as stream:
        stream.write(drawings[1])
    where, options = bucket.split("?")
    path = parquet(tmp_path / "x.parquet", drawings[:3])
    assert source_of(str(folder / "1.png"), None) == folder / "1.png"
    assert source_of(f"{where}/1.png?{options}", None) == drawings[1]
    assert [source_of(str(path), row) for row in (2, 0)] == [drawings[2], drawings[0]]
    parquet(path, drawings[3:6])  # written anew
    assert source_of(str(path), 2) == drawings[5]


@pytest.mark.parametrize(
    ("name", "row", "says"),
    [
        ("none.png", None, "none.png cannot be read: No such file or directory"),
        (".", None, "is neither a file nor a folder"),
        ("1.png", 0, "1.png is damaged or not Parquet"),
        ("x.parquet", 7, "x.parquet, row 7 is not there: the file is damaged or has changed"),
        ("http://nowhere.invalid/1.png", None, "cannot be read: Unrecognized filesystem type"),
        ("s3://KEY:secret@x/1.png", None, "has a key or a password in it"),
    ],
)
def test_a_source_that_is_not_to_be_had_is_one_line(name, row, says, folder, drawings, monkeypatch):
    monkeypatch.chdir(folder)
    parquet(folder / "x.parquet", drawings[:3])
    with pytest.raises(DigitsError) as raised:
        source_of(name, row)
    assert says in str(raised.value) and "\n" not in str(raised.value) and "secret" not in str(raised.value)
