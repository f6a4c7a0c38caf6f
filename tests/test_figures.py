"""Pictures are written to files, whatever screen MPLBACKEND names."""

import ast

import pytest

from tests.conftest import ROOT, run

INLINE = "module://matplotlib_inline.backend_inline"  # which kernels hand to what they start
SCREENS = [INLINE, "TkAgg"]  # a name that Matplotlib refuses, and one that needs a screen


@pytest.fixture(scope="module")
def no_inline(tmp_path_factory) -> str:
    """A PYTHONPATH with which Matplotlib finds no `inline`: neither its module nor that it is a backend."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "sitecustomize.py").write_text(
        "import importlib.metadata as metadata, sys\n"
        "sys.modules['matplotlib_inline'] = None\n"
        "whole = metadata.entry_points\n"
        "metadata.entry_points = lambda **asked: () if 'matplotlib' in str(asked) else whole(**asked)\n"
    )
    return str(folder)


def test_without_that_screen_matplotlib_itself_cannot_be_imported(no_inline):
    """Or the tests below would prove nothing."""
    assert (
        "not a valid value for backend"
        in run("-c", "import matplotlib", MPLBACKEND=INLINE, PYTHONPATH=no_inline).stderr
    )


PICTURES = """
import sys
from pathlib import Path
import numpy as np
from PIL import Image
from digits.synthesis import printed
from digits.evaluation import plots
from digits.reading import Reader
from digits.reading.draw import explain
Image.new("L", (90, 90), 255).save(sys.argv[1])
assert len(explain(Reader(None).trace(Path(sys.argv[1]), "x"))) > 1000
assert len(printed.draw(("1", "2"), 3, np.random.default_rng(0))[1]) == 3
assert len(plots.png(plots.loss_curves({"a": [1, 2]}, {}))) > 1000
"""


@pytest.mark.parametrize("screen", SCREENS)
def test_no_picture_asks_for_a_screen(screen, tmp_path, no_inline):
    done = run("-c", PICTURES, tmp_path / "blank.png", MPLBACKEND=screen, PYTHONPATH=no_inline)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_notebooks_own_pictures_go_on_as_they_did():
    code = (
        "import os, digits.figures; import matplotlib; print(matplotlib.rcParams['backend'], os.environ['MPLBACKEND'])"
    )
    assert run("-c", code, MPLBACKEND="svg").stdout.split() == ["svg", "svg"]


def test_all_that_draws_imports_matplotlib_through_its_one_home():
    """Anything of Matplotlib's, or seaborn, is imported after `digits.figures`."""
    for path in sorted((ROOT / "digits").rglob("*.py")):
        if path.name == "figures.py":
            continue
        imports = [
            (node.lineno, node.module if isinstance(node, ast.ImportFrom) else node.names[0].name)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        drawing = [line for line, name in imports if name and name.split(".")[0] in ("matplotlib", "seaborn")]
        home = [line for line, name in imports if name == "digits.figures"]
        assert not drawing or (home and min(home) < min(drawing)), path
