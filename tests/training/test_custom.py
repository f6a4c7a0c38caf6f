from torch import nn

from digits.backends import load_backend
from digits.backends.pytorch.networks import baseline
from digits.models import ModelInfo
from digits.recipes import RECIPES
from digits.training.custom import build_custom


def edited(filters, hidden_units, dropout, classes):
    """Another network than the package's: one layer more."""
    return nn.Sequential(baseline(filters, hidden_units, dropout, 20), nn.Linear(20, classes))


def test_a_network_is_made_once_and_known_for_the_packages_own_or_another():
    backend, calls = load_backend("pytorch"), []

    def built(make):
        info = ModelInfo(RECIPES["baseline"], "mnist", tuple("0123456789"), backend.PIXEL_RANGE)
        calls.clear()
        return build_custom(backend, info, 0, backend.select_device("cpu"), lambda *n: calls.append(n) or make(*n))[1]

    assert not built(baseline).network and len(calls) == 1
    assert built(edited).network and len(calls) == 1
