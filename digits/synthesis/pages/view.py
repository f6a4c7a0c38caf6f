"""What a camera sees of a sheet, and where its digits are in the picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.synthesis.grounds import LAID, a_colour, ground, lay_things
from digits.synthesis.light import ink_colour, inked, light, photographed
from digits.synthesis.pages.sheet import Page, Sheet

VISIBLE = 0.6  # share of a digit's ink that the picture must hold, or nobody is to find it
FAINTEST = 16  # levels of 255 between ink and paper, on average over a digit
PLAIN = "canvas", "screen"  # no camera saw these


def seen(sheet: Sheet, surface: str, side: int, things: int = 0) -> Page:
    """The picture of a sheet.

    Args:
        sheet: what is written.
        surface: what it is written on, one of `grounds.SURFACES`.
        side: of the picture, in pixels.
        things: how many lie on it.
    """
    rng, plain = sheet.rng, surface in PLAIN
    paper, over = ground(sheet.side, rng, surface)
    lay_things(paper, over, rng, things)
    written_on = _patched(paper, sheet, rng)
    colours = [ink_colour(paper, rng, surface), ink_colour(written_on, rng, surface)]
    inks = [cv2.subtract(ink, over) for ink in (sheet.print, sheet.ink)] if over.any() else [sheet.print, sheet.ink]
    written = inked(paper, inks, colours, rng, plain)
    if not plain:
        lit = light(sheet.side, rng)
        paper *= lit
        written *= lit
    camera = _Camera(sheet.side, side, rng, plain, curled=surface in LAID)
    heights = [np.ptp(places[:, 1]) + 1 for _, places in sheet.marks]
    pixels = photographed(camera.picture(written), rng, plain, float(min(heights, default=20)))
    found = [(label, box) for label, places in sheet.marks if (box := _box(places, camera, side, paper, written, over))]
    boxes, labels = [box for _, box in found], [label for label, _ in found]
    others = [box for corners in sheet.others if (box := _around(camera.places(corners), side))]
    return Page(pixels, _as_array(boxes), np.array(labels, np.int64), _as_array(others))


def _as_array(boxes: list[tuple[float, float, float, float]]) -> NDArray[np.float32]:
    return np.array(boxes, np.float32).reshape(-1, 4)


def _around(corners: NDArray[np.float32], side: int) -> tuple[float, float, float, float] | None:
    """Left, top, width and height of what has these corners in the picture; None where too little of it is there."""
    first, last = corners.min(axis=0), corners.max(axis=0)
    low, high = first.clip(0, side), last.clip(0, side)
    if (high - low).prod() < VISIBLE * (last - first).prod() or (high - low).min() < 1:
        return None
    return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])


def _patched(paper: NDArray[np.float32], sheet: Sheet, rng: np.random.Generator) -> NDArray[np.float32]:
    """Colour the sheet's patches; what is written on: one of them, or the paper if there is none."""
    written_on = paper
    dark = rng.random() < 0.6
    colour = a_colour(5, 60, 12, rng) if dark else a_colour(150, 255, 40, rng)
    for index, corners in enumerate(sheet.patches):
        left, top, right, bottom = (round(min(max(place, 0), sheet.side)) for place in corners)
        if index == len(sheet.patches) - 1 and index and rng.random() < 0.4:  # the last wheel of a meter is red
            colour = np.array([150, 25, 25], np.float32) + colour * np.float32(0.2)
        paper[top:bottom, left:right] = colour
        if index == 0 and right > left and bottom > top:
            written_on = paper[top:bottom, left:right].copy()
    return written_on


def _box(
    places: NDArray[np.float32],
    camera: "_Camera",
    side: int,
    paper: NDArray[np.float32],
    written: NDArray[np.float32],
    over: NDArray[np.uint8],
) -> tuple[float, float, float, float] | None:
    """Left, top, width and height of a digit in the picture; None where it is covered, cut off, or too faint."""
    x, y = camera.places(places).T
    on = (places >= 0).all(1) & (places < len(paper)).all(1)
    across, down = places[on].astype(int).T
    inside = on & (x > 0) & (x < side) & (y > 0) & (y < side)
    inside[on] &= over[down, across] < 128
    if inside.mean() < VISIBLE:
        return None
    change = np.abs(written[down, across].clip(0, 255) - paper[down, across].clip(0, 255)).max(1)
    if change.mean() < FAINTEST:
        return None
    x, y = x[inside], y[inside]
    return float(x.min()), float(y.min()), float(x.max() + 1 - x.min()), float(y.max() + 1 - y.min())


class _Camera:
    """From places on the sheet to places in the picture: curled, turned, tilted, and moved a little."""

    def __init__(self, from_side: int, to_side: int, rng: np.random.Generator, plain: bool, curled: bool):
        self.side = to_side
        turns = rng.normal(0, 2), rng.uniform(-20, 20), rng.uniform(-45, 45)
        angle = 0.0 if plain and rng.random() < 0.9 else float(np.radians(rng.choice(turns, p=[0.72, 0.22, 0.06])))
        cos, sin = np.cos(angle), np.sin(angle)
        dx, dy = rng.uniform(-0.05, 0.05, 2) * to_side
        before = np.array([[1, 0, -from_side / 2], [0, 1, -from_side / 2], [0, 0, 1]])
        turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
        tilt = np.eye(3)
        if not plain and rng.random() < 0.4:
            tilt[2, :2] = rng.uniform(-0.25, 0.25, 2) / to_side
        after = np.array([[1, 0, to_side / 2 + dx], [0, 1, to_side / 2 + dy], [0, 0, 1]])
        self.matrix = after @ tilt @ turn @ before
        # A curled page lies higher or lower along a wave: its height in pixels, its angle a pixel, where it starts.
        self.waves = (0.0, 0.0, 0.0)
        if curled and rng.random() < 0.15:
            length = from_side * rng.uniform(0.6, 2.5)
            self.waves = (length * rng.uniform(0.005, 0.025), 2 * np.pi / length, rng.uniform(0, 2 * np.pi))

    def _lifted(self, across: NDArray[np.float32]) -> NDArray[np.float32]:
        height, a_pixel, start = self.waves
        return (height * np.sin(across * np.float32(a_pixel) + np.float32(start))).astype(np.float32)

    def places(self, places: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32, `(k, 2)`."""
        moved = places + np.stack([np.zeros(len(places), np.float32), self._lifted(places[:, 0])], 1)
        return np.asarray(cv2.perspectiveTransform(moved[np.newaxis].astype(np.float32), self.matrix)[0])

    def picture(self, sheet: NDArray[np.float32]) -> NDArray[np.float32]:
        """float32, `(side, side, 3)`."""
        if self.waves[0]:
            x, y = np.meshgrid(*(np.arange(len(sheet), dtype=np.float32),) * 2)
            sheet = cv2.remap(sheet, x, y - self._lifted(x[:1]), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        size = (self.side, self.side)
        return cv2.warpPerspective(sheet, self.matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
