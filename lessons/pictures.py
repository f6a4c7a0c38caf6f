"""How the lessons draw, so that a lesson's cells show its ideas and not Matplotlib's."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib_inline.backend_inline import set_matplotlib_formats

plt.rcParams.update({"figure.dpi": 72, "figure.constrained_layout.use": True, "font.size": 11})
set_matplotlib_formats("retina")  # twice as many dots as 72 an inch, shown as large


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


# Lessons 4 and 7


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
        first.add_patch(plt.Rectangle((left, top), wide, high, fill=False, color="#c2410c", linewidth=2))
    for axes, (size, hot) in zip(others, heat.items(), strict=False):
        axes.imshow(128 + picture // 2)
        axes.imshow(hot, cmap="Reds", vmin=0, vmax=1, alpha=hot, extent=(0, width, height, 0), interpolation="bilinear")
        axes.set_title(f"centres, seen at {size} pixels")
    figure.suptitle(title)
    plt.show()


def show_gallery(images: np.ndarray, names: list[str], title: str, columns: int = 10) -> None:
    """Show images of (n, height, width) in rows, each below its name; a name that ends in "!" is in red."""
    rows = -(-len(images) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(13, 1.75 * rows + 0.4), squeeze=False)
    for axes in panels.flat:
        axes.axis("off")
    for axes, image, name in zip(panels.flat, images, names, strict=False):
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        axes.set_title(name.rstrip("!"), fontsize=10, color="#c2410c" if name.endswith("!") else "black")
    figure.suptitle(title)
    plt.show()


# Lesson 5: make it fast


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
            axes.barh(change, speed * gain - speed, left=speed, color="#9db8d2" if is_kept else "#fca5a5")
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


# Lesson 8: a network that finds

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
    axes.plot(np.arange(len(means)) + mean_of - 1, means, color="#c2410c", label=f"mean of {mean_of} steps")
    axes.set(xlabel=xlabel, ylabel=ylabel, yscale="log", title=title)
    ticks = [tick for tick in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10) if min(values) <= tick <= max(values)]
    axes.set_yticks(ticks, labels=map(str, ticks))
    axes.minorticks_off()
    axes.legend()
    plt.show()
