import base64
import io
import json
import os
import shutil

import pytest
from PIL import Image

from digits.errors import DigitsError
from digits.evaluation.metrics import accuracy_of
from digits.reading.hand import read_hand
from tests.review.conftest import PHOTO, TEXT, at, corrections


def lines(table) -> list[dict]:
    return list(map(json.loads, table.with_name(f"{table.name}.review.jsonl").read_text().splitlines()))


def test_the_least_sure_comes_first_and_what_failed_is_counted(review):
    asked = review()
    confidences = []
    while (said := asked.state())["place"] is not None:
        confidences.append(said["confidence"])
        asked.skip(said["place"])
    assert confidences == sorted(confidences) and len(confidences) == 10
    assert (said["done"], said["total"], said["skipped"], said["failed"], said["accuracy"]) == (0, 10, 10, 1, None)


def test_a_picture_is_shown_with_what_was_read_in_it(review, made):
    asked = review()
    at(asked, PHOTO)
    said = asked.state()
    size = Image.open(made / "scans" / PHOTO).size
    assert said["name"] == str(made / "scans" / PHOTO)
    assert tuple(said["size"]) == size
    kind, _, data = said["image"].partition(",")
    shown = Image.open(io.BytesIO(base64.b64decode(data)))
    assert kind == "data:image/jpeg;base64"
    assert max(shown.size) <= 1600 and shown.width / shown.height == pytest.approx(size[0] / size[1], rel=0.01)
    assert "".join(str(one["digit"]) for one in said["digits"]) == TEXT.replace("\n", "")
    assert {one["doubtful"] for one in said["digits"]} <= {True, False}


def test_each_kind_of_picture_is_shown(review, drawings, reader):
    asked, seen = review(), {}
    while (said := asked.state())["place"] is not None:
        assert "problem" not in said, said
        seen[said["name"].rpartition("/")[2]] = "".join(str(one["digit"]) for one in said["digits"])
        asked.skip(said["place"])
    expected = [reader.read(data).text for data in drawings[:8]]
    assert [seen[f"two.tif, page {page}"] for page in (1, 2)] == expected[4:6]
    assert [seen[f"rows.parquet, row {row}"] for row in (0, 1)] == expected[6:8]
    assert seen["blank.png"] == ""


def test_corrections_make_the_right_text_and_are_what_the_reader_saw(review, table, made, reader):
    asked = review()
    asked.judge(at(asked, PHOTO), {0: "8", 7: "nothing", 1: "7"}, None)
    assert asked.store.verdicts[asked.queue[asked.place - 1].key, False].text == "8718281\n141592\n1729064"
    assert corrections(table) == ["8", "nothing"]  # the 7 is what was read
    own, digits = read_hand(asked.store.corrections), reader.read(made / "scans" / PHOTO).digits
    by_label = {int(label): image for image, label in zip(own.images, own.labels, strict=True)}
    assert (by_label[8] == digits[0].image).all() and (by_label[10] == digits[7].image).all()


def test_a_row_of_which_no_digit_is_left_is_none(review):
    asked = review()
    asked.judge(at(asked, PHOTO), dict.fromkeys(range(7), "nothing"), None)
    assert asked.passed[-1].text == "3141592\n1729064"


@pytest.mark.parametrize(
    ("typed", "text"), [(" 12 3\n\n4 ", "123\n4"), ("", ""), (TEXT, TEXT), ("\r\n7\r\n", "7"), ("007", "007")]
)
def test_a_text_may_be_typed(typed, text, review):
    asked = review()
    asked.judge(at(asked, PHOTO), {0: "9"}, typed)
    assert asked.passed[-1].text == text


@pytest.mark.parametrize(
    ("corrected", "typed", "says"),
    [
        ({}, "12a", "something else than digits"),
        ({}, "٣", "something else than digits"),
        ({21: "1"}, None, "there is no digit 21; allowed: from 0, below 21"),
        ({-1: "1"}, None, "there is no digit -1"),
        ({0: "../x"}, None, "there is no class '../x'"),
        ({0: "../x"}, "1", "there is no class '../x'"),
    ],
)
def test_what_is_no_answer_is_not_kept(corrected, typed, says, review):
    asked = review()
    place = at(asked, PHOTO)
    with pytest.raises(DigitsError, match=says):
        asked.judge(place, corrected, typed)
    assert asked.place == place
    assert not asked.store.path.exists() and not asked.store.corrections.exists()


def test_opened_again_it_goes_on_with_what_is_missing(review):
    asked = review()
    first = asked.queue[0].key
    asked.judge(0, {}, None)
    asked.skip(1)
    second = asked.queue[1].key
    asked = review()
    said = asked.state()
    assert (said["done"], said["total"], said["place"]) == (1, 10, 0)
    assert asked.queue[0].key == second and first not in [row.key for row in asked.queue]


def test_undo_takes_back_what_was_said_and_goes_back_over_what_was_skipped(review, table):
    asked = review()
    asked.judge(0, {0: "9"} if asked.state()["digits"] else {}, None)
    asked.skip(1)
    asked.judge(2, {}, None)
    places = []
    for _ in range(4):
        asked.undo()
        places.append(asked.place)
    assert places == [2, 1, 0, 0]
    assert corrections(table) == []
    assert [line.get("taken_back", False) for line in lines(table)] == [False, False, True, True]
    assert review().done == 0


def test_an_answer_from_another_window_is_refused(review):
    asked = review()
    asked.judge(0, {}, None)
    for answer in (lambda: asked.judge(0, {}, None), lambda: asked.skip(0), lambda: asked.judge(2, {}, None)):
        with pytest.raises(DigitsError, match="answered in another window. Load the page again"):
            answer()
    assert asked.done == 1


def test_a_picture_that_has_changed_or_gone_is_not_judged(made, table, review, tmp_path):
    scans = shutil.copytree(made / "scans", tmp_path / "scans")
    table.write_text(table.read_text().replace(str(made / "scans"), str(scans)))
    shutil.copy(scans / "1.png", scans / "0.png")
    (scans / "2.png").unlink()
    (scans / "3.png").write_bytes(b"nothing")
    asked = review()
    for name, says in {
        "0.png": "0.png is read as 2, and stands in the table as 7. "
        "It has changed, or it was read otherwise (--model, --hand)",
        "2.png": "2.png cannot be read: No such file or directory",
        "3.png": "3.png is not a readable image",
    }.items():
        asked = review()
        place = at(asked, name)
        assert says in asked.state()["problem"]
        with pytest.raises(DigitsError):
            asked.judge(place, {}, None)
        assert asked.place == place and asked.done == 0


def test_a_page_that_is_not_there_is_said(made, reader):
    with pytest.raises(DigitsError, match="^the scan has no page 3$"):
        reader.trace(made / "scans" / "two.tif", "the scan", page=3)


def test_a_pipe_is_not_waited_for(table, review, made, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    table.write_text(table.read_text().replace(f"{made}/scans/0.png", f"{tmp_path}/pipe.png"))
    asked = review()
    at(asked, "pipe.png")
    assert "is neither a file nor a folder" in asked.state()["problem"]


def test_readings_that_were_made_anew_are_asked_anew(table, review):
    asked = review()
    key = asked.queue[at(asked, PHOTO)].key
    asked.judge(asked.place, {}, None)
    rows = list(map(json.loads, table.read_text().splitlines()))
    for row in rows:
        if row["source"] == key.source:
            row["confidence"] = 0.123
    table.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    asked = review()
    assert (asked.done, asked.outdated) == (0, 1)
    assert asked.queue[0].key == key


def test_the_sample_alone_tells_the_accuracy(table, review):
    asked = review()
    for place in range(10):  # as least sure all are judged, and all are wrong
        asked.judge(place, {}, "0123456789")
    assert asked.accuracy() is None
    asked = review(random=4, seed=3)
    assert (asked.accuracy(), asked.done, len(asked.queue)) == (None, 0, 4)
    order = [row.key for row in asked.queue]
    asked.judge(0, {}, None)
    asked.judge(1, {}, "0123456789")
    asked.skip(2)
    assert asked.accuracy() == f"1 of 2 right: {accuracy_of(1, 2)}; 2 of the sample not judged yet"
    again = review(random=4, seed=3)
    assert [row.key for row in again.queue] == order[2:]
    again.judge(0, {}, None)
    again.judge(1, {}, None)
    assert again.state()["accuracy"] == f"3 of 4 right: {accuracy_of(3, 4)}"
    assert again.state()["place"] is None


def test_what_was_judged_in_a_sample_is_not_asked_again(review):
    asked = review(random=4)
    sampled = {row.key for row in asked.queue}
    for place in range(4):
        asked.judge(place, {}, None)
    assert {row.key for row in review().queue}.isdisjoint(sampled)
    assert len(review().queue) == 6


def test_the_next_picture_is_read_before_it_is_asked(review, monkeypatch):
    asked = review()
    asked.look_ahead()
    monkeypatch.setattr(asked.reader, "trace", lambda *_: pytest.fail("it was not read before"))
    asked.skip(0)
    asked.state()
