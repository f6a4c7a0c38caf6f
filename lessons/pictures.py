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
