import numpy as np
import pytest

from digits.synthesis.grounds import LAID, SURFACES, WRITTEN_ON, ground, lay_things


@pytest.mark.parametrize("surface", SURFACES)
def test_grounds_have_colours_and_say_what_lies_over_them(surface):
    covered = 0.0
    for seed in range(20):
        paper, over = ground(72, np.random.default_rng(seed), surface)
        assert paper.shape == (72, 72, 3)
        assert paper.dtype == np.float32
        assert np.isfinite(paper).all()
        assert over.shape == (72, 72)
        assert over.dtype == np.uint8
        covered += (over > 0).mean()
    assert (covered > 0) == (surface in LAID)
    assert set(WRITTEN_ON) <= set(SURFACES)


def test_things_change_the_ground_where_they_say():
    paper, over = np.full((80, 80, 3), 120, np.float32), np.zeros((80, 80), np.uint8)
    lay_things(paper, over, np.random.default_rng(0), 3)
    assert 0 < (over == 255).mean() < 1
    assert np.abs(paper[over == 255] - 120).mean() > 5
