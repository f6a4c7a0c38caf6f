import io

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image

from digits.datasets.registry import FASHION_MNIST
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
    assert any("Mine on MNIST" in text and "98.20% of 1,000" in text and "97.17–98.86%" in text for text in shown)
    # Cells are coloured by the share of their row: 11 in 100 is darker than 7 in 100, and the diagonal is pale.
    mistakes = next(mesh for mesh in figure.axes[0].collections if mesh.get_array().mask[0, 0])
    darkness = 3 - mistakes.cmap(mistakes.norm(mistakes.get_array()))[..., :3].sum(-1)
    assert darkness[4, 9] > darkness[0, 3] > darkness[1, 2]
    assert sum(to_rgb(plots.RIGHT)) > 2.5


def test_confusion_matrix_of_a_perfect_run_and_of_a_class_without_images():
    counts = np.diag([5, 5, 0])
    figure = plots.confusion_matrix(counts, "abc", "Perfect", metrics.accuracy(np.zeros(10, int), np.zeros(10, int)))
    assert len(plots.png(figure)) > 1000


def shown_images(figure) -> list[np.ndarray]:
    return [np.asarray(image.get_array()) for image in figure.axes[0].images]


def lines_by_place(figure) -> list[str]:
    """The texts on a page of images, from the top left on, as one reads."""
    in_order = sorted(figure.axes[0].texts, key=lambda text: text.get_position()[::-1])
    return [text.get_text() for text in in_order]


@pytest.mark.parametrize("wrong", [0, 1, 13, 300])
def test_mistakes_are_shown_most_confident_first(rng, wrong):
    images = rng.integers(0, 256, (1000, 28, 28), np.uint8)
    predictions = LABELS.copy()
    predictions[:wrong] = (predictions[:wrong] + 1) % 10
    confidence = rng.uniform(0.2, 1, 1000)
    figure = plots.mistakes(images, LABELS, predictions, confidence, DIGITS, "Mine")
    order = np.argsort(-confidence[:wrong])[:96]
    assert np.array_equal(shown_images(figure), images[order]) or not wrong
    assert len(shown_images(figure)) == min(wrong, 96)
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written[::2] == [f"{LABELS[index]} → {predictions[index]}" for index in order]
    assert written[1::2] == [f"{confidence[index]:.1%} sure" for index in order]
    assert any(f"{wrong:,} mistakes in 1,000 images" in text for text in texts(figure))
    assert len(plots.png(figure)) > 1000


def test_mistakes_without_probabilities_are_in_order(rng):
    images = rng.integers(0, 256, (1000, 28, 28), np.uint8)
    predictions = LABELS.copy()
    predictions[[5, 700]] = 9
    figure = plots.mistakes(images, LABELS, predictions, None, DIGITS, "Mine")
    assert lines_by_place(figure) == ["0 → 9", "7 → 9"]
    assert not any("sure" in text for text in texts(figure))


def test_images_on_a_page_stand_upright_in_rows_of_twelve_with_their_own_text(rng):
    images = rng.integers(0, 256, (1000, 28, 28), np.uint8)
    predictions = LABELS.copy()
    predictions[:13] = 7
    figure = plots.mistakes(images, LABELS, predictions, None, DIGITS, "Mine")
    axes = figure.axes[0]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # y grows downwards
    boxes = [image.get_extent() for image in axes.images]
    for (left, right, lower, upper), heading in zip(boxes, axes.texts, strict=True):
        assert left < heading.get_position()[0] < right
        assert heading.get_position()[1] < upper < lower
    assert all(box[2:] == boxes[0][2:] for box in boxes[:12])
    assert boxes[12][:2] == boxes[0][:2]
    assert boxes[12][3] > boxes[0][2]
    assert all(image.origin == "upper" for image in axes.images)


def test_disagreements_show_both_answers_and_who_is_right(rng):
    images = rng.integers(0, 256, (1000, 28, 28), np.uint8)
    a, b = LABELS.copy(), LABELS.copy()
    a[[10, 990]] = 5, 4  # only b is right on these, and neither on 990
    b[[20, 990]] = 6, 3  # only a is right on 20
    a[500] = b[500] = 1  # wrong, but no disagreement
    figure = plots.disagreements(images, LABELS, {"Ann": a, "Bob": b}, DIGITS)
    assert np.array_equal(shown_images(figure), images[[20, 10, 990]])
    written = [(text.get_text(), text.get_color()) for text in figure.axes[0].texts]
    assert [text for text, _ in written] == ["0", "Ann 0", "Bob 6", "0", "Ann 5", "Bob 0", "9", "Ann 4", "Bob 3"]
    assert [text for text, color in written if color == plots.WRONG] == ["Bob 6", "Ann 5", "Ann 4", "Bob 3"]
    assert any("Ann alone is right on 1, Bob alone on 1, neither on 1;" in text for text in texts(figure))


@pytest.mark.parametrize("different", [0, 200])
def test_disagreements_of_equals_and_of_more_than_a_page(rng, different):
    images = rng.integers(0, 256, (1000, 28, 28), np.uint8)
    b = LABELS.copy()
    b[:different] += 1
    figure = plots.disagreements(images, LABELS, {"Ann": LABELS, "Bob": b}, DIGITS)
    assert len(shown_images(figure)) == min(different, 96)
    assert any("; 96 shown;" in text for text in texts(figure)) == (different > 96)
    assert len(plots.png(figure)) > 1000


def test_reliability_has_a_point_for_each_bin_that_holds_images():
    probabilities = np.array([[0.6, 0.4]] * 10 + [[0.05, 0.95]] * 20)
    labels = np.repeat([0, 1, 1], [7, 3, 20])
    figure = plots.reliability(metrics.calibration(labels, probabilities, bins=10), "Mine on MNIST")
    top, bottom = figure.axes
    points = next(line for line in top.lines if line.get_marker() == "o")
    assert np.allclose(points.get_xydata(), [[0.6, 0.7], [0.95, 1.0]])  # confidence across, accuracy up
    low, high = top.collections[0].get_segments()[0][:, 1]
    assert (low, high) == pytest.approx((0.397, 0.892), abs=1e-3)  # Wilson's interval of 7 in 10
    counts, edges, _ = bottom.patches[0].get_data()
    assert counts.tolist() == [0, 0, 0, 0, 0, 10, 0, 0, 0, 20]
    assert edges[5:7] == pytest.approx([0.5, 0.6])
    assert any("expected calibration error 6.67%" in text for text in texts(figure))
    assert len(plots.png(figure)) > 1000


def test_reliabilities_stand_side_by_side():
    few = metrics.calibration_of(np.array([0.95, 0.95]), np.array([True, False]))
    many = metrics.calibration_of(np.full(2000, 0.7), np.arange(2000) < 1400)
    figure = plots.reliabilities({"a few": few, "many": many}, "Mine")
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["a few\nexpected calibration error 45.00%", "many\nexpected calibration error 0.00%"]
    points = [line.get_xydata().tolist() for axes in figure.axes for line in axes.lines if line.get_marker() == "o"]
    assert np.allclose(points, [[[0.95, 0.5]], [[0.7, 0.7]]])
    assert len(plots.png(figure)) > 1000


def test_loss_curves_show_each_run():
    figure = plots.loss_curves({"PyTorch": [0.3, 0.1], "TensorFlow": [0.4, 0.2, 0.15]}, {})
    axes = figure.axes[0]
    lines = {line.get_label(): line.get_ydata() for line in axes.lines}
    assert {name: list(values) for name, values in lines.items()} == {
        "PyTorch": [0.3, 0.1],
        "TensorFlow": [0.4, 0.2, 0.15],
    }
    assert list(axes.lines[1].get_xdata()) == [1, 2, 3]
    assert axes.get_ylim()[0] == 0


def test_png_is_a_picture():
    with Image.open(io.BytesIO(plots.png(plots.loss_curves({"One": [1.0]}, {})))) as picture:
        assert picture.format == "PNG"
        assert picture.size == (1050, 630)


# Names of classes, long and many

FASHION = FASHION_MNIST.classes
CLASSES = {
    "digits": tuple(DIGITS),
    "fashion": FASHION,
    "two": ("cat", "a name that goes on and on, $x_$ and {so} on" * 5),
    "twenty": tuple(f"species number {n}" for n in range(20)),
    "letters": tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt0123456789"),
    "many": tuple(f"sort {n}" for n in range(300)),
}


READABLE = ["digits", "fashion", "two", "twenty", "many"]


def answers_about(classes: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Labels, three for each class and a hundred at least, and predictions of which each tenth is wrong."""
    labels = np.arange(max(100, 3 * len(classes))) % len(classes)
    return labels, np.where(np.arange(len(labels)) % 10 == 9, (labels + 1) % len(classes), labels)


def assert_in_order(figure, texts, gap: float = 0) -> None:
    """All texts lie within the figure, and none on another."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    boxes = [text.get_window_extent(renderer) for text in texts]
    width, height = figure.canvas.get_width_height()
    for text, box in zip(texts, boxes, strict=True):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, text.get_text()
    corners = np.array([box.extents for box in boxes])
    across = np.minimum(corners[:, None, 2:], corners[None, :, 2:]) - np.maximum(
        corners[:, None, :2], corners[None, :, :2]
    )
    both = (across > gap).all(axis=2) & ~np.eye(len(texts), dtype=bool)
    first, second = np.argwhere(both)[0] if both.any() else (None, None)
    assert first is None, f"{texts[first]} lies on {texts[second]}"


@pytest.mark.parametrize("classes", [CLASSES[name] for name in READABLE], ids=READABLE)
def test_a_confusion_matrix_stays_readable(classes):
    labels, predictions = answers_about(classes)
    counts = metrics.confusion(labels, predictions, len(classes))
    figure = plots.confusion_matrix(counts, classes, f"PyTorch on {classes[1]}", metrics.accuracy(labels, predictions))
    axes = figure.axes[0]
    assert max(figure.get_size_inches()) < 18
    assert_in_order(figure, [*axes.get_yticklabels(), axes.xaxis.label, axes.yaxis.label, figure._suptitle])
    for tick, label in [*zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)]:
        assert classes[int(tick)].startswith(label.get_text().rstrip("…"))
    columns = axes.get_xticklabels()
    slant = {label.get_rotation() for label in columns}
    if slant != {45}:  # the boxes of slanted texts overlap, the texts do not
        assert_in_order(figure, columns)
    assert bool(axes.texts) == (len(classes) <= 20)
    with Image.open(io.BytesIO(plots.png(figure))) as picture:
        pixels = np.asarray(picture.convert("L"))
    assert all((edge == 255).all() for edge in (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]))  # all fits


def test_names_are_turned_only_where_they_are_too_long():
    def slant(classes):
        counts = np.eye(len(classes), dtype=int)
        figure = plots.confusion_matrix(counts, classes, "Mine", metrics.accuracy(LABELS, LABELS))
        return {label.get_rotation() for label in figure.axes[0].get_xticklabels()}

    assert [slant(CLASSES[name]) for name in ("digits", "fashion", "letters", "many")] == [{0}, {45}, {0}, {90}]


@pytest.mark.parametrize("classes", [CLASSES[name] for name in ("fashion", "two")], ids=["fashion", "two"])
def test_the_texts_of_a_gallery_do_not_overlap(classes):
    labels, predictions = answers_about(classes)
    images = np.zeros((len(labels), 28, 28), np.uint8)
    confidence = np.full(len(labels), 0.999999)
    mistakes = plots.mistakes(images, labels, predictions, confidence, classes, "PyTorch on " + classes[1])
    assert_in_order(mistakes, [*mistakes.axes[0].texts, mistakes._suptitle], gap=0.5)
    answers = {"PyTorch": predictions, "TensorFlow": np.roll(labels, 1)}
    disagreements = plots.disagreements(images, labels, answers, classes)
    assert len(disagreements.axes[0].images) >= 90
    cut = any("…" in text.get_text() for text in disagreements.axes[0].texts)
    assert cut == (classes == CLASSES["two"])  # places are widened before names are cut
    assert_in_order(disagreements, disagreements.axes[0].texts, gap=0.5)
    assert max(*mistakes.get_size_inches(), *disagreements.get_size_inches()) < 24


def test_long_names_get_a_line_each_above_the_image():
    labels, predictions = np.array([0, 9]), np.array([9, 6])
    figure = plots.mistakes(np.zeros((2, 28, 28), np.uint8), labels, predictions, None, FASHION, "Mine")
    assert [text.get_text() for text in figure.axes[0].texts] == ["T-shirt/top\n→ Ankle boot", "Ankle boot\n→ Shirt"]


def test_a_name_is_no_formula():
    """`$` would begin one, and a broken one would be an error."""
    counts, classes = np.array([[3, 1], [1, 3]]), ["$\\frac{$", "$x^$"]
    accuracy = metrics.accuracy(LABELS, LABELS)
    assert len(plots.png(plots.confusion_matrix(counts, classes, "on $\\frac{$", accuracy))) > 1000
    images = np.zeros((2, 28, 28), np.uint8)
    figure = plots.mistakes(images, np.array([0, 1]), np.array([1, 0]), None, classes, "on $\\frac{$")
    assert len(plots.png(figure)) > 1000


def test_letters_that_no_font_has_are_boxes_without_a_warning(recwarn):
    accuracy = metrics.accuracy(LABELS, LABELS)
    assert len(plots.png(plots.confusion_matrix(np.eye(2, dtype=int), ["漢字", "한글"], "on 漢字", accuracy))) > 1000
    assert not recwarn.list


def test_the_history_of_a_search_shows_every_trial():
    trials = {
        "finished": [(0, 0.5), (2, 0.25), (5, 0.3)],
        "stopped early": [(1, 40.0), (4, 0.001)],
        "failed": [(3, None)],
    }
    figure = plots.search_history(trials, [(0, 0.5), (2, 0.25), (5, 0.3)])
    FigureCanvasAgg(figure).draw()
    (axes,) = figure.axes
    *points, best = axes.lines
    shown = {
        number: line.get_transform().transform((number, loss)) for line in points for number, loss in line.get_xydata()
    }
    assert sorted(shown) == [0, 1, 2, 3, 4, 5]
    assert all(axes.bbox.padded(1).contains(*place) for place in shown.values())
    assert shown[3][1] > max(shown[number][1] for number in (0, 1, 2, 4, 5))
    assert best.get_ydata().tolist() == [0.5, 0.25, 0.25]
    assert {"finished: 3", "stopped early: 2", "failed: 1"} <= {*texts(figure)}
    assert axes.get_legend().get_window_extent().x0 > axes.bbox.x1  # it hides none
