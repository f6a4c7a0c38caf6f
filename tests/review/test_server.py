"""What the server refuses. What it answers with, the page shows: test_page.py."""

import json
from collections.abc import Iterator

import pytest

from digits.page.guards import HEADERS
from tests.page.conftest import call
from tests.review.conftest import PHOTO, TOKEN, answering, at

LET_IN = {"Cookie": f"a-review={TOKEN}"}


@pytest.fixture
def asked(review):
    return review()


@pytest.fixture
def link(asked) -> Iterator[str]:
    with answering(asked) as link:
        yield link.partition("?")[0]


def post(link: str, path: str, body: object, **headers: str) -> tuple[int, dict]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, _, said = call(link, "POST", path, data, **{"Content_Type": "application/json", **LET_IN, **headers})
    return status, json.loads(said)


def test_nobody_sees_a_picture_or_answers_without_the_link(link, asked):
    for path in ("/", "/state", "/review.js", "/?token=wrong"):
        assert call(link, path=path)[0] == 403
    assert post(link, "/verdict", {"place": asked.place, "corrected": {}}, Cookie="")[0] == 403
    status, headers, _ = call(link, path=f"/?token={TOKEN}")
    assert (status, headers["location"]) == (303, "/")
    assert headers["set-cookie"].startswith(f"a-review={TOKEN}; HttpOnly")
    status, headers, _ = call(link, **LET_IN)
    assert status == 200
    assert {name.lower(): value for name, value in HEADERS.items()}.items() <= headers.items()
    assert asked.done == 0


def test_a_foreign_host_is_refused(link):
    status, _, said = call(link, path="/state", Host="evil.example", **LET_IN)
    assert status == 400
    assert json.loads(said)["error"] == "The page does not answer to this name. Open the link that was printed"


@pytest.mark.parametrize("path", ["/../pyproject.toml", "/%2e%2e/server.py", "/page.js", "/readings.jsonl"])
def test_there_is_nothing_but_the_page(link, path):
    assert call(link, path=path, **LET_IN)[0] == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/verdict", b"", 422),
        ("/verdict", b"{", 422),
        ("/verdict", b"[" * 100_000, 422),
        ("/verdict", [], 422),
        ("/verdict", {}, 422),
        ("/verdict", {"corrected": {}}, 422),
        ("/verdict", {"place": "0", "corrected": {}}, 422),
        ("/verdict", {"place": True, "corrected": {}}, 422),
        ("/verdict", {"place": 0, "corrected": []}, 422),
        ("/verdict", {"place": 0, "corrected": {"-1": "8"}}, 422),
        ("/verdict", {"place": 0, "corrected": {"0": 8}}, 422),
        ("/verdict", {"place": 0, "corrected": {"0": "x"}}, 422),
        ("/verdict", {"place": 0, "corrected": {}, "typed": 7}, 422),
        ("/verdict", {"place": 99, "corrected": {}}, 422),
        ("/skip", {"place": 99}, 422),
        ("/skip", {}, 422),
        ("/undo", [], 422),
        ("/verdict", b"x" * (2 << 20), 413),
    ],
)
def test_what_is_no_answer_is_refused_in_one_line_and_nothing_is_kept(path, body, status, link, asked):
    got, said = post(link, path, body)
    assert (got, "\n" in said["error"]) == (status, False), said
    assert asked.done == 0 and not asked.store.path.exists()


@pytest.mark.parametrize("path", ["/verdict", "/skip", "/undo", "/end"])
def test_another_site_cannot_answer(path, link, asked):
    body = json.dumps({"place": asked.place, "corrected": {}}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        assert post(link, path, body, Content_Type=kind)[0] == 415
    assert call(link, "OPTIONS", path, **LET_IN)[0] == 405
    assert call(link, "GET", path, **LET_IN)[0] == 404
    assert asked.done == 0 and not asked.store.path.exists()


def test_what_cannot_be_kept_is_said_and_asked_again(link, asked, monkeypatch):
    body = {"place": at(asked, PHOTO), "corrected": {"0": "8"}}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "8/x.png")

    with monkeypatch.context() as patched:
        patched.setattr("digits.review.store.write_together", full)
        status, said = post(link, "/verdict", body)
    assert (status, said["error"]) == (422, "8/x.png cannot be written: No space left on device. Nothing was kept")
    status, said = post(link, "/verdict", body)
    assert (status, said["done"]) == (200, 1)
