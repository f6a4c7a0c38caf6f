"""The notebooks: each runs, gives the figures that its text speaks of, and is what was built from its source."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from lessons.build import SOURCES, run, unrun
from lessons.draw_photograph import TARGET, photograph
from tests.conftest import ROOT

NAMES = [
    *("1_pixels_and_convolution", "2_first_network", "3_is_it_better"),
    *("4_your_own_digit", "5_make_it_fast", "6_one_network_two_frameworks"),
    *("7_your_own_hand", "8_a_network_that_finds"),
]
LARGEST = 1_200_000  # bytes of a notebook
# What comes out of a lesson: the least and the most that it may be, for expressions in its own names. Wide enough for
# other processors, and narrow enough for the lesson's text to be true.
RANGES: dict[str, dict[str, tuple[float, float]]] = {
    "1_pixels_and_convolution": {
        "nearest_mean": (0.8203, 0.8203),
        "match": (2.9, 3),
        "maps['lower edges'][7, 13] - match": (0, 0),
        "one_filter.size": (144, 144),
        "largest_difference": (0, 1e-5),
        "curves['0 to 1, step size 0.1'][-1]": (0.6, 0.8),
        "curves['0 to 255, step size 0.1'][-1]": (1.5, 30),
    },
    "2_first_network": {
        "nearest_mean": (0.8203, 0.8203),
        "np.abs(two_layers - one_layer).max()": (0, 1e-9),
        "np.abs(with_relu - one_layer).max()": (10, 10_000),
        "np.abs(np.diff(straight, 2)).max()": (0, 1e-9),
        "np.abs(np.diff(bent, 2)).max()": (1e-3, 1e3),
        "loss_now - loss_after": (0.001, 0.2),
        "weights_pytorch": (108_618, 108_618),
        "weights_tensorflow": (108_618, 108_618),
        "before": (0.02, 0.3),
        "accuracy_pytorch": (0.975, 0.992),
        "accuracy_tensorflow": (0.975, 0.992),
        "len(losses_pytorch)": (1876, 1876),
        "len(losses_tensorflow)": (1876, 1876),
        "np.mean(losses_tensorflow[-938:])": (0.05, 0.1),
    },
    "3_is_it_better": {
        "accuracies.min()": (0.987, 0.994),
        "accuracies.max() - accuracies.min()": (0.0002, 0.005),
        "100 * (interval.high - interval.low)": (0.25, 0.5),
        "abs(p_by_coins - comparison.p_value)": (0, 0.01),
        "too_good_by": (0.01, 0.3),
        "mean_gain": (0, 0.6),
    },
    "4_your_own_digit": {
        "accuracy_on_mnist": (0.988, 0.994),
        "shares['as they are']": (0.98, 1),
        "shares['4 right and 4 down']": (0.1, 0.7),
        "shares['dark ink on white']": (0, 0.6),
        "int(ask(steps['6. centred by mass'][np.newaxis])[0][0])": (2, 2),
        "int(reading.text)": (2, 2),
        "int(len(trace.seen.read))": (1, 1),
        "shares_mnist['7']": (0.95, 1),
        "shares_mnist['0']": (0.5, 0.92),
        "shares_mnist['9']": (0.5, 0.85),
        "shares_mnist['5']": (0.15, 0.6),
        "shares_mnist['1']": (0, 0.4),
        "min(shares_reader.values())": (0.95, 1),
    },
    "5_make_it_fast": {  # of times on machines that do other things, little can be promised
        "bool(same)": (1, 1),
        "gains['float32']['whole set in memory']": (1.05, 30),
        "len(gains['float32'])": (8, 8),
        "len(kept)": (1, 2),
        "times_as_fast['float32']": (1.2, 100),
        "for_each_image": (0.1, 0.9),
    },
    "6_one_network_two_frameworks": {
        "accuracy": (0.97, 0.99),
        "accuracy_wrong": (0, 0.6),
        "accuracy_right - accuracy": (-0.0002, 0.0002),
        "largest": (0, 1e-3),
        "differences['float64'][-1]": (0, 1e-11),
        "differences['float32'][-1]": (1e-7, 0.2),
    },
    "7_your_own_hand": {
        "len(wrong)": (2, 7),
        "accuracies['as it ships'].value": (0.83, 0.89),
        "accuracies['corrections vote'].value": (0.94, 0.99),
        "accuracies['it learned'].value": (0.94, 0.99),
        "10_000 * (elsewhere['as it ships'].value - elsewhere['corrections vote'].value)": (3, 25),
        "10_000 * (elsewhere['as it ships'].value - elsewhere['it learned'].value)": (2, 20),
    },
    "8_a_network_that_finds": {
        "accuracy": (0.96, 0.992),
        "len(answers) - len(its_digits)": (10, 676),
        "largest_difference": (0, 1e-4),
        "by_windows / in_one": (4, 8),
        "in_one / in_finder": (1.5, 4),
        "share_sure": (0.02, 0.3),
        "pages_right.value": (0.75, 0.97),
        "pages_right.high - pages_right.low": (0.02, 0.1),
        "missed / digits_on_pages": (0.002, 0.1),
        "made_up / digits_on_pages": (0, 0.05),
    },
}


def cells(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def prose(notebook: nbformat.NotebookNode) -> str:
    return "\n\n".join(source for kind, source in cells(notebook) if kind == "markdown")


def built(name: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / "lessons" / f"{name}.ipynb", as_version=4)


def source(name: str) -> Path:
    return ROOT / "lessons" / f"{name}.py"


def answers(notebook: nbformat.NotebookNode) -> list[str]:
    """The code in the folded answers."""
    return re.findall(r"```python\n(.*?)```", prose(notebook), re.DOTALL)


def test_the_lessons_are_these():
    assert [path.stem for path in SOURCES] == NAMES
    assert sorted(path.stem for path in (ROOT / "lessons").glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_is_committed_was_built_from_the_source(name):
    notebook = built(name)
    nbformat.validate(notebook)
    assert cells(notebook) == cells(unrun(source(name))), "build it again: make notebooks"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    kinds = {output.output_type for cell in code for output in cell.outputs}
    assert kinds <= {"stream", "display_data"}
    assert (ROOT / "lessons" / f"{name}.ipynb").stat().st_size < LARGEST


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_is_made_as_lessons_are(name):
    text = prose(unrun(source(name)))
    number = int(name[0])
    assert text.startswith(f"# {number}. ")
    assert "**The idea of this lesson:**" in text
    exercises = text.split("## Exercises")[1]
    asked = re.findall(r"^\*\*(\d)\.\*\* ", exercises, re.MULTILINE)
    assert asked == [str(number) for number in range(1, len(asked) + 1)]
    assert len(asked) >= 3
    # Each question is followed by one folded answer, which a blank line lets a code host read as Markdown.
    assert len(re.findall(r"<details><summary>Answer</summary>\n\n.+?\n\n</details>", exercises, re.DOTALL)) == len(
        asked
    )
    assert re.sub(r"<details>.*?</details>", "answer", exercises, flags=re.DOTALL).count("answer") == len(asked)
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / "lessons" / target).exists(), target


def test_each_lesson_begins_with_the_same_cell():
    first = {next(source for kind, source in cells(unrun(source(name))) if kind == "code") for name in NAMES}
    assert len(first) == 1
    assert "YOUR-NAME" in first.pop()


@pytest.fixture
def on_colab(tmp_path, monkeypatch) -> Callable[[str], None]:
    """Runs the first cell, with this address in it, in an empty folder on Colab."""
    code = next(text for kind, text in cells(unrun(source(NAMES[0]))) if kind == "code")
    monkeypatch.setitem(sys.modules, "google.colab", object())
    monkeypatch.chdir(tmp_path)
    return lambda address: exec(code.replace("https://github.com/YOUR-NAME/YOUR-REPOSITORY", address), {})  # noqa: S102


def test_the_first_cell_installs_the_package_on_colab(tmp_path, monkeypatch, on_colab):
    commands = []

    def note(command: list[str], **_: object) -> subprocess.CompletedProcess:
        commands.append(command)
        (tmp_path / "project").mkdir(exist_ok=True)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", note)
    on_colab("https://github.com/somebody/digits")
    assert commands[0][:3] == ["git", "clone", "-q"]
    assert commands[0][3] == "https://github.com/somebody/digits"
    assert commands[1][1:] == ["-m", "pip", "install", "-q", "-e", "project[learn]"]
    assert Path.cwd() == tmp_path / "project"


@pytest.mark.parametrize("address", ["https://github.com/YOUR-NAME/YOUR-REPOSITORY", "nowhere/at-all"])
def test_an_address_left_out_on_colab_is_one_sentence(tmp_path, on_colab, address):
    with pytest.raises(SystemExit) as stopped:
        on_colab(address)
    assert str(stopped.value) == f"There is no project at {address}: put its address into this cell, and run it again."
    assert list(tmp_path.iterdir()) == []


def test_the_photograph_of_lesson_4_is_what_its_script_draws():
    kept, drawn = np.asarray(Image.open(TARGET), float), np.asarray(photograph(), float)
    assert kept.shape == drawn.shape
    assert np.abs(kept - drawn).mean() < 4  # of 255: a JPEG loses grain


# Goes before a lesson's cells. It notes each figure without a title, and each plot whose axes have no names;
# an axis whose ticks are words needs none.
NOTE_UNNAMED = """
from matplotlib.backend_bases import FigureCanvasBase as _Canvas

_unnamed, _print = [], _Canvas.print_figure


def _noting(canvas, *arguments, **options):
    title = canvas.figure.get_suptitle() or " ".join(axes.get_title() for axes in canvas.figure.axes)
    if not title.strip():
        _unnamed.append("a figure without a title")
    for axes in canvas.figure.axes:
        words = "".join(label.get_text() for label in axes.get_yticklabels())
        named = axes.get_xlabel() and (axes.get_ylabel() or any(map(str.isalpha, words)))
        if axes.axison and (axes.lines or axes.patches) and not axes.images and not named:
            _unnamed.append(f"axes without names: {title}")
    return _print(canvas, *arguments, **options)


_Canvas.print_figure = _noting
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_runs_with_the_answers_to_its_exercises(name, data_dir):
    """Its figures are within their ranges, and each of its pictures says what it shows."""
    notebook = unrun(source(name))
    count = len(notebook.cells)
    values = ", ".join(f"{expression!r}: float({expression})" for expression in RANGES[name])
    figures = nbformat.v4.new_code_cell(f"import json\nprint(json.dumps({{{values}}}))")
    unnamed = nbformat.v4.new_code_cell("print(json.dumps(_unnamed))")
    # The figures come before the answers, which may give names another meaning.
    notebook.cells = [nbformat.v4.new_code_cell(NOTE_UNNAMED), *notebook.cells, figures]
    notebook.cells += [*map(nbformat.v4.new_code_cell, answers(notebook)), unnamed]
    run(notebook)
    measured = json.loads(notebook.cells[1 + count].outputs[0].text)
    for expression, (least, most) in RANGES[name].items():
        assert least <= measured[expression] <= most, (expression, measured[expression])
    assert json.loads(unnamed.outputs[0].text) == []
