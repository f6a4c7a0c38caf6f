"""Photographs: chosen, dropped and pasted, read in the browser or by the server, and shown with boxes."""

import base64
import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

import digits
from digits.page.site import MOST_BYTES, PHOTOGRAPHS, STATIC
from tests.page.conftest import SIZES, text_of
from tests.reading.compose import BLUE, Layout, Paper, Writer, jpeg

pytestmark = pytest.mark.whole

EXAMPLES = {"1": "2718281\n3141592\n1729064", "2": "01735540\n1969"}


@pytest.fixture(scope="module")
def composed(mnist) -> bytes:
    """A photograph of "407" and "58" in the hands of MNIST's test set, as a JPEG."""
    writer = Writer(mnist.test.images, mnist.test.labels, np.random.default_rng(4))
    return jpeg(
        writer.picture("407\n58", Paper(pen=BLUE, noise=3, blur=0.7, shade=0.3), Layout(height=110, gap=30)), 90
    )


def choose(page, data: bytes, kind: str = "image/jpeg") -> None:
    page.get_by_role("tab", name="Photograph").click()
    page.locator("#file").set_input_files({"name": "photo.jpg", "mimeType": kind, "buffer": data})


@pytest.mark.parametrize(("size", "scheme"), [("phone", "light"), ("projector", "dark")])
def test_a_photograph_is_read_and_each_digit_can_be_tapped(warm_page, composed, size, scheme):
    page = warm_page(size, scheme)
    choose(page, composed)
    assert text_of(page, "407\n58") == "407\n58"
    boxes = page.locator("#found .box")
    assert boxes.count() == page.locator(".card").count() == 5
    image, width = page.locator("#image").bounding_box(), Image.open(BytesIO(composed)).width
    for index, one in enumerate(digits.read(composed).digits):
        box, scale = boxes.nth(index).bounding_box(), image["width"] / width
        assert box["x"] - image["x"] == pytest.approx(one.box[0] * scale, abs=8)  # with its border and margin
        assert box["y"] - image["y"] == pytest.approx(one.box[1] * scale, abs=8)
        assert box["width"] == pytest.approx(one.box[2] * scale, abs=16)
    sure = re.search(r"(\d+)% sure of these", page.inner_text("main"))
    assert int(sure[1]) == pytest.approx(100 * digits.read(composed).confidence, abs=1)
    boxes.nth(2).click()
    assert page.locator(".card").nth(2).get_attribute("aria-pressed") == "true"
    page.wait_for_selector("#inside-lead:has-text('comes to say 7')")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_read_right(warm_page, name):
    page = warm_page()
    page.get_by_role("tab", name="Photograph").click()
    page.get_by_role("button", name=f"Photograph {name}").click()
    assert text_of(page, EXAMPLES[name]) == EXAMPLES[name]
    page.click("#another")
    assert text_of(page, "") == ""
    assert sorted(EXAMPLES) == sorted(path.stem for path in (STATIC / PHOTOGRAPHS).iterdir())


def test_a_picture_is_dropped_or_pasted(warm_page, composed):
    page = warm_page()
    page.get_by_role("tab", name="Photograph").click()
    for event in ("drop", "paste"):
        page.evaluate(GIVE, [base64.b64encode(composed).decode(), event])
        assert text_of(page, "407\n58") == "407\n58"
        page.click("#another")
        assert text_of(page, "") == ""


GIVE = """([data, event]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "photo.jpg", { type: "image/jpeg" }));
  const target = document.getElementById("photo");
  const given = event === "drop" ? { dataTransfer: transfer } : { clipboardData: transfer };
  const type = event === "drop" ? DragEvent : ClipboardEvent;
  target.dispatchEvent(new type(event, { ...given, bubbles: true, cancelable: true }));
}"""


def test_a_picture_on_its_side_is_set_upright_as_its_file_says(warm_page, composed):
    upright, turned = Image.open(BytesIO(composed)), BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # its top is at the right
    upright.transpose(Image.Transpose.ROTATE_90).save(turned, "JPEG", quality=95, exif=exif)
    page = warm_page()
    choose(page, turned.getvalue())
    assert text_of(page, "407\n58") == "407\n58"
    image, box = page.locator("#image").bounding_box(), page.locator("#found .box").nth(0).bounding_box()
    left, top, *_ = digits.read(composed).digits[0].box
    assert box["x"] - image["x"] == pytest.approx(left * image["width"] / upright.width, abs=10)
    assert box["y"] - image["y"] == pytest.approx(top * image["height"] / upright.height, abs=10)


def test_white_ink_on_a_transparent_ground_is_seen(warm_page, composed):
    ink = np.asarray(Image.open(BytesIO(composed)).convert("L"))
    white, file = np.full((*ink.shape, 4), 255, np.uint8), BytesIO()
    white[:, :, 3] = np.where(ink < 110, 255, 0)
    Image.fromarray(white).save(file, "PNG")
    page = warm_page()
    choose(page, file.getvalue(), "image/png")
    assert digits.read(file.getvalue()).text == "407\n58"
    assert text_of(page, "407\n58") == "407\n58"


def test_another_network_reads_the_same_photograph(warm_page, composed):
    page = warm_page()
    choose(page, composed)
    assert text_of(page, "407\n58") == "407\n58"
    page.locator("label", has_text="Baseline").click()
    page.wait_for_selector("#inside-lead:has-text('“Baseline”')")
    assert page.locator(".card").count() == page.locator("#found .box:not(.left-out)").count() == 5


def test_what_the_browser_cannot_open_the_server_reads(warm_page, composed):
    tiff = BytesIO()
    Image.open(BytesIO(composed)).save(tiff, "TIFF")
    page = warm_page()
    choose(page, tiff.getvalue(), "image/tiff")
    assert text_of(page, "407\n58") == "407\n58"
    assert page.inner_text("#there") == (
        "This browser cannot show the picture. digits serve has read it, with the network “Reader”."
    )
    assert page.locator(".card").count() == 5


def test_what_is_too_large_is_refused_in_a_sentence(warm_page, tmp_path):
    page, file = warm_page(), BytesIO()
    Image.new("1", (10_000, 6_000)).save(file, "PNG")
    choose(page, file.getvalue(), "image/png")
    page.wait_for_selector("#failed:has-text('The picture is too large; allowed: up to 50 megapixels.')")
    (tmp_path / "large.jpg").write_bytes(bytes(MOST_BYTES + 1))
    page.locator("#file").set_input_files(tmp_path / "large.jpg")
    page.wait_for_selector("#failed:has-text('The file is too large; allowed: up to 32 MiB.')")


def test_what_is_no_picture_is_refused_in_a_sentence(warm_page):
    page = warm_page()
    choose(page, b"no picture", "text/plain")
    page.wait_for_selector("#failed:has-text('That is no picture.')")


def test_a_damaged_picture_is_refused_in_a_sentence(warm_page, composed):
    page = warm_page(refused=True)
    choose(page, composed[:300])
    page.wait_for_selector("#failed:has-text('is not a readable image')")


def test_the_camera_is_asked_for_and_a_page_without_digits_is_told(warm_page):
    page = warm_page("phone")
    assert page.get_attribute("#camera", "capture") == "environment"
    assert page.get_attribute("#camera", "accept") == "image/*"
    choose(page, jpeg(np.full((300, 400, 3), 235, np.uint8), 90))
    page.wait_for_selector("#sure:has-text('There is no digit in it')")
    assert page.inner_text("#text") == "no digit"
