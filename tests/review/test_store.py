import errno
import json
import os
import resource
from pathlib import Path

import numpy as np
import pytest

from digits.errors import DigitsError
from digits.reading.hand import read_hand
from digits.review import opened
from digits.review.readings import Key, Readings, Row
from digits.review.store import Verdict
from tests.review.conftest import corrections

IMAGES = [np.full((28, 28), shade, np.uint8) for shade in (10, 20, 30)]


def row(number: int) -> Row:
    return Row(Key(f"{number}.png", None, None), "123", 0.5, f"digest{number}")


def verdict(number: int = 0, text: str = "123", corrected: dict | None = None, sampled: bool = False) -> Verdict:
    return Verdict(row(number).key, row(number).digest, text, corrected or {}, sampled)


def readings(count: int, digest: str = "d") -> Readings:
    return Readings([row(number) for number in range(count)], 0, digest)


@pytest.fixture
def table(tmp_path) -> Path:
    return tmp_path / "readings.csv"


def test_what_was_said_is_there_again_and_the_last_word_counts(table):
    with opened(table) as store:
        store.add(verdict(0), IMAGES)
        store.add(verdict(1, "183", {1: "8"}), IMAGES)
        store.add(verdict(0, "12", {2: "nothing"}), IMAGES)
        store.add(verdict(2), IMAGES)
        store.take_back(verdict(2), IMAGES)
    with opened(table) as store:
        assert store.of(row(0), sampled=False) == verdict(0, "12", {2: "nothing"})
        assert store.of(row(1), sampled=False) == verdict(1, "183", {1: "8"})
        assert store.of(row(2), sampled=False) is None
        assert store.of(row(1), sampled=True) is None
        assert store.of(row(1)._replace(digest="another"), sampled=False) is None
    first = json.loads(store.path.read_text().splitlines()[1])
    assert first.pop("time").endswith("+00:00")
    assert first == {"source": "1.png", "reading": "digest1", "text": "183", "corrected": {"1": "8"}, "sampled": False}


def test_corrections_are_a_folder_to_learn_from_and_follow_what_is_said(table):
    with opened(table) as store:
        store.add(verdict(0, "853", {0: "8", 1: "5"}), IMAGES)
        store.add(verdict(1, "12", {2: "nothing"}), IMAGES)
        own = read_hand(store.corrections)
        assert {(int(image[0, 0]), int(label)) for image, label in zip(own.images, own.labels, strict=True)} == {
            (10, 8),
            (20, 5),
            (30, 10),
        }
        store.add(verdict(0, "823", {0: "8"}), IMAGES)
        assert corrections(table) == ["8", "nothing"]
        store.add(verdict(0, "923", {0: "9"}, sampled=True), IMAGES)
        assert corrections(table) == ["9", "nothing"]
        store.take_back(verdict(0, sampled=True), IMAGES)
        assert corrections(table) == ["8", "nothing"]
        store.take_back(verdict(0), IMAGES)
        assert corrections(table) == ["nothing"]


def test_a_name_of_a_picture_leads_nowhere(table):
    with opened(table) as store:
        store.add(Verdict(Key("../../x/../etc", 3, 2), "d", "8", {0: "8"}, False), IMAGES)
    assert corrections(table) == ["8"]
    assert sorted(path.name for path in table.parent.iterdir()) == [
        "readings.csv.corrections",
        "readings.csv.review.jsonl",
    ]


def test_a_line_that_was_cut_off_is_left_out_and_the_next_is_whole(table, capsys):
    with opened(table) as store:
        store.add(verdict(0), IMAGES)
        store.add(verdict(1), IMAGES)
    os.truncate(store.path, store.path.stat().st_size - 5)
    with opened(table) as store:
        assert "line 2 was cut off, and is left out" in capsys.readouterr().err
        assert not store.of(row(1), sampled=False)
        store.add(verdict(2), IMAGES)
    with opened(table) as store:
        assert store.of(row(0), sampled=False) and store.of(row(2), sampled=False)
    assert capsys.readouterr().err == ""


LINE = {"source": "a", "reading": "d", "text": "1", "corrected": {}, "sampled": False}


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "[]",
        "3",
        "[" * 100_000,
        json.dumps({**LINE, "text": "a"}),
        json.dumps({**LINE, "text": 1}),
        json.dumps({**LINE, "row": []}),
        json.dumps({**LINE, "corrected": {"0": "../x"}}),
        json.dumps({**LINE, "corrected": {"a": "1"}}),
        json.dumps({**LINE, "corrected": [1]}),
        json.dumps({"source": "a"}),
        json.dumps({"sample": 3}),
        json.dumps({"source": "a", "sampled": False, "taken_back": True}),
    ],
)
def test_a_line_of_something_else_is_refused(line, table):
    with opened(table) as store:
        store.add(verdict(0), IMAGES)
    with store.path.open("a") as file:
        file.write(f"{line}\n")
    before = store.path.read_bytes()
    with pytest.raises(DigitsError) as raised, opened(table):
        pass
    assert "line 2 is no verdict" in str(raised.value) and "\n" not in str(raised.value)
    assert store.path.read_bytes() == before


def test_two_at_a_time_are_refused(table):
    with (
        opened(table),
        pytest.raises(DigitsError, match="another digits review of .*readings.csv is at work"),
        opened(table),
    ):
        pass
    with opened(table):
        pass


def test_on_a_full_disk_nothing_is_half_kept(table):
    with opened(table) as store:
        for number in range(12):
            store.add(verdict(number), IMAGES)
        store.add(verdict(0, "823", {0: "8"}), IMAGES)
        before = store.path.read_bytes()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(
            resource.RLIMIT_FSIZE, (len(before) + 20, limits[1])
        )  # a picture of a digit fits, a line not
        try:
            for said in (verdict(0, "853", {0: "8", 1: "5"}), verdict(20, "153", {1: "5"})):
                with pytest.raises(DigitsError, match=r"review.jsonl cannot be written: .*\. Nothing was kept$"):
                    store.add(said, IMAGES)
            with pytest.raises(DigitsError, match="Nothing was kept"):
                store.take_back(verdict(0), IMAGES)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert store.path.read_bytes() == before
        assert corrections(table) == ["8"]
        store.add(verdict(0, "853", {0: "8", 1: "5"}), IMAGES)
    with opened(table) as store:
        assert store.of(row(0), sampled=False).text == "853"


def test_digits_that_cannot_be_written_are_no_verdict(table, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "8/x.png")

    with opened(table) as store:
        monkeypatch.setattr("digits.review.store.write_together", full)
        with pytest.raises(DigitsError, match="^8/x.png cannot be written: No space left on device. Nothing was kept$"):
            store.add(verdict(0, "823", {0: "8"}), IMAGES)
    assert not store.path.exists()


def test_a_sample_is_drawn_once(table):
    with opened(table) as store:
        drawn = store.draw(readings(1000), 100, 0)
    assert len(set(drawn.places)) == 100
    assert list(drawn.places) != sorted(drawn.places)
    with opened(table) as store:
        assert store.draw(readings(1000), 100, 0) == drawn
        for count, seed in ((99, 0), (100, 1)):
            with pytest.raises(
                DigitsError, match=r"has a sample of --random 100 --seed 0. Go on with that. Move .* away"
            ):
                store.draw(readings(1000), count, seed)
        for other in (readings(1000, "other"), readings(50)):
            with pytest.raises(DigitsError, match="was drawn from other readings"):
                store.draw(other, 100, 0)


def test_each_seed_draws_another_sample_of_as_many_as_there_are(tmp_path):
    drawn = set()
    for seed in range(3):
        with opened(tmp_path / f"{seed}.csv") as store:
            drawn.add(store.draw(readings(50), 50, seed).places)
    assert len(drawn) == 3
    assert all(set(places) == set(range(50)) for places in drawn)
    for count in (0, -1, 51):
        with opened(tmp_path / "x.csv") as store, pytest.raises(DigitsError, match="allowed: 1 to all of them"):
            store.draw(readings(50), count, 0)
