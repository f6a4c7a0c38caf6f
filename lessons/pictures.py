"""How the lessons draw, so that a lesson's cells show its ideas and not Matplotlib's."""

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle
from matplotlib_inline.backend_inline import set_matplotlib_formats

from digits.evaluation.metrics import Accuracy

plt.rcParams.update({"figure.dpi": 72, "figure.constrained_layout.use": True, "font.size": 11})
set_matplotlib_formats("retina")  # twice as many dots as 72 an inch, shown as large

BLUE, RED, GREY = "#9db8d2", "#c2410c", "#6b7280"


def show_row(images: dict[str, np.ndarray], title: str, width: float = 13, cmap: str = "gray", **limits: float) -> None:
    """Show images of (height, width) in one row, each below its name, under one title.

    Args:
        images: by what stands above each.
        width: of the figure, in inches.
        limits: `vmin` and `vmax`, between which the colours lie; else each image has its own.
    """
    figure, panels = plt.subplots(1, len(images), figsize=(width, 0.9 + width / len(images)), squeeze=False)
    for axes, (name, image) in zip(panels[0], images.items(), strict=True):
        axes.imshow(image, cmap=cmap, **limits)
        axes.set_title(name)
        without_ticks(axes)
    figure.suptitle(title)
    plt.show()


def without_ticks(axes: Axes) -> None:
    """Take the numbers away from both axes."""
    axes.set(xticks=[], yticks=[])


def show_rows(names: Sequence[str], images: Sequence[np.ndarray], columns: int, title: str, cmap: str = "gray") -> None:
    """Show images of (height, width) in rows of so many, each below its name; one that ends in "!" is red."""
    rows = -(-len(images) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(12, 0.4 + rows * (0.5 + 12 / columns)), squeeze=False)
    for axes in panels.flat:
        axes.axis("off")
    for axes, name, image in zip(panels.flat, names, images, strict=False):
        axes.imshow(image, cmap=cmap)
        axes.set_title(name.rstrip("!"), fontsize=10, color=RED if name.endswith("!") else "black")
    figure.suptitle(title)
    plt.show()


def show_curves(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], title: str, xlabel: str, ylabel: str
) -> None:
    """Draw curves, each given as its x and its y, by name."""
    figure, axes = plt.subplots(figsize=(8, 4))
    for name, (x, y) in curves.items():
        axes.plot(x, y, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.legend()
    figure.suptitle(title)
    plt.show()


def show_losses(losses: Mapping[str, Sequence[float]], title: str, mean_of: int = 1, epoch: int | None = None) -> None:
    """Draw the loss at each step, on a logarithmic scale, beside that of blind guessing among ten digits.

    Args:
        mean_of: so many steps are one point, their mean.
        epoch: so many steps are an epoch; a line stands where each ends.
    """
    figure, axes = plt.subplots(figsize=(9, 4.2))
    for name, values in losses.items():
        smooth = np.convolve(values, np.ones(mean_of) / mean_of, mode="valid")
        axes.plot(np.arange(len(smooth)) + mean_of, smooth, label=name)
    axes.axhline(np.log(10), color=GREY, linestyle=":", label="blind guessing: 2.3")
    if epoch:
        axes.axvline(epoch, color=GREY, linewidth=0.5)
        axes.text(epoch, 1, " second epoch →")
    drawn = axes.dataLim.intervaly
    ticks = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]
    axes.set(xlabel="step", ylabel=f"loss, mean of {mean_of} steps" if mean_of > 1 else "loss", yscale="log")
    axes.set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    axes.set_yticks([], minor=True)
    axes.set_ylim(0.8 * drawn[0], 1.25 * drawn[1])
    axes.legend()
    figure.suptitle(title)
    plt.show()


# Lesson 1


def show_numbers(image: np.ndarray, title: str) -> None:
    """Show an image, uint8 of (28, 28), and beside it the numbers that it consists of."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 6.2))
    for axes in (left, right):
        axes.imshow(image, cmap="gray")
        axes.set(xlabel="column", ylabel="row")
    for (row, column), value in np.ndenumerate(image):
        color = "black" if value > 127 else "#bbbbbb"
        right.text(column, row, value, ha="center", va="center", fontsize=6, color=color)
    left.set_title("what you see")
    right.set_title("what the computer has: 28 × 28 numbers")
    figure.suptitle(title)
    plt.show()


def show_sum(pixels: np.ndarray, pattern: np.ndarray, title: str) -> None:
    """Show nine pixels, the filter that lies on them, and their products, each (3, 3)."""
    figure, panels = plt.subplots(1, 3, figsize=(9, 3.2))
    tables = {"nine pixels": pixels, "× the filter": pattern, "= nine products": pixels * pattern}
    for axes, (name, values) in zip(panels, tables.items(), strict=True):
        axes.set_title(name)
        _table(axes, values, 1.5)
    figure.suptitle(title)
    plt.show()


def _table(axes: Axes, values: np.ndarray, largest: float, fontsize: float = 11) -> None:
    """Draw a small table of numbers, blue above 0 and red below."""
    axes.imshow(values, cmap="RdBu", vmin=-largest, vmax=largest)
    for (row, column), value in np.ndenumerate(values):
        axes.text(column, row, f"{value:.3g}" if value else "0", ha="center", va="center", fontsize=fontsize)
    without_ticks(axes)


def show_maps(image: np.ndarray, filters: dict[str, np.ndarray], maps: dict[str, np.ndarray], title: str) -> None:
    """Show an image, the filters (3, 3) above, and below each its map."""
    figure, panels = plt.subplots(2, 1 + len(filters), figsize=(13, 5.4), height_ratios=[1, 2.4])
    panels[0, 0].axis("off")
    panels[1, 0].imshow(image, cmap="gray")
    panels[1, 0].set_title("the image")
    without_ticks(panels[1, 0])
    for (name, pattern), above, below in zip(filters.items(), panels[0, 1:], panels[1, 1:], strict=True):
        _table(above, pattern, 2)
        above.set_title(f"filter for {name}")
        drawn = below.imshow(maps[name], cmap="RdBu", vmin=-3, vmax=3)
        below.set_title(f"its map, {maps[name].shape[0]} × {maps[name].shape[1]}")
        without_ticks(below)
    figure.colorbar(drawn, ax=panels[1, :], shrink=0.8, label="− opposite   0 none   + match")
    figure.suptitle(title)
    plt.show()


def show_learned(filters: np.ndarray, maps: Sequence[np.ndarray], title: str) -> None:
    """Show 16 filters, (16, 3, 3), in two rows, and below each its map."""
    figure, panels = plt.subplots(4, 8, figsize=(13, 7), height_ratios=[1, 1.6] * 2)
    largest = np.abs(filters).max()
    for index, (pattern, values) in enumerate(zip(filters, maps, strict=True)):
        row, column = index // 8 * 2, index % 8
        panels[row, column].imshow(pattern, cmap="RdBu", vmin=-largest, vmax=largest)
        panels[row, column].set_title(f"filter {index + 1}")
        panels[row + 1, column].imshow(values, cmap="Blues")
    for axes in panels.flat:
        without_ticks(axes)
    figure.suptitle(title)
    plt.show()


def show_channels(maps: np.ndarray, pattern: np.ndarray, result: np.ndarray, title: str) -> None:
    """Show 16 maps, the 16 tables (3, 3) of one filter that lie on them, and the one map that they give together."""
    figure, panels = plt.subplot_mosaic(
        [[*(f"map{one}" for one in range(16)), "sum"], [*(f"table{one}" for one in range(16)), "sum"]],
        figsize=(13, 2.5),
        width_ratios=[1] * 16 + [3],
    )
    largest = np.abs(pattern).max()
    for index in range(16):
        panels[f"map{index}"].imshow(maps[index], cmap="Blues")
        panels[f"map{index}"].set_title(f"{index + 1}")
        panels[f"table{index}"].imshow(pattern[index], cmap="RdBu", vmin=-largest, vmax=largest)
    panels["map0"].set_ylabel("16 maps")
    panels["table0"].set_ylabel("one filter")
    panels["sum"].imshow(result, cmap="Blues")
    panels["sum"].set_title("= one map")
    for axes in panels.values():
        without_ticks(axes)
    figure.suptitle(title)
    plt.show()


# Lesson 2


def show_network(shapes: Sequence[tuple[int, ...]], steps: Sequence[str], title: str) -> None:
    """Draw what goes through a network as blocks, and between them the steps that make one of the other.

    Args:
        shapes: (maps, rows, columns) or (numbers,) of what goes in, and of what each step gives.
        steps: what stands at the arrow to each but the first.
    """
    figure, axes = plt.subplots(figsize=(13, 2.8))
    x, middle = 0.0, 0.0
    for index, shape in enumerate(shapes):
        if index:
            axes.annotate("", (x + 2.1, middle), (x + 0.2, middle), arrowprops={"arrowstyle": "->", "color": GREY})
            axes.text(x + 1.1, middle + 0.25, steps[index - 1], ha="center", va="bottom", fontsize=9.5, color=RED)
            x += 2.3
        x = _block(axes, shape, x)
    axes.set(xlim=(-0.3, x + 0.5), ylim=(-2.5, 2.2), aspect="equal")
    axes.axis("off")
    figure.suptitle(title)
    plt.show()


def _block(axes: Axes, shape: tuple[int, ...], x: float) -> float:
    """Draw maps as a box, as deep as they are many, or numbers as a bar; its right edge is given back."""
    if len(shape) == 1:
        height, width = 0.9 * np.log10(shape[0]) ** 1.3 + 0.5, 0.35
        axes.add_patch(Rectangle((x, -height / 2), width, height, facecolor=BLUE, edgecolor="black"))
        axes.text(x + width / 2, -height / 2 - 0.2, f"{shape[0]}", ha="center", va="top")
        return x + width
    maps, side = shape[0], shape[1] / 10
    depth = 0.05 * maps if maps > 1 else 0.08
    left, right, low, high = x, x + side, -side / 2 - depth / 2, side / 2 - depth / 2
    faces = {
        "#dbe6f0": [(left, low), (right, low), (right, high), (left, high)],
        "#c4d5e5": [(left, high), (right, high), (right + depth, high + depth), (left + depth, high + depth)],
        BLUE: [(right, low), (right, high), (right + depth, high + depth), (right + depth, low + depth)],
    }
    for color, corners in faces.items():
        axes.add_patch(Polygon(corners, facecolor=color, edgecolor="black", linewidth=0.8))
    axes.text(x + side / 2, low - 0.2, " × ".join(map(str, shape)), ha="center", va="top")
    return right + depth


def show_dense(image: np.ndarray, weights: np.ndarray, products: np.ndarray, scores: np.ndarray, title: str) -> None:
    """Show a dense layer: an image, each digit's weights, the products of both, and the ten scores.

    Args:
        image: (28, 28).
        weights: (10, 28, 28).
        products: (10, 28, 28).
        scores: (10,).
    """
    layout = [["image", *(f"{kind}{digit}" for digit in range(10))] for kind in ("weights", "products")]
    figure, panels = plt.subplot_mosaic(
        [*layout, ["empty", *["scores"] * 10]], figsize=(13, 5), width_ratios=[2] + [1] * 10, height_ratios=[1, 1, 1.6]
    )
    panels["image"].imshow(image, cmap="gray")
    panels["image"].set_title("784 pixels")
    for digit in range(10):
        panels[f"weights{digit}"].imshow(weights[digit], cmap="Blues")
        panels[f"weights{digit}"].set_title(f"{digit}")
        panels[f"products{digit}"].imshow(products[digit], cmap="Blues", vmin=0, vmax=products.max())
    panels["weights0"].set_ylabel("× weights")
    panels["products0"].set_ylabel("= products")
    for name, axes in panels.items():
        if name != "scores":
            without_ticks(axes)
    panels["empty"].axis("off")
    panels["scores"].bar(range(10), scores, color=[RED if score == scores.max() else BLUE for score in scores])
    panels["scores"].axhline(0, color="black", linewidth=0.8)
    panels["scores"].set(xlabel="digit", ylabel="score", xticks=range(10), xlim=(-0.5, 9.5))
    figure.suptitle(title)
    plt.show()


def show_slope(
    values: Sequence[float], losses: Sequence[float], at: tuple[float, float], slope: float, to: tuple[float, float]
) -> None:
    """Draw the loss along one weight, its slope where the weight is, and the step against it.

    Args:
        values: of the weight.
        losses: at each of them.
        at: the weight as it is, and the loss there.
        slope: of the curve at that point.
        to: the weight after the step, and the loss there.
    """
    figure, axes = plt.subplots(figsize=(8, 4.6))
    axes.plot(values, losses, color=GREY, label="the loss, all other weights as they are")
    reach = np.array([-0.9, 0.9])
    axes.plot(at[0] + reach, at[1] + slope * reach, color="black", linestyle="--", label=f"gradient: slope {slope:.3f}")
    axes.plot(*at, "o", color=RED, markersize=13, label="before the step")
    axes.plot(*to, "o", color="white", markeredgecolor=RED, markersize=13, label="after the step")
    axes.annotate("", to, at, arrowprops={"arrowstyle": "->", "color": RED, "connectionstyle": "arc3,rad=-0.4"})
    axes.set(xlabel="value of this one weight", ylabel="loss on 64 images")
    axes.legend()
    figure.suptitle("One step of gradient descent: downhill, against the slope")
    plt.show()


def show_confusion(counts: np.ndarray) -> None:
    """Show how often each digit (row) was read as each (column), (10, 10), the mistakes in colour."""
    figure, axes = plt.subplots(figsize=(6.4, 6))
    wrong = counts * (1 - np.eye(10, dtype=int))
    axes.imshow(wrong, cmap="Oranges", vmin=0, vmax=1.5 * max(wrong.max(), 1))  # never so dark that its number is lost
    for (label, said), count in np.ndenumerate(counts):
        if count:
            axes.text(said, label, count, ha="center", va="center", color="gray" if label == said else "black")
    axes.set(xticks=range(10), yticks=range(10), xlabel="what the network said", ylabel="what it is")
    figure.suptitle(f"{wrong.sum()} mistakes in {counts.sum():,} images; grey: right answers")
    plt.show()


# Lesson 3


def show_chance(values: np.ndarray, bins: np.ndarray, title: str, xlabel: str, ylabel: str, **marks: float) -> None:
    """Draw how often chance gave which value, and what else is known of it.

    Args:
        bins: the edges of the columns.
        marks: `low` and `high`, between which 95 of 100 lie, or `seen`, what was really measured.
    """
    figure, axes = plt.subplots(figsize=(8.5, 3.6))
    axes.hist(values, bins=bins, color=BLUE, label="by chance alone")
    if "seen" in marks:
        axes.axvline(marks["seen"], color=RED, linewidth=2, label=f"measured: {marks['seen']:g}")
    else:
        low, high = marks["low"], marks["high"]
        axes.axvspan(low, high, color=RED, alpha=0.15, label=f"95 of 100: {low:.2f} to {high:.2f}")
    axes.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 1.3 * axes.get_ylim()[1]))
    axes.legend(loc="upper left", ncols=2)
    figure.suptitle(title)
    plt.show()


def show_intervals(accuracies: np.ndarray, intervals: Sequence[tuple[float, float]], title: str) -> None:
    """Draw the accuracy of each seed, in percent, as a dot on its 95% interval."""
    figure, axes = plt.subplots(figsize=(8, 3.8))
    axes.vlines(range(len(accuracies)), *zip(*intervals, strict=True), color=BLUE, linewidth=7, label="95% interval")
    axes.plot(accuracies, "o", color=RED, label="measured")
    axes.set(xlabel="seed", ylabel="test accuracy in %")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    figure.suptitle(title)
    plt.show()


def show_dots(groups: Mapping[str, Iterable[float]], title: str, xlabel: str, size: float = 9) -> None:
    """Draw each group's values as dots in one line, equal ones on top of each other, and a line at their mean."""
    figure, axes = plt.subplots(figsize=(8.5, 1.4 + 1.1 * len(groups)))
    ordered = {name: np.sort(np.asarray(values, float)) for name, values in groups.items()}
    together = np.concatenate(list(ordered.values()))
    width = max(np.ptp(together), 1e-9) * size / 400  # of a dot, more or less
    columns = {name: np.round((values - together.min()) / width) for name, values in ordered.items()}
    below = {name: [int((all_[:one] == all_[one]).sum()) for one in range(len(all_))] for name, all_ in columns.items()}
    apart = min(0.016 * size, 0.6 / max(1, *map(max, below.values())))
    for place, (name, values) in enumerate(ordered.items()):
        heights = np.array(below[name])
        color = [GREY, RED][place % 2]
        axes.plot(values, place - apart * heights, "o", color=color, markersize=size)
        axes.vlines(values.mean(), place - 0.4, place + 0.25, color="black")
        axes.text(values.mean(), place + 0.28, f"mean {values.mean():.2f}", ha="center", va="top")
    axes.set(xlabel=xlabel, ylim=(len(groups) - 0.35, -0.7))
    axes.set_yticks(range(len(groups)), labels=list(groups))
    figure.suptitle(title)
    plt.show()


# Lesson 6


def show_flattened(rows: Mapping[str, np.ndarray], title: str) -> None:
    """Draw numbers in a row, one row below the other, coloured by the map from which each comes.

    Args:
        rows: by name; each number is 10 × map + place.
    """
    figure, panels = plt.subplots(len(rows), 1, figsize=(11, 0.6 + 1.1 * len(rows)))
    for axes, (name, values) in zip(panels, rows.items(), strict=True):
        axes.imshow(values[np.newaxis] // 10, cmap="Set3", vmin=0, vmax=11)
        for column, value in enumerate(values):
            axes.text(column, 0, f"map {value // 10}\nplace {value % 10}", ha="center", va="center", fontsize=9)
        without_ticks(axes)
        axes.set_title(name)
    figure.suptitle(title)
    plt.show()


def show_lockstep(losses: Mapping[str, Sequence[float]], differences: Mapping[str, Sequence[float]]) -> None:
    """Draw the losses of both frameworks at each step, and how far their weights are apart in each precision."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4))
    for (name, values), style in zip(losses.items(), ({"linewidth": 5, "color": BLUE}, {"color": RED}), strict=True):
        left.plot(values, label=name, **style)
    left.set(xlabel="step", ylabel="loss", title="The two losses coincide (float64)")
    for name, values in differences.items():
        right.plot(values, label=name)
    right.set(
        xlabel="step", ylabel="largest difference of a weight", yscale="log", title="All 108,618 weights compared"
    )
    for axes in (left, right):
        axes.legend()
    figure.suptitle("PyTorch and TensorFlow, trained side by side")
    plt.show()


# Lessons 4 and 7


def show_picture(picture: np.ndarray, title: str) -> None:
    """Show a picture with its pixels counted along its sides."""
    _, axes = plt.subplots(figsize=(4.6, 3.4))
    axes.imshow(picture)
    axes.set_title(title)
    plt.show()


def show_threshold(mask: np.ndarray, title: str, brightness: np.ndarray, its_title: str) -> None:
    """Show what a threshold takes for ink, and beside it the brightness along one row of the picture."""
    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))
    left.imshow(mask, cmap="gray")
    left.set_title(title)
    right.plot(brightness, color=GREY)
    right.set(xlabel="column", ylabel="brightness", title=its_title)
    plt.show()


def show_heat(
    picture: np.ndarray, heat: dict[int, np.ndarray], boxes: list[tuple[int, int, int, int]], title: str
) -> None:
    """Show where a network sees a digit's centre, in red over the picture, paler; and its boxes over the first.

    Args:
        picture: uint8, `(height, width, 3)`.
        heat: by the pixels at which the network saw the picture: `(rows, columns)`, each from 0 to 1.
        boxes: left, top, width and height, in pixels of the picture.
    """
    height, width = picture.shape[:2]
    columns = 3
    rows = -(-(len(heat) + 1) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(11, rows * (0.4 + 11 / columns * height / width)))
    for axes in panels.flat:
        axes.axis("off")
    first, *others = panels.flat
    first.imshow(picture)
    first.set_title("what is read")
    for left, top, wide, high in boxes:
        first.add_patch(plt.Rectangle((left, top), wide, high, fill=False, color=RED, linewidth=2))
    for axes, (size, hot) in zip(others, heat.items(), strict=False):
        axes.imshow(128 + picture // 2)
        axes.imshow(hot, cmap="Reds", vmin=0, vmax=1, alpha=hot, extent=(0, width, height, 0), interpolation="bilinear")
        axes.set_title(f"centres, seen at {size} pixels")
    figure.suptitle(title)
    plt.show()


def show_accuracies(accuracies: Mapping[str, Accuracy], title: str) -> None:
    """Show accuracies, each a dot on its 95% interval, by name."""
    figure, axes = plt.subplots(figsize=(8, 2.4))
    for place, one in enumerate(accuracies.values()):
        axes.plot([100 * one.low, 100 * one.high], [place, place], color=BLUE, linewidth=6)
        axes.plot(100 * one.value, place, "o", color=RED)
    axes.set(yticks=range(len(accuracies)), yticklabels=accuracies, xlabel="correct, in %, with its 95% interval")
    axes.set_ylim(len(accuracies) - 0.4, -0.6)
    figure.suptitle(title)
    plt.show()


# Lesson 5


def show_ladder(gains: dict[str, dict[str, float]], kept: dict[str, list[str]], title: str) -> None:
    """Show ladders side by side: what each change gained, on top of those before it that were kept.

    Args:
        gains: of each ladder, by change: how many times as fast as without it.
        kept: of each ladder, the changes that were kept.
    """
    figure, panels = plt.subplots(1, len(gains), figsize=(13, 4), squeeze=False, sharex=True)
    fastest = 1.0
    for axes, (ladder, changes) in zip(panels[0], gains.items(), strict=True):
        speed = 1.0
        for change, gain in changes.items():
            is_kept = change in kept[ladder]
            axes.barh(change, speed * gain - speed, left=speed, color=BLUE if is_kept else "#fca5a5")
            said = f" × {gain:.2f}, now {speed * gain:.1f}" if is_kept else f" × {gain:.2f}, dropped"
            axes.text(speed * max(gain, 1), change, said, va="center")
            speed *= gain if is_kept else 1
        axes.invert_yaxis()
        axes.axvline(1, color="gray", linewidth=0.5)
        ticks = [1, 2, 3, 5, 10, 20, 50]
        fastest = max(fastest, speed)
        axes.set(xscale="log", xlabel="times as fast as the plain loop")
        axes.set_xticks(ticks, labels=map(str, ticks))
        axes.minorticks_off()
        axes.set(xlim=(0.8, 4 * fastest), title="with bfloat16" if ladder == "bfloat16" else "in float32")
    figure.suptitle(title)
    plt.show()


# Lesson 8

Digits = Sequence[tuple[int, float, float]]  # which each is, and x and y in pixels


def show_pages(
    pages: np.ndarray,
    found: Sequence[Digits],
    title: str,
    true: Sequence[Digits] | None = None,
    heat: np.ndarray | None = None,
    width: float = 13,
) -> None:
    """Show pages, each (1, height, width), in one row, with the digits on them.

    Args:
        found: digits of each page, written where they are, or beside it where a cross or heat is there.
        true: digits of each page, whose centres get a cross.
        heat: maps of the pages, (n, rows, columns), from 0 to 1, laid over them.
        width: of the figure, in inches.
    """
    figure, panels = plt.subplots(1, len(pages), figsize=(width, 0.6 + width / len(pages)))
    for index, (axes, page) in enumerate(zip(panels, pages, strict=True)):
        height, across = page[0].shape
        place = (0, across, height, 0)
        axes.imshow(page[0], cmap="gray", extent=place)
        if heat is not None:
            axes.imshow(heat[index], cmap="magma", alpha=0.5, vmin=0, vmax=1, extent=place)
        crosses = true[index] if true else []
        for _, x, y in crosses:
            axes.plot(x, y, "+", color="#38bdf8")
        beside = (11, 9) if crosses or heat is not None else (0, 0)
        style = {"color": "#fb923c", "weight": "bold", "ha": "center", "va": "center"}
        for digit, x, y in found[index]:
            axes.annotate(str(digit), (x, y), beside, textcoords="offset points", **style)
        without_ticks(axes)
    figure.suptitle(title)
    plt.show()


def show_curve(values: Sequence[float], title: str, xlabel: str, ylabel: str, mean_of: int = 20) -> None:
    """Show values, one a step, and their mean over so many steps, on a logarithmic scale."""
    _, axes = plt.subplots(figsize=(8, 3.6))
    axes.plot(values, color="#d1d5db", label="each step")
    means = np.convolve(values, np.ones(mean_of) / mean_of, mode="valid")
    axes.plot(np.arange(len(means)) + mean_of - 1, means, color=RED, label=f"mean of {mean_of} steps")
    axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log", title=title)
    ticks = [tick for tick in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10) if min(values) <= tick <= max(values)]
    axes.set_yticks(ticks, labels=map(str, ticks))
    axes.minorticks_off()
    axes.legend()
    plt.show()
