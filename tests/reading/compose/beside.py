"""Digits beside what is none: signs, letters, lines, boxes, desks; and digits as displays and meters show them."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np

from tests.reading.compose.lettering import FACES, any_face, lettered
from tests.reading.compose.paper import BLACK, BLUE, GROUNDS, RED, Paper, any_paper, photographed, seen
from tests.reading.compose.writing import Layout, Writer, grown, ink_of

Picture = tuple[str, np.ndarray]
Strokes = Sequence[Sequence[tuple[float, float]]]  # x and y, of a digit's height: 0 is its top, 1 its foot

SIGNS: dict[str, Strokes] = {
    "+": [[(0.05, 0.5), (0.55, 0.5)], [(0.3, 0.25), (0.3, 0.75)]],
    "-": [[(0.05, 0.52), (0.5, 0.5)]],
    "=": [[(0.05, 0.4), (0.5, 0.4)], [(0.05, 0.62), (0.5, 0.62)]],
    "/": [[(0.0, 1.12), (0.6, -0.12)]],
    ":": [[(0.1, 0.35), (0.12, 0.37)], [(0.1, 0.75), (0.12, 0.77)]],
    ".": [[(0.05, 0.97), (0.08, 1.0)]],
    ",": [[(0.1, 0.93), (0.02, 1.15)]],
    "(": [[(0.25, -0.1), (0.08, 0.25), (0.05, 0.6), (0.12, 0.9), (0.27, 1.12)]],
    ")": [[(0.02, -0.1), (0.2, 0.25), (0.23, 0.6), (0.16, 0.9), (0.0, 1.12)]],
    "*": [[(0.1, 0.3), (0.5, 0.7)], [(0.1, 0.7), (0.5, 0.3)], [(0.3, 0.22), (0.3, 0.78)]],
}
_LIT = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")  # of 0 to 9


def equation(writer: Writer) -> Picture:
    """Two numbers with a sign between them, and often what they come to."""
    rng = writer.rng
    text = f"{_number(rng, 1, 3)}{rng.choice(['+', '-', '*', '/'])}{_number(rng, 1, 3)}"
    return _line(writer, text + (f"={_number(rng, 1, 3)}" if rng.random() < 0.6 else ""))


def date(writer: Writer) -> Picture:
    """Day, month and year, or hours and minutes."""
    rng = writer.rng
    sign = str(rng.choice(["/", "/", ".", "-"]))
    parts = f"{rng.integers(1, 32):02}", f"{rng.integers(1, 13):02}", f"{rng.integers(1950, 2030)}"
    return _line(writer, sign.join(parts) if rng.random() < 0.8 else f"{parts[0]}:{parts[1]}")


def brackets(writer: Writer) -> Picture:
    """A number in brackets, or with points and commas in it."""
    rng = writer.rng
    return _line(
        writer, f"({_number(rng, 1, 4)})" if rng.random() < 0.5 else f"{_number(rng, 1, 3)},{_number(rng, 2, 3)}"
    )


def crossed_out(writer: Writer) -> Picture:
    """A number of which one digit, or the whole of another before it, is crossed out."""
    rng = writer.rng
    text, ink, places = _written(writer, _number(rng, 3, 6), 0.2)
    struck = [int(rng.integers(len(text)))]
    if rng.random() < 0.4:
        struck = list(range(int(rng.integers(1, len(text) - 1))))
    pen = max(2, round(writer.layout.height * 0.06))
    for index in struck:
        left, top, right, bottom = places[index]
        cv2.line(ink, (left - 3, top - 3), (right + 3, bottom + 3), 1.0, pen, cv2.LINE_AA)
        cv2.line(ink, (right + 3, top - 3), (left - 3, bottom + 3), 1.0, pen, cv2.LINE_AA)
    kept = "".join(digit for index, digit in enumerate(text) if index not in struck)
    return kept, photographed(ink, any_paper(rng), rng)


def underlined(writer: Writer) -> Picture:
    """A number with a line or two below it."""
    rng = writer.rng
    text, ink, places = _written(writer, _number(rng, 2, 6), 0.2)
    left, foot, right = places[0][0], max(place[3] for place in places), places[-1][2]
    pen = max(2, round(writer.layout.height * 0.05))
    for number in range(int(rng.integers(1, 3))):
        y = foot + pen + round(writer.layout.height * (rng.uniform(0.02, 0.2) + 0.15 * number))
        cv2.line(ink, (left - 8, y), (right + 8, y + int(rng.integers(-4, 5))), 1.0, pen, cv2.LINE_AA)
    return text, photographed(ink, any_paper(rng, printed=False), rng)


def column_sum(writer: Writer) -> Picture:
    """Two or three numbers of as many digits below each other, a bar, and what they come to."""
    rng, size = writer.rng, int(writer.rng.integers(2, 4))
    text = "\n".join(_number(rng, size, size) for _ in range(rng.integers(3, 5)))
    layout = Layout(height=int(rng.integers(60, 110)), gap=14, line_gap=40, margin=60, uneven=0.06)
    ink = ink_of(writer.images_of(text), layout, rng)
    inked = np.flatnonzero(ink.max(1) > 0.5)
    above = np.flatnonzero(np.diff(inked) > 15)[-1]  # the last row but one
    y = int(inked[above] + inked[above + 1]) // 2
    cv2.line(ink, (layout.margin - 20, y), (ink.shape[1] - layout.margin + 20, y), 1.0, 4, cv2.LINE_AA)
    return text, photographed(ink, any_paper(rng, printed=False), rng)


def boxes(writer: Writer) -> Picture:
    """A digit in each of a row of boxes."""
    return _in_cells(writer, comb=False)


def comb(writer: Writer) -> Picture:
    """A digit between the teeth of a comb, as forms have them."""
    return _in_cells(writer, comb=True)


def column(writer: Writer) -> Picture:
    """Digits below each other, each alone, by a thin pen on grey paper."""
    rng, count = writer.rng, int(writer.rng.integers(3, 10))
    text = "\n".join(_number(rng, 1, 1) for _ in range(count))
    layout = Layout(height=int(rng.integers(50, 90)), line_gap=int(rng.integers(15, 50)), pen=int(rng.integers(2, 4)))
    grey = int(rng.integers(150, 230))
    ink = ink_of(writer.images_of(text), layout, rng)
    ink = np.pad(ink, ((0, 0), (0, int(rng.integers(0, ink.shape[0])))))
    dark = int(rng.integers(40, 110))
    return text, photographed(ink, Paper((grey, grey, grey), (dark, dark, dark), noise=3, blur=0.7), rng)


def under_a_lamp(writer: Writer) -> Picture:
    """A number, often red, on white paper on which a lamp has its halo."""
    rng = writer.rng
    text, ink, _ = _written(writer, _number(rng, 1, 6), 0.3)
    ink = np.pad(ink, ((int(rng.integers(0, 200)), int(rng.integers(0, 200))), (0, 0)))
    height, width = ink.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    far = np.hypot(x / width - rng.uniform(0.2, 0.8), y / height - rng.uniform(0, 1))
    page = np.full((height, width, 3), 250, np.float32)
    page += ink[..., np.newaxis] * (np.float32([RED, BLUE, BLACK][rng.integers(3)]) - page)
    page *= (0.45 + 0.75 * np.exp(-np.square(far / rng.uniform(0.25, 0.5))))[..., np.newaxis]
    return text, seen(page, Paper(noise=3, blur=1), rng)


def on_a_desk(writer: Writer) -> Picture:
    """A page on a dark desk, or with the black border of a scanner."""
    rng = writer.rng
    text, page = _rows(writer)
    height, width = page.shape[:2]
    desk = np.float32([BLACK, (90, 60, 40), (60, 60, 65)][rng.integers(3)])
    sides = [round(share * width) for share in rng.uniform(0, 0.35, 4) * (rng.random(4) < 0.7)]
    around = np.empty((height + sides[0] + sides[1], width + sides[2] + sides[3], 3), np.float32)
    around[:] = desk
    around += rng.normal(0, 4, around.shape)
    around[sides[0] : sides[0] + height, sides[2] : sides[2] + width] = page
    return text, around.clip(0, 255).astype(np.uint8)


def coloured(writer: Writer) -> Picture:
    """A pen of any colour on paper of any other that is as bright or not."""
    rng = writer.rng
    while True:
        ground, pen = rng.integers(20, 250, (2, 3))
        if np.abs(ground - pen).max() > 90:
            break
    text, ink, _ = _written(writer, _number(rng, 2, 6), 0.2)
    paper = Paper(tuple(ground.tolist()), tuple(pen.tolist()), shade=rng.uniform(0, 0.3), blur=0.8, noise=3)
    return text, photographed(ink, paper, rng)


def on_a_side(writer: Writer) -> Picture:
    """A page that lies on a side or upside down."""
    text, page = _rows(writer)
    return text, np.ascontiguousarray(np.rot90(page, int(writer.rng.integers(1, 4))))


def turned(writer: Writer) -> Picture:
    """A page turned by 8° to 20°."""
    rng = writer.rng
    text, ink, _ = _written(writer, _number(rng, 2, 6), 0.25)
    ink = np.pad(ink, round(ink.shape[1] * 0.2))
    turn = rng.uniform(8, 20) * rng.choice([-1, 1])
    return text, photographed(ink, replace(any_paper(rng, printed=False), turn=turn), rng)


def cheque(writer: Writer) -> Picture:
    """An amount with points, over lines that wave, cut out closely."""
    rng = writer.rng
    text = f"{_number(rng, 1, 3)}.{_number(rng, 3, 3)}" if rng.random() < 0.7 else _number(rng, 3, 6)
    text, ink = _line_ink(writer, text, 0.04, slant=rng.uniform(0, 0.4))
    rows, columns = np.flatnonzero(ink.max(1) > 0.5), np.flatnonzero(ink.max(0) > 0.5)
    ink = ink[max(0, rows[0] - 6) : rows[-1] + 8, max(0, columns[0] - 6) : columns[-1] + 8]
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]].astype(np.float32)
    waves = np.cos((y + rng.uniform(3, 12) * np.sin(x / rng.uniform(15, 60))) * 6.3 / rng.uniform(5, 16))
    page = (rng.uniform(180, 235) - rng.uniform(8, 30) * waves)[..., np.newaxis].repeat(3, 2).astype(np.float32)
    page += ink[..., np.newaxis] * (np.float32((40, 40, 45)) - page)
    return text, seen(page, Paper(noise=5, blur=0.8), rng)


def beside_letters(writer: Writer) -> Picture:
    """Two to five letters that look like no digit, and a number after them."""
    rng = writer.rng
    text, ink, places = _written(writer, _number(rng, 2, 6), 0.15)
    height = max(place[3] - place[1] for place in places)
    word = "".join(rng.choice(list("AEFHKMNRVWX"), int(rng.integers(2, 6))).tolist())
    letters = lettered([word], any_face(rng, scripts=False), height * 0.9, max(2, round(height * 0.09)))
    room, top = letters.shape[1] + round(height * rng.uniform(0.3, 1)), min(place[1] for place in places)
    ink = np.pad(ink, ((0, max(0, letters.shape[0] + top - ink.shape[0])), (room, 0)))
    ink[top : top + letters.shape[0], places[0][0] : places[0][0] + letters.shape[1]] = letters
    return text, photographed(ink, any_paper(rng), rng)


def segments(writer: Writer) -> Picture:
    """A number of seven segments, bright on dark or dark on grey."""
    rng, high = writer.rng, int(writer.rng.integers(60, 140))
    text = _number(rng, 1, 6)
    wide, pen, lean = high * rng.uniform(0.45, 0.6), max(3, round(high * rng.uniform(0.07, 0.13))), rng.uniform(0, 0.12)
    ink = np.zeros((high * 2, round((wide + 3 * pen) * (len(text) + 2))), np.float32)
    ends = {"a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2), "e": (0, 1, 0, 2)}
    ends |= {"f": (0, 0, 0, 1), "g": (0, 1, 1, 1)}
    for number, digit in enumerate(text):
        corner = np.array([(wide + 3 * pen) * (number + 1), high / 2])
        for name in _LIT[int(digit)]:
            start, end = np.array(ends[name], float).reshape(2, 2) * (wide, high / 2)
            gap = (end - start) / np.abs(end - start).max() * pen * 0.65
            points = [corner + place + (lean * (high - place[1]), 0) for place in (start + gap, end - gap)]
            cv2.line(ink, *(tuple(np.round(point).astype(int).tolist()) for point in points), 1.0, pen, cv2.LINE_AA)
    lit = [((15, 12, 12), (235, 45, 40)), ((8, 18, 10), (70, 240, 110)), ((165, 180, 160), (35, 40, 35))]
    ground, pen_colour = lit[rng.integers(3)]
    return text, photographed(ink, Paper(ground, pen_colour, blur=rng.uniform(0.5, 1.5), noise=3), rng)


def wheels(writer: Writer) -> Picture:
    """The wheels of a meter: white digits in dark windows, level or a little between two."""
    rng, high = writer.rng, int(writer.rng.integers(60, 110))
    text = _number(rng, 4, 7)
    wide, face = round(high * 0.75), FACES[int(rng.integers(2, 4))]
    frame = 70
    page = np.full((high + 2 * frame, wide * len(text) + 2 * frame, 3), rng.uniform(60, 170), np.float32)
    for number, digit in enumerate(text):
        left, window = frame + number * wide, np.zeros((high, wide - 8, 3), np.float32)
        window[:] = (130, 20, 20) if number == len(text) - 1 and rng.random() < 0.4 else 25
        ink = lettered([digit], face, high * 0.55, max(3, round(high * 0.07)))[:, : wide - 10]
        x, y = (wide - 8 - ink.shape[1]) // 2, (high - ink.shape[0]) // 2 + int(rng.integers(-6, 7))
        window[y : y + ink.shape[0], x : x + ink.shape[1]] += ink[..., np.newaxis] * (
            235 - window[y : y + ink.shape[0], x : x + ink.shape[1]]
        )
        page[frame : frame + high, left : left + wide - 8] = window
    return text, seen(page, Paper(shade=0.3, blur=1.2, noise=4), rng)


def _number(rng: np.random.Generator, least: int, most: int) -> str:
    return "".join(map(str, rng.integers(10, size=rng.integers(least, most + 1))))


def _rows(writer: Writer) -> Picture:
    """Two to four rows of at least three digits, photographed."""
    rng = writer.rng
    text = "\n".join(_number(rng, 3, 7) for _ in range(rng.integers(2, 5)))
    layout = Layout(height=int(rng.integers(50, 100)), gap=int(rng.integers(8, 25)), margin=int(rng.integers(40, 120)))
    return text, writer.picture(text, any_paper(rng), layout)


def _written(writer: Writer, text: str, gap: float) -> tuple[str, np.ndarray, list[tuple[int, int, int, int]]]:
    """A row of digits as ink with room around it, and where each is: left, top, right, bottom."""
    rng = writer.rng
    writer.layout = Layout(height=int(rng.integers(60, 120)), uneven=0.06)
    digits = [grown(image, writer.layout, rng) for image in writer.images_of(text)[0]]
    height, room = writer.layout.height, round(writer.layout.height * rng.uniform(0.7, 1.5))
    ink = np.zeros(
        (height + 2 * room, sum(one.shape[1] + round(gap * height) for one in digits) + 2 * room), np.float32
    )
    left, places = room, []
    for one in digits:
        top = room + height - one.shape[0] - int(rng.integers(0, 5))
        ink[top : top + one.shape[0], left : left + one.shape[1]] = one
        places.append((left, top, left + one.shape[1], top + one.shape[0]))
        left += one.shape[1] + round(gap * height)
    return text, ink, places


def _line(writer: Writer, text: str) -> Picture:
    text, ink = _line_ink(writer, text, 0.15)
    return text, photographed(ink, any_paper(writer.rng), writer.rng)


def _line_ink(writer: Writer, text: str, gap: float, slant: float = 0.0) -> tuple[str, np.ndarray]:
    """A row of digits and signs as ink, and its digits."""
    rng = writer.rng
    layout = Layout(height=int(rng.integers(60, 120)), uneven=0.05)
    high, room = round(layout.height * 20 / 28), round(layout.height * rng.uniform(0.6, 1.2))
    pen = max(2, round(layout.height * rng.uniform(0.045, 0.08)))
    ink = np.zeros((high + 2 * room, 2 * room + len(text) * layout.height), np.float32)
    left = room
    for character in text:
        if character in SIGNS:
            for stroke in SIGNS[character]:
                points = np.round(np.array(stroke) * high + rng.normal(0, 0.02 * high, (len(stroke), 2)))
                cv2.polylines(ink, [np.add(points, (left, room)).astype(np.int32)], False, 1.0, pen, cv2.LINE_AA)
            wide = round(high * max(x for stroke in SIGNS[character] for x, _ in stroke))
        else:
            one = grown(writer.images_of(character)[0][0], layout, rng)
            top, wide = room + high - one.shape[0] + int(rng.integers(-3, 4)), one.shape[1]
            place = ink[top : top + one.shape[0], left : left + wide]
            np.maximum(place, one, out=place)
        left += wide + round((gap + 0.05) * high)
    ink = ink[:, : left + room]
    if slant:
        wider = round(slant * ink.shape[0])
        shear = np.float32([[1, -slant, wider], [0, 1, 0]])
        ink = cv2.warpAffine(np.pad(ink, ((0, 0), (0, wider))), shear, (ink.shape[1] + wider, ink.shape[0]))
    return "".join(filter(str.isdigit, text)), ink


def _in_cells(writer: Writer, comb: bool) -> Picture:
    rng, count = writer.rng, int(writer.rng.integers(4, 9))
    text, cell, pen = _number(rng, count, count), int(rng.integers(50, 100)), int(rng.integers(2, 5))
    layout = Layout(height=round(cell * rng.uniform(0.85, 1.05)), uneven=0.05)
    room, high = round(cell * 0.8), round(cell * rng.uniform(1, 1.25))
    pen_colour = np.float32([BLUE, BLACK][rng.integers(2)])
    page = np.full((high + 2 * room, count * cell + 2 * room, 3), GROUNDS[rng.integers(3)], np.float32)
    for number, image in enumerate(writer.images_of(text)[0]):
        left, foot = room + number * cell, room + high
        top = room if not comb else room + round(high * 0.65)
        for x in (left, left + cell):
            cv2.line(page, (x, top), (x, foot), (60, 60, 60), pen)
        for y in (foot,) if comb else (room, foot):
            cv2.line(page, (left, y), (left + cell, y), (60, 60, 60), pen)
        one = grown(image, layout, rng)
        x, y = (left + (cell - one.shape[1]) // 2, room + (high - one.shape[0]) // 2 + int(rng.integers(-4, 5)))
        place = page[y : y + one.shape[0], x : x + one.shape[1]]
        place += one[..., np.newaxis] * (pen_colour - place)
    return text, seen(page, replace(any_paper(rng, printed=False), turn=rng.normal(0, 1.5)), rng)


BESIDE: dict[str, Callable[[Writer], Picture]] = {
    "equation": equation,
    "date": date,
    "brackets": brackets,
    "crossed out": crossed_out,
    "underlined": underlined,
    "column sum": column_sum,
    "boxes": boxes,
    "comb": comb,
    "column": column,
    "under a lamp": under_a_lamp,
    "on a desk": on_a_desk,
    "coloured": coloured,
    "on a side": on_a_side,
    "turned": turned,
    "cheque": cheque,
    "beside letters": beside_letters,
    "segments": segments,
    "wheels": wheels,
}
