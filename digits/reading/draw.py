"""Pictures of a reading: where each digit is, what was left out, and what the networks said on the way there."""

import io

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.ink import resized
from digits.reading.picture import Picture
from digits.reading.reader import Trace
from digits.reading.reading import Reading

DOUBTFUL = 0.8  # digits of less confidence than this are marked

_SURE_COLOUR, _DOUBT_COLOUR, _LEFT_COLOUR, _PATH_COLOUR = (0, 130, 60), (215, 70, 0), (150, 150, 150), (30, 90, 200)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_SHOWN = 48  # boxes whose form is shown
_A_LINE = 24  # of them side by side


def show(trace: Trace) -> bytes:
    """The picture with a box around each digit and the digit above it, as a PNG; a doubtful one has a question mark.

    What was left out has a grey box.
    """
    return cv2.imencode(".png", boxed(trace.picture, trace.reading)[:, :, ::-1])[1].tobytes()


def boxed(picture: Picture, reading: Reading) -> NDArray[np.uint8]:
    """The picture with what was read in it, and in grey what was left out: uint8, `(height, width, 3)`."""
    image = picture.pixels.copy()
    thick = _thick(image)
    for box in reading.left_out:
        _box(image, picture, box, _LEFT_COLOUR)
    for one in reading.digits:
        doubtful = one.confidence < DOUBTFUL
        colour = _DOUBT_COLOUR if doubtful else _SURE_COLOUR
        left, top, _, height = _box(image, picture, one.box, colour)
        size = max(0.4, min(height, max(image.shape) / 12) / 40)
        place = (left, max(round(22 * size), top - 3 * thick))
        cv2.putText(image, f"{one.digit}{'?' * doubtful}", place, _FONT, size, (255, 255, 255), 4 * thick, cv2.LINE_AA)
        cv2.putText(image, f"{one.digit}{'?' * doubtful}", place, _FONT, size, colour, thick + 1, cv2.LINE_AA)
    return image


def _thick(image: NDArray[np.uint8]) -> int:
    return max(1, round(max(image.shape) / 500))


def _box(
    image: NDArray[np.uint8], picture: Picture, box: tuple[int, ...], colour: tuple[int, int, int]
) -> tuple[int, ...]:
    """Draw a box of the original, and say where it is in the picture."""
    thick = _thick(image)
    left, top, width, height = (round(value / picture.scale) for value in box)
    cv2.rectangle(image, (left - thick, top - thick), (left + width + thick, top + height + thick), colour, thick)
    return left, top, width, height


def explain(trace: Trace) -> bytes:
    """The steps from the picture to the text, as a PNG: the path through the digits first, then what led to it."""
    from digits.figures import Figure

    panels = [
        ("1. the path: row by row, from the left", _path(trace)),
        *((f"2. heat: digits' centres, seen at {size} pixels", _heated(trace, size)) for size in trace.seen.found.heat),
        ("3. the text, and in grey what is left out", boxed(trace.picture, trace.reading)),
    ]
    height, width = trace.picture.pixels.shape[:2]
    columns = 3 if width < 2.2 * height else 2
    lines = -(-len(panels) // columns)
    strips = _forms(trace)
    inches = min(30.0, 14 / columns * height / width) + 0.4  # of a panel
    figure = Figure(figsize=(14, lines * inches + 1.1 * len(strips) + 0.8))
    figure.set_layout_engine("constrained")
    heights = [inches] * lines + [1.1] * len(strips)
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    for line in range(lines):
        inner = grid[line].subgridspec(1, columns)
        for column, (title, image) in enumerate(panels[line * columns : (line + 1) * columns]):
            axes = figure.add_subplot(inner[column])
            axes.imshow(image)
            axes.set_title(title, fontsize=10, loc="left")
            axes.axis("off")
    for number, strip in enumerate(strips):
        axes = figure.add_subplot(grid[lines + number])
        axes.imshow(strip)
        if number == 0:
            said = "4. boxes in MNIST's form; above what the finder says, below the reader; framed what is read"
            axes.set_title(said, fontsize=10, loc="left")
        axes.axis("off")
    reading = trace.reading
    said = reading.spaced.replace("\n", " / ") or "no digit"
    figure.suptitle(f"{said}   ({reading.confidence:.1%})", fontsize=13)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=100)
    return data.getvalue()


def _path(trace: Trace) -> NDArray[np.uint8]:
    """The picture with a line through each row, from digit to digit in the order of the text."""
    image = trace.picture.pixels.copy()
    middles: dict[int, list[tuple[int, int]]] = {}
    for one in trace.reading.digits:
        left, top, width, height = (value / trace.picture.scale for value in one.box)
        middles.setdefault(one.line, []).append((round(left + width / 2), round(top + height / 2)))
    for row in middles.values():
        cv2.polylines(image, [np.array(row, np.int32)], False, _PATH_COLOUR, _thick(image), cv2.LINE_AA)
        for middle in row:
            cv2.circle(image, middle, 3 * _thick(image), _PATH_COLOUR, -1, cv2.LINE_AA)
    return image


def _heated(trace: Trace, size: int) -> NDArray[np.uint8]:
    """The picture, paler, with the finder's heat at a size in red."""
    heat = np.rot90(trace.seen.found.heat[size], -trace.turns)
    pixels = trace.picture.pixels
    share = cv2.resize(heat, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)[:, :, np.newaxis]
    pale = 128 + pixels.astype(np.float32) / 2
    return (pale * (1 - share) + np.array([220, 20, 0], np.float32) * share).astype(np.uint8)


def _forms(trace: Trace) -> list[NDArray[np.uint8]]:
    """Lines of boxes as the reader saw them, with what both networks say of each; those that are read are framed."""
    seen = trace.seen
    shown = [*seen.read.tolist(), *seen.refused.tolist()][:_SHOWN]
    lines = []
    for start in range(0, len(shown), _A_LINE):
        strip = np.full((92, 60 * _A_LINE, 3), 255, np.uint8)
        for place, index in enumerate(shown[start : start + _A_LINE]):
            left = 60 * place
            large = resized(255 - seen.images[index], 2)
            strip[18:74, left + 2 : left + 58] = large[:, :, np.newaxis]
            finder = f"{seen.found.probabilities[index].argmax()} {seen.found.scores[index]:.0%}"
            reader = f"{seen.predictions.digits[index]} {seen.predictions.confidences[index]:.0%}"
            for said, at in ((finder, 13), (reader, 88)):
                cv2.putText(strip, said, (left + 3, at), _FONT, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
            if index in seen.read:
                cv2.rectangle(strip, (left, 16), (left + 59, 75), _SURE_COLOUR, 2)
        lines.append(strip)
    return lines
