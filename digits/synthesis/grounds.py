"""What a sheet is made of, how it is lit, and what a camera makes of it."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np


def _noise(side: int, rng: np.random.Generator, cells: float) -> np.ndarray:
    """Smooth noise, float32, `(side, side)`, about -1 to 1, with so many bumps along a side."""
    few = max(2, round(cells) + 2)
    small = rng.standard_normal((few, few), np.float32)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC).clip(-2, 2) / 2


def _gradient(side: int, rng: np.random.Generator) -> np.ndarray:
    """From -1 to 1 in any direction, float32, `(side, side)`."""
    angle = rng.uniform(0, 2 * np.pi)
    along = np.linspace(-1, 1, side, dtype=np.float32)
    return (along * np.float32(np.cos(angle)))[np.newaxis] + (along * np.float32(np.sin(angle)))[:, np.newaxis]


def _colour(low: float, high: float, tint: float, rng: np.random.Generator) -> np.ndarray:
    """A colour, float32, `(3,)`, 0 to 255: a grey between `low` and `high`, and how far from grey it may be."""
    return (rng.uniform(low, high) + rng.uniform(-tint, tint, 3)).clip(0, 255).astype(np.float32)


def ground(side: int, rng: np.random.Generator, surface: str | None = None) -> np.ndarray:
    """What is written on, as it is, float32, `(side, side, 3)`, 0 to 255.

    Args:
        surface: "display", "meter" or "screen"; None for whatever people write on.
    """
    if surface == "display":
        base = _colour(0, 40, 15, rng) if rng.random() < 0.6 else np.array([150, 170, 140], np.float32) + rng.normal(0, 12, 3)
        return np.broadcast_to(base.astype(np.float32), (side, side, 3)).copy()
    if surface == "meter":
        return np.broadcast_to(_colour(5, 70, 8, rng), (side, side, 3)).copy()
    if surface == "screen":
        base = _colour(225, 255, 8, rng) if rng.random() < 0.7 else _colour(10, 50, 12, rng)
        return np.broadcast_to(base, (side, side, 3)).copy()
    if surface == "photograph":
        return _photograph(side, rng)
    kind = rng.random()
    if kind < 0.04:
        return _photograph(side, rng) * np.float32(0.3) + _colour(0, 180, 20, rng)
    if kind < 0.72:  # paper
        paper = np.broadcast_to(_colour(150, 255, 18, rng), (side, side, 3)).copy()
        paper += _noise(side, rng, side / rng.uniform(2, 30))[..., np.newaxis] * np.float32(rng.uniform(0, 7))
    elif kind < 0.82:  # coloured paper, a note, cloth
        paper = np.broadcast_to(_colour(90, 220, 90, rng), (side, side, 3)).copy()
        paper += _noise(side, rng, side / rng.uniform(2, 10))[..., np.newaxis] * np.float32(rng.uniform(0, 14))
    elif kind < 0.92:  # a board, black paper, a drawing in white on black
        paper = np.broadcast_to(_colour(0, 80, 25, rng), (side, side, 3)).copy()
        paper += _noise(side, rng, rng.uniform(2, 12))[..., np.newaxis] * np.float32(rng.uniform(0, 12))
    else:  # wood, stone, a wall
        waves = _noise(side, rng, rng.uniform(2, 6)) * 2 + _noise(side, rng, side / 3)
        paper = _colour(80, 200, 50, rng) + waves[..., np.newaxis] * _colour(5, 30, 5, rng)
    paper = np.asarray(paper, np.float32)
    if rng.random() < 0.35:
        _rule(paper, rng)
    if rng.random() < 0.12:
        _lay_on_desk(paper, rng)
    return paper


@cache
def _photographs() -> list[np.ndarray]:
    """The photographs that come with scikit-learn (by Russ Bowling and by danielbuechele) and with Matplotlib."""
    from sklearn import datasets

    from digits.figures import matplotlib

    folder = Path(matplotlib.get_data_path()) / "sample_data"
    files = [folder / "grace_hopper.jpg", *(Path(datasets.__file__).parent / "images").glob("*.jpg")]
    return [cv2.imread(str(file))[:, :, ::-1] for file in files if file.exists()]


def _photograph(side: int, rng: np.random.Generator) -> np.ndarray:
    """A part of a photograph, turned and in other colours."""
    whole = _photographs()[rng.integers(len(_photographs()))]
    share = rng.uniform(0.15, 0.8)
    size = round(share * min(whole.shape[:2]))
    top, left = (int(rng.integers(length - size + 1)) for length in whole.shape[:2])
    part = np.rot90(whole[top : top + size, left : left + size], int(rng.integers(4)))
    part = part[:, :: rng.choice([-1, 1])][:, :, rng.permutation(3)]
    part = cv2.resize(np.ascontiguousarray(part), (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    return 255 - part if rng.random() < 0.2 else part


def _rule(paper: np.ndarray, rng: np.random.Generator) -> None:
    """Ruled or squared paper, or a cheque's pattern, fainter than writing."""
    side, pitch, width = len(paper), rng.uniform(9, 60), int(rng.integers(1, 3))
    shade = paper.mean((0, 1)) + rng.uniform(-70, -8) * rng.uniform(0.3, 1.0, 3)
    lines = np.zeros((side, side), np.uint8)
    both = rng.random() < 0.5
    for at in np.arange(rng.uniform(0, pitch), side, pitch):
        cv2.line(lines, (0, round(at)), (side, round(at + rng.normal(0, 1))), 255, width, cv2.LINE_AA)
        if both:
            cv2.line(lines, (round(at), 0), (round(at), side), 255, width, cv2.LINE_AA)
    if rng.random() < 0.15:  # waves, as on cheques
        x, y = np.meshgrid(np.arange(side), np.arange(side))
        wave = np.sin(x / rng.uniform(3, 15) + rng.uniform(2, 8) * np.sin(y / rng.uniform(8, 40)))
        lines = ((wave > 0.8) * 255).astype(np.uint8)
    paper += (lines[..., np.newaxis] / np.float32(255)) * (shade - paper)


def _lay_on_desk(paper: np.ndarray, rng: np.random.Generator) -> None:
    """An edge of the page: a desk, a dark border or a finger's shadow beyond it."""
    side = len(paper)
    desk = _colour(0, 255, 40, rng)
    edge = rng.uniform(0.02, 0.14) * side
    lean = rng.normal(0, 0.06) * side
    beyond = np.zeros((side, side), np.uint8)
    corners = np.array([[0, 0], [side, 0], [side, side / 6 + edge + lean], [0, side / 6 + edge - lean]], np.int32)
    cv2.fillPoly(beyond, [corners], 255, cv2.LINE_AA)
    beyond = np.rot90(beyond, int(rng.integers(4)))
    paper += (beyond[..., np.newaxis] / np.float32(255)) * (desk - paper)


def ink_colour(paper: np.ndarray, rng: np.random.Generator, surface: str | None = None) -> np.ndarray:
    """A colour that can be told from the paper, float32, `(3,)`: a pen on bright, chalk on dark, mostly."""
    base = np.median(paper.reshape(-1, 3)[::7], axis=0)
    bright = base.mean() > 110
    if surface == "display":
        lit_ones = np.array([[255, 60, 40], [80, 255, 120], [90, 200, 255], [255, 190, 60], [240, 240, 240]], np.float32)
        return lit_ones[rng.integers(len(lit_ones))] if not bright else _colour(10, 50, 8, rng)
    for _ in range(20):
        how = rng.random()
        if how < 0.5:
            colour = _colour(0, 60, 20, rng) if bright else _colour(190, 255, 20, rng)
        elif how < 0.75:
            pens = np.array([[20, 40, 150], [160, 20, 30], [20, 100, 40], [90, 30, 110], [30, 90, 170]], np.float32)
            colour = pens[rng.integers(len(pens))] + rng.normal(0, 15, 3) + (0 if bright else 90)
        else:
            colour = base + (base.mean() - 128 < 0 or -1) * rng.uniform(35, 110) * rng.uniform(0.6, 1.0, 3)
        colour = np.asarray(colour, np.float32).clip(0, 255)
        if np.abs(colour - base).max() > 32:
            return colour
    return np.full(3, 0 if bright else 255, np.float32)


def lit(
    paper: np.ndarray,
    inks: tuple[np.ndarray, np.ndarray],
    colours: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
    plain: bool = False,
) -> np.ndarray:
    """A sheet with its inks in their colours, under a lamp, in shadow: float32, `(side, side, 3)`, 0 to 255."""
    side = len(paper)
    picture = paper.copy()
    for ink, colour in zip(reversed(inks), reversed(colours), strict=True):
        cover = ink.astype(np.float32) / 255
        if not plain and rng.random() < 0.3:  # pencil, chalk, a worn pen: not everywhere
            cover *= 1 - np.float32(rng.uniform(0.2, 0.75)) * np.maximum(0, _noise(side, rng, side / rng.uniform(2, 8)))
        cover *= np.float32(rng.uniform(0.75, 1.0))
        picture += cover[..., np.newaxis] * (colour - picture)
    if plain:
        return picture
    light = 1 + np.float32(rng.uniform(0, 0.3)) * _gradient(side, rng)
    if rng.random() < 0.4:
        light = light + np.float32(rng.uniform(0, 0.25)) * _noise(side, rng, rng.uniform(1, 4))
    if rng.random() < 0.2:  # a shadow with an edge
        edge = _gradient(side, rng) + np.float32(rng.uniform(-0.8, 0.8))
        light = light * (1 - np.float32(rng.uniform(0.15, 0.5)) / (1 + np.exp((-edge * np.float32(rng.uniform(6, 60))).clip(-30, 30))))
    return picture * np.maximum(light, 0.05)[..., np.newaxis]


def photographed(pixels: np.ndarray, rng: np.random.Generator, plain: bool = False) -> np.ndarray:
    """What a camera and its files make of a picture (float32, `(height, width, 3)`): uint8."""
    if not plain:
        if rng.random() < 0.5:
            pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, 1.6))
        if rng.random() < 0.1:
            length = int(rng.integers(2, 6))
            kernel = np.zeros((length, length), np.float32)
            cv2.line(kernel, (0, int(rng.integers(length))), (length - 1, int(rng.integers(length))), 1)
            pixels = cv2.filter2D(pixels, -1, kernel / kernel.sum())
        pixels = (pixels - 128) * np.float32(rng.uniform(0.7, 1.1)) + 128 + np.float32(rng.uniform(-25, 15))
        pixels = pixels + rng.standard_normal(pixels.shape, np.float32) * np.float32(rng.choice([0, rng.uniform(0, 9)]))
    found = pixels.clip(0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 96))]
        found = cv2.imdecode(cv2.imencode(".jpg", found[:, :, ::-1], quality)[1], cv2.IMREAD_COLOR)[:, :, ::-1]
    if rng.random() < 0.12:  # a grey scan
        found = np.repeat(cv2.cvtColor(np.ascontiguousarray(found), cv2.COLOR_RGB2GRAY)[..., np.newaxis], 3, axis=2)
    return np.ascontiguousarray(found)
