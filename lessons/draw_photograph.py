"""Draw lessons/my_digit.jpg, which lesson 4 reads until its reader puts a photograph of theirs there.

`python -m lessons.draw_photograph`: a pen's stroke, from the project's own ways of writing, on paper in uneven light.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from digits.synthesis.variants import DIGITS

TARGET = Path(__file__).with_name("my_digit.jpg")
WIDTH, HEIGHT = 640, 480
PEN, INK = 9, np.array([35, 45, 110])  # pixels; a blue ballpoint


def photograph() -> Image.Image:
    """A digit, small and beside the middle, as people write; the lamp is on the left."""
    variant = next(one for one in DIGITS if (one.character, one.name) == ("2", "looped"))
    places = variant.spline @ variant.points * 150 + (370, 210)  # (96, 2): x and y, in pixels
    covered = Image.new("L", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(covered)
    for x, y in places.tolist():
        draw.ellipse((x - PEN / 2, y - PEN / 2, x + PEN / 2, y + PEN / 2), fill=255)
    ink = np.asarray(covered.filter(ImageFilter.GaussianBlur(1.2)))[..., np.newaxis] / 255  # (480, 640, 1)
    x, y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    light = (1 - 0.55 * x - 0.1 * y)[..., np.newaxis]  # bright on the left, dim on the right
    grain = np.random.default_rng(0).normal(0, 3, (HEIGHT, WIDTH, 1))
    paper = np.array([236, 232, 222])
    pixels = (paper * (1 - ink) + INK * ink) * light + grain
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


if __name__ == "__main__":
    photograph().save(TARGET, quality=85)
    print(f"Saved {TARGET}")
