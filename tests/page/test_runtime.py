"""onnxruntime-web: fetched once, checked, kept, and never replaced by other bytes."""

import pytest

from digits.errors import DigitsError
from digits.files import sha256
from digits.page import runtime as module
from digits.page.runtime import FILES, RuntimeFile, runtime
from digits.web import NotServed
from tests.servers import answer_with

SMALL = {"ort.js": b"let ort;", "ort.wasm": b"\0asm"}


@pytest.fixture
def small(monkeypatch):
    """A runtime of a few bytes, which only the places that a test gives have."""
    files = tuple(RuntimeFile(name, len(data), sha256(data)) for name, data in SMALL.items())
    monkeypatch.setattr(module, "FILES", files)
    monkeypatch.setattr(module, "MIRRORS", ())

    def no_npm(*_: object) -> dict[str, bytes]:
        raise NotServed("there is no npm client on this machine")

    monkeypatch.setattr(module, "npm_package", no_npm)
    return monkeypatch


def test_the_real_files_are_there_and_right():
    files = runtime()
    assert {name: (len(data), sha256(data)) for name, data in files.items()} == {
        file.name: (file.size, file.sha256) for file in FILES
    }


def test_it_is_fetched_once(small, serve, tmp_path, capsys):
    asked = []

    def answer(request) -> None:
        asked.append(request.path)
        answer_with(SMALL)(request)

    small.setattr(module, "MIRRORS", (serve(answer).rstrip("/"),))
    assert runtime(tmp_path / "kept") == SMALL
    assert "once, into" in capsys.readouterr().out
    assert asked == [f"/{module.PACKAGE}/dist/{name}" for name in SMALL]
    assert runtime(tmp_path / "kept") == SMALL
    assert (len(asked), capsys.readouterr().out) == (2, "")


def test_npm_is_asked_where_no_mirror_can_be_reached(small, tmp_path):
    small.setattr(module, "MIRRORS", ("http://127.0.0.1:9",))
    small.setattr(module, "npm_package", lambda package, most: {name: SMALL[name.rpartition("/")[2]] for name in most})
    assert runtime(tmp_path) == SMALL


def test_other_bytes_are_refused_and_what_was_changed_is_fetched_again(small, serve, tmp_path):
    wrong = {name: data[:-1] + b"!" for name, data in SMALL.items()}
    small.setattr(module, "MIRRORS", (serve(answer_with(wrong)).rstrip("/"),))
    with pytest.raises(DigitsError, match=r"other bytes than those published.*by hand and .*: ort.js, ort.wasm"):
        runtime(tmp_path)
    assert not list(tmp_path.iterdir())
    for name, data in wrong.items():
        (tmp_path / name).write_bytes(data)
    small.setattr(module, "MIRRORS", (serve(answer_with(SMALL)).rstrip("/"),))
    assert runtime(tmp_path) == SMALL
    assert (tmp_path / "ort.js").read_bytes() == SMALL["ort.js"]


def test_without_a_network_one_line_says_what_to_do(small, tmp_path):
    with pytest.raises(DigitsError, match="npm: there is no npm client on this machine") as caught:
        runtime(tmp_path)
    assert "\n" not in str(caught.value)
