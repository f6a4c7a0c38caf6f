"""A computer's camera: shown live, let go afterwards, and offered where there is one."""

import pytest

from tests.page.conftest import text_of
from tests.page.test_photo import EXAMPLES

pytestmark = pytest.mark.whole


def live(page, picture: str = "", error: str = "") -> None:
    """Ask for the camera, or for what shows a picture in its stead, or fails with an error of this name."""
    page.evaluate(WATCH, [picture, error])
    page.get_by_role("tab", name="Photograph").click()
    page.click("#take")


def test_it_takes_what_it_shows_and_is_let_go(warm_page):
    page = warm_page()
    live(page)
    page.wait_for_selector("#shutter:not([disabled])")
    shown = page.evaluate("[video.videoWidth, video.videoHeight]")
    page.click("#shutter")
    page.wait_for_selector("#shown")
    page.wait_for_function("() => document.getElementById('image').naturalWidth")
    assert page.evaluate("[image.naturalWidth, image.naturalHeight]") == shown
    assert page.is_hidden("#live")
    assert page.evaluate(STATES) == ["ended"]
    page.click("#another")
    page.click("#take")  # and again
    page.wait_for_selector("#shutter:not([disabled])")
    assert page.evaluate(STATES) == ["live"]


def test_what_it_shows_is_read(warm_page):
    page = warm_page()
    live(page, picture="photographs/2.jpg")
    page.click("#shutter:not([disabled])")
    assert text_of(page, EXAMPLES["2"]) == EXAMPLES["2"]


@pytest.mark.parametrize("close", ["Escape", "Close"])
def test_closing_lets_it_go(warm_page, close):
    page = warm_page()
    live(page)
    page.wait_for_selector("#shutter:not([disabled])")
    assert page.evaluate(STATES) == ["live"]
    if close == "Escape":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name="Close").click()
    page.wait_for_selector("#live", state="hidden")
    page.wait_for_function(f"() => ({STATES})()[0] === 'ended'")
    assert page.is_visible("#drop")


@pytest.mark.parametrize(
    ("error", "said"), [("NotAllowedError", "may not use the camera"), ("NotReadableError", "gives no picture")]
)
def test_where_it_is_refused_or_busy_that_is_said(warm_page, error, said):
    page = warm_page()
    live(page, error=error)
    page.wait_for_selector(f"#failed:has-text('{said}')")
    assert page.is_hidden("#live")
    assert page.is_enabled("#take")


def test_one_that_is_unplugged_is_told(warm_page):
    page = warm_page()
    live(page)
    page.wait_for_selector("#shutter:not([disabled])")
    page.evaluate("stream.getTracks()[0].dispatchEvent(new Event('ended'))")
    page.wait_for_selector("#failed:has-text('gives no picture')")
    assert page.is_hidden("#live")


def test_without_one_it_is_not_offered(warm_page):
    page = warm_page()
    page.get_by_role("tab", name="Photograph").click()
    page.wait_for_selector("#take")
    page.evaluate("() => { navigator.mediaDevices.enumerateDevices = async () => []; }")
    page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    page.wait_for_selector("#take", state="hidden")
    assert page.is_visible("label:has(#file)")
    page.evaluate("delete navigator.mediaDevices.enumerateDevices")
    page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    page.wait_for_selector("#take")


def test_a_phone_opens_its_own(warm_page):
    page = warm_page("phone")
    page.get_by_role("tab", name="Photograph").click()
    assert page.is_visible("label:has(#camera)")
    assert page.is_hidden("#take")
    page = warm_page()
    page.get_by_role("tab", name="Photograph").click()
    assert page.is_hidden("label:has(#camera)")


WATCH = """([picture, error]) => {
  const own = MediaDevices.prototype.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    if (error) throw new DOMException("", error);
    return (window.stream = picture ? await shown() : await own(wanted));
  };
  async function shown() {
    const bitmap = await createImageBitmap(await (await fetch(picture)).blob());
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    setInterval(() => canvas.getContext("2d").drawImage(bitmap, 0, 0), 50);
    return canvas.captureStream();
  }
}"""
STATES = "() => stream.getTracks().map(({ readyState }) => readyState)"
