"""Whole pictures, in a real browser: the same texts, boxes and confidences as Python's, by the same graphs."""

import base64

import numpy as np
import pytest

import digits
from digits.reading.picture import open_picture
from tests.reading.compose import DIGITS, NO_DIGIT, composed

pytestmark = pytest.mark.whole

FEW = [*list(DIGITS)[::6], "on a side", next(iter(NO_DIGIT)), "28 x 28", "blank"]
KINDS = [*list(DIGITS)[::2], "on a side", *list(NO_DIGIT)[:3]]

READ = """async ([data, width, height]) => {
  const { compute } = await import("./network.js");
  const pixels = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const picture = { data: pixels, width, height, channels: 3 };
  const said = await compute("read", { network: "reader", picture, scale: 1 });
  return { ...said, digits: said.digits.map((one) => ({ ...one, image: [...one.image] })) };
}"""


@pytest.fixture(scope="module")
def pictures(mnist) -> dict[str, np.ndarray]:
    small = np.repeat(mnist.test.images[7, :, :, np.newaxis], 3, axis=2)  # of which the reader alone decides
    blank = np.full((120, 160, 3), 240, np.uint8)
    return {kind: open_picture(composed(kind, 1, mnist.test, seed=3).data).pixels for kind in KINDS} | {
        "28 x 28": small,
        "blank": blank,
    }


@pytest.mark.parametrize("kinds", [FEW, pytest.param(None, marks=pytest.mark.slow)], ids=["few", "all"])
def test_pictures_are_read_as_python_reads_them(warm_page, pictures, kinds):
    page = warm_page()
    reader = digits.Reader()
    for kind in kinds or pictures:
        pixels = pictures[kind]
        ours = reader.read(pixels)
        height, width = pixels.shape[:2]
        said = page.evaluate(READ, [base64.b64encode(pixels.tobytes()).decode(), width, height])
        assert said["text"] == ours.text, kind
        assert said["confidence"] == pytest.approx(ours.confidence, abs=0.02), kind
        theirs = [one for one in said["digits"] if one["digit"] is not None]
        assert [(one["digit"], one["line"], one["group"]) for one in theirs] == [
            (one.digit, one.line, one.group) for one in ours.digits
        ], kind
        for one, other in zip(theirs, ours.digits, strict=True):
            assert one["box"] == pytest.approx(other.box, abs=2), kind
            assert one["confidence"] == pytest.approx(other.confidence, abs=0.02), kind
            assert one["probabilities"] == pytest.approx(other.probabilities, abs=0.02), kind
            assert np.abs(np.reshape(one["image"], (28, 28)) - other.image.astype(int)).mean() < 2, kind
        assert len(said["left_out"]) == pytest.approx(len(ours.left_out), abs=1), kind
