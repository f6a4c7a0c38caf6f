"""Pictures of a reading: where each digit is, and how each step came to it."""

import io

import cv2
import numpy as np

from digits.reading.rules import RulesTrace as Trace

_SURE_COLOUR = (0, 130, 60)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def explain(trace: Trace, boxed: np.ndarray) -> bytes:
    """The steps from the picture to the text, side by side, as a PNG."""
    from digits.figures import Figure

    found, pixels = trace.found, trace.picture.pixels
    height, width = pixels.shape[:2]
    panels = [
        ("1. the picture, upright", pixels),
        ("2. ink: how much darker than the paper", 255 - found.ink),
        ("3. threshold: half of the strongest ink nearby", _on_white([(found.mask, (0, 0, 0))])),
        ("4. lines that nobody wrote, taken out", _without_lines(trace)),
        ("5. pieces, cut where digits may touch", _atoms(trace)),
        ("6. the best path, row by row", boxed),
    ]
    candidates = [_of_row(trace, row) for row in range(min(4, len(trace.rows)))]
    columns = 3 if width < 2.2 * height else 2
    lines = -(-len(panels) // columns)
    inches = min(30.0, 14 / columns * height / width) + 0.4  # of a panel
    figure = Figure(figsize=(14, lines * inches + 1.1 * len(candidates) + 0.8))
    figure.set_layout_engine("constrained")
    heights = [inches] * lines + [1.1] * len(candidates)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    for line in range(lines):
        inner = grid[line].subgridspec(1, columns)
        for column, (title, image) in enumerate(panels[line * columns : (line + 1) * columns]):
            axes = figure.add_subplot(inner[column])
            axes.imshow(image, cmap="gray", vmin=0, vmax=255)
            axes.set_title(title, fontsize=10, loc="left")
            axes.axis("off")
    for number, strip in enumerate(candidates):
        axes = figure.add_subplot(grid[lines + number])
        axes.imshow(strip, vmin=0, vmax=255)
        axes.set_title(
            f"7. candidates of row {number + 1} in MNIST's form, what the network says of each, and the path (boxed)",
            fontsize=10,
            loc="left",
        )
        axes.axis("off")
    reading = trace.reading
    said = reading.text.replace("\n", " / ") or "no digit"
    figure.suptitle(f"{said}   ({reading.confidence:.1%})", fontsize=13)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=100)
    return data.getvalue()


def _on_white(layers: list[tuple[np.ndarray, tuple[int, int, int]]]) -> np.ndarray:
    """Masks in colours, later ones on top of earlier ones."""
    image = np.full((*layers[0][0].shape, 3), 255, np.uint8)
    for mask, colour in layers:
        image[mask] = colour
    return image


def _without_lines(trace: Trace) -> np.ndarray:
    found = trace.found
    image = _on_white([(found.mask, (235, 120, 100)), (found.strokes, (0, 0, 0))])
    if found.grid:
        for x, y in found.grid.middles.reshape(-1, 2).tolist():
            half = 0.42 * found.grid.side
            cv2.rectangle(
                image, (round(x - half), round(y - half)), (round(x + half), round(y + half)), (90, 140, 230), 2
            )
    return image


def _atoms(trace: Trace) -> np.ndarray:
    image = np.full(trace.picture.pixels.shape, 255, np.uint8)
    image[trace.found.strokes] = 215
    colours = [(20, 80, 200), (210, 90, 20), (20, 140, 90), (150, 50, 160)]
    number = 0
    for row in trace.found.rows:
        for atom in row.atoms:
            image[atom.top : atom.bottom, atom.left : atom.right][atom.mask] = colours[number % len(colours)]
            number += 1
    return image


def _of_row(trace: Trace, number: int, most: int = 24) -> np.ndarray:
    """The first candidates of a row, side by side, with what the network says of them; the path is boxed."""
    row = trace.rows[number]
    strip = np.full((92, 60 * most, 3), 255, np.uint8)
    for place, image in enumerate(row.images[:most]):
        left = 60 * place
        large = cv2.resize(255 - image, (56, 56), interpolation=cv2.INTER_NEAREST)
        strip[2:58, left + 2 : left + 58] = large[:, :, np.newaxis]
        said = f"{row.answers.digits[place]} {row.confidences[place]:.0%}"
        cv2.putText(strip, said, (left + 3, 78), _FONT, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
        if place in row.path:
            cv2.rectangle(strip, (left, 0), (left + 59, 59), _SURE_COLOUR, 2)
    return strip
