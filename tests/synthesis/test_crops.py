import multiprocessing
from dataclasses import replace

import numpy as np
import pytest

from digits.recipes import RECIPES
from digits.synthesis import crops as module
from digits.synthesis.crops import crops, part, recoloured
from digits.synthesis.pages import Page

FEW = replace(RECIPES["finder"], pages=5, batch_size=8, epochs=2)


@pytest.fixture
def marked(rng) -> Page:
    """A page of 64 pixels that is grey but for two white digits of 10 × 20 pixels."""
    pixels = np.full((64, 64, 3), 90, np.uint8)
    pixels[10:30, 5:15] = pixels[30:50, 40:50] = 255
    return Page(pixels, np.array([(5, 10, 10, 20), (40, 30, 10, 20)], np.float32), np.array([3, 8]))


def test_boxes_follow_the_pixels_of_a_crop(marked, rng):
    counts = []
    for _ in range(50):
        one = part(marked, 40, rng)
        assert one.pixels.shape == (40, 40, 3)
        assert len(one.boxes) == len(one.labels)
        for left, top, width, height in one.boxes.astype(int).tolist():
            assert (one.pixels[top : top + height, left : left + width] == 255).all()
            assert width * height >= 0.6 * 200
        counts.append(one.labels.tolist())
    assert [3] in counts
    assert [8] in counts
    assert [3, 8] in counts or [] in counts
    white = [part(marked, 40, rng).pixels[..., 0] == 255 for _ in range(50)]
    assert len({one.sum() for one in white}) > 5  # many are cut


def test_a_row_is_cut_out_and_its_edges_drawn_out_to_a_square(marked, rng, monkeypatch):
    monkeypatch.setattr(module, "CUT_OUT", 1)
    marked.boxes[1, 1] = 12  # beside the first
    marked.pixels[30:50, 40:50], marked.pixels[12:32, 40:50] = 90, 255
    for _ in range(50):
        one = part(marked, 60, rng)
        assert one.pixels.shape == (60, 60, 3)
        assert one.labels.tolist() == [3, 8]
        left, top, _, _ = one.boxes.min(axis=0)
        assert max(left, top) <= 10  # half of their height
        assert (one.pixels[45:] == one.pixels[45]).all()


def test_some_crops_have_other_colours_and_none_other_digits(marked, rng):
    marked.pixels[..., 1] = 0
    seen = {recoloured(marked, rng).pixels[0, 0].tobytes() for _ in range(200)}
    assert len(seen) == 6  # three places for the channel without light, each as it is and inverted
    assert all(recoloured(marked, rng).boxes is marked.boxes for _ in range(10))


def test_an_epoch_shows_each_page_four_times(mnist):
    batches = list(crops(FEW, mnist.train, 0, 1, 1))
    assert [len(batch.pictures) for batch in batches] == [8, 8, 4]
    for pictures, (heat, boxes, mask) in batches:
        assert (pictures.shape[1:], pictures.dtype) == ((192, 192, 3), np.uint8)
        assert heat.shape == (len(pictures), 10, 48, 48)
        assert boxes.shape == (len(pictures), 4, 48, 48)
        assert mask.shape == (len(pictures), 1, 48, 48)
        assert ((heat == 1).any(axis=1) == (mask[:, 0] == 1)).all()


def test_seed_and_epoch_decide_the_crops(mnist):
    def drawn(seed: int, first: int) -> np.ndarray:
        return np.concatenate([batch.pictures for batch in crops(FEW, mnist.train, seed, first, 1)])

    both = drawn(0, 0)
    assert len(both) == 40
    assert np.array_equal(both[20:], drawn(0, 1))
    assert not np.array_equal(both[:20], both[20:])
    assert not np.array_equal(both, drawn(1, 0))


def test_processes_make_the_same_crops_as_a_thread_and_end_with_who_asks_for_them(mnist):
    some = replace(FEW, pages=18, batch_size=2, epochs=80)  # of which 32 crops are a portion
    alone, together = (crops(some, mnist.train, 0, 1, makers) for makers in (1, 2))
    for _ in range(36):  # an epoch
        ours, theirs = next(alone), next(together)
        assert np.array_equal(ours.pictures, theirs.pictures)
        assert all(map(np.array_equal, ours.targets, theirs.targets))
    assert len(multiprocessing.active_children()) > 0
    alone.close()
    together.close()
    assert not multiprocessing.active_children()


def test_pages_are_not_kept_from_one_portion_to_the_next(mnist, monkeypatch):
    monkeypatch.setattr(module, "TOGETHER", 1)
    shown, blank = [], np.zeros((0, 4), np.float32)

    def numbered(digits, rng, side):
        shown.append(len(shown) + 1)
        return Page(np.full((side, side, 3), shown[-1], np.uint8), blank, np.zeros(0, np.int64))

    monkeypatch.setattr(module, "page", numbered)
    monkeypatch.setattr(module, "INVERTED", 0)
    batches = list(crops(FEW, mnist.train, 0, 1, 1))
    assert [sorted(batch.pictures[:, 0, 0, 0].tolist()) for batch in batches] == [
        [1] * 4 + [2] * 4,
        [3] * 4 + [4] * 4,
        [5] * 4,
    ]
