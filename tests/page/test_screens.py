"""What is in view at once, on which screen."""

import re

import pytest

from tests.page.conftest import SEVEN, draw, text_of
from tests.page.test_photo import EXAMPLES

pytestmark = pytest.mark.whole

UPRIGHT, ACROSS = (390, 844), (844, 390)  # a phone's screen


def bottom(page, selector: str) -> float:
    """Of an element, in pixels from the top of the screen."""
    return page.evaluate("selector => document.querySelector(selector).getBoundingClientRect().bottom", selector)


@pytest.mark.parametrize("height", [844, 664])  # without and with the browser's own bars
def test_a_phone_shows_the_sheet_its_tools_and_the_answer(warm_page, height):
    page = warm_page("phone")
    page.set_viewport_size({"width": 390, "height": height})
    title, networks = page.locator("h1").bounding_box(), page.locator("#networks").bounding_box()
    assert networks["y"] < title["y"] + title["height"] / 2 < networks["y"] + networks["height"]  # in one line
    assert bottom(page, "header") < 120
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    assert page.evaluate("scrollY") == 0
    assert bottom(page, "#tools") < bottom(page, "#text") < bottom(page, "#sure") <= height


def test_a_phone_on_its_side_shows_them_beside_each_other(warm_page):
    page = warm_page("phone")
    page.set_viewport_size({"width": ACROSS[0], "height": ACROSS[1]})
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    sheet = page.locator("#sheet").bounding_box()
    assert sheet["x"] + sheet["width"] < page.locator("#text").bounding_box()["x"]
    assert sheet["height"] > 0.55 * ACROSS[1]
    assert max(bottom(page, one) for one in ("#tools", "#sure")) <= ACROSS[1]
    assert page.evaluate("[scrollY, document.documentElement.scrollWidth]") == [0, ACROSS[0]]


@pytest.mark.parametrize("screen", [UPRIGHT, ACROSS])
def test_a_phone_shows_a_photograph_and_the_answer(warm_page, screen):
    page = warm_page("phone")
    page.set_viewport_size({"width": screen[0], "height": screen[1]})
    page.get_by_role("tab", name="Photograph").click()
    page.get_by_role("button", name="Photograph 1").click()
    assert text_of(page, EXAMPLES["1"]) == EXAMPLES["1"]
    page.evaluate("scrollTo(0, 0)")
    assert max(bottom(page, one) for one in ("#shown", "#sure")) <= screen[1]


def test_a_long_row_of_the_answer_shrinks_and_stays_a_row(warm_page):
    page = warm_page()
    for width, height in (UPRIGHT, ACROSS, (1280, 900)):
        page.set_viewport_size({"width": width, "height": height})
        heights = []
        for count in (1, 9, 18):
            page.evaluate(LONG, count)
            assert page.inner_text("#text") == "8?" * count
            assert len(page.locator("#text .doubt").evaluate_all(ROWS)) == 1
            heights.append(page.locator("#text").bounding_box()["height"])
        assert heights[0] >= heights[1] > heights[2] > 12


LONG = """async (count) => {
  const { showAnswer } = await import("./answer.js");
  const one = { digit: 8, confidence: 0.5, probabilities: Array(10).fill(0.1), image: new Uint8Array(784) };
  const text = "8".repeat(count);
  showAnswer({ text, confidence: 0.5, digits: Array(count).fill(one), left_out: [] }, null);
}"""
PAPERS = [{"format": "A4"}, {"format": "Letter"}, {"format": "A4", "landscape": True}]


@pytest.mark.parametrize(
    ("mode", "size", "scheme"),
    [
        ("draw", "phone", "dark"),
        ("draw", "projector", "light"),
        ("photo", "phone", "light"),
        ("photo", "projector", "dark"),
    ],
)
def test_it_is_printed_on_one_page(warm_page, tmp_path, mode, size, scheme):
    page = warm_page(size, scheme)
    if mode == "draw":
        draw(page, SEVEN)
        assert text_of(page, "7") == "7"
    else:
        page.get_by_role("tab", name="Photograph").click()
        page.get_by_role("button", name="Photograph 1").click()
        assert text_of(page, EXAMPLES["1"]) == EXAMPLES["1"]
    for paper in PAPERS:
        pdf = page.pdf(**paper)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1, paper


ROWS = "spans => [...new Set(spans.map((span) => Math.round(span.getBoundingClientRect().top)))]"
