"""Pages without a digit: letters, words, icons, drawings, doodles, scribbles, things, photographs, nothing at all."""

import re
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from digits.datasets import Split
from digits.synthesis import non_digits
from digits.synthesis.pages.sheet import Sheet
from digits.synthesis.printed import cropped
from digits.synthesis.strokes import Variant
from digits.synthesis.writing import FOREIGN, GREEK, ICONS, PRINTED_LETTERS, SIGNS, WRITTEN_LETTERS

_SYLLABLES = re.findall("..", "aneroninreenalesstoraredtoitlemaricanederolitanosenalasothbucksiogup")
_CURSIVE = tuple("ABCEFHJKLMNPRTUVWXYacdefhkmnprtuvwxy&%?#")
_DRAWN = (
    non_digits.figures,
    non_digits.outlines,
    non_digits.lines,
    non_digits.shapes,
    non_digits.textures,
    non_digits.scribbles,
)


def word(sheet: Sheet) -> str:
    """A word of at least three letters: in it, o, l and S are no digits."""
    rng = sheet.rng
    text = "".join(rng.choice(_SYLLABLES, size=rng.integers(2, 5)).tolist())
    return str(rng.choice([text, text, text.upper(), text.capitalize()]))


def letter(sheet: Sheet) -> None:
    """One letter or sign, or a few far apart, large: by hand or in print, greek and foreign ones, too."""
    rng, height = sheet.rng, sheet.size(0.1, 0.55)
    kinds = (WRITTEN_LETTERS, WRITTEN_LETTERS, PRINTED_LETTERS, tuple(GREEK), FOREIGN)
    letters = kinds[rng.integers(len(kinds))]
    x, y = sheet.start(0.6 * height, height)
    if rng.random() < 0.15:  # as it stands in joined writing
        sheet.put(sheet.writer.scrawl(sheet.word(_CURSIVE, 1), height), x, y)
        return
    text = " ".join(rng.choice(letters, size=rng.choice([1, 1, 1, 2, 4])).tolist())
    for line in range(1 if height > 0.2 * sheet.side else int(rng.integers(1, 4))):
        sheet.write(text, x, y + line * 1.4 * height, height, 0.1, 0.03, are_digits=False)


def words(sheet: Sheet) -> None:
    """Words and signs, by hand or in print."""
    rng, height = sheet.rng, sheet.size(0.05, 0.35)
    pitch = height * rng.uniform(1.3, 2.2)
    x, y = sheet.start(height * 3, pitch * 2)
    letters = PRINTED_LETTERS if sheet.writer.style == "printed" else (*WRITTEN_LETTERS, *SIGNS)
    joined, gap = rng.random() < 0.25, rng.uniform(-0.15, 0.3)
    for number in range(int(rng.integers(1, 6))):
        some = [sheet.word(letters, 6) if rng.random() < 0.3 else word(sheet) for _ in range(rng.integers(1, 4))]
        if joined:
            sheet.put(sheet.writer.scrawl(some[0], height), x, y + number * pitch)
        else:
            sheet.write(" ".join(some), x, y + number * pitch, height, gap, 0.04, are_digits=False)


def text(sheet: Sheet) -> None:
    """A page of small text, in joined letters or in print."""
    rng, height = sheet.rng, sheet.size(0.025, 0.08)
    pitch, joined = height * rng.uniform(1.4, 2.6), rng.random() < 0.6
    x, y = rng.uniform(0, 0.4) * sheet.side, rng.uniform(0.05, 0.4) * sheet.side
    for number in range(int(rng.integers(2, 10))):
        some = " ".join(word(sheet) for _ in range(rng.integers(2, 7)))
        if joined:
            sheet.put(sheet.writer.scrawl(some, height), x, y + number * pitch)
        else:
            sheet.write(some, x, y + number * pitch, height, 0.08, 0.01, are_digits=False)


def icons(sheet: Sheet) -> None:
    """Arrows, signs, faces, dingbats: one large, or many."""
    rng = sheet.rng
    height = sheet.size(0.08, 0.6)
    count = 1 if height > 0.25 * sheet.side else int(rng.integers(1, 12))
    for _ in range(count):
        ink = sheet.writer(str(rng.choice(ICONS)), height)
        x, y = sheet.start(ink.shape[1], len(ink)) if count == 1 else rng.uniform(0.05, 0.85, 2) * sheet.side
        sheet.put(ink, x, y)


@cache
def _drawings() -> NDArray[np.uint8]:
    """Figures, outlines, lines, shapes and textures of `non_digits`, the same at any time: uint8, `(n, 28, 28)`."""
    rng, none = np.random.default_rng(0), Split(np.zeros((0, 28, 28), np.uint8), np.zeros(0, np.int64))
    return np.concatenate([draw(400, none, rng) for draw in _DRAWN])


def drawing(sheet: Sheet) -> None:
    """Faces, hearts, stars, windows, clothes and other shapes, small or large."""
    rng = sheet.rng
    height = sheet.size(0.08, 0.7)
    for _ in range(1 if height > 0.3 * sheet.side else int(rng.integers(1, 6))):
        image = cropped(_drawings()[rng.integers(len(_drawings()))])
        size = max(3, round(height * image.shape[1] / 24)), max(3, round(height * len(image) / 24))
        large = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
        x, y = sheet.start(size[0], size[1])
        sheet.put(((large - 127) * rng.uniform(1, 3) + 127).clip(0, 255).astype(np.uint8), x, y)


def doodles(sheet: Sheet) -> None:
    """Houses, trees, flowers, fish, machines and what else is made of some rings and outlines that touch."""
    rng = sheet.rng
    size = sheet.size(0.1, 0.6)
    for _ in range(1 if size > 0.25 * sheet.side else int(rng.integers(1, 6))):
        x, y = rng.uniform(0.25, 0.75, 2) * sheet.side
        pen = max(1, round(size * np.exp(rng.uniform(np.log(0.015), np.log(0.1)))))
        around, outline, filled = int(rng.integers(3, 9)), _outline(rng), rng.random() < 0.2
        if rng.random() < 0.4:  # alike parts around a middle: petals, rays, spokes, wheels
            turns = np.arange(around) * 2 * np.pi / around + rng.uniform(0, 2)
            far = size * rng.uniform(0.25, 0.4)
            part = far * np.sin(np.pi / around) * rng.uniform(1.0, 1.4)
            parts = [(x + far * np.cos(turn), y + far * np.sin(turn), part, outline, turn) for turn in turns]
            parts.append((x, y, max(0.1 * size, (far - part) * rng.uniform(1.0, 1.4)), _RING, 0.0))
        else:  # a large part, and smaller ones on it and at its sides
            parts = [(x, y, size / 2, outline, rng.normal(0, 0.1))]
            for _ in range(int(rng.integers(2, 5))):
                dx, dy = rng.normal(0, 0.3, 2).clip(-0.4, 0.4) * size
                parts.append((x + dx, y + dy, size * rng.uniform(0.05, 0.3), _outline(rng), rng.normal(0, 0.2)))
        sheet.note(x - size / 2, y - size / 2, x + size / 2, y + size / 2)
        for part_x, part_y, far, places, turn in parts:
            cos, sin = np.cos(turn), np.sin(turn)
            turned = places @ np.array([[cos, sin], [-sin, cos]]) * far + (part_x, part_y)
            corners = np.round((turned + rng.normal(0, 0.02, places.shape) * far) * 16).astype(np.int32)
            cv2.polylines(sheet.ink, [corners], True, 255, pen, cv2.LINE_AA, 4)
            if filled:
                cv2.fillPoly(sheet.ink, [corners], 255, cv2.LINE_AA, 4)


_RING = np.stack([np.cos(np.linspace(0, 2 * np.pi, 24)[:-1]), np.sin(np.linspace(0, 2 * np.pi, 24)[:-1])], 1)


def _outline(rng: np.random.Generator) -> NDArray[np.float64]:
    """A ring, a polygon, a box or a half ring: float64, `(n, 2)`, about as far as 1 from its middle."""
    how, wide = rng.random(), np.array([rng.uniform(0.6, 1.5), 1.0])
    if how < 0.35:
        return _RING * wide
    if how < 0.5:
        return _RING[:12] * wide
    if how < 0.7:
        return np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.8 * wide
    angles = rng.uniform(0, 7) + np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 6)))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * wide


def scribbles(sheet: Sheet) -> None:
    """Lines, crosses, loops, coils, spirals, arrows and blots."""
    rng = sheet.rng
    for _ in range(int(rng.choice([0, 0, 1, 2]))):
        _coil(sheet)
    for _ in range(int(rng.integers(1, 9))):
        corners = [tuple(point) for point in np.round(rng.random((rng.integers(4, 14), 2)), 3).tolist()]
        way = Variant("scribble", "", (tuple(corners),))
        x, y = rng.uniform(0.05, 0.8, 2) * sheet.side
        sheet.put(sheet.writer.stroke(way, sheet.size(0.05, 0.5)), x, y)
    for _ in range(int(rng.integers(0, 4))):
        sheet.line(tuple(rng.random(2) * sheet.side), tuple(rng.random(2) * sheet.side), rng.uniform(1, 6))


def _coil(sheet: Sheet) -> None:
    """Loops side by side, or within each other, or to and fro, as who fills a margin or tries a pen draws them."""
    rng, size = sheet.rng, sheet.size(0.05, 0.35)
    turns = rng.uniform(2.5, 14)
    along = np.linspace(0, 1, int(turns * 16))
    angle, way = along * turns * 2 * np.pi, rng.random()
    far = along if way < 0.35 else 0.5  # a spiral, or loops
    forth = size * turns * rng.uniform(0.12, 0.4) * (way >= 0.35)
    wide = 0.0 if way > 0.8 else rng.uniform(0.6, 1.4)  # to and fro, or round
    places = np.stack([wide * far * size * np.cos(angle) + forth * along, far * size * np.sin(angle)], axis=1)
    turn = rng.normal(0, 0.3)
    places = places @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    places += rng.normal(0, 0.02, places.shape) * size + sheet.start(forth, size)
    pen = max(1, round(size * rng.uniform(0.02, 0.12)))
    sheet.note(*places.min(axis=0), *places.max(axis=0))
    cv2.polylines(sheet.ink, [np.round(places * 16).astype(np.int32)], False, 255, pen, cv2.LINE_AA, 4)


def nothing(sheet: Sheet) -> None:
    """No ink: the ground alone, or what lies on it."""
