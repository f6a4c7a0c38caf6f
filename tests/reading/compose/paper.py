"""Paper, a pen's colour, and how both are photographed."""

from dataclasses import dataclass

import cv2
import numpy as np

Colour = tuple[int, int, int]
BLACK, BLUE, RED, LIGHT_BLUE, PENCIL = (25, 25, 30), (40, 50, 150), (200, 40, 40), (90, 160, 230), (125, 125, 125)
GREEN, WHITE, CHALK = (20, 110, 60), (255, 255, 255), (225, 225, 220)

PENS = (BLACK, BLUE, RED, GREEN, LIGHT_BLUE, PENCIL)
GROUNDS = ((245, 243, 238), (250, 248, 225), (225, 225, 222), (215, 200, 180), (240, 225, 130), (205, 225, 240))
BOARDS = ((40, 60, 50), (30, 30, 35), (35, 45, 90))


@dataclass(frozen=True)
class Paper:
    """What digits are written on, and how it is photographed.

    Attributes:
        ground: its colour.
        pen: the ink's colour.
        ruled, squared: pixels between printed lines; 0 for none.
        rule: the lines' colour.
        shade: share of the light that is lost towards the lower right corner.
        shadow: share of the light that is lost in a soft band across the paper.
        turn: degrees clockwise.
        tilt: share of the width by which the upper edge is shorter than the lower one, as seen from below.
        blur: standard deviation in pixels.
        noise: standard deviation, of 255.
    """

    ground: Colour = GROUNDS[0]
    pen: Colour = BLACK
    ruled: int = 0
    squared: int = 0
    rule: Colour = (190, 205, 225)
    shade: float = 0.0
    shadow: float = 0.0
    turn: float = 0.0
    tilt: float = 0.0
    blur: float = 0.0
    noise: float = 0.0


def any_paper(rng: np.random.Generator, printed: bool = True) -> Paper:
    """A drawing on a screen, a blackboard or, mostly, paper of any kind under any light, with some pen.

    Args:
        rng: where all randomness comes from.
        printed: whether the paper may be ruled or squared.
    """
    kind = rng.random()
    if kind < 0.15:
        ground, pen = [(WHITE, (0, 0, 0)), ((0, 0, 0), WHITE), (WHITE, BLUE), (WHITE, RED)][rng.integers(4)]
        return Paper(ground=ground, pen=pen)
    light = {
        "shade": rng.uniform(0, 0.5),
        "shadow": rng.uniform(0, 0.45) * (rng.random() < 0.3),
        "turn": rng.normal(0, 2),
        "tilt": rng.uniform(0, 0.06) * (rng.random() < 0.5),
        "blur": rng.uniform(0.4, 1.6),
        "noise": rng.uniform(1, 8),
    }
    if kind < 0.25:
        return Paper(ground=BOARDS[rng.integers(len(BOARDS))], pen=CHALK, **light)
    lines, step = rng.random() if printed else 1, int(rng.integers(30, 80))
    return Paper(
        ground=GROUNDS[rng.integers(len(GROUNDS))],
        pen=PENS[rng.integers(len(PENS))],
        ruled=step if lines < 0.2 else 0,
        squared=step if 0.2 <= lines < 0.4 else 0,
        **light,
    )


def photographed(ink: np.ndarray, paper: Paper, rng: np.random.Generator) -> np.ndarray:
    """Ink on paper, as a camera sees it: uint8, `(height, width, 3)`.

    Args:
        ink: float, `(height, width)`: 0 is paper, 1 is ink.
        paper: what it is on.
        rng: where all randomness comes from.
    """
    height, width = ink.shape
    page = np.empty((height, width, 3), np.float32)
    page[:] = paper.ground
    if step := paper.ruled or paper.squared:
        for y in range(step // 2, height, step):
            cv2.line(page, (0, y), (width, y), paper.rule, 2)
    if paper.squared:
        for x in range(paper.squared // 2, width, paper.squared):
            cv2.line(page, (x, 0), (x, height), paper.rule, 2)
    page += ink[:, :, np.newaxis] * (np.float32(paper.pen) - page)
    return seen(page, paper, rng)


def seen(page: np.ndarray, paper: Paper, rng: np.random.Generator) -> np.ndarray:
    """A page (float32, `(height, width, 3)`, 0 to 255) as a camera sees it: from where it is, in what light, uint8."""
    height, width = page.shape[:2]
    if paper.turn or paper.tilt:
        turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), -paper.turn, 1), [0, 0, 1]])
        corners, in_by = np.float32([(0, 0), (width, 0), (width, height), (0, height)]), paper.tilt * width / 2
        tilted = corners + np.float32([(in_by, 0), (-in_by, 0), (0, 0), (0, 0)])
        view = turn @ cv2.getPerspectiveTransform(corners, tilted)
        page = cv2.warpPerspective(page, view, (width, height), borderMode=cv2.BORDER_REPLICATE)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = 1 - paper.shade * (x / width + y / height) / 2
    light *= 1 - paper.shadow * np.exp(-np.square((x / width + y / height - 0.9) / 0.25))
    page = page * light[:, :, np.newaxis]
    if paper.blur:
        page = cv2.GaussianBlur(page, (0, 0), paper.blur)
    if paper.noise:
        page += rng.normal(0, paper.noise, page.shape)
    return page.clip(0, 255).astype(np.uint8)


def jpeg(image: np.ndarray, quality: int) -> bytes:
    """A picture (uint8, `(height, width, 3)`, red first) as a JPEG's bytes."""
    return cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
