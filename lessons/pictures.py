"""How the lessons draw, so that a lesson's cells show its ideas and not Matplotlib's."""

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
