"""What a sheet is made of and what lies on it: paper, boards, cloth, wood, screens, photographs; desks and things."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SHIPPED = (  # scikit-image's photographs without writing
    *("astronaut", "brick", "camera", "cell", "chelsea", "coffee", "coins", "grass", "gravel", "horse"),
    *("hubble_deep_field", "ihc", "moon", "motorcycle_left", "retina", "rocket"),
)
SKIN = (205, 160, 135), (150, 105, 80), (90, 62, 48), (230, 190, 170)


def noise(side: int, rng: np.random.Generator, cells: float) -> NDArray[np.float32]:
    """Smooth noise, float32, `(side, side)`, about -1 to 1, with so many bumps along a side."""
    few = max(2, round(cells) + 2)
    small = rng.standard_normal((few, few), np.float32)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC).clip(-2, 2) / 2


def gradient(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """From -1 to 1 in any direction, float32, `(side, side)`."""
    angle = rng.uniform(0, 2 * np.pi)
    along = np.linspace(-1, 1, side, dtype=np.float32)
    return (along * np.float32(np.cos(angle)))[np.newaxis] + (along * np.float32(np.sin(angle)))[:, np.newaxis]


def a_colour(low: float, high: float, tint: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """A colour, float32, `(3,)`, 0 to 255: a grey between `low` and `high`, and how far from grey it may be."""
    return (rng.uniform(low, high) + rng.uniform(-tint, tint, 3)).clip(0, 255).astype(np.float32)


def ground(side: int, rng: np.random.Generator, surface: str) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """What is written on, unlit.

    Args:
        surface: one of `SURFACES`.

    Returns:
        Its colours, float32, `(side, side, 3)`, 0 to 255, and what lies over all writing: uint8, `(side, side)`, 255
        where a desk, a scanner's border, a finger or a thing is seen instead.
    """
    paper = np.ascontiguousarray(SURFACES[surface](side, rng), np.float32)
    over = np.zeros((side, side), np.uint8)
    if surface not in LAID:
        return paper, over
    if rng.random() < (0.35 if surface == "paper" else 0.1):
        _rule(paper, rng)
    if rng.random() < 0.04:
        _punch(paper, rng)
    if rng.random() < 0.2:
        _lay_on_desk(paper, over, rng)
    if rng.random() < 0.06:
        lay_things(paper, over, rng, 1, at_edge=True)
    return paper, over


def _flat(side: int, colour: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.broadcast_to(colour.astype(np.float32), (side, side, 3)).copy()


def _paper(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    paper = _flat(side, a_colour(150, 255, rng.choice([4, 18]), rng))
    return paper + noise(side, rng, side / rng.uniform(2, 30))[..., np.newaxis] * np.float32(rng.uniform(0, 7))


def _coloured(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Coloured paper, a note, cloth, cardboard."""
    paper = _flat(side, a_colour(90, 220, 80, rng))
    return paper + noise(side, rng, side / rng.uniform(2, 10))[..., np.newaxis] * np.float32(rng.uniform(0, 14))


def _board(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A blackboard that was wiped, black paper, slate."""
    paper = _flat(side, a_colour(5, 80, rng.choice([4, 22]), rng))
    wiped = noise(side, rng, rng.uniform(2, 12)) * np.float32(rng.uniform(0, 14))
    return paper + wiped[..., np.newaxis]


def _canvas(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """What a program draws on: white, black, or a colour, the same everywhere."""
    how = rng.random()
    if how < 0.55:
        return _flat(side, np.full(3, 255.0))
    return _flat(side, np.zeros(3) if how < 0.85 else a_colour(20, 240, 70, rng))


def _rough(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Wood, stone, cloth, a wall: drawn out in one direction, or not."""
    wide = int(side * rng.choice([1, rng.uniform(0.03, 0.4)]))
    grain = cv2.resize(noise(side, rng, side / rng.uniform(2, 6))[:, : max(wide, 8)], (side, side))
    waves = noise(side, rng, rng.uniform(2, 6)) * 1.5 + grain * np.float32(rng.uniform(0.2, 1.5))
    found = a_colour(50, 210, 45, rng) + waves[..., np.newaxis] * a_colour(4, 24, 4, rng)
    return found if rng.random() < 0.5 else np.ascontiguousarray(found.swapaxes(0, 1))


def _cheque(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Lines that wave and cross on a grain, as on cheques and banknotes."""
    paper = _flat(side, a_colour(130, 250, rng.choice([2, 14]), rng))
    paper += noise(side, rng, side / rng.uniform(1.5, 4))[..., np.newaxis] * np.float32(rng.uniform(0, 25))
    y, x = np.mgrid[:side, :side].astype(np.float32)
    for _ in range(int(rng.integers(1, 3))):
        angle, length = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(3.5), np.log(18)))
        along = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
        if rng.random() < 0.4:  # rings about a place
            along = np.hypot(x - np.float32(rng.uniform(-1, 2) * side), y - np.float32(rng.uniform(-1, 2) * side))
        bent = noise(side, rng, rng.uniform(1, 8)) * np.float32(length * rng.uniform(0, 4))
        lines = np.maximum(0, np.cos((along + bent) * np.float32(2 * np.pi / length)) - np.float32(rng.uniform(0, 0.8)))
        paper -= lines[..., np.newaxis] * (rng.uniform(20, 110) * rng.uniform(0.7, 1, 3)).astype(np.float32)
    return paper


def _display(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    base = a_colour(0, 40, 15, rng) if rng.random() < 0.6 else np.array([150, 170, 140]) + rng.normal(0, 12, 3)
    return _flat(side, base)


def _meter(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    return _flat(side, a_colour(5, 70, 8, rng))


def _screen(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    return _flat(side, a_colour(225, 255, 8, rng) if rng.random() < 0.7 else a_colour(10, 50, 12, rng))


@cache
def _photographs() -> list[NDArray[np.uint8]]:
    """Those that three packages ship: RGB, uint8, `(height, width, 3)`.

    They are scikit-image's (public domain or CC0), scikit-learn's (CC BY, by Russ Bowling and by danielbuechele), and
    Matplotlib's (NASA's).
    """
    from skimage import __file__ as skimage
    from sklearn import datasets

    from digits.figures import matplotlib

    shipped = Path(skimage).parent / "data"
    files = [
        *(next(shipped.glob(f"{name}.*")) for name in SHIPPED),
        *sorted((Path(datasets.__file__).parent / "images").glob("*.jpg")),
        Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg",
    ]
    return [cv2.cvtColor(cv2.imread(str(file), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for file in files]


def _photograph(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A part of a photograph, turned and in other colours."""
    whole = _photographs()[rng.integers(len(_photographs()))]
    share = rng.uniform(0.1, 0.9)
    size = round(share * min(whole.shape[:2]))
    top, left = (int(rng.integers(length - size + 1)) for length in whole.shape[:2])
    part = np.rot90(whole[top : top + size, left : left + size], int(rng.integers(4)))
    part = part[:, :: rng.choice([-1, 1])][:, :, rng.permutation(3)]
    part = cv2.resize(np.ascontiguousarray(part), (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    how = rng.random()
    if how < 0.2:
        return 255 - part
    return part.mean(2, keepdims=True).repeat(3, 2) if how < 0.4 else part


def _faded(side: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """A photograph that something is written on."""
    return _photograph(side, rng) * np.float32(0.3) + a_colour(0, 180, 20, rng)


SURFACES = {
    **{"paper": _paper, "coloured": _coloured, "board": _board, "canvas": _canvas, "rough": _rough, "cheque": _cheque},
    **{"display": _display, "meter": _meter, "screen": _screen, "photograph": _photograph, "faded": _faded},
}
WRITTEN_ON = {"paper": 0.5, "coloured": 0.07, "board": 0.1, "canvas": 0.2, "rough": 0.05, "cheque": 0.05, "faded": 0.03}
LAID = ("paper", "coloured", "board")  # which have edges, may be ruled, and are photographed with things on them


def _rule(paper: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Ruled or squared paper, fainter than writing, with or without a margin."""
    side, pitch, width = len(paper), rng.uniform(9, 60), int(rng.integers(1, 3))
    shade = paper.mean((0, 1)) + rng.uniform(-70, -8) * rng.uniform(0.3, 1.0, 3)
    lines = np.zeros((side, side), np.uint8)
    both = rng.random() < 0.5
    for at in np.arange(rng.uniform(0, pitch), side, pitch):
        cv2.line(lines, (0, round(at)), (side, round(at + rng.normal(0, 1))), 255, width, cv2.LINE_AA)
        if both:
            cv2.line(lines, (round(at), 0), (round(at), side), 255, width, cv2.LINE_AA)
    paper += (lines[..., np.newaxis] / np.float32(255)) * (shade.astype(np.float32) - paper)
    if rng.random() < 0.2:
        margin = np.zeros((side, side), np.uint8)
        at = round(rng.uniform(0.15, 0.4) * side)
        cv2.line(margin, (at, 0), (at, side), 255, width, cv2.LINE_AA)
        paper += (margin[..., np.newaxis] / np.float32(255)) * (np.array([210, 90, 90], np.float32) - paper) * 0.6


def _punch(paper: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Holes of a punch or a ring binder, in a row."""
    side, radius = len(paper), rng.uniform(0.015, 0.05) * len(paper)
    holes = np.zeros((side, side), np.uint8)
    for at in np.arange(rng.uniform(0, 0.3) * side, side, radius * rng.uniform(3, 12)):
        cv2.circle(holes, (round(rng.uniform(0.18, 0.22) * side), round(at)), round(radius), 255, -1, cv2.LINE_AA)
    holes = np.rot90(holes, int(rng.integers(4)))
    paper += (holes[..., np.newaxis] / np.float32(255)) * (a_colour(0, 90, 10, rng) - paper)


def _lay_on_desk(paper: NDArray[np.float32], over: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """One to four edges of the page: a desk, cloth, or a scanner's black beyond them."""
    side = len(paper)
    desk = _rough(side, rng) if rng.random() < 0.6 else _flat(side, a_colour(0, 255, 30, rng))
    if rng.random() < 0.25:
        desk = _flat(side, a_colour(0, 25, 2, rng))
    beyond = np.zeros((side, side), np.uint8)
    for turn in rng.permutation(4)[: rng.choice([1, 1, 1, 2, 4])]:
        edge, lean = side / 6 + rng.uniform(0.02, 0.13) * side, rng.normal(0, 0.04) * side
        strip = np.zeros((side, side), np.uint8)
        corners = np.array([[0, 0], [side, 0], [side, edge + lean], [0, edge - lean]], np.int32)
        cv2.fillPoly(strip, [corners], 255, cv2.LINE_AA)
        np.maximum(beyond, np.rot90(strip, int(turn)), out=beyond)
    if rng.random() < 0.5:  # the page's own shadow
        shadow = cv2.blur(beyond, (9, 9)) * np.float32(rng.uniform(0, 0.25) / 255)
        paper *= 1 - shadow[..., np.newaxis]
    _cover(paper, over, beyond, desk)


def _cover(
    paper: NDArray[np.float32], over: NDArray[np.uint8], mask: NDArray[np.uint8], colours: NDArray[np.float32]
) -> None:
    paper += (mask[..., np.newaxis] / np.float32(255)) * (colours - paper)
    np.maximum(over, mask, out=over)


def lay_things(
    paper: NDArray[np.float32], over: NDArray[np.uint8], rng: np.random.Generator, count: int, at_edge: bool = False
) -> None:
    """Things that lie on a ground, or stand before it: shapes, pens, hands, rings, in colours, lit and with shadows.

    Args:
        paper: float32, `(side, side, 3)`; changed.
        over: uint8, `(side, side)`; changed: 255 where a thing is.
        count: how many.
        at_edge: only where they leave the middle free.
    """
    side = len(paper)
    for _ in range(count):
        mask = np.zeros((side, side), np.uint8)
        size = side * rng.uniform(0.05, 0.4)
        x, y = rng.uniform(0.15, 0.85, 2) * side
        if at_edge:
            x, y = rng.permutation([rng.choice([0.08, 0.92]), rng.uniform(0, 1)]) * side
        shape = _SHAPES[rng.integers(len(_SHAPES))]
        shape(mask, x, y, size, rng)
        colour = np.array(SKIN[rng.integers(4)], np.float32) if shape is _hand else a_colour(20, 235, 90, rng)
        colours = _flat(side, colour)
        if rng.random() < 0.6:
            colours *= (1 + np.float32(rng.uniform(0, 0.4)) * gradient(side, rng))[..., np.newaxis]
        if shape is _hand or rng.random() < 0.5:  # round: darker towards its edges
            inside = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3)
            colours *= (np.float32(0.6) + np.minimum(inside / np.float32(size * 0.2 + 1), 1) * 0.5)[..., np.newaxis]
        if rng.random() < 0.3:
            colours += noise(side, rng, side / rng.uniform(2, 30))[..., np.newaxis] * np.float32(rng.uniform(5, 40))
        if rng.random() < 0.5:
            dx, dy = rng.integers(-6, 7, 2)
            shadow = cv2.blur(np.roll(mask, (dy, dx), (0, 1)), (7, 7)) * np.float32(rng.uniform(0.1, 0.6) / 255)
            paper *= 1 - shadow[..., np.newaxis]
        _cover(paper, over, mask, colours)


def _polygon(mask: NDArray[np.uint8], x: float, y: float, size: float, rng: np.random.Generator) -> None:
    """A polygon or a star: no upright bar, which would be a 1."""
    count = int(rng.integers(3, 11))
    angles = rng.uniform(0, 6) + np.arange(count) * 2 * np.pi / count
    far = size * (np.where(np.arange(count) % 2, rng.uniform(0.3, 1), 1) if count > 5 else rng.uniform(0.6, 1.1, count))
    places = np.stack([x + far * np.cos(angles), y + far * np.sin(angles) * rng.uniform(0.5, 1.2)], 1)
    cv2.fillPoly(mask, [places.astype(np.int32)], 255, cv2.LINE_AA)


def _blob(mask: NDArray[np.uint8], x: float, y: float, size: float, rng: np.random.Generator) -> None:
    """Ellipses that grow into each other: fruit, stones, leaves, faces, clothes."""
    for _ in range(int(rng.integers(1, 5))):
        axes = max(2, round(size * rng.uniform(0.3, 1))), max(2, round(size * rng.uniform(0.3, 1)))
        centre = round(x + rng.normal(0, 0.5) * size), round(y + rng.normal(0, 0.5) * size)
        cv2.ellipse(mask, centre, axes, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)


def _rod(mask: NDArray[np.uint8], x: float, y: float, size: float, rng: np.random.Generator) -> None:
    """A pen, a ruler, a cable, scissors: long, and more often lying than upright."""
    for _ in range(int(rng.integers(1, 3))):
        angle = rng.normal(0, 0.6)
        dx, dy = 2.5 * size * np.cos(angle), 2.5 * size * np.sin(angle)
        ends = (round(x - dx), round(y - dy)), (round(x + dx), round(y + dy))
        cv2.line(mask, *ends, 255, max(2, round(size * rng.uniform(0.08, 0.6))), cv2.LINE_AA)


def _frame(mask: NDArray[np.uint8], x: float, y: float, size: float, rng: np.random.Generator) -> None:
    """Boxes in boxes: phones, windows, plugs, cards."""
    wide, high = size * rng.uniform(0.5, 1.2, 2)
    for share in (1.0, *rng.uniform(0.2, 0.9, rng.integers(0, 4))):
        box = ((x, y), (wide * share * 2, high * share * 2), float(rng.choice([0, rng.uniform(0, 90)])))
        places = cv2.boxPoints(box).astype(np.int32)
        if share == 1.0:
            cv2.fillPoly(mask, [places], 255, cv2.LINE_AA)
        else:
            cv2.polylines(mask, [places], True, int(rng.integers(0, 200)), int(rng.integers(1, 5)), cv2.LINE_AA)


def _hand(mask: NDArray[np.uint8], x: float, y: float, size: float, rng: np.random.Generator) -> None:
    """A palm with fingers, or fingers alone that hold a page."""
    turn, spread, count = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.3), int(rng.integers(1, 6))
    cv2.ellipse(mask, (round(x), round(y)), (round(size * 0.7), round(size * 0.6)), 0, 0, 360, 255, -1, cv2.LINE_AA)
    for finger in range(count):
        angle = turn + (finger - count / 2) * (spread + 0.15)
        far = size * rng.uniform(1.1, 2.2)
        tip = round(x + far * np.cos(angle)), round(y + far * np.sin(angle))
        cv2.line(mask, (round(x), round(y)), tip, 255, max(3, round(size * rng.uniform(0.25, 0.4))), cv2.LINE_AA)


_SHAPES = (_polygon, _polygon, _blob, _blob, _rod, _frame, _hand)
