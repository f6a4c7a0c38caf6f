import numpy as np
import pytest

from digits.synthesis.pages import numbers, view
from digits.synthesis.pages.sheet import Sheet
from digits.synthesis.writing import Writer

SIDE = 160


@pytest.fixture
def sheet(mnist):
    def blank(seed=0, style="written"):
        rng = np.random.default_rng(seed)
        return Sheet(Writer(mnist.train, rng, style), round(SIDE * 1.5), rng)

    return blank


@pytest.mark.parametrize("style", ["written", "copied", "printed", "segments"])
def test_boxes_are_tight_round_the_ink_of_a_digit(sheet, style):
    apart = []
    for seed in range(12):
        one = sheet(seed, style)
        one.write("5", SIDE * 0.65, SIDE * 0.6, 60, 0)
        page = view.seen(one, "canvas", SIDE)
        ground = np.median(page.pixels.reshape(-1, 3), axis=0)
        away = np.abs(page.pixels - ground).max(2)
        down, across = np.nonzero(away > away.max() / 2)
        ink = [across.min(), down.min(), across.max() + 1, down.max() + 1]
        left, top, width, height = page.boxes[0]
        apart.append(np.abs(np.subtract([left, top, left + width, top + height], ink)).max())
    assert np.median(apart) <= 2
    assert max(apart) <= 6  # where the picture was stored in few pixels


def test_places_go_where_the_picture_shows_them(sheet):
    curled = 0
    for seed in range(60):
        camera = view._Camera(240, SIDE, np.random.default_rng(seed), plain=False, curled=True)
        curled += camera.waves[0] > 0
        paper = np.zeros((240, 240, 3), np.float32)
        paper[99:102, 129:132] = 255
        x, y = camera.places(np.array([[130, 100]], np.float32))[0]
        down, across = np.nonzero(camera.picture(paper).max(2) > 100)
        assert np.hypot(across.mean() - x, down.mean() - y) < 1
    assert curled > 2


def test_what_is_cut_off_is_not_in_the_truth(sheet):
    one = sheet()
    one.write("8", SIDE * 0.7, SIDE * 0.7, 30, 0)
    one.write("3", 0, SIDE * 0.7, 30, 0)  # of which the picture shows nothing
    assert view.seen(one, "canvas", SIDE).labels.tolist() == [8]


def test_what_is_covered_is_not_in_the_truth(sheet, monkeypatch):
    def half_covered(side, rng, surface):
        over = np.zeros((side, side), np.uint8)
        over[:, : int(np.median(one.marks[1][1][:, 0]))] = 255
        return np.full((side, side, 3), 255, np.float32), over

    monkeypatch.setattr(view, "ground", half_covered)
    one = sheet()
    one.write("8", SIDE * 0.9, SIDE * 0.7, 30, 0)
    one.write("3", SIDE * 0.4, SIDE * 0.7, 30, 0)
    assert view.seen(one, "canvas", SIDE).labels.tolist() == [8]


def test_what_is_too_faint_is_not_in_the_truth(sheet, monkeypatch):
    monkeypatch.setattr(view, "ink_colour", lambda paper, rng, surface: paper[0, 0] * 0.97 + 2)
    one = sheet()
    one.write("8", SIDE * 0.7, SIDE * 0.7, 30, 0)
    assert len(view.seen(one, "canvas", SIDE).labels) == 0


def test_what_is_struck_out_is_not_in_the_truth(sheet):
    for seed in range(20):
        one = sheet(seed)
        written, put = [], one.put
        one.put = lambda ink, x, y, label, *rest, written=written, put=put: (
            written.append(label),
            put(ink, x, y, label, *rest),
        )
        numbers.crossed_out(one)
        left = [label for label, _ in one.marks]
        assert len(left) < len(written)
        rest = iter(written)
        assert all(label in rest for label in left)  # in the order in which they were written
