"""The pictures. Each function returns a figure; `png` turns one into the bytes of a file."""

import contextlib
import functools
import io
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from digits.figures import Figure

# isort: split
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter
from numpy.typing import NDArray

from digits.evaluation.fonts import families
from digits.evaluation.metrics import Accuracy, Calibration, accuracy_of

RIGHT, WRONG, MUTED = "#dfe9f3", "#c2410c", "#6b7280"
COLUMNS = 12  # of images on a page; fewer where their texts are long
MAX_IMAGES = 8 * COLUMNS  # on a page
MAX_COUNTED_CLASSES = 20  # in the cells of more, counts would be too small to read
MAX_NAME_WIDTH = 1.6  # inches; a longer name of a class is cut short


def confusion_matrix(counts: NDArray[np.integer], classes: Sequence[str], title: str, accuracy: Accuracy) -> Figure:
    """Counts in the cells; the colour of a mistake is its share of the row, so that the diagonal does not hide it.

    Args:
        counts: int, `(classes, classes)`, labels in rows and predictions in columns.
        classes: a name for each label.
        title: whose predictions these are, of what.
        accuracy: of the same predictions.
    """
    few = len(classes) <= MAX_COUNTED_CLASSES
    cell, font = (max(0.62, 4.5 / len(classes)), 10) if few else (9 / len(classes), 7)  # inches, points
    names = [_shorten(name, font, MAX_NAME_WIDTH) for name in classes]
    longest = max(_width(name, font) for name in names)
    flat = longest < 0.95 * cell  # so that names fit side by side
    size = cell * len(classes) + 1.3
    figure = Figure(figsize=(size + 1.4 + longest, size + (0.2 if flat else longest)), layout="constrained")
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    diagonal = np.eye(len(counts), dtype=bool)
    cells = np.where(counts > 0, counts.astype(str), "")
    style: dict[str, Any] = {
        "annot": cells if few else None,
        "fmt": "",
        "linewidths": 1 if few else 0,
        "linecolor": "white",
    }
    style |= {"square": True, "xticklabels": False, "yticklabels": False, "ax": axes}
    sns.heatmap(shares, mask=~diagonal, cmap=ListedColormap([RIGHT]), cbar=False, **style)
    sns.heatmap(
        shares,
        mask=diagonal,
        cmap=sns.light_palette(WRONG, as_cmap=True),
        vmin=0,
        vmax=max(0.01, shares[~diagonal].max(initial=0)),
        cbar_kws={"label": "mistakes: share of the row", "format": PercentFormatter(1, decimals=1), "shrink": 0.7},
        **style,
    )
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    places = np.arange(0, len(classes), math.ceil(0.13 / cell))  # lines of text need so many inches each
    ticks: dict[str, Any] = {"labels": [names[place] for place in places], "fontsize": font, "parse_math": False}
    axes.set_yticks(places + 0.5, **ticks)
    axes.set_xticks(places + 0.5, rotation=0 if flat else 45 if few else 90, **ticks)
    if few and not flat:
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    axes.tick_params(length=0)
    _title(figure, title, f"{accuracy.value:.2%} of {accuracy.count:,} right, 95% interval {accuracy.interval}")
    return figure


def mistakes(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    predictions: NDArray[np.integer],
    confidence: NDArray[np.floating] | None,
    classes: Sequence[str],
    title: str,
) -> Figure:
    """The images that were misread, each with its true and its predicted class, the most confident mistakes first.

    Args:
        images: uint8, `(n, height, width)`.
        labels, predictions: int, `(n,)`.
        confidence: the probability of each prediction, float, `(n,)`, or None: then in the order of the images.
    """
    wrong = np.flatnonzero(labels != predictions)
    if confidence is not None:
        wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    shown = wrong[:MAX_IMAGES]
    figure = _gallery(
        images[shown],
        [(classes[labels[index]], f"→ {classes[predictions[index]]}") for index in shown],
        [[] if confidence is None else [(f"{confidence[index]:.1%} sure", MUTED)] for index in shown],
    )
    note = f"{len(wrong):,} mistakes in {len(labels):,} images"
    if len(shown) < len(wrong):
        note += f", the first {len(shown)}" if confidence is None else f", the {len(shown)} most confident"
    _title(figure, title, f"{note}; true → predicted")
    return figure


def disagreements(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    predictions: Mapping[str, NDArray[np.integer]],
    classes: Sequence[str],
) -> Figure:
    """Images that two runs read differently: first those that the one got right, then the other, then neither.

    Args:
        images: uint8, `(n, height, width)`.
        labels: int, `(n,)`.
        predictions: of the two runs, by name; int, `(n,)`.
        classes: a name for each label.
    """
    (name_a, a), (name_b, b) = predictions.items()
    different = np.flatnonzero(a != b)
    group = np.select([a[different] == labels[different], b[different] == labels[different]], [0, 1], 2)
    shown = different[:MAX_IMAGES][np.argsort(group[:MAX_IMAGES], kind="stable")]
    figure = _gallery(
        images[shown],
        [(classes[labels[index]],) for index in shown],
        [
            [
                (f"{name} {classes[answers[index]]}", MUTED if answers[index] == labels[index] else WRONG)
                for name, answers in predictions.items()
            ]
            for index in shown
        ],
    )
    only_a, only_b, neither = np.bincount(group, minlength=3)
    note = f"{name_a} alone is right on {only_a:,}, {name_b} alone on {only_b:,}, neither on {neither:,}"
    if len(shown) < len(different):
        note += f"; {len(shown)} shown"
    _title(figure, f"Where {name_a} and {name_b} disagree", f"{note}; above: the truth")
    return figure


def reliability(calibration: Calibration, title: str) -> Figure:
    """Accuracy against confidence, a point with its 95% interval for each bin, above how many images each bin holds.

    Args:
        calibration: of the predictions.
        title: whose predictions these are, of what.
    """
    figure = Figure(figsize=(6, 6.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _draw_reliability(top, bottom, calibration, "this run")
    top.legend(frameon=False, loc="lower right")
    top.set_ylabel("accuracy")
    bottom.set_ylabel("images")
    _title(figure, title, f"expected calibration error {calibration.error:.2%}; bars: 95% intervals")
    return figure


def reliabilities(calibrations: Mapping[str, Calibration], title: str) -> Figure:
    """As `reliability`, several beside each other: a column for each of the named calibrations."""
    figure = Figure(figsize=(3.4 * len(calibrations) + 0.6, 5.2), layout="constrained")
    columns = figure.subplots(2, len(calibrations), sharex=True, sharey="row", height_ratios=(3, 1), squeeze=False).T
    for (top, bottom), (name, calibration) in zip(columns, calibrations.items(), strict=True):
        _draw_reliability(top, bottom, calibration, name)
        top.set_title(f"{name}\nexpected calibration error {calibration.error:.2%}", fontsize=10)
    columns[0][0].set_ylabel("share that is right")
    columns[0][1].set_ylabel("how many")
    _title(figure, title, "bars: 95% intervals")
    return figure


def _draw_reliability(top: Axes, bottom: Axes, calibration: Calibration, label: str) -> None:
    """Points of a calibration in the upper axes, and how many each stands for in the lower ones."""
    some = calibration.images > 0
    edges, images, shares = calibration.edges, calibration.images[some], calibration.accuracy[some]
    intervals = [accuracy_of(round(share * count), count) for share, count in zip(shares, images.tolist(), strict=True)]
    reach = [[i.value - i.low for i in intervals], [i.high - i.value for i in intervals]]
    blue = sns.color_palette("colorblind")[0]
    top.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1, label="perfectly calibrated")
    top.errorbar(
        calibration.confidence[some], shares, np.maximum(reach, 0), fmt="o", color=blue, capsize=3, label=label
    )
    top.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.03))
    bottom.stairs(calibration.images, edges, fill=True, color=blue, alpha=0.5)
    bottom.set_yscale("log")
    bottom.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    bottom.set(xlabel="confidence", ylim=(0.5, None))
    for axes in (top, bottom):
        axes.grid(color="#e5e7eb")
        axes.set_axisbelow(True)
        sns.despine(ax=axes)
    for axis in (top.xaxis, top.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))


def loss_curves(losses: Mapping[str, Sequence[float]], validation: Mapping[str, Sequence[float]]) -> Figure:
    """The mean training loss of each epoch, a line for each of the named runs, and their validation loss.

    The lowest validation loss is marked: that epoch's weights were kept.
    """
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    palette = sns.color_palette("colorblind")
    for color, (name, values) in zip(palette, losses.items(), strict=False):
        axes.plot(range(1, len(values) + 1), values, marker="o", color=color, label=name)
        if name in validation:
            watched = validation[name]
            epochs, best = range(1, len(watched) + 1), int(np.argmin(watched))
            axes.plot(epochs, watched, marker="o", ms=4, ls="--", color=color, label=f"{name}, validation")
            axes.plot(best + 1, watched[best], marker="o", ms=11, mfc="none", ls="", color=color)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("epoch")
    axes.set_ylabel("cross-entropy")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="#e5e7eb")
    axes.set_axisbelow(True)
    sns.despine(ax=axes)
    axes.legend(frameon=False)
    note = "training: mean of each epoch"
    if validation:
        note += "; validation: after it, the lowest circled"
    _title(figure, "Loss", note)
    return figure


def search_history(
    trials: Mapping[str, Sequence[tuple[int, float | None]]], best: Sequence[tuple[int, float]]
) -> Figure:
    """The loss of every trial of a search in their order, and the lowest so far.

    Args:
        trials: the number and the last loss of each, None where it has none, by how they ended.
        best: the number and the loss of each trial that the lowest may be of, in order.
    """
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.set_yscale("log")
    for color, marker, (how, some) in zip(sns.color_palette("colorblind"), "osX", trials.items(), strict=False):
        style: dict[str, Any] = {"ls": "", "marker": marker, "color": color, "clip_on": False}
        known = {number: loss for number, loss in some if loss is not None and math.isfinite(loss)}
        unknown = [number for number, _ in some if number not in known]
        axes.plot([*known], [*known.values()], **style, label=f"{how}: {len(some)}")
        axes.plot(unknown, [1.0] * len(unknown), **style, transform=axes.get_xaxis_transform())
    numbers, losses = zip(*best, strict=True)
    axes.step(numbers, np.minimum.accumulate(losses), where="post", color=MUTED, zorder=1, label="lowest so far")
    axes.set_xlabel("trial")
    axes.set_ylabel("validation loss")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="#e5e7eb")
    axes.set_axisbelow(True)
    sns.despine(ax=axes)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    _title(figure, "The search", "the last loss of every trial; one without a loss lies on the upper edge")
    return figure


def augmentation(images: NDArray[np.uint8], title: str, note: str) -> Figure:
    """Images beside what training makes of them.

    Args:
        images: uint8, `(rows, columns, height, width)`; the first of each row as it is, the others changed.
        title: of what they are.
        note: what changed them.
    """
    rows, columns, height, width = images.shape
    figure = Figure(figsize=(0.75 * columns, 0.75 * rows + 0.9), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, columns - 1))
    for axes, part, heading in ((left, images[:, :1], "image"), (right, images[:, 1:], "as training may show it")):
        page = part.transpose(0, 2, 1, 3).reshape(rows * height, -1)
        axes.imshow(page, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        axes.vlines(np.arange(1, part.shape[1]) * width - 0.5, -0.5, rows * height - 0.5, color="#e5e7eb", lw=1)
        axes.hlines(np.arange(1, rows) * height - 0.5, -0.5, page.shape[1] - 0.5, color="#e5e7eb", lw=1)
        axes.set_title(heading, fontsize=10)
        axes.set_axis_off()
    _title(figure, title, note)
    return figure


def drawn(images: NDArray[np.uint8], characters: Sequence[str], names: Sequence[str], title: str, note: str) -> Figure:
    """Images that were drawn, four for each of the ways to draw them.

    Args:
        images: uint8, `(n, 4, height, width)`.
        characters, names: of each of the `n` ways, `characters` what it shows.
        title: of what they are.
        note: how they were drawn.
    """
    count, _, height, width = images.shape
    squares = images.reshape(count, 2, 2, height, width).transpose(0, 1, 3, 2, 4).reshape(count, 2 * height, 2 * width)
    figure = _gallery(squares, [(one,) for one in characters], [[(name, MUTED)] for name in names])
    _title(figure, title, note)
    return figure


def lockstep(
    pytorch: Sequence[float], tensorflow: Sequence[float], differences: Mapping[str, Sequence[float]]
) -> Figure:
    """The losses of two frameworks that train in lockstep, and how far their weights are apart after each step.

    Args:
        pytorch, tensorflow: the loss of each step, in float64.
        differences: the largest difference of any weight after each step, for each precision.
    """
    figure = Figure(figsize=(8, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    blue, orange, green = sns.color_palette("colorblind", 3)
    steps = range(1, len(pytorch) + 1)
    above.plot(steps, pytorch, color=blue, linewidth=4, alpha=0.45, label="PyTorch")
    above.plot(steps, tensorflow, color=orange, linewidth=1, label="TensorFlow")
    above.set_ylim(bottom=0)
    above.set_ylabel("loss of the step, float64")
    for color, (precision, values) in zip((green, MUTED), differences.items(), strict=True):
        below.plot(steps, np.where(np.array(values) > 0, values, np.nan), color=color, label=precision)
    below.set_yscale("log")
    below.set_xlabel("step")
    below.set_ylabel("largest difference of a weight")
    for axes in (above, below):
        axes.grid(axis="y", color="#e5e7eb")
        axes.set_axisbelow(True)
        axes.legend(frameon=False)
        sns.despine(ax=axes)
    _title(figure, "PyTorch and TensorFlow in lockstep", "same weights, same batches, no dropout")
    return figure


def png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file, its texts in whichever installed fonts have their letters."""
    buffer = io.BytesIO()
    for text in figure.findobj(Text):
        text.set_fontfamily(families(text.get_text()))
    with _boxes_for_missing_letters():
        figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def _gallery(
    images: NDArray[np.uint8], headings: Sequence[tuple[str, ...]], captions: Sequence[Sequence[tuple[str, str]]]
) -> Figure:
    """A page of images, row by row: each with a heading above it, and below it lines of text, each with its colour.

    A heading is one line where all fit, or a line for each of its parts. Long texts get wider places, fewer in a row.
    One pair of axes in inches holds them all: axes for each image would take several times as long to draw.
    """
    page, gap, size = COLUMNS * 0.85, 0.08, 10  # inches, inches, points
    if any(_width(" ".join(heading), size) > page / COLUMNS - gap for heading in headings):
        size = 8
    else:
        headings = [(" ".join(heading),) for heading in headings]
    widths = [_width(line, size) for heading in headings for line in heading]
    widths += [_width(line, 7) for caption in captions for line, _ in caption]
    columns = int(page / min(max([page / COLUMNS, *(width + gap for width in widths)]), MAX_NAME_WIDTH))
    rows, lines = max(1, -(-len(images) // columns)), max(map(len, captions), default=0)
    side, line_height, width, top = 0.66, 0.12, page / columns, 0.07 + 0.15 * max(map(len, headings), default=1)
    height = top + side + 0.17 + line_height * lines
    figure = Figure(figsize=(page, rows * height + 0.5), layout="constrained")
    axes = figure.subplots()
    for place, (image, heading, caption) in enumerate(zip(images, headings, captions, strict=True)):
        left, upper = place % columns * width + (width - side) / 2, place // columns * height + top
        middle, lower = left + side / 2, upper + side
        extent = (left, left + side, lower, upper)
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest", extent=extent)
        text = "\n".join(_shorten(line, size, width - gap) for line in heading)
        axes.text(middle, upper - 0.03, text, ha="center", va="bottom", fontsize=size, parse_math=False)
        for line, (text, color) in enumerate(caption):
            y, text = lower + 0.03 + line * line_height, _shorten(text, 7, width - gap)
            axes.text(middle, y, text, ha="center", va="top", fontsize=7, color=color, parse_math=False)
    axes.set(xlim=(0, page), ylim=(rows * height, 0), aspect="equal")
    axes.set_axis_off()
    return figure


@functools.cache
def _width(text: str, size: float) -> float:
    """How many inches a line of text in letters of `size` points takes."""
    with _boxes_for_missing_letters():
        font = FontProperties(family=families(text), size=size)
        return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 72


@contextlib.contextmanager
def _boxes_for_missing_letters() -> Iterator[None]:
    """The picture shows letters that no font has as boxes; that is enough said."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        yield


@functools.cache
def _shorten(text: str, size: float, room: float) -> str:
    """The text, cut off where it is wider than `room` inches."""
    if _width(text, size) <= room:
        return text
    return next(cut for end in range(len(text) - 1, -1, -1) if _width(cut := f"{text[:end]}…", size) <= room)


def _title(figure: Figure, title: str, note: str) -> None:
    title = _shorten(title, 12, figure.get_figwidth() - 0.5)
    figure.suptitle(f"{title}\n{note}", fontsize=12, parse_math=False)
