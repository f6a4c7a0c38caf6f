import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from digits.evaluation import metrics, plots

LABELS = np.repeat(np.arange(10), 100)
DIGITS = "0123456789"


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")) if text.get_text()]


def test_confusion_matrix_shows_counts_accuracy_and_interval():
    predictions = LABELS.copy()
    predictions[:7] = 3
    predictions[450:461] = 9
    counts = metrics.confusion(LABELS, predictions, 10)
    figure = plots.confusion_matrix(counts, DIGITS, "Mine on MNIST", metrics.accuracy(LABELS, predictions))
    shown = texts(figure)
    assert {"7", "11", "93", "89"} <= set(shown)
    assert any("Mine on MNIST" in text and "98.20% of 1,000" in text and "97.17–98.86 %" in text for text in shown)
    # Cells are coloured by the share of their row: 11 in 100 is darker than 7 in 100, and the diagonal is pale.
    mistakes = next(mesh for mesh in figure.axes[0].collections if mesh.get_array().mask[0, 0])
    darkness = 3 - mistakes.cmap(mistakes.norm(mistakes.get_array()))[..., :3].sum(-1)
    assert darkness[4, 9] > darkness[0, 3] > darkness[1, 2]
    assert sum(to_rgb(plots.RIGHT)) > 2.5


def test_confusion_matrix_of_a_perfect_run_and_of_a_class_without_images():
    counts = np.diag([5, 5, 0])
    figure = plots.confusion_matrix(counts, "abc", "Perfect", metrics.accuracy(np.zeros(10, int), np.zeros(10, int)))
    assert len(plots.png(figure)) > 1000


@pytest.mark.parametrize("wrong", [0, 1, 13, 300])
def test_mistakes_are_shown_most_confident_first(rng, wrong):
    images = rng.integers(0, 256, (1000, 28, 28), np.uint8)
    predictions = LABELS.copy()
    predictions[:wrong] = (predictions[:wrong] + 1) % 10
    confidence = rng.uniform(0.2, 1, 1000)
    figure = plots.mistakes(images, LABELS, predictions, confidence, DIGITS, "Mine")
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == min(wrong, 96)
    order = np.argsort(-confidence[:wrong])[:96]
    for axes, index in zip(panels, order, strict=True):
        assert np.array_equal(axes.images[0].get_array(), images[index])
        assert axes.get_title() == f"{LABELS[index]} → {predictions[index]}"
    assert any(f"{wrong:,} mistakes in 1,000 images" in text for text in texts(figure))


def test_mistakes_without_probabilities_are_in_order(rng):
    images = rng.integers(0, 256, (1000, 28, 28), np.uint8)
    predictions = LABELS.copy()
    predictions[[5, 700]] = 9
    figure = plots.mistakes(images, LABELS, predictions, None, DIGITS, "Mine")
    assert [axes.get_title() for axes in figure.axes if axes.images] == ["0 → 9", "7 → 9"]
    assert not any("sure" in text for text in texts(figure))


def test_loss_curves_show_each_run():
    figure = plots.loss_curves({"PyTorch": [0.3, 0.1], "TensorFlow": [0.4, 0.2, 0.15]})
    axes = figure.axes[0]
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert {name: list(values) for name, values in lines.items()} == {
        "PyTorch": [0.3, 0.1],
        "TensorFlow": [0.4, 0.2, 0.15],
    }
    assert list(axes.lines[1].get_xdata()) == [1, 2, 3]
    assert axes.get_ylim()[0] == 0


def test_png_is_a_picture():
    with Image.open(io.BytesIO(plots.png(plots.loss_curves({"One": [1.0]})))) as picture:
        assert picture.format == "PNG"
        assert picture.size == (1050, 630)
