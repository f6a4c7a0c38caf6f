import numpy as np
import pytest

from digits.synthesis import pages

KINDS = pytest.mark.parametrize("kind", pages.KINDS)
WITHOUT = "letter", "words", "text", "icons", "drawing", "doodles", "scribbles", "things", "blank", "photograph"


@KINDS
def test_every_kind_composes_pages_with_its_digits_inside(kind, mnist):
    some = [pages.compose(kind, mnist.train, np.random.default_rng(seed), 96) for seed in range(6)]
    for page in some:
        assert page.pixels.shape == (96, 96, 3)
        assert page.pixels.dtype == np.uint8
        assert page.boxes.shape == (len(page.labels), 4)
        assert page.boxes.dtype == np.float32
        assert page.labels.dtype == np.int64
        assert set(page.labels.tolist()) <= set(range(10))
        assert (page.boxes[:, :2] >= 0).all()
        assert (page.boxes[:, :2] + page.boxes[:, 2:] <= 97).all()
        assert (page.boxes[:, 2:] > 0).all()
        assert page.others.shape[1:] == (4,)
        assert (page.others[:, :2] >= 0).all()
        assert (page.others[:, :2] + page.others[:, 2:] <= 97).all()
    assert any(len(page.labels) for page in some) == (kind not in WITHOUT)
    if kind in ("letter", "words", "text", "doodles", "crossed out", "mixed"):
        assert any(len(page.others) for page in some)


@KINDS
def test_a_seed_composes_the_same_page_again(kind, mnist):
    once, again, other = (pages.compose(kind, mnist.train, np.random.default_rng(seed), 64) for seed in (3, 3, 4))
    assert np.array_equal(once.pixels, again.pixels)
    assert np.array_equal(once.boxes, again.boxes)
    assert np.array_equal(once.labels, again.labels)
    assert not np.array_equal(once.pixels, other.pixels)


def test_a_page_is_of_any_kind(mnist):
    some = [pages.page(mnist.train, np.random.default_rng(seed), 64) for seed in range(40)]
    assert 5 < sum(len(page.labels) > 0 for page in some) < 38
    assert len({len(page.labels) for page in some}) > 3
