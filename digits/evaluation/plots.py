"""The pictures. Each function returns a figure; `png` turns one into the bytes of a file."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
import seaborn as sns
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from digits.evaluation.metrics import Accuracy

RIGHT, MUTED = "#dfe9f3", "#6b7280"
MISTAKES_A_PAGE = (8, 12)  # rows, columns


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
        cmap=sns.light_palette("#c2410c", as_cmap=True),
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
    columns = MISTAKES_A_PAGE[1]
    shown = wrong[: MISTAKES_A_PAGE[0] * columns]
    rows = max(1, -(-len(shown) // columns))
    figure = Figure(figsize=(columns * 0.85, rows * 1.15 + 0.9), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, index in zip(grid.flat, shown, strict=False):
        axes.imshow(images[index], cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
        axes.set_title(f"{classes[labels[index]]} → {classes[predictions[index]]}", fontsize=10, pad=2)
        if confidence is not None:
            axes.text(0.5, -0.02, f"{confidence[index]:.0%} sure", transform=axes.transAxes, **_CAPTION)
    note = f"{len(wrong):,} mistakes in {len(labels):,} images"
    if len(shown) < len(wrong):
        note += f", the first {len(shown)}" if confidence is None else f", the {len(shown)} most confident"
    _title(figure, title, f"{note}; true → predicted")
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


def png(figure: Figure) -> bytes:
    """The figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()


_CAPTION = {"ha": "center", "va": "top", "fontsize": 7, "color": MUTED}


def _title(figure: Figure, title: str, note: str) -> None:
    figure.suptitle(f"{title}\n{note}", fontsize=12)
