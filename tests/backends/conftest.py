import pytest

from digits.backends import Backend, load_backend
from digits.runs import BACKENDS


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each of the twins: what a test says here holds for both."""
    return load_backend(request.param)


def kernels_and_biases(network) -> list:
    """The trainable weights as NumPy arrays, in each framework's own layout: kernel, bias, kernel, bias …"""
    if hasattr(network, "trainable_variables"):
        return [variable.numpy() for variable in network.trainable_variables]
    return [parameter.detach().cpu().numpy().copy() for parameter in network.parameters()]
