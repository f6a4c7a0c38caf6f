"""What every served page keeps to: who is let in, what is received, what browsers may do with it."""

import contextlib
import http.client
import json
import socket
from urllib.parse import urlsplit

import pytest

from digits.page import guards
from digits.page.guards import HEADERS
from digits.page.site import MOST_BYTES
from digits.reading import Reader
from tests.page.conftest import call
from tests.page.test_server import JPEG, PHOTO, post


def test_every_answer_forbids_what_the_page_does_not_need(link):
    for path in ("/", "/page.js", "/nowhere", "/read"):
        headers = call(link, path=path)[1]
        assert {name.lower(): value for name, value in HEADERS.items()}.items() <= headers.items(), path
        assert "access-control-allow-origin" not in headers
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy


def test_the_hundredth_answer_is_as_the_first(link):
    assert len({tuple(sorted(call(link)[1])) for _ in range(100)}) == 1
    place = urlsplit(link)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    connection.request("GET", "/")
    names = [name.lower() for name, _ in connection.getresponse().getheaders()]
    connection.close()
    assert len(names) == len(set(names))


def test_files_are_not_sent_again_to_who_has_them(link):
    _, headers, data = call(link, path="/page.js")
    assert headers["content-type"].startswith("text/javascript")
    assert call(link, path="/runtime/ort-wasm-simd-threaded.wasm")[1]["content-type"] == "application/wasm"
    status, _, again = call(link, path="/page.js", If_None_Match=headers["etag"])
    assert (status, again, len(data) > 1000) == (304, b"", True)


@pytest.mark.parametrize(
    "path",
    [
        "/../pyproject.toml",
        "/..%2f..%2fpyproject.toml",
        "/%2e%2e/server.py",
        "//etc/passwd",
        "/static/page.js",
        "/\\..\\x",
    ],
)
def test_there_is_nothing_but_the_page(link, path):
    status, _, data = call(link, path=path)
    assert status == 404
    assert json.loads(data) == {"error": "There is no such page"}


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", ""])
def test_a_foreign_host_is_refused(link, host):
    for method, path in (("GET", "/"), ("POST", "/read")):
        status, _, said = call(link, method, path, PHOTO if method == "POST" else b"", Host=host)
        named = host.partition(":")[0] or "NAME"
        assert (status, json.loads(said)["error"].endswith(f"start it with: digits serve --allow-host {named}")) == (
            400,
            True,
        )


def test_a_name_that_no_host_has_is_not_repeated(link):
    status, _, said = call(link, Host="a;rm -rf b")
    assert status == 400
    assert b"rm" not in said


def test_localhost_is_this_machine(link):
    assert call(link, Host="localhost:1234")[0] == 200


@pytest.mark.parametrize("length", [str(MOST_BYTES + 1), "9" * 30, "-1", "x"])
def test_a_body_that_says_it_is_too_large_is_not_received(link, length):
    place = urlsplit(link)
    with socket.create_connection((place.hostname, place.port), 10) as connection:
        head = f"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: {length}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).split()[1] in (b"413", b"400")


def test_a_body_that_is_too_large_is_cut_off(link):
    place = urlsplit(link)
    with socket.create_connection((place.hostname, place.port), 30) as connection:
        connection.sendall(
            b"POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        part = b"%x\r\n%s\r\n" % (1 << 20, bytes(1 << 20))
        with contextlib.suppress(OSError):  # it closes in the middle
            for _ in range(2 * MOST_BYTES >> 20):
                connection.sendall(part)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(100).split()[1] == b"413"
    assert post(link, PHOTO)[0] == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(link, method):
    assert call(link, method, "/read", b"x")[0] == 405
    assert call(link, method, "/", b"x")[0] == 405


def test_slow_bodies_are_given_up(start, monkeypatch):
    monkeypatch.setattr(guards, "RECEIVE_SECONDS", 0.3)
    place = urlsplit(start(Reader()))
    with socket.create_connection((place.hostname, place.port), 10) as connection:
        head = "POST /read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nx"
        connection.sendall(head.encode())
        assert connection.recv(100).split()[1] == b"408"


def test_who_has_no_token_is_not_let_in_and_who_has_it_once_stays(start):
    link = start(Reader(), "secret-of-the-link")
    for path in ("/", "/?token=", "/?token=wrong", "/?token=secret-of-the-lin", "/?x=secret-of-the-link", "/read"):
        assert call(link, path=path)[0] == 403
    for cookie in ("digits=wrong", "digits=", "digits=\xe4", "x" * 4000, 'digits="'):
        assert call(link, Cookie=cookie)[0] == 403
    assert call(link, "POST", "/read", PHOTO, **JPEG)[0] == 403
    status, headers, _ = call(link, path="/?token=secret-of-the-link")
    assert (status, headers["location"]) == (303, "/")  # the token leaves the address bar
    cookie, *properties = headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=lax"} <= set(properties)
    assert call(link, Cookie=cookie)[2] == b"page"
    assert call(link, "POST", "/read", PHOTO, **JPEG, Cookie=cookie)[0] == 200
