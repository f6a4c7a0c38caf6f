"""Looking inside: maps as the network has them, what their values are made of, and what speaks for an answer."""

import numpy as np
import onnxruntime
import pytest

from digits.exchange.weights import read_weights
from digits.models import onnx_outputs
from digits.page.site import BASELINE
from digits.reading.network import Network
from digits.reading.reader import SHIPPED
from tests.page.conftest import ONE, SEVEN, draw, text_of

pytestmark = pytest.mark.whole


def look(page) -> None:
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    page.wait_for_selector("#for-caption:has-text('What speaks for 7')")


def test_it_explains_in_sentences(warm_page):
    page = warm_page()
    assert "Draw or tap a digit" in page.inner_text("#inside-lead")
    look(page)
    assert page.inner_text("#inside-lead") == "How the network “Reader” comes to say 7."
    assert "it matters most: covered" in page.inner_text("#for-caption")
    assert page.inner_text("#against-caption").startswith("The runner-up is ")
    assert page.inner_text("#against-caption") == page.get_attribute("#against", "aria-label")


def test_layers_are_there_by_the_names_of_the_code_and_shown_on_demand(warm_page):
    page = warm_page("phone")
    look(page)
    assert page.locator("#layers h4").all_inner_texts() == list(Network(SHIPPED).predictor.info.layers)
    assert not page.locator(".maps").first.is_visible()
    page.click("#layer-conv1 summary")
    page.wait_for_selector("#layer-conv1 p:has-text('32 maps of 28 × 28')")
    assert page.locator(".maps:visible").count() == 1
    drawn = "document.querySelector('#layer-conv1 canvas').toDataURL()"
    seven = page.evaluate(drawn)
    page.click("#clear")
    draw(page, ONE)
    page.wait_for_function(f"seven => {drawn} !== seven", arg=seven)


def python_says(image: np.ndarray) -> dict[str, np.ndarray]:
    """What Baseline's layers and outputs are for an image, without the first axis, and the pixels as it takes them."""
    layers = Network(BASELINE).predictor.info.layers
    session = onnxruntime.InferenceSession(BASELINE.read_bytes() + onnx_outputs(layers))
    names = [*layers, "logits", "probabilities"]
    said = session.run(names, {"images": image.reshape(1, 28, 28)})
    return {"pixels": image[np.newaxis] / 127.5 - 1, **{name: one[0] for name, one in zip(names, said, strict=True)}}


def test_maps_are_those_that_python_computes(warm_page, mnist):
    page = warm_page()
    image = mnist.test.images[0]
    layers = list(Network(BASELINE).predictor.info.layers)
    theirs = page.evaluate(
        """async ([image, names]) => {
          const { compute } = await import("./network.js");
          const said = await compute("inside", { network: "baseline", image: new Uint8Array(image), names });
          return names.map((name) => ({ shape: [...said[name].shape], data: [...said[name].data] }));
        }""",
        [image.ravel().tolist(), layers],
    )
    ours = python_says(image)
    for name, one in zip(layers, theirs, strict=True):
        assert tuple(one["shape"]) == (1, *ours[name].shape)
        assert np.allclose(np.array(one["data"]), ours[name].ravel(), atol=1e-4)


@pytest.fixture
def story(warm_page, mnist):
    """A page that tells the story of an image, and what Python says of that: `story(size)`."""

    def told(size: str = "projector"):
        page = warm_page(size)
        draw(page, SEVEN)
        page.wait_for_selector(".scores .best")
        image = mnist.test.images[0]
        page.evaluate(
            """async (image) => (await import("./story.js")).showStory(new Uint8Array(image))""", image.ravel().tolist()
        )
        return page, python_says(image)

    return told


def stage_of(page, layer: str):
    return page.locator(f".stage:has(figure:has(h4:text-is('{layer}')) [tabindex])")


def canvas_of(page, layer: str):
    return page.locator(f"figure:has(h4:text-is('{layer}')) [tabindex]")


def at(page, layer: str, values: dict[str, np.ndarray], x: int, y: int) -> dict[str, float]:
    """The middle of a pixel in a layer's canvas."""
    box = canvas_of(page, layer).bounding_box()
    height, width = values[layer].shape[1:]
    return {"x": (x + 0.5) * box["width"] / width, "y": (y + 0.5) * box["height"] / height}


def chosen(page, layer: str) -> int:
    """The channel of a layer that is followed."""
    radios = stage_of(page, layer).locator(".filters input")
    return [radios.nth(index).is_checked() for index in range(radios.count())].index(True)


def numbers(page, layer: str) -> list[float]:
    """The numbers in the account of a layer's pixel."""
    return (
        stage_of(page, layer)
        .locator(".account")
        .evaluate("one => [...one.querySelectorAll('data')].map(({ value }) => Number(value))")
    )


def marked(page, layer: str, values: dict[str, np.ndarray], stage: str) -> list[float]:
    """The square that is marked in a layer's map, among the figures of the stage of another: left, top and side."""
    figure = stage_of(page, stage).locator(f"figure:has(h4:text-is('{layer}'))")
    style = figure.locator(".mark").evaluate("one => [one.style.left, one.style.top, one.style.width].map(parseFloat)")
    return [one * values[layer].shape[2] / 100 for one in style]


def test_nine_pixels_times_nine_weights_make_the_value_that_the_map_has(story):
    page, values = story()
    for layer, before in (("conv1", "pixels"), ("conv2", "pool1")):
        last = values[layer].shape[1] - 1
        map_, source = chosen(page, layer), 0 if before == "pixels" else chosen(page, before)
        for x, y in [(0, 0), (last, 0), (0, last), (last, last), (4, 7), (9, 5)]:
            canvas_of(page, layer).hover(position=at(page, layer, values, x, y))
            *cells, total = numbers(page, layer)
            products, added = cells[:18], cells[18:]
            assert total == pytest.approx(values[layer][map_, y, x], abs=1e-4)
            assert np.allclose(products[::2], values[before][source, y : y + 3, x : x + 3].ravel(), atol=1e-5)
            assert added[0] == pytest.approx(np.dot(products[::2], products[1::2]), abs=1e-4)
            assert sum(added) == pytest.approx(total, abs=1e-4)
            assert marked(page, layer, values, layer) == pytest.approx([x, y, 1], abs=0.01)
            assert marked(page, before, values, layer) == pytest.approx([x, y, 3], abs=0.01)


def test_what_is_kept_is_accounted_for(story):
    page, values = story()
    for conv, relu, pool in (("conv1", "relu1", "pool1"), ("conv2", "relu2", "pool2")):
        map_, last = chosen(page, conv), values[pool].shape[1] - 1
        for x, y in [(0, 0), (last, last), (2, 3)]:
            canvas_of(page, relu).hover(position=at(page, relu, values, x, y))
            assert numbers(page, relu) == pytest.approx([values[conv][map_, y, x], values[relu][map_, y, x]], abs=1e-4)
            canvas_of(page, pool).hover(position=at(page, pool, values, x, y))
            *four, largest = numbers(page, pool)
            assert np.allclose(four, values[relu][map_, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2].ravel(), atol=1e-4)
            assert largest == pytest.approx(values[pool][map_, y, x], abs=1e-4)
            assert marked(page, relu, values, pool) == pytest.approx([2 * x, 2 * y, 2], abs=0.01)


def test_the_chosen_map_is_followed(story):
    page, values = story()
    canvas_of(page, "conv2").hover(position=at(page, "conv2", values, 4, 6))
    before = chosen(page, "conv1")
    page.locator(".filters").nth(0).locator("input").nth(before).focus()
    page.keyboard.press("ArrowRight")
    now = (before + 1) % 16
    assert chosen(page, "conv1") == now
    for layer in ("conv1", "relu1", "pool1"):
        assert canvas_of(page, layer).get_attribute("aria-label").startswith(f"{layer}, map {now + 1} of 16.")
    assert f"pool1, map {now + 1}," in stage_of(page, "conv2").locator("caption").inner_text()
    canvas_of(page, "conv1").hover(position=at(page, "conv1", values, 11, 12))
    assert numbers(page, "conv1")[-1] == pytest.approx(values["conv1"][now, 12, 11], abs=1e-4)


def test_the_maps_that_count_most_are_named_and_can_be_followed(story):
    page, values = story()
    x, y, map_ = 4, 6, chosen(page, "conv2")
    canvas_of(page, "conv2").hover(position=at(page, "conv2", values, x, y))
    total = numbers(page, "conv2")[-1]
    weights = read_weights(BASELINE)["conv2.weight"][map_]
    sums = (values["pool1"][:, y : y + 3, x : x + 3] * weights).sum(axis=(1, 2))
    strongest = np.argsort(-abs(sums))[:4]
    named = [
        text.replace("−", "-").removeprefix("map ").split(": ")
        for text in page.locator(".others button").all_inner_texts()
    ]
    assert [int(map_) - 1 for map_, _ in named] == strongest.tolist()
    assert [float(sum_) for _, sum_ in named] == pytest.approx(sums[strongest], abs=6e-4)
    for place in (3, 0):
        button = page.locator(".others button").nth(place)
        button.click()
        assert chosen(page, "conv1") == strongest[place]
        assert button.get_attribute("aria-pressed") == "true"
        assert numbers(page, "conv2")[18] == pytest.approx(sums[strongest[place]], abs=1e-4)
        assert numbers(page, "conv2")[-1] == total


def test_a_pixel_is_pointed_at_by_keyboard_and_by_touch(story):
    page, values = story("phone")
    canvas, sentence = canvas_of(page, "conv1"), page.locator(".stage [aria-live]").nth(0)
    assert sentence.get_attribute("aria-live") == "off"  # nobody who draws is told of pixels
    canvas.tap(position=at(page, "conv1", values, 24, 3))
    assert ", row 4, column 25: " in sentence.inner_text()
    for row, column, key in [(4, 26, "ArrowRight"), (4, 26, "ArrowRight"), (3, 26, "ArrowUp"), (3, 25, "ArrowLeft")]:
        canvas.press(key)
        assert f", row {row}, column {column}: " in sentence.inner_text()
    assert sentence.get_attribute("aria-live") == "polite"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_scores_and_shares_are_the_networks(story):
    page, values = story()
    read = "one => [...one.querySelectorAll('data')].map(({ value }) => Number(value))"
    rows = np.array([row.evaluate(read) for row in page.locator(".scores tbody tr").all()])
    assert np.allclose(rows[:, 0], values["logits"], atol=1e-4)
    assert np.allclose(rows[:, 1], values["probabilities"], rtol=1e-3, atol=0)
    assert rows[:, 1].sum() == pytest.approx(1)
    assert page.locator(".scores .best th").inner_text() == str(values["logits"].argmax())
    lengths = page.locator(".signed i").evaluate_all(
        "all => all.map(({ style }) => [style.left, style.width].map(parseFloat))"
    )
    for (left, width), score in zip(lengths, values["logits"] / abs(values["logits"]).max(), strict=True):
        assert (left, width) == pytest.approx((50 + min(0, 50 * score), 50 * abs(score)), abs=0.01)


def test_a_map_is_enlarged_and_leafed_through(warm_page):
    page = warm_page()
    look(page)
    page.click("#layer-conv1 summary")
    canvas = page.locator("#layer-conv1 canvas")
    page.wait_for_selector("#layer-conv1 p:has-text('32 maps')")
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 0.02, "y": box["height"] * 0.1})
    assert page.inner_text("#large-title") == "conv1, map 1 of 32"
    page.keyboard.press("ArrowLeft")
    assert page.inner_text("#large-title") == "conv1, map 32 of 32"
    page.click("#next")
    page.click("#next")
    assert page.inner_text("#large-title") == "conv1, map 2 of 32"
    page.keyboard.press("Escape")
    assert not page.locator("#large").is_visible()
    page.focus("#layer-relu1 summary")
    page.keyboard.press("Enter")
    page.wait_for_selector("#layer-relu1 p:has-text('32 maps')")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.inner_text("#large-title") == "relu1, map 1 of 32"
