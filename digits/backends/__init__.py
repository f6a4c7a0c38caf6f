"""The networks, trained and asked in PyTorch and in TensorFlow. Nothing outside this room imports either framework.

This door knows the backends' names and imports one when it is asked for, which takes seconds; `interface.Backend` says
what each offers.
"""

import gc
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digits.errors import not_installed, script

if TYPE_CHECKING:
    from digits.backends.interface import Backend


@dataclass(frozen=True)
class Framework:
    """What the rest of the project has to know of a framework.

    Attributes:
        title: its name in sentences.
        suffix: of the files of its models.
        command: what trains a network with it.
        modules: what it is imported as.
    """

    title: str
    suffix: str
    command: str
    modules: tuple[str, ...]


# By the name that commands and files have for it.
BACKENDS = {
    name: Framework(title, suffix, script(f"mnist_{name}.py", f"digits train {name}"), modules)
    for name, title, suffix, modules in [
        ("pytorch", "PyTorch", ".safetensors", ("torch",)),
        ("tensorflow", "TensorFlow", ".keras", ("tensorflow", "keras")),
    ]
}


def load_backend(name: str) -> "Backend":
    """Import a backend, which takes seconds, and only when it is needed.

    Raises:
        DigitsError: its framework is not installed, or Keras runs on another than TensorFlow.
    """
    from digits.hardware import is_tuned

    framework = BACKENDS[name]
    # A framework is a million objects that stay. For Python's garbage collector to look at all of them again and again
    # takes a quarter of a second while it is imported, and a seventh each time while it trains.
    uncollected = is_tuned and f"digits.backends.{name}" not in sys.modules
    if uncollected:
        gc.disable()
    try:
        return _imported(name)
    except ModuleNotFoundError as error:
        if error.name not in framework.modules:
            raise
        raise not_installed(framework.title, name) from error
    finally:
        if uncollected:
            gc.freeze()
            gc.enable()


def _imported(name: str) -> "Backend":
    """The package itself, which mypy holds to what `Backend` says."""
    if name == "pytorch":
        from digits.backends import pytorch

        return pytorch
    from digits.backends import tensorflow

    return tensorflow
