from torch import nn

from digits.backends import load_backend
from digits.backends.pytorch.networks import baseline
from digits.models import ModelInfo
from digits.recipes import RECIPES
from digits.training.custom import build_custom, unused


def edited(filters, hidden_units, dropout, classes):
    """Another network than the package's: one layer more."""
    return nn.Sequential(baseline(filters, hidden_units, dropout, 20), nn.Linear(20, classes))


def tried(make):
    """The description of a script's network, and how often its function was called."""
    backend, calls = load_backend("pytorch"), []

    def counted(*numbers):
        calls.append(numbers)
        return make(*numbers)

    info = ModelInfo(RECIPES["baseline"], "mnist", tuple("0123456789"), backend.PIXEL_RANGE)
    return build_custom(backend, info, 0, backend.select_device("cpu"), counted)[1], len(calls)


def test_a_network_is_made_once_and_told_from_the_packages_own():
    known, calls = tried(edited)
    assert (bool(known.network), calls) == (True, 1)
    known, calls = tried(baseline)
    assert (known.network, calls) == ("", 1)


def test_numbers_that_a_network_does_not_use_are_named():
    def ignores_two(filters, hidden_units, dropout, classes):
        return edited((5, 6), 7, dropout, classes)

    def uses_them_within(filters, hidden_units, dropout, classes):
        class Network(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = edited(filters, hidden_units, dropout, classes)

        return Network()

    assert unused(edited) == unused(uses_them_within) == []
    assert unused(ignores_two) == ["filters", "hidden_units"]
