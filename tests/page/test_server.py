"""The server: what it refuses and how it says so, and that it holds when many ask at once."""

import base64
import concurrent.futures
import io
import json
import struct
import time
import zlib
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from digits.page import server
from digits.page.server import MOST_WAITING
from digits.page.site import PHOTOGRAPHS, STATIC
from digits.reading import Reader
from tests.page.conftest import SEVEN, call, draw, serving, text_of

PHOTO = (STATIC / PHOTOGRAPHS / "1.jpg").read_bytes()
TEXT = "2718281\n3141592\n1729064"
JPEG = {"Content_Type": "image/jpeg"}


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


class Slow(Reader):
    """One that takes so many seconds more for a picture."""

    def __init__(self, seconds: float):
        super().__init__()
        self.seconds = seconds

    def read(self, *given):
        time.sleep(self.seconds)
        return super().read(*given)


def test_a_reading_that_takes_too_long_is_given_up(start, monkeypatch):
    monkeypatch.setattr(server, "READ_SECONDS", 0.2)
    status, said = post(start(Slow(1)), PHOTO)
    assert (status, "was not read within" in said["error"]) == (503, True)


def test_a_full_queue_says_so_and_empties_again(start):
    link = start(Slow(0.2))
    with concurrent.futures.ThreadPoolExecutor(3 * MOST_WAITING) as threads:
        answers = list(threads.map(lambda _: call(link, "POST", "/read", PHOTO, **JPEG), range(3 * MOST_WAITING)))
    codes = Counter(status for status, _, _ in answers)
    assert set(codes) == {200, 429}
    assert codes[200] >= MOST_WAITING
    _, headers, data = next(answer for answer in answers if answer[0] == 429)
    say = f"{MOST_WAITING} photographs are being read already. Try again in a few seconds"
    assert (json.loads(data)["error"], headers["retry-after"]) == (say, "2")
    assert post(link, PHOTO)[0] == 200


def memory(pid: int) -> float:
    """MiB that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


@pytest.mark.slow
@pytest.mark.whole
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
