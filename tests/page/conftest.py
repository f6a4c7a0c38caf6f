"""A served page, a published one, and a real browser to open them with."""

import atexit
import functools
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from digits.commands.publish import publish
from digits.commands.serve import server_of
from digits.page.server import application
from digits.reading import Reader
from tests.conftest import ROOT

SIZES = {"phone": (360, 740), "projector": (1280, 900)}
READY = "html[data-ready]"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def absent(reason: str, package: str = "chromium") -> None:
    """Skip, but where DIGITS_BROWSER is `required`, as in .ci/run, fail."""
    if os.environ.get("DIGITS_BROWSER") == "required":
        pytest.fail(f"{reason}, and DIGITS_BROWSER says that it is required")
    pytest.skip(f"{reason}; Debian: apt-get install {package}")


@functools.cache
def chromium() -> object:
    """A real browser, the one of all tests of this process, in whichever room."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        absent("there is no Chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        absent("playwright is not installed")
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # there is one, and it is allowed
    playwright = sync_playwright().start()
    atexit.register(playwright.stop)
    return playwright.chromium.launch(executable_path=path, args=[*quiet, *camera])


@pytest.fixture(scope="session")
def browser() -> object:
    return chromium()


@contextmanager
def serving(*flags: object, **environment: str) -> Iterator[tuple[subprocess.Popen, str, str]]:
    """`digits serve` with these flags: the process, the link that it prints, and what it says until then."""
    command = [sys.executable, "-m", "digits", "serve", "--no-browser", *map(str, flags)]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        said = ""
        while "The page is at" not in said:
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            said += line
        yield process, re.search(r"http://\S+", said)[0], said
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="session")
def link(data_dir: Path) -> Iterator[str]:
    """The link of a page that is served to this machine alone."""
    with serving("--port", 0, "--data-dir", data_dir) as (_, link, _):
        yield link


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder `some/where` below this one holds a published page."""
    root = tmp_path_factory.mktemp("published")
    publish(root / "some" / "where")
    return root


def new_page(browser, size: str, scheme: str, **options: object):
    (width, height), is_phone = SIZES[size], size == "phone"
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        has_touch=is_phone,
        is_mobile=is_phone,
        **options,
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    return page


@pytest.fixture
def watch() -> Iterator[Callable]:
    """Watches a page's console until the test ends: nothing may go wrong, but where something is `refused` on purpose,
    which browsers tell as an error."""
    wrong = []
    with ExitStack() as stack:

        def watched(page, refused: bool = False) -> None:
            def note(message) -> None:
                if message.type == "error" and not (refused and message.text.startswith("Failed to load resource")):
                    wrong.append(message.text)

            for event, listener in {"pageerror": lambda error: wrong.append(str(error)), "console": note}.items():
                page.on(event, listener)
                stack.callback(page.remove_listener, event, listener)

        yield watched
    assert not wrong, wrong


@pytest.fixture
def open_page(browser, watch) -> Iterator[Callable]:
    """Opens a link in a new window, until its network is ready: `open_page(link, size="phone", scheme="dark")`."""
    with ExitStack() as stack:

        def open_(link: str, size: str = "projector", scheme: str = "light", refused: bool = False, **options: object):
            page = new_page(browser, size, scheme, **options)
            stack.callback(page.context.close)
            watch(page, refused)
            load(page, link)
            return page

        yield open_


def load(page, link: str) -> None:
    """Open a link, until the page's network is ready."""
    page.goto(link)
    page.wait_for_selector(READY, timeout=60_000)


def reload(page) -> None:
    """Load a page again, until its network is ready."""
    page.reload()
    page.wait_for_selector(READY, timeout=60_000)


@pytest.fixture(scope="session")
def warm_pages() -> dict[str, object]:
    """The open pages of `warm_page`, by size."""
    return {}


@pytest.fixture
def warm_page(request, browser, link, watch, warm_pages) -> Iterator[Callable]:
    """The page as it is after it was opened, in a window that tests share, for to open it costs seconds of a processor:
    `warm_page(size="phone", scheme="dark")`. After a test that failed it is opened anew."""
    failed = request.session.testsfailed

    def begin(size: str = "projector", scheme: str = "light", motion: str = "no-preference", refused: bool = False):
        if size not in warm_pages:
            warm_pages[size] = new_page(browser, size, scheme)
            load(warm_pages[size], link)
        page = warm_pages[size]
        watch(page, refused)
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion=motion)
        start_over(page)
        return page

    yield begin
    if request.session.testsfailed > failed:
        while warm_pages:
            warm_pages.popitem()[1].context.close()


def start_over(page) -> None:
    """Take back all that was done on a page, by its own buttons."""
    page.evaluate(START_OVER)
    if page.is_visible("#corrections"):
        page.once("dialog", lambda dialog: dialog.accept())
        page.evaluate("document.getElementById('delete-corrections').click()")
        page.wait_for_selector("#corrections", state="hidden")
    page.wait_for_selector("#suggestions")
    page.wait_for_selector("#inside-content", state="hidden")


START_OVER = """() => {
  delete navigator.clipboard; // what tests put there
  delete navigator.mediaDevices.getUserMedia;
  for (const name of ["close", "close-live"]) document.getElementById(name).click();
  for (const name of ["another", "network-reader", "tab-draw", "clear"]) document.getElementById(name).click();
  for (const one of document.querySelectorAll("details[open]")) one.open = false;
  document.getElementById("layers").replaceChildren();
  document.getElementById("spoken").textContent = "";
  document.activeElement.blur();
  scrollTo(0, 0);
}"""


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


@pytest.fixture
def start() -> Iterator[Callable]:
    """Starts a server in this process, whose limits a test can change: `start(reader, token)` returns its link."""
    with ExitStack() as stack:

        def started(reader: Reader, token: str = "") -> str:
            app = application({"index.html": b"page"}, reader, Path("nowhere"), ["127.0.0.1"], token)
            listener = socket.create_server(("127.0.0.1", 0))
            running = server_of(app)
            thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(setattr, running, "should_exit", True)
            return f"http://127.0.0.1:{listener.getsockname()[1]}/"

        yield started


def draw(page, *strokes: list[tuple[float, float]]) -> None:
    """Draw strokes with the mouse, through points in pixels of the sheet."""
    box = page.locator("#ink").bounding_box()
    for stroke in strokes:
        (x, y), *others = stroke
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down()
        for x, y in others:
            page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
        page.evaluate("window.drawn = performance.now()")
        page.mouse.up()


def wait_for_answer(page) -> None:
    """Until all that was drawn is answered, and not only what was there while it was drawn."""
    page.wait_for_function("() => performance.getEntriesByName('answer').some((one) => one.startTime >= window.drawn)")


def text_of(page, expected: str, seconds: float = 30) -> str:
    """The text that was read, when it is what is expected, or after so many seconds."""
    end = time.monotonic() + seconds
    while (text := page.inner_text("#text")) != expected and time.monotonic() < end:
        page.wait_for_timeout(50)
    return text


SEVEN = [(60, 60), (140, 60), (110, 130), (90, 200)]
ONE = [(200, 60), (200, 200)]
SCRIBBLE = [(60 + 25 * step, 60 if step % 2 else 220) for step in range(10)]  # no digit
BESIDE = [(180 + 10 * step, 60 if step % 2 else 200) for step in range(12)]  # likewise, to the right of the seven
FOUR = [[(90, 60), (60, 140), (150, 140)], [(125, 80), (120, 210)]]
