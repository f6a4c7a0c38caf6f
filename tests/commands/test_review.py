"""`digits review` as a command: what it says, what it refuses, and how it ends."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from digits.cli import main
from digits.review import opened
from digits.review.readings import Key
from digits.review.store import Verdict
from tests.conftest import ROOT, heed_ctrl_c, run, without
from tests.inside import digits
from tests.page.conftest import call


@contextmanager
def reviewing(*words: object) -> Iterator[tuple[subprocess.Popen, str]]:
    """`digits review` with these words, and the link that it prints."""
    command = [sys.executable, "-m", "digits", "review", "--no-browser", "--port", "0", *map(str, words)]
    process = subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed_ctrl_c
    )
    try:
        line = process.stdout.readline()
        assert "The page is at" in line, process.communicate()[1]
        yield process, re.search(r"http://\S+", line)[0]
    finally:
        process.kill()
        process.wait()


def confirm(link: str, place: int, **said: object) -> None:
    """Answer as the page does."""
    port, token = re.search(r":(\d+)/\?token=(.+)", link).groups()
    headers = {"Content_Type": "application/json", "Cookie": f"digits-review-{port}={token}"}
    body = json.dumps({"place": place, "corrected": {}, **said}).encode()
    status, _, answer = call(link, "POST", "/verdict", body, **headers)
    assert status == 200, answer


def test_ctrl_c_ends_it_and_says_what_came_of_it(table):
    with reviewing(table) as (process, link):
        confirm(link, 0, corrected={"0": "8"})
        confirm(link, 1)
        process.send_signal(signal.SIGINT)
        said, wrong = process.communicate(timeout=20)
    assert said.splitlines() == [
        "Checked 2 of 10 pictures, 1 wrong",
        f"Saved {table}.review.jsonl",
        f"Saved {table}.corrections. Learn from it: digits learn {table}.corrections",
    ]
    assert len(list(Path(f"{table}.corrections/8").iterdir())) == 1
    first, last = wrong.splitlines()
    assert first == "note: not asked: 1 picture that could not be read"
    assert last.startswith("error: interrupted")


def test_what_was_said_outlives_a_kill_and_a_whole_sample_is_told_without_the_page(table, capsys):
    with reviewing(table, "--random", 3, "--seed", 5) as (process, link):
        for place in range(3):
            confirm(link, place, **({"typed": "0123456789"} if place == 1 else {}))
        process.kill()
    assert main(["review", str(table), "--random", "3", "--seed", "5"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Checked 3 of 3 pictures of the sample, 1 wrong",
        "2 of 3 right: 66.67% (95% interval 20.77–93.85%)",
        f"Saved {table}.review.jsonl",
    ]


@pytest.fixture
def refused(unserved):
    """Runs `digits review`, which is to refuse these words and to write nothing: what it says on stderr."""

    def run(*words: object) -> list[str]:
        done = digits("review", "--no-browser", *words)
        assert done.returncode in (1, 2)
        assert "Saved" not in done.stdout
        return done.stderr.splitlines()

    return run


def test_a_second_one_at_the_same_time_is_refused(table, refused):
    with opened(table):
        assert refused(table) == [f"error: another digits review of {table} is at work. End that one first"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("nowhere.csv",), "nowhere.csv is not there. Make it: digits read PICTURES --output nowhere.csv"),
        (("README.md",), "README.md is no table of readings; allowed: names that end in .parquet, .csv, .jsonl"),
        (("TABLE", "--random", "11"), "--random 11 of 10 pictures; allowed: 1 to all of them"),
        (("TABLE", "--random", "0"), "--random 0 of 10 pictures; allowed: 1 to all of them"),
        (("TABLE", "--random", "3", "--seed", "-1"), "seed is -1, but must be a whole number, 0 or more"),
        (("TABLE", "--seed", "1"), "--seed does nothing without --random N, which draws a sample"),
        (("TABLE", "--random", "3", "--model", "nowhere.onnx"), "nowhere.onnx is not there"),
        (("TABLE", "--port", "x"), "'x' is no port; allowed: 0 to 65535"),
    ],
)
def test_mistakes_are_said_in_one_line(words, reason, table, refused):
    (line,) = refused(*(table if word == "TABLE" else word for word in words))
    assert reason in line
    assert [path.name for path in table.parent.iterdir()] == [table.name]


def test_pictures_that_are_all_gone_are_said_at_once(table, refused):
    table.write_text(table.read_text().replace("/scans/", "/elsewhere/"))
    line = refused(table)[-1]
    assert "is not there, nor is another picture of" in line and line.endswith("Run this where digits read was run")
    assert [path.name for path in table.parent.iterdir()] == [table.name]


def test_what_was_said_of_other_readings_is_told(table, monkeypatch, capsys):
    with opened(table) as store:
        store.add(Verdict(Key("gone.png", None, None), "another", "1", {}, sampled=False), [])
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)
    assert main(["review", "--no-browser", str(table)]) == 0
    assert "note: not counted: what was said of 1 picture that the table holds no more" in capsys.readouterr().err


@pytest.mark.parametrize("package", ["starlette", "pyarrow"])
def test_without_an_extra_one_line_says_what_to_install(package, made, tmp_path):
    environment = {"PYTHONPATH": f"{without(package, tmp_path)}:{ROOT}"}
    done = run("-m", "digits", "review", made / "readings.parquet", "--no-browser", **environment)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert re.search(rf'{package}.* is not installed. Run in .*"\.\[(page|parquet)\]"', done.stderr)
