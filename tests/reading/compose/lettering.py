"""Letters, words and digits in print: Hershey's faces, as OpenCV draws them, its script ones among them."""

import cv2
import numpy as np

FACES = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_COMPLEX | cv2.FONT_ITALIC,
)
SCRIPTS = (cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)

LOOK_ALIKES = frozenset("OoQDCcUIilJjSsZzBbGgqydT")  # letters that some hands and faces make as digits
LETTERS = "AEFHKMNRVWXaefhkmnrtuvwx&%@#?+="
WORDS = (
    *("answer", "Anna", "hammer", "exam", "Maths", "the", "weather", "water", "Mehl", "Kaffee", "Name", "Datum"),
    *("Hello", "Thank", "your", "Homework", "Monday", "Freitag", "tea", "Home", "market", "Amount", "Papier", "hint"),
    *("question", "Street", "Phone", "Punkt", "Term", "Hand", "Page", "Rechnung", "Einkauf", "Draft", "never", "fox"),
    *("quick", "brown", "river", "number", "kitchen", "Wetter", "Marke", "and", "with", "have", "Haus", "father"),
)


def lettered(rows: list[str], face: int, height: float, pen: int) -> np.ndarray:
    """Rows of text as ink: float32, `(height, width)`, 0 to 1, cropped to it.

    Args:
        rows: of text, in ASCII.
        face: one of `FACES` or `SCRIPTS`.
        height: of capitals, in pixels.
        pen: width of the strokes, in pixels.
    """
    scale = height / cv2.getTextSize("H", face, 1, 1)[0][1]
    step = round(1.9 * height) + pen
    width = max(cv2.getTextSize(row, face, scale, pen)[0][0] for row in rows) + 2 * step
    ink = np.zeros((step * (len(rows) + 2), width), np.uint8)
    for number, row in enumerate(rows):
        cv2.putText(ink, row, (step, step * (number + 1) + round(height)), face, scale, 255, pen, cv2.LINE_AA)
    down, across = np.flatnonzero(ink.max(1)), np.flatnonzero(ink.max(0))
    return ink[down[0] : down[-1] + 1, across[0] : across[-1] + 1].astype(np.float32) / 255


def any_face(rng: np.random.Generator, scripts: bool = True) -> int:
    """A face, printed or, with `scripts`, as likely one of a script."""
    faces = SCRIPTS if scripts and rng.random() < 0.4 else FACES
    return int(faces[rng.integers(len(faces))])
