"""Looking inside: layers' maps, as the network really has them, and places that speak for and against."""

import numpy as np
import onnxruntime

from digits.models import onnx_outputs
from digits.page.site import BASELINE
from digits.reading.network import Network
from digits.reading.reader import SHIPPED
from tests.page.conftest import SEVEN, draw, text_of


def look(page) -> None:
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    page.wait_for_selector("#for-caption:has-text('What speaks for 7')")


def test_it_explains_in_sentences(link, open_page):
    page = open_page(link)
    assert "Draw or tap a digit" in page.inner_text("#inside-lead")
    look(page)
    assert page.inner_text("#inside-lead") == "How the network “Reader” comes to say 7."
    assert "it matters most: covered" in page.inner_text("#for-caption")
    assert page.inner_text("#against-caption").startswith("The runner-up is ")
    assert page.inner_text("#against-caption") == page.get_attribute("#against", "aria-label")


def test_all_layers_are_there_by_the_names_of_the_code(link, open_page):
    page = open_page(link, "phone")
    look(page)
    assert page.locator("#layers h4").all_inner_texts() == list(Network(SHIPPED).predictor.info.layers)
    assert "32 maps of 28 × 28" in page.locator(".layer .note").nth(0).inner_text()


def test_maps_are_those_that_python_computes(link, open_page):
    page = open_page(link)
    image = [255 * (index % 28 == 14) for index in range(784)]
    theirs = page.evaluate(
        """async (image) => {
          const { compute } = await import("./network.js");
          const maps = await compute("inside", { network: "baseline", image: new Uint8Array(image) });
          return maps.map(({ name, shape, data }) => ({ name, shape: [...shape], data: [...data] }));
        }""",
        image,
    )
    layers = Network(BASELINE).predictor.info.layers
    session = onnxruntime.InferenceSession(BASELINE.read_bytes() + onnx_outputs(layers))
    ours = session.run(list(layers), {"images": np.array(image, np.uint8).reshape(1, 28, 28)})
    assert [one["name"] for one in theirs] == list(layers)
    for one, map_ in zip(theirs, ours, strict=True):
        assert tuple(one["shape"]) == map_.shape[1:]
        assert np.allclose(np.array(one["data"]), map_.ravel(), atol=1e-4)


def test_a_map_is_enlarged_and_leafed_through(link, open_page):
    page = open_page(link)
    look(page)
    canvas = page.locator("#layers canvas").nth(0)
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 0.04, "y": box["height"] * 0.1})
    assert page.inner_text("#large-title") == "conv1, map 1 of 32"
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#large-title") == "conv1, map 32 of 32"
    page.click("#next")
    page.click("#next")
    assert page.inner_text("#large-title") == "conv1, map 2 of 32"
    page.keyboard.press("Escape")
    assert not page.locator("#large").is_visible()
    page.locator(".maps").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.inner_text("#large-title") == "relu1, map 1 of 32"
