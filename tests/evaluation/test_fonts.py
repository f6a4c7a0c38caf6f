"""Names in letters that Matplotlib's own font lacks: drawn with one that has them, or by number, which is said."""

import re
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import Image

from digits.evaluation.fonts import drawable, families
from tests.conftest import run
from tests.inside import digits

LETTERS = "𞊐𞊑"  # of Toto, a script of which few machines have a font


pytestmark = pytest.mark.skipif(drawable([LETTERS]) == [LETTERS], reason="a font for this script is installed")


def font_of(letters: str, path: Path) -> None:
    """A font in which each of these letters is a bar, upright and very wide."""
    builder = FontBuilder(1000, isTTF=True)
    names = [f"letter{number}" for number in range(len(letters))]
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap({ord(letter): name for letter, name in zip(letters, names, strict=True)})
    bar, none = TTGlyphPen(None), TTGlyphPen(None)
    bar.moveTo((100, 0))
    for corner in ((100, 700), (3900, 700), (3900, 0)):
        bar.lineTo(corner)
    bar.closePath()
    builder.setupGlyf({".notdef": none.glyph(), **dict.fromkeys(names, bar.glyph())})
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names], (4000, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Bars", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    path.parent.mkdir(parents=True, exist_ok=True)
    builder.save(path)


def test_a_name_that_no_font_can_draw_is_a_number():
    assert drawable(["seven", "7", LETTERS, "Zähne und Öl", "\u00a0"]) == ["seven", "7", "#2", "Zähne und Öl", "\u00a0"]
    assert families("seven") == families(LETTERS)


@pytest.fixture
def kana(make_run, tmp_path) -> Path:
    """A folder with a run, two of whose classes have names in these letters."""
    make_run(tmp_path / "outputs", wrong={0: 5, 17: 3}, class_names=(*"01234567", LETTERS[0], LETTERS))
    return tmp_path / "outputs"


def drawn(command: str, folder: Path) -> str:
    """What the command says."""
    done = digits(command, "--output-dir", folder, "--data-dir", folder / "none")
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_pictures_show_a_number_instead_and_that_is_said(kana):
    said = drawn("report", kana)
    assert f"no installed font has their letters: #8 is {LETTERS[0]}, #9 is {LETTERS}." in said
    page = (kana / "report.html").read_text(encoding="utf-8")
    shown = re.findall(r'<tr><th>(\S+) <span class="muted">\((#\d) in pictures\)</span></th>', page)
    assert shown == [(LETTERS[0], "#8"), (LETTERS, "#9")]


def test_an_installed_font_that_has_the_letters_draws_them(kana, tmp_path):
    drawn("visualize", kana)
    by_number = np.asarray(Image.open(kana / "confusion_matrix_pytorch.png").convert("L"))
    font_of(LETTERS, tmp_path / "home" / "share" / "fonts" / "bars.ttf")
    home = {"HOME": str(tmp_path / "home"), "XDG_DATA_HOME": str(tmp_path / "home" / "share")}
    done = run("-m", "digits", "visualize", "--output-dir", kana, "--data-dir", kana / "none", **home)
    assert done.returncode == 0 and "no installed font" not in done.stderr, done.stderr
    with_font = np.asarray(Image.open(kana / "confusion_matrix_pytorch.png").convert("L"))
    assert with_font.shape[1] > by_number.shape[1] + 50  # names of bars are wide
