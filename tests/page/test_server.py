"""The server: what it refuses and how it says so, and that it holds when many ask at once."""

import base64
import concurrent.futures
import contextlib
import http.client
import io
import json
import socket
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from PIL import Image

from digits.page import guards, server
from digits.page.guards import HEADERS
from digits.page.server import MOST_WAITING, application
from digits.page.site import MOST_BYTES, PHOTOGRAPHS, STATIC
from digits.reading import Reader
from tests.page.conftest import SEVEN, draw, serving, text_of

PHOTO = (STATIC / PHOTOGRAPHS / "1.jpg").read_bytes()
TEXT = "2718281\n3141592\n1729064"
JPEG = {"Content_Type": "image/jpeg"}


def call(link: str, method: str = "GET", path: str = "/", body: bytes = b"", **headers: str) -> tuple[int, dict, bytes]:
    """A request by hand, as no client of good manners sends it: status, headers and body of the answer."""
    place = urlsplit(link)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        given = {"Host": f"{place.hostname}:{place.port}", "Content-Length": str(len(body)), **headers}
        for name, value in given.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def post(link: str, body: bytes, **headers: str) -> tuple[int, dict]:
    status, _, data = call(link, "POST", "/read", body, **{"Content_Type": "image/jpeg", **headers})
    return status, json.loads(data)


def test_a_photograph_is_answered_with_all_that_the_page_shows(link):
    status, said = post(link, PHOTO)
    assert (status, said["text"]) == (200, TEXT)
    first = said["digits"][0]
    assert set(first) == {"digit", "confidence", "line", "group", "box", "image", "probabilities"}
    assert len(base64.b64decode(first["image"])) == 784
    assert sum(first["probabilities"]) == pytest.approx(1, abs=1e-3)


def test_the_manifest_has_its_type_and_is_fetched_with_the_cookie_that_holds_the_token(link):
    assert call(link, path="/manifest.webmanifest")[1]["content-type"] == "application/manifest+json"
    page = call(link)[2].decode()
    assert '<link rel="manifest" href="manifest.webmanifest" crossorigin="use-credentials">' in page


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


def png(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims so many pixels, and holds zeros enough for some of them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10**7)))
        + chunk(b"IEND", b"")
    )


def animated() -> bytes:
    file = io.BytesIO()
    frames = [Image.new("L", (50, 50), shade) for shade in (0, 120, 255)]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


@pytest.mark.parametrize(
    ("body", "kind", "status", "reason"),
    [
        (b"", "image/png", 422, "is not a readable image"),
        (b"no picture at all", "image/png", 422, "is not a readable image"),
        (PHOTO[:2000], "image/jpeg", 422, "is not a readable image"),
        (png(60_000, 60_000), "image/png", 422, "is too large; allowed: images of up to 50 megapixels"),
        (png(2_000_000_000, 1), "image/png", 422, "the picture is "),
        (animated(), "image/gif", 422, "holds 3 images; allowed: one"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", 422, "is not a readable image"),
        (PHOTO, "text/plain", 415, "Only a picture can be read"),
        (PHOTO, "multipart/form-data; boundary=x", 415, "Only a picture can be read"),
        (PHOTO, "application/x-www-form-urlencoded", 415, "Only a picture can be read"),
        (PHOTO, "", 415, "Only a picture can be read"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_reason(link, body, kind, status, reason):
    got, said = post(link, body, Content_Type=kind)
    assert (got, reason in said["error"]) == (status, True), said
    assert "\n" not in said["error"]


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


@pytest.fixture
def start() -> Iterator[Callable]:
    """Starts a server in this process, whose limits a test can change: `start(reader, token)` returns its link."""
    with contextlib.ExitStack() as stack:

        def started(reader: Reader, token: str = "") -> str:
            app = application({"index.html": b"page"}, reader, Path("nowhere"), ["127.0.0.1"], token)
            listener = socket.create_server(("127.0.0.1", 0))
            running = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
            thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(setattr, running, "should_exit", True)
            return f"http://127.0.0.1:{listener.getsockname()[1]}/"

        yield started


def test_slow_bodies_are_given_up(start, monkeypatch):
    monkeypatch.setattr(guards, "RECEIVE_SECONDS", 0.3)
    place = urlsplit(start(Reader()))
    with socket.create_connection((place.hostname, place.port), 10) as connection:
        head = "POST /read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nx"
        connection.sendall(head.encode())
        assert connection.recv(100).split()[1] == b"408"


def test_a_reading_that_takes_too_long_is_given_up(start, monkeypatch):
    reader = Reader()
    monkeypatch.setattr(server, "READ_SECONDS", 0.2)
    monkeypatch.setattr(reader, "read", lambda *_: time.sleep(1))
    status, said = post(start(reader), PHOTO)
    assert (status, "was not read within" in said["error"]) == (503, True)


def test_a_full_queue_says_so_and_empties_again(start, monkeypatch):
    reader = Reader()
    read = reader.read
    monkeypatch.setattr(reader, "read", lambda *given: time.sleep(0.2) or read(*given))
    link = start(reader)
    with concurrent.futures.ThreadPoolExecutor(3 * MOST_WAITING) as threads:
        answers = list(threads.map(lambda _: call(link, "POST", "/read", PHOTO, **JPEG), range(3 * MOST_WAITING)))
    codes = Counter(status for status, _, _ in answers)
    assert set(codes) == {200, 429}
    assert codes[200] >= MOST_WAITING
    _, headers, data = next(answer for answer in answers if answer[0] == 429)
    say = f"{MOST_WAITING} photographs are being read already. Try again in a few seconds"
    assert (json.loads(data)["error"], headers["retry-after"]) == (say, "2")
    assert post(link, PHOTO)[0] == 200


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


def memory(pid: int) -> float:
    """MiB that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


@pytest.mark.slow
def test_fifty_clients_for_thirty_seconds_lose_nothing(open_page):
    """What is accepted is read, and right; the rest is told to come again; memory is bounded; drawing goes on."""
    with serving("--port", 0) as (process, link, _):
        assert post(link, PHOTO)[0] == 200
        page = open_page(link)
        before, end = memory(process.pid), time.monotonic() + 30

        def client(number: int) -> list[tuple[int, bool]]:
            said = []
            while time.monotonic() < end:
                status, answer = post(link, PHOTO)
                said.append((status, answer.get("text") == TEXT))
                time.sleep(0.3 if status == 429 else 0)
            return said

        with concurrent.futures.ThreadPoolExecutor(50) as threads:
            clients = [threads.submit(client, number) for number in range(50)]
            draw(page, SEVEN)
            assert text_of(page, "7") == "7"
            answers = [one for done in clients for one in done.result()]
        codes = Counter(status for status, _ in answers)
        assert set(codes) <= {200, 429}, codes
        assert codes[200] >= MOST_WAITING
        assert all(right for status, right in answers if status == 200)
        assert memory(process.pid) < before + 300
        assert process.poll() is None
