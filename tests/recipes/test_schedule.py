from dataclasses import replace

import numpy as np
import pytest

from digits.recipes import RECIPES

ONE_CYCLE = replace(RECIPES["baseline"], schedule="one-cycle", learning_rate=0.01, warmup=0.25)


def test_constant_is_constant():
    assert RECIPES["baseline"].learning_rates(5) == [1e-3] * 5


def test_one_cycle_goes_straight_up_then_down_along_a_cosine():
    rates = np.array(ONE_CYCLE.learning_rates(1000))
    assert rates.argmax() in (249, 250)
    assert rates.max() == pytest.approx(0.01, rel=0.01)
    assert np.ptp(np.diff(rates[:249])) < 1e-8  # a straight line
    assert rates[125] == pytest.approx(0.005, rel=0.01)  # half-way up, and so to the top
    assert (np.diff(rates[250:]) < 0).all()
    assert rates[625] == pytest.approx(0.005, rel=0.01)  # half-way down
    assert rates.min() > 0


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize("warmup", [0.0, 0.3, 0.99])
def test_no_step_is_without_effect(steps, warmup):
    rates = replace(ONE_CYCLE, warmup=warmup).learning_rates(steps)
    assert len(rates) == steps
    assert all(0 < rate <= 0.01 for rate in rates)
