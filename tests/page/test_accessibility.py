"""Anybody can use the page: axe-core finds nothing, in any size, scheme or state; the keyboard reaches all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from digits.files import sha256, write_together
from digits.page.site import PHOTOGRAPHS, STATIC
from digits.web import NotServed, download, npm_package
from tests.page.conftest import BESIDE, SCRIBBLE, SEVEN, draw, text_of, wait_for_answer

pytestmark = pytest.mark.whole

AXE = "axe-core@4.14.1"
AXE_SIZE, AXE_SHA256 = 653_780, "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, fetched once, checked and kept."""
    path: Path = user_cache_path("digits") / AXE / "axe.min.js"
    if not (path.is_file() and sha256(path.read_bytes()) == AXE_SHA256):
        try:
            data = download(f"https://cdn.jsdelivr.net/npm/{AXE}/axe.min.js", AXE_SIZE)
        except NotServed:
            data = npm_package(AXE, {"package/axe.min.js": AXE_SIZE})["package/axe.min.js"]
        assert sha256(data) == AXE_SHA256
        write_together(path.parent, {path.name: data})
    return path.read_text(encoding="utf-8")


def faults(page, axe: str) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    found = page.evaluate("tags => axe.run({ runOnly: tags, resultTypes: ['violations'] })", TAGS)["violations"]
    return [
        f"{one['impact']}: {one['id']}: {one['help']}: {[node['html'][:150] for node in one['nodes']][:3]}"
        for one in found
    ]


def states(page) -> Iterator[str]:
    """Brings the page into one state after another."""
    yield "empty"
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    page.wait_for_selector("#for-caption:has-text('What speaks for 7')")
    yield "drawn, looked into"
    draw(page, BESIDE)
    page.wait_for_selector("#sure:has-text('one mark was left out')")
    yield "something left out"
    page.click("#clear")
    draw(page, SCRIBBLE)
    page.wait_for_selector(".card.doubtful")
    page.wait_for_selector("#for-caption:has-text('What speaks for “no digit”')")
    yield "no digit"
    page.locator(".pixels [tabindex]").nth(2).focus()
    page.locator("#layers summary").nth(0).click()
    page.locator(".maps").nth(0).click()
    yield "a map enlarged"
    page.click("#close")
    page.get_by_role("tab", name="Photograph").click()
    yield "no photograph"
    photo = (STATIC / PHOTOGRAPHS / "2.jpg").read_bytes()
    page.locator("#file").set_input_files({"name": "2.jpg", "mimeType": "image/jpeg", "buffer": photo})
    assert text_of(page, "01735540\n1969") == "01735540\n1969"
    yield "a photograph"
    page.click("#another")
    if page.is_visible("#take"):  # a phone opens its own camera
        page.click("#take")
        page.wait_for_selector("#shutter:not([disabled])")
        yield "the camera"
        page.click("#close-live")
    page.get_by_role("tab", name="Draw").click()
    page.click("#clear")
    page.wait_for_selector("#suggestions")
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    page.click("#copy")
    page.click("#erase")
    yield "copied, and the eraser taken"
    wait_for_answer(page)
    page.select_option(".correct", "1")
    page.wait_for_selector("#corrections")
    page.click("#corrections summary")
    yield "corrections"


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        ("projector", "dark"),
        pytest.param("projector", "light", marks=pytest.mark.slow),
        pytest.param("phone", "dark", marks=pytest.mark.slow),
        pytest.param("phone", "light", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing(warm_page, axe, size, scheme):
    page = warm_page(size, scheme, motion="reduce")
    for state in states(page):
        assert not faults(page, axe), state


def test_the_keyboard_reaches_everything_and_the_focus_is_seen(warm_page):
    page = warm_page()
    draw(page, SEVEN)
    page.wait_for_selector(".scores .best")
    page.locator("#layers summary").nth(0).click()
    page.wait_for_selector("#layers p:has-text('32 maps')")
    page.focus("#network-reader")
    reached = ["network-reader"]
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.id || document.activeElement.className || document.activeElement.name"
            )
        )
        outline = page.evaluate(
            """() => {
              const one = document.activeElement;
              const shown = one.matches(".segments input") ? one.nextSibling : one.closest(".filters label") ?? one;
              return getComputedStyle(shown).outlineStyle;
            }"""
        )
        assert outline != "none", reached[-1]
        if reached[-1] == "maps":
            break
    wanted = ["network-reader", "tab-draw", "ink", "undo", "erase", "clear", "pen", "card", "conv1", "conv2", "maps"]
    assert [one for one in dict.fromkeys(reached) if one in wanted] == wanted


def test_tabs_are_changed_by_arrow_keys(warm_page):
    page = warm_page()
    page.focus("#tab-draw")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-photo"
    assert page.locator("#photo").is_visible()
    assert page.locator("#draw").is_hidden()


def test_a_screen_reader_is_told_the_answer(warm_page):
    page = warm_page()
    draw(page, SEVEN)
    page.wait_for_selector("#spoken:has-text('Read: 7.')", state="attached")
    assert page.get_attribute("#spoken", "role") == "status"
    label = page.locator(".card .visually-hidden").text_content()
    assert label.startswith("7, 99% sure. Next: ")
    assert label.endswith("Look inside")


@pytest.mark.parametrize(("width", "text"), [(320, "100%"), (1280, "200%")])
def test_with_large_text_or_a_narrow_screen_nothing_sticks_out(warm_page, width, text):
    """WCAG 1.4.10 and 1.4.4."""
    page = warm_page()
    page.set_viewport_size({"width": width, "height": 640})
    page.evaluate("size => { document.documentElement.style.fontSize = size; }", text)
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    page.wait_for_selector(".scores .best")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
