"""Drawing, in a real browser: strokes in, digits out, by mouse, finger, pen and keyboard."""

import base64
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

import digits
from digits.page.examples import TEXTS
from digits.page.site import BASELINE
from digits.reading.network import Network
from digits.synthesis import variants
from tests.page.conftest import BESIDE, FOUR, ONE, SCRIBBLE, SEVEN, SIZES, draw, reload, text_of, wait_for_answer

pytestmark = pytest.mark.whole


@pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("projector", "light")])
def test_drawn_digits_are_read(warm_page, size, scheme):
    page = warm_page(size, scheme)
    assert page.inner_text("#text") == ""
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    draw(page, ONE)
    assert text_of(page, "71") == "71"
    bars = page.locator(".card").nth(0).locator(".bar i")
    assert bars.count() == 10
    page.wait_for_timeout(200)  # they move
    heights = [bars.nth(digit).bounding_box()["height"] for digit in range(10)]
    assert np.argmax(heights) == 7
    shares = page.evaluate(SHARES)
    room = page.locator(".bar").nth(0).bounding_box()["height"] - 20
    assert np.allclose(heights, np.array(shares) * room + 1, atol=1.5)
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]  # nothing sticks out


def test_several_strokes_make_a_digit_and_undo_takes_the_last_away(warm_page):
    page = warm_page()
    draw(page, *FOUR)
    assert text_of(page, "4") == "4"
    assert page.locator(".card").count() == 1
    page.click("#undo")
    page.click("#undo")
    assert text_of(page, "") == ""
    assert page.inner_text("#sure").startswith("Nothing is drawn yet.")
    draw(page, SEVEN)
    page.click("#clear")
    assert text_of(page, "") == ""
    page.click("#undo")
    assert text_of(page, "7") == "7"


def test_undo_and_redo_by_keys_wherever_the_focus_is(warm_page):
    page = warm_page()
    assert page.is_disabled("#redo")
    draw(page, SEVEN, ONE)
    assert text_of(page, "71") == "71"
    page.focus("#tab-draw")
    for undo, redo in (("Control+z", "Control+Shift+Z"), ("Meta+z", "Control+y"), ("Control+z", "Meta+Shift+Z")):
        page.keyboard.press(undo)
        assert text_of(page, "7") == "7"
        page.keyboard.press(redo)
        assert text_of(page, "71") == "71"
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert text_of(page, "") == ""
    page.click("#redo")
    assert text_of(page, "7") == "7"
    page.click("#redo")
    assert text_of(page, "71") == "71"
    assert page.is_disabled("#redo")
    page.keyboard.press("Control+z")
    draw(page, ONE)  # what was undone is gone now
    assert page.is_disabled("#redo")


def test_the_eraser_takes_away_the_strokes_that_it_touches(warm_page):
    page = warm_page()
    assert page.is_disabled("#erase")
    draw(page, SEVEN, ONE, [(x + 220, y) for x, y in SEVEN])
    assert text_of(page, "717") == "717"
    page.click("#erase")
    assert page.get_attribute("#erase", "aria-pressed") == "true"
    draw(page, [(20, 230), (300, 230)])  # below all of them
    page.keyboard.press("Control+z")  # which is no step: the last is undone
    assert text_of(page, "71") == "71"
    page.keyboard.press("Control+y")
    draw(page, [(170, 130), (230, 130)])
    assert text_of(page, "77") == "77"
    draw(page, [(20, 140), (360, 140)])
    assert text_of(page, "") == ""
    assert page.get_attribute("#erase", "aria-pressed") == "false"  # nothing is left to erase
    page.click("#undo")
    assert text_of(page, "77") == "77"
    page.click("#undo")
    assert text_of(page, "717") == "717"


def test_a_fast_eraser_leaves_out_nothing_on_its_way(warm_page):
    page = warm_page()
    draw(page, ONE)
    assert text_of(page, "1") == "1"
    page.click("#erase")
    box = page.locator("#ink").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 140)  # at once
    page.mouse.up()
    assert text_of(page, "") == ""


def test_a_reload_keeps_the_drawing(warm_page):
    page = warm_page()
    draw(page, SEVEN, ONE)
    assert text_of(page, "71") == "71"
    reload(page)
    assert text_of(page, "71") == "71"
    draw(page, [(x + 220, y) for x, y in SEVEN])
    assert text_of(page, "717") == "717"
    page.click("#clear")
    assert text_of(page, "") == ""
    assert page.evaluate("sessionStorage.getItem('digits drawing')") == "[]"


def test_what_is_kept_and_is_no_drawing_is_left_alone(warm_page):
    page = warm_page()
    kept = page.evaluate(KEPT, ["[]", "{", "7", '{"0": 1}', "[null]", *RUBBISH])
    assert kept == [0] * (5 + len(RUBBISH))
    assert page.evaluate(KEPT, [stroke(5, 1, 12)]) == [1]


def stroke(x: object, press: object, width: object) -> str:
    return f'[{{"points": [{{"x": {x}, "y": 1, "press": {press}}}], "width": {width}}}]'


RUBBISH = [
    '[{"points": [], "width": 12}]',
    '[{"points": "7", "width": 12}]',
    *(stroke(*one) for one in [("1e300", 1, 12), (1, -1, 12), (1, 1, '"12"'), ('"1"', 1, 12), (1, "null", 12)]),
]
KEPT = """async (all) => {
  const { keptDrawing } = await import("./drawing.js");
  return all.map((kept) => {
    sessionStorage.setItem("digits drawing", kept);
    return keptDrawing().length;
  });
}"""


def test_where_nothing_can_be_kept_it_draws_all_the_same(warm_page):
    page = warm_page()
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }; }")
    draw(page, ONE)
    assert text_of(page, "71") == "71"
    reload(page)
    assert page.is_visible("#hint")  # rather than an older drawing


def test_the_text_is_copied_and_that_is_told(warm_page):
    page = warm_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    assert page.is_hidden("#copy")
    draw(page, SEVEN, ONE)
    assert text_of(page, "71") == "71"
    page.click("#copy")
    page.wait_for_selector("#given:has-text('Copied.')")
    assert page.get_attribute("#given", "role") == "status"
    assert page.evaluate("navigator.clipboard.readText()") == "71"
    page.click("#undo")
    assert text_of(page, "7") == "7"
    assert page.inner_text("#given") == ""  # this one was not
    page.context.clear_permissions()


@pytest.mark.parametrize("refuse", ["() => Promise.reject(new DOMException('', 'NotAllowedError'))", None])
def test_where_the_clipboard_is_refused_it_is_said(warm_page, refuse):
    page = warm_page()
    value = f"{{ writeText: {refuse} }}" if refuse else "undefined"  # as over plain HTTP
    page.evaluate(
        f"() => {{ Object.defineProperty(navigator, 'clipboard', {{ value: {value}, configurable: true }}); }}"
    )
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    page.click("#copy")
    page.wait_for_selector("#given:has-text('does not let the page copy')")


def test_the_sheet_is_saved_as_a_picture_that_python_reads(link, open_page):
    page = open_page(link, "phone", "dark", device_scale_factor=2)
    draw(page, SEVEN, ONE)
    assert text_of(page, "71") == "71"
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == "digits.png"
    saved = Image.open(download.value.path())
    box = page.locator("#ink").bounding_box()
    assert saved.size == pytest.approx((2 * box["width"], 2 * box["height"]), abs=2)
    assert saved.convert("L").getpixel((0, 0)) == 255
    assert digits.read(download.value.path()).text == "71"


def test_rows_are_read_from_above(warm_page):
    page = warm_page()
    below, above = [[(x, y / 2 + top) for x, y in SEVEN] for top in (150, 10)]
    draw(page, [(x + 240, y) for x, y in below], [(x + 90, y) for x, y in above], below)
    assert text_of(page, "7\n77") == "7\n77"


def test_what_to_try_is_shown_until_something_is_drawn(warm_page):
    page = warm_page()
    assert page.locator("#suggestions li").count() == len(TEXTS)
    assert "undefined" not in page.inner_text("#suggestions")
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    assert page.is_hidden("#suggestions")
    page.click("#clear")
    page.wait_for_selector("#suggestions")
    page.get_by_role("tab", name="Photograph").click()
    assert page.is_hidden("#suggestions")


def test_examples_are_read_as_they_say_and_as_python_reads_the_sheet(warm_page):
    page = warm_page("phone")
    for text in TEXTS:
        if not page.is_visible("#suggestions"):
            page.click("#clear")
        page.get_by_role("button", name=text.replace("\n", " / "), exact=True).click()
        expected = text if text.replace("\n", "").isdigit() else "no digit"
        assert text_of(page, expected) == expected
        assert page.locator("#sheet").bounding_box()["y"] >= 0  # what was tapped below the sheet brings it back
        data = page.evaluate("document.getElementById('ink').toDataURL('image/png')")
        picture = Image.open(BytesIO(base64.b64decode(data.partition(",")[2])))
        assert digits.read(picture).text == expected.replace("no digit", "")


def test_what_is_no_digit_is_called_so_and_the_baseline_knows_digits_alone(warm_page):
    page = warm_page()
    draw(page, SCRIBBLE)
    assert text_of(page, "no digit") == "no digit"
    assert "no digit" in page.inner_text(".card")
    page.locator("label", has_text="Baseline").click()
    page.wait_for_selector("#text .doubt")
    assert re.fullmatch(r"\d\?", page.inner_text("#text"))
    doubts = page.evaluate(DOUBTS)
    assert doubts["reader"] > 0.9
    assert doubts["baseline"] == 0


@pytest.mark.parametrize("size", SIZES)
def test_what_is_left_out_has_a_box_and_is_told(warm_page, size):
    page = warm_page(size)
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    assert re.fullmatch(r"\d+% sure of this digit\.", page.inner_text("#sure"))  # and no word about question marks
    assert page.locator("#boxes .left-out").count() == 0
    draw(page, BESIDE)
    wait_for_answer(page)
    assert page.inner_text("#text") == "7"
    assert page.inner_text("#sure").endswith("% sure of this digit; one mark was left out.")
    sheet, box = page.locator("#ink").bounding_box(), page.locator("#boxes .left-out").bounding_box()
    assert box["x"] - sheet["x"] == pytest.approx(170, abs=14)
    assert box["width"] == pytest.approx(130, abs=20)


def test_the_network_can_be_changed_for_the_same_drawing(warm_page):
    page = warm_page()
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    page.locator("label", has_text="Baseline").click()
    assert text_of(page, "7") == "7"
    page.wait_for_selector("#layers-title:has-text('Baseline')")
    assert page.locator("#layers h4").all_inner_texts() == list(Network(BASELINE).predictor.info.layers)


def test_it_is_drawn_on_by_keyboard(warm_page):
    page = warm_page()
    page.focus("#ink")
    page.keyboard.press("Space")
    for _ in range(12):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    assert text_of(page, "1") == "1"
    page.keyboard.press("Backspace")
    assert text_of(page, "") == ""
    page.keyboard.press("Space")
    for key in ["ArrowRight"] * 6 + ["ArrowDown"] * 12:
        page.keyboard.press(key)
    page.keyboard.press("Space")
    assert text_of(page, "7") == "7"
    page.keyboard.press("Escape")
    assert text_of(page, "") == ""


def test_a_finger_draws(warm_page):
    page = warm_page("phone")
    client = page.context.new_cdp_session(page)
    box = page.locator("#ink").bounding_box()
    points = [{"x": box["x"] + x, "y": box["y"] + y} for x, y in SEVEN]
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
    for point in points[1:]:
        client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert text_of(page, "7") == "7"


def test_a_pen_that_is_pressed_draws_wider(warm_page):
    page = warm_page()
    inked = [page.evaluate(PRESSED, pressure) for pressure in (0.1, 0.9)]
    assert inked[1] > 1.7 * inked[0] > 0


def test_how_long_an_answer_takes_is_measured(warm_page):
    """From the pen's going up, once for each stroke, whatever was read while it was drawn."""
    page = warm_page()
    draw(page, SEVEN)
    wait_for_answer(page)
    page.evaluate("performance.clearMeasures()")
    box = page.locator("#ink").bounding_box()
    (x, top), (_, below) = ONE
    page.mouse.move(box["x"] + x, box["y"] + top)
    page.mouse.down()
    page.mouse.move(box["x"] + x, box["y"] + below, steps=3)
    assert text_of(page, "71") == "71"
    assert page.evaluate(MEASURED) == []
    page.evaluate("window.drawn = performance.now()")
    page.mouse.up()
    wait_for_answer(page)
    (time,) = page.evaluate(MEASURED)
    assert time > 0


MEASURED = "performance.getEntriesByName('answer').map(({ duration }) => duration)"


@pytest.mark.slow
def test_ten_thousand_strokes_do_no_harm(warm_page):
    page = warm_page()
    page.evaluate(
        """() => {
          const ink = document.getElementById("ink");
          const { left, top } = ink.getBoundingClientRect();
          ink.setPointerCapture = () => {};
          const at = (type, x, y) =>
            ink.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX: left + x, clientY: top + y }));
          for (let number = 0; number < 10000; number++) {
            at("pointerdown", number % 400, number % 300);
            at("pointerup", number % 400, number % 300);
          }
        }"""
    )
    page.wait_for_timeout(500)
    page.click("#clear", timeout=60_000)
    draw(page, SEVEN)
    assert text_of(page, "7", 60) == "7"


PRESSED = """(pressure) => {
  document.getElementById("clear").click();
  const ink = document.getElementById("ink");
  const { left, top } = ink.getBoundingClientRect();
  ink.setPointerCapture = () => {};
  const given = { pointerId: 1, pointerType: "pen", pressure };
  const at = (type, x, y) =>
    ink.dispatchEvent(new PointerEvent(type, { ...given, clientX: left + x, clientY: top + y }));
  at("pointerdown", 100, 50);
  for (let y = 50; y < 200; y += 10) at("pointermove", 100, y);
  at("pointerup", 100, 200);
  const { data } = ink.getContext("2d").getImageData(0, 0, ink.width, ink.height);
  return data.filter((value, index) => index % 4 === 3 && value > 127).length;
}"""

SHARES = """() => [...document.querySelectorAll(".card")[0].querySelectorAll(".bar")].map((bar) => {
  const [, less, share] = bar.title.match(/: (<)?(\\d+)%/) ?? [0, 0, 100];
  return less ? 0 : share / 100;
})"""

DOUBTS = """async () => {
  const { compute } = await import("./network.js");
  const images = [new Uint8Array(784).map((_, index) => 255 * (index % 3 === 0))];
  const said = {};
  for (const network of ["reader", "baseline"]) {
    const [answer] = await compute("classify", { network, images });
    said[network] = answer.doubt;
  }
  return said;
}"""


READ = """async (drawing) => {
  const { compute } = await import("./network.js");
  const { pixelsOf } = await import("./sheet.js");
  const [width] = drawing.pop();
  const strokes = drawing.map((flat) => ({ width, points: Array.from({ length: flat.length / 2 },
    (_, index) => ({ x: flat[2 * index], y: flat[2 * index + 1], press: 1 })) }));
  const { picture } = pixelsOf(strokes);
  const said = await compute("read", { network: "reader", picture, scale: 1 });
  const pixels = btoa(Array.from(picture.data, (byte) => String.fromCharCode(byte)).join(""));
  return { ...said, pixels, width: picture.width, height: picture.height };
}"""


def drawings(count: int, rng: np.random.Generator) -> list[list[list[float]]]:
    """Digits and letters as strokes, each a list of x and y in pixels, and the width of the pen at the end."""
    drawn = []
    for _ in range(count):
        ways = variants.DIGITS + variants.LETTERS
        variant = ways[rng.integers(len(ways))]
        height = rng.uniform(8, 400)
        places = variant.spline @ (variant.points + rng.normal(0, 0.03, variant.points.shape)).astype(np.float32)
        ends = np.flatnonzero(np.hypot(*np.diff(places, axis=0).T) > 0.12) + 1
        drawn.append([(height * stroke).ravel().tolist() for stroke in np.split(places, ends)] + [[rng.uniform(3, 28)]])
    return drawn


def test_the_browser_says_what_python_says(warm_page, rng):
    """Of 16 drawings, whose pixels both are asked about; a probability may differ by a hundredth."""
    page = warm_page()
    reader = digits.Reader()
    for drawing in drawings(16, rng):
        said = page.evaluate(READ, drawing)
        pixels = np.frombuffer(base64.b64decode(said["pixels"]), np.uint8).reshape(said["height"], said["width"])
        ours = reader.read(pixels)
        assert said["text"] == ours.text
        assert said["confidence"] == pytest.approx(ours.confidence, abs=0.01)
        for one, other in zip(said["digits"] if said["text"] else (), ours.digits, strict=True):
            assert one["probabilities"] == pytest.approx(other.probabilities, abs=0.01)
            assert one["box"] == pytest.approx(other.box, abs=1)
