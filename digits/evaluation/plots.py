"""The pictures. Each function returns a figure; `png` turns one into the bytes of a file."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
import seaborn as sns
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from digits.evaluation.metrics import Accuracy, Calibration, accuracy_of

RIGHT, WRONG, MUTED = "#dfe9f3", "#c2410c", "#6b7280"
COLUMNS = 12  # of images on a page
A_PAGE = 8 * COLUMNS


def confusion_matrix(counts: np.ndarray, classes: Sequence[str], title: str, accuracy: Accuracy) -> Figure:
    """Counts in the cells; the colour of a mistake is its share of the row, so that the diagonal does not hide it.

    Args:
        counts: int, `(classes, classes)`, labels in rows and predictions in columns.
        classes: a name for each label.
        title: whose predictions these are, of what.
        accuracy: of the same predictions.
    """
    size = max(6.0, 0.62 * len(classes) + 1.5)
    figure = Figure(figsize=(size + 1, size), layout="constrained")
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    diagonal = np.eye(len(counts), dtype=bool)
    cells = np.where(counts > 0, counts.astype(str), "")
    style = {"annot": cells, "fmt": "", "linewidths": 1, "linecolor": "white", "square": True, "ax": axes}
    sns.heatmap(shares, mask=~diagonal, cmap=ListedColormap([RIGHT]), cbar=False, **style)
    sns.heatmap(
        shares,
        mask=diagonal,
        cmap=sns.light_palette(WRONG, as_cmap=True),
        vmin=0,
        vmax=max(0.01, shares[~diagonal].max(initial=0)),
        xticklabels=classes,
        yticklabels=classes,
        cbar_kws={"label": "mistakes: share of the row", "format": PercentFormatter(1, decimals=1), "shrink": 0.7},
        **style,
    )
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.tick_params(length=0, rotation=0)
    _title(figure, title, f"{accuracy.value:.2%} of {accuracy.count:,} right, 95 % interval {accuracy.interval}")
    return figure


def mistakes(
    images: np.ndarray,
    labels: np.ndarray,
    predictions: np.ndarray,
    confidence: np.ndarray | None,
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
    shown = wrong[:A_PAGE]
    figure = _gallery(
        images[shown],
        [f"{classes[labels[index]]} → {classes[predictions[index]]}" for index in shown],
        [[] if confidence is None else [(f"{confidence[index]:.1%} sure", MUTED)] for index in shown],
    )
    note = f"{len(wrong):,} mistakes in {len(labels):,} images"
    if len(shown) < len(wrong):
        note += f", the first {len(shown)}" if confidence is None else f", the {len(shown)} most confident"
    _title(figure, title, f"{note}; true → predicted")
    return figure


def disagreements(
    images: np.ndarray,
    labels: np.ndarray,
    predictions: Mapping[str, np.ndarray],
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
    shown = different[:A_PAGE][np.argsort(group[:A_PAGE], kind="stable")]
    figure = _gallery(
        images[shown],
        [classes[labels[index]] for index in shown],
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
    """Accuracy against confidence, a point with its 95 % interval for each bin, above how many images each bin holds.

    Args:
        calibration: of the predictions.
        title: whose predictions these are, of what.
    """
    figure = Figure(figsize=(6, 6.6), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    some = calibration.images > 0
    edges, images, shares = calibration.edges, calibration.images[some], calibration.accuracy[some]
    intervals = [accuracy_of(round(share * count), count) for share, count in zip(shares, images.tolist(), strict=True)]
    reach = [[i.value - i.low for i in intervals], [i.high - i.value for i in intervals]]
    blue = sns.color_palette("colorblind")[0]
    top.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1, label="perfectly calibrated")
    top.errorbar(
        calibration.confidence[some], shares, np.maximum(reach, 0), fmt="o", color=blue, capsize=3, label="this run"
    )
    top.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.03), ylabel="accuracy")
    top.legend(frameon=False, loc="lower right")
    bottom.stairs(calibration.images, edges, fill=True, color=blue, alpha=0.5)
    bottom.set_yscale("log")
    bottom.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    bottom.set(xlabel="confidence", ylabel="images", ylim=(0.5, None))
    for axes in (top, bottom):
        axes.grid(color="#e5e7eb")
        axes.set_axisbelow(True)
        sns.despine(ax=axes)
    for axis in (top.xaxis, top.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    _title(figure, title, f"expected calibration error {calibration.error:.2%}; bars: 95 % intervals")
    return figure


def loss_curves(losses: Mapping[str, Sequence[float]]) -> Figure:
    """The mean training loss of each epoch, a line for each of the named runs."""
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    palette = sns.color_palette("colorblind")
    for color, (name, values) in zip(palette, losses.items(), strict=False):
        epochs = range(1, len(values) + 1)
        axes.plot(epochs, values, marker="o", color=color, label=name)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("epoch")
    axes.set_ylabel("cross-entropy")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color="#e5e7eb")
    axes.set_axisbelow(True)
    sns.despine(ax=axes)
    axes.legend(frameon=False)
    _title(figure, "Training loss", "mean of each epoch, with dropout on")
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
    """The figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


def _gallery(images: np.ndarray, headings: Sequence[str], captions: Sequence[Sequence[tuple[str, str]]]) -> Figure:
    """A page of images, row by row: each with a heading above it, and below it lines of text, each with its colour.

    One pair of axes in inches holds them all: axes for each image would take several times as long to draw.
    """
    rows, lines = max(1, -(-len(images) // COLUMNS)), max(map(len, captions), default=0)
    width, height, side, top, line_height = 0.85, 1.05 + 0.12 * lines, 0.66, 0.22, 0.12
    figure = Figure(figsize=(COLUMNS * width, rows * height + 0.5), layout="constrained")
    axes = figure.subplots()
    for place, (image, heading, caption) in enumerate(zip(images, headings, captions, strict=True)):
        left, upper = place % COLUMNS * width + (width - side) / 2, place // COLUMNS * height + top
        middle, lower = left + side / 2, upper + side
        extent = (left, left + side, lower, upper)
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest", extent=extent)
        axes.text(middle, upper - 0.03, heading, ha="center", va="bottom", fontsize=10)
        for line, (text, color) in enumerate(caption):
            y = lower + 0.03 + line * line_height
            axes.text(middle, y, text, ha="center", va="top", fontsize=7, color=color)
    axes.set(xlim=(0, COLUMNS * width), ylim=(rows * height, 0), aspect="equal")
    axes.set_axis_off()
    return figure


def _title(figure: Figure, title: str, note: str) -> None:
    figure.suptitle(f"{title}\n{note}", fontsize=12)
