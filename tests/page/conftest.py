"""A served page, a published one, and a real browser to open them with."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from digits.commands.publish import publish
from tests.conftest import ROOT

SIZES = {"phone": (360, 740), "projector": (1280, 900)}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def absent(reason: str, package: str = "chromium") -> None:
    """Skip, but where DIGITS_BROWSER is `required`, as in .ci/run, fail."""
    if os.environ.get("DIGITS_BROWSER") == "required":
        pytest.fail(f"{reason}, and DIGITS_BROWSER says that it is required")
    pytest.skip(f"{reason}; Debian: apt-get install {package}")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        absent("there is no Chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        absent("playwright is not installed")
    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    camera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # there is one, and it is allowed
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=[*quiet, *camera])
        yield opened
        opened.close()


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


@pytest.fixture
def open_page(browser) -> Iterator[Callable]:
    """Opens a link when its network is ready: `open_page(link, size="phone", scheme="dark")`; nothing may go wrong, but
    where something is `refused` on purpose, which browsers tell as an error."""
    contexts, wrong = [], []

    def note(message, refused: bool) -> None:
        if message.type == "error" and not (refused and message.text.startswith("Failed to load resource")):
            wrong.append(message.text)

    def open_(link: str, size: str = "projector", scheme: str = "light", refused: bool = False, **options: object):
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=size == "phone", **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: note(message, refused))
        page.goto(link)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not wrong, wrong


def draw(page, *strokes: list[tuple[float, float]]) -> None:
    """Draw strokes with the mouse, through points in pixels of the sheet."""
    box = page.locator("#ink").bounding_box()
    for stroke in strokes:
        (x, y), *others = stroke
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down()
        for x, y in others:
            page.mouse.move(box["x"] + x, box["y"] + y, steps=6)
        page.mouse.up()


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
