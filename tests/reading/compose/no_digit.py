"""Pictures without a digit: letters, words, pages of text, textures, icons, scribbles, blank pages, rests of lines."""

from collections.abc import Sequence

import cv2
import numpy as np

from tests.reading.compose.lettering import LETTERS, WORDS, any_face, lettered
from tests.reading.compose.paper import Paper, any_paper, photographed, seen

HEIGHT, WIDTH = 320, 440  # pixels of most of the pictures
Points = Sequence[tuple[float, float]] | np.ndarray


def letters(rng: np.random.Generator) -> np.ndarray:
    """One letter or sign, or two to five of them apart."""
    number = 1 if rng.random() < 0.5 else int(rng.integers(2, 6))
    row = " ".join(LETTERS[index] for index in rng.integers(len(LETTERS), size=number))
    return _written([row], rng.uniform(50, 130) if number == 1 else rng.uniform(35, 80), rng)


def words(rng: np.random.Generator) -> np.ndarray:
    """One word."""
    return _written([_word(rng)], rng.uniform(30, 75), rng)


def pages(rng: np.random.Generator) -> np.ndarray:
    """Two to five rows of two or three words."""
    rows = [" ".join(_word(rng) for _ in range(rng.integers(2, 4))) for _ in range(rng.integers(2, 6))]
    return _written(rows, rng.uniform(22, 40), rng)


def _word(rng: np.random.Generator) -> str:
    return WORDS[rng.integers(len(WORDS))]


def _written(rows: list[str], height: float, rng: np.random.Generator) -> np.ndarray:
    ink = lettered(rows, any_face(rng), height, max(2, round(height * rng.uniform(0.06, 0.14))))
    return photographed(np.pad(ink, round(rng.uniform(0.6, 1.5) * height) + 10), any_paper(rng), rng)


def textures(rng: np.random.Generator) -> np.ndarray:
    """Cloth, wood, stone, stripes and fur, in some colour and light."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    noise = sum(_noise(rng, 2.0**octave) * 1.6**octave for octave in range(6)) / 12
    kind, length, turn = rng.integers(5), rng.uniform(5, 40), rng.uniform(0, np.pi)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    if kind == 0:  # cloth: threads over and under
        shade = np.sin(along * 6.3 / length) * np.sin(across * 6.3 / length) + 0.3 * noise
    elif kind == 1:  # wood: rings of a trunk, cut lengthwise
        shade = np.sin((across + along / 9 + 25 * noise) * 6.3 / length)
    elif kind == 2:
        shade = noise
    elif kind == 3:
        shade = np.sign(np.sin(along * 6.3 / length)) + 0.2 * noise
    else:  # fur, grass: noise drawn out in one direction
        shade = cv2.warpAffine(_noise(rng, 1.0), np.float32([[1, 0.2, 0], [0, length / 3, 0]]), (WIDTH, HEIGHT))
    colour = rng.uniform(60, 220, 3) + shade[..., np.newaxis] * rng.uniform(8, 45) * rng.uniform(0.7, 1.3, 3)
    return seen(colour.astype(np.float32), any_paper(rng), rng)


def _noise(rng: np.random.Generator, coarseness: float) -> np.ndarray:
    """Grains of about so many pixels, of mean 0 and standard deviation 1: float32, `(HEIGHT, WIDTH)`."""
    size = round(WIDTH / coarseness) + 1, round(HEIGHT / coarseness) + 1
    return cv2.resize(
        rng.standard_normal(size[::-1]).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
    )


def icons(rng: np.random.Generator) -> np.ndarray:
    """One to four of `ICONS` beside each other, outlined or filled."""
    number = int(rng.choice([1, 1, 2, 3, 4]))
    size, pen = rng.uniform(32, 110 / number**0.5), int(rng.integers(2, 9))
    ink = np.zeros((round(3.4 * size) + 40, round((0.6 + 2.8 * number) * size) + 40), np.float32)
    for place in range(number):
        name = list(ICONS)[rng.integers(len(ICONS))]
        turn, mirror = np.radians(rng.normal(0, 8)), rng.choice([-1, 1])
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * size
        middle = 20 + (1.7 + 2.8 * place) * size, 20 + 1.7 * size
        for curve in ICONS[name]:
            shaken = np.array(curve) + rng.normal(0, 0.02, np.shape(curve))
            _draw(ink, shaken * (mirror, 1) @ matrix.T + middle, pen, name in FILLED and rng.random() < 0.3)
    return photographed(ink, any_paper(rng), rng)


def _ring(radius: float, x: float = 0, y: float = 0, start: float = 0, end: float = 360) -> np.ndarray:
    angle = np.radians(np.linspace(start, end, 30))
    return np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])


def _star(points: int, inner: float) -> np.ndarray:
    angle = np.arange(2 * points + 1) * np.pi / points
    radius = np.where(np.arange(2 * points + 1) % 2, inner, 1)
    return np.column_stack([radius * np.sin(angle), -radius * np.cos(angle)])


def _heart() -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, 50)
    up = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.column_stack([np.sin(t) ** 3, -up / 17])


# Curves of each icon, from -1 to 1, y downwards.
ICONS: dict[str, list[Points]] = {
    "arrow": [[(-1, 0), (1, 0)], [(0.45, -0.5), (1, 0), (0.45, 0.5)]],
    "broad arrow": [[(-1, -0.3), (0.1, -0.3), (0.1, -0.7), (1, 0), (0.1, 0.7), (0.1, 0.3), (-1, 0.3), (-1, -0.3)]],
    "heart": [_heart()],
    "star": [_star(5, 0.4)],
    "sun": [_ring(0.5), *([(0.65 * x, 0.65 * y), (x, y)] for x, y in _star(8, 1.0)[:-1:2])],
    "smiley": [_ring(1), _ring(0.08, -0.35, -0.3), _ring(0.08, 0.35, -0.3), _ring(0.55, 0, 0, 20, 160)],
    "house": [
        [(-0.8, 1), (-0.8, -0.1), (0, -1), (0.8, -0.1), (0.8, 1), (-0.8, 1)],
        [(-0.2, 1), (-0.2, 0.3), (0.25, 0.3), (0.25, 1)],
    ],
    "check mark": [[(-0.8, 0), (-0.25, 0.7), (0.9, -0.9)]],
    "cross": [[(-1, -1), (1, 1)], [(-1, 1), (1, -1)]],
    "flower": [_ring(0.25), *(_ring(0.3, 0.68 * x, 0.68 * y) for x, y in _star(6, 1.0)[:-1:2])],
    "letter": [[(-1, -0.65), (1, -0.65), (1, 0.65), (-1, 0.65), (-1, -0.65)], [(-1, -0.65), (0, 0.15), (1, -0.65)]],
    "fir": [[(0, -1), (0.7, 0.5), (-0.7, 0.5), (0, -1)], [(-0.15, 0.5), (-0.15, 1), (0.15, 1), (0.15, 0.5)]],
    "fish": [[(-1, -0.45), (-0.6, 0), (0, -0.5), (0.9, 0), (0, 0.5), (-0.6, 0), (-1, 0.45), (-1, -0.45)]],
}
FILLED = ("broad arrow", "heart", "star", "house", "fir", "fish")


def _draw(ink: np.ndarray, points: np.ndarray, pen: int, filled: bool = False) -> None:
    pixels = np.rint(points).astype(np.int32)
    if filled:
        cv2.fillPoly(ink, [pixels], 1, cv2.LINE_AA)
    cv2.polylines(ink, [pixels], False, 1, pen, cv2.LINE_AA)


def scribbles(rng: np.random.Generator) -> np.ndarray:
    """A pen that goes to and fro, round and round, or crosses something out."""
    ink, kind, number = np.zeros((HEIGHT, WIDTH), np.float32), rng.integers(4), int(rng.integers(9, 30))
    t = np.linspace(0, 1, 40 * number)
    if kind == 0:  # to and fro, anywhere
        corners = rng.normal(0, 0.5, (2, number)).clip(-1, 1)
        x, y = (np.interp(t * (number - 1), np.arange(number), one) for one in corners)
        x, y = cv2.GaussianBlur(np.stack([x, y]), (41, 1), 0) if rng.random() < 0.7 else (x, y)
    elif kind == 1:  # hatching
        x, y = 2 * t - 1, 0.7 * (2 / np.pi) * np.arcsin(np.sin(np.pi * number * t))
    elif kind == 2:  # a spiral of many turns
        x, y = t * np.cos(2 * np.pi * number / 3 * t), t * np.sin(2 * np.pi * number / 3 * t)
    else:  # loops that go on to the right
        x, y = 2 * t - 1 + 0.25 * np.cos(2 * np.pi * number * t), 0.5 * np.sin(2 * np.pi * number * t)
    x, y = x + 0.05 * _wander(rng, len(t)), y + 0.05 * _wander(rng, len(t))
    width, height = rng.uniform(70, 170), rng.uniform(50, 120)
    _draw(ink, np.column_stack([WIDTH / 2 + width * x, HEIGHT / 2 + height * y]), int(rng.integers(2, 8)))
    return photographed(ink, any_paper(rng), rng)


def _wander(rng: np.random.Generator, count: int) -> np.ndarray:
    """How far a hand strays from where it would go, step by step."""
    knots = rng.standard_normal(count // 15 + 2)
    return np.interp(np.arange(count) / 15, np.arange(len(knots)), knots)


def blank(rng: np.random.Generator) -> np.ndarray:
    """An empty page, ruled or squared or neither, in any light; with a sharp shadow or the table's edge on some."""
    paper, ink = any_paper(rng), np.zeros((HEIGHT, WIDTH), np.float32)
    kind = rng.random()
    if kind < 0.6:
        return photographed(ink, paper, rng)
    page = photographed(ink, Paper(ground=paper.ground, ruled=paper.ruled, squared=paper.squared), rng)
    if kind < 0.8:  # a shadow with an edge, of a hand or a telephone
        light = np.ones((HEIGHT, WIDTH), np.float32)
        corners = np.column_stack([rng.uniform(-0.2, 1.2, 5) * WIDTH, rng.uniform(0.3, 1.3, 5) * HEIGHT])
        cv2.fillConvexPoly(light, cv2.convexHull(np.rint(corners).astype(np.int32)), 1 - rng.uniform(0.2, 0.5))
        light = cv2.GaussianBlur(light, (0, 0), rng.uniform(2, 20))
    else:  # paper that does not fill the picture
        light = np.full((HEIGHT, WIDTH), rng.uniform(0.2, 0.7), np.float32)
        left, top, right, bottom = rng.uniform(0.04, 0.25, 4) * (WIDTH, HEIGHT, WIDTH, HEIGHT)
        cv2.rectangle(light, (round(left), round(top)), (round(WIDTH - right), round(HEIGHT - bottom)), 1, -1)
    return seen(page * light[..., np.newaxis], paper, rng)


def lines(rng: np.random.Generator) -> np.ndarray:
    """Rests of lines: dashes, a double underline, a dashed line, a frame, a corner, a crossing, an empty table."""
    ink, pen, kind = np.zeros((HEIGHT, WIDTH), np.float32), int(rng.integers(2, 7)), rng.integers(7)
    left, right, y = rng.uniform(20, 160), rng.uniform(280, WIDTH - 20), rng.uniform(60, HEIGHT - 80)
    fall = rng.uniform(-14, 14)
    if kind == 0:
        for _ in range(rng.integers(1, 5)):
            start, height = rng.uniform(20, WIDTH - 200), rng.uniform(40, HEIGHT - 40)
            _draw(ink, np.array([(start, height), (start + rng.uniform(60, 180), height + fall)]), pen)
    elif kind == 1:
        for down in (0, rng.uniform(12, 30)):
            _draw(ink, np.array([(left, y + down), (right, y + down + fall)]), pen)
    elif kind == 2:
        dash = rng.uniform(14, 40)
        for start in np.arange(left, right, 1.7 * dash):
            _draw(ink, np.array([(start, y), (start + dash, y)]), pen)
    elif kind == 3:
        cv2.rectangle(ink, (round(left), 50), (round(right), round(HEIGHT - 50 - rng.uniform(0, 80))), 1, pen)
    elif kind == 4:
        _draw(ink, np.array([(left, 0), (left, y + 60), (WIDTH, y + 60 + fall)]), pen)
    elif kind == 5:
        _draw(ink, np.array([(0, y), (WIDTH, y + fall)]), pen)
        _draw(ink, np.array([(left, 0), (left + fall, HEIGHT)]), pen)
    else:
        rows, columns = rng.integers(2, 6, 2)
        for x in np.linspace(40, WIDTH - 40, columns + 1):
            _draw(ink, np.array([(x, 40), (x, HEIGHT - 40)]), pen)
        for height in np.linspace(40, HEIGHT - 40, rows + 1):
            _draw(ink, np.array([(40, height), (WIDTH - 40, height)]), pen)
    return photographed(ink, any_paper(rng, printed=False), rng)
