"""Pictures whose truth is known: MNIST's test digits on drawn paper, as photographs and drawings show them."""

from dataclasses import dataclass, field

import cv2
import numpy as np

Colour = tuple[int, int, int]
BLACK, BLUE, RED, LIGHT_BLUE, PENCIL = (25, 25, 30), (40, 50, 150), (200, 40, 40), (90, 160, 230), (125, 125, 125)


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
        blur: standard deviation in pixels.
        noise: standard deviation, of 255.
    """

    ground: Colour = (245, 243, 238)
    pen: Colour = BLACK
    ruled: int = 0
    squared: int = 0
    rule: Colour = (190, 205, 225)
    shade: float = 0.0
    shadow: float = 0.0
    turn: float = 0.0
    blur: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True)
class Layout:
    """How digits stand on paper.

    Attributes:
        height: of an MNIST image's 28 pixels, in pixels of the picture; digits are about 20 / 28 of it.
        gap: pixels between the ink of neighbours in a row; negative where they touch.
        line_gap: pixels between rows.
        margin: pixels around.
        uneven: share of the height by which digits differ, and stand higher or lower.
    """

    height: int = 84
    gap: int = 16
    line_gap: int = 30
    margin: int = 60
    uneven: float = 0.1


def ink_of(rows: list[np.ndarray], layout: Layout, rng: np.random.Generator) -> np.ndarray:
    """Rows of MNIST images (each uint8, `(n, 28, 28)`) as ink: float32, `(height, width)`, 0 to 1."""
    strips = []
    for row in rows:
        digits = [_grown(image, layout, rng) for image in row]
        high = max(digit.shape[0] for digit in digits) + round(2 * layout.uneven * layout.height)
        wide = sum(digit.shape[1] for digit in digits) + layout.gap * (len(digits) - 1)
        strip = np.zeros((high, wide + abs(layout.gap) * len(digits)), np.float32)
        left = 0
        for digit in digits:
            slack = high - digit.shape[0]
            top = slack // 2 + round(slack / 2 * rng.uniform(-1, 1) * min(1.0, layout.uneven * 4))
            place = strip[top : top + digit.shape[0], left : left + digit.shape[1]]
            np.maximum(place, digit, out=place)
            left += digit.shape[1] + layout.gap
        strips.append(strip)
    width = max(strip.shape[1] for strip in strips) + 2 * layout.margin
    height = sum(strip.shape[0] for strip in strips) + layout.line_gap * (len(strips) - 1) + 2 * layout.margin
    ink, top = np.zeros((height, width), np.float32), layout.margin
    for strip in strips:
        ink[top : top + strip.shape[0], layout.margin : layout.margin + strip.shape[1]] = strip
        top += strip.shape[0] + layout.line_gap
    return ink


def _grown(image: np.ndarray, layout: Layout, rng: np.random.Generator) -> np.ndarray:
    """One MNIST image at the layout's size, cropped to its ink."""
    factor = layout.height / 28 * (1 + layout.uneven * rng.uniform(-1, 1))
    large = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC).astype(np.float32) / 255
    sharp = ((large - 0.3) * 3).clip(0, 1)  # as a pen draws, without MNIST's soft edges
    rows, columns = np.flatnonzero(sharp.max(1) > 0.5), np.flatnonzero(sharp.max(0) > 0.5)
    return sharp[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def photographed(ink: np.ndarray, paper: Paper, rng: np.random.Generator) -> np.ndarray:
    """Ink on paper, as a camera sees it: uint8, `(height, width, 3)`."""
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
    if paper.turn:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -paper.turn, 1)
        page = cv2.warpAffine(page, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = 1 - paper.shade * (x / width + y / height) / 2
    light *= 1 - paper.shadow * np.exp(-np.square((x / width + y / height - 0.9) / 0.25))
    page *= light[:, :, np.newaxis]
    if paper.blur:
        page = cv2.GaussianBlur(page, (0, 0), paper.blur)
    page += rng.normal(0, paper.noise, page.shape) if paper.noise else 0
    return page.clip(0, 255).astype(np.uint8)


def jpeg(image: np.ndarray, quality: int) -> bytes:
    """A picture (uint8, `(height, width, 3)`, red first) as a JPEG's bytes."""
    return cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


@dataclass
class Writer:
    """Writes numbers in the hands of MNIST's test set."""

    images: np.ndarray
    labels: np.ndarray
    rng: np.random.Generator
    layout: Layout = field(default_factory=Layout)

    def images_of(self, text: str) -> list[np.ndarray]:
        """For each row of a text, images of its digits in random hands."""
        return [
            np.stack([self.images[self.rng.choice(np.flatnonzero(self.labels == int(digit)))] for digit in row])
            for row in text.split("\n")
        ]

    def picture(self, text: str, paper: Paper, layout: Layout | None = None) -> np.ndarray:
        """A text on paper: uint8, `(height, width, 3)`."""
        return photographed(ink_of(self.images_of(text), layout or self.layout, self.rng), paper, self.rng)
