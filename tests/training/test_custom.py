import pytest
from torch import nn

from digits.backends import load_backend
from digits.backends.pytorch.networks import baseline
from digits.errors import DigitsError
from digits.models import ModelInfo
from digits.recipes import RECIPES, adjusted, flag
from digits.training.custom import build_custom

FIELDS = {"filters": (3, 4), "hidden_units": 12, "dropout": 0.2}


def edited(filters, hidden_units, dropout, classes):
    """Another network than the package's: one layer more."""
    return nn.Sequential(baseline(filters, hidden_units, dropout, 20), nn.Linear(20, classes))


def tried(make, changes):
    """What becomes of a script's network with these flags, and how often its function was called."""
    backend, calls = load_backend("pytorch"), []

    def counted(*numbers):
        calls.append(numbers)
        return make(*numbers)

    info = ModelInfo(adjusted(RECIPES["baseline"], changes), "mnist", tuple("0123456789"), backend.PIXEL_RANGE)
    _, known = build_custom(backend, info, 0, backend.select_device("cpu"), counted, frozenset(changes))
    return known, len(calls)


def test_a_network_is_made_once_and_once_more_for_each_flag_that_may_be_without_effect():
    assert [tried(edited, changes)[1] for changes in ({}, {"dropout": 0.3}, FIELDS)] == [1, 2, 4]
    known, calls = tried(baseline, FIELDS)
    assert (known.network, calls) == ("", 1)


@pytest.mark.parametrize(
    "changes",
    [
        *({"dropout": share} for share in (0.0, 0.1, 0.2, 0.5, 0.99)),
        *({"hidden_units": units} for units in (1, 2, 8192)),
        *({"filters": filters} for filters in [(1, 1), (1024, 2)]),
    ],
    ids=str,
)
def test_a_flag_with_an_effect_is_taken_whatever_its_value(changes):
    assert tried(edited, changes)[0].network


@pytest.mark.parametrize("field", FIELDS)
def test_a_flag_without_effect_is_refused_beside_others_that_have_one(field):
    def ignores_it(filters, hidden_units, dropout, classes):
        numbers = {"filters": filters, "hidden_units": hidden_units, "dropout": dropout}
        return edited(
            **{**numbers, field: {"filters": (5, 6), "hidden_units": 7, "dropout": 0.4}[field]}, classes=classes
        )

    with pytest.raises(DigitsError, match=rf"^test_custom.py, line \d+: {flag(field)} changes nothing in"):
        tried(ignores_it, FIELDS)
