"""A network that a script shows, and that its reader may have edited: tried before it is trained."""

import contextlib
import dis
import inspect
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digits.backends.interface import Backend, MakeNetwork
from digits.errors import DigitsError, place
from digits.models import SAMPLE, ModelInfo


def build_custom(backend: Backend, info: ModelInfo, seed: int, device: Any, make: MakeNetwork) -> tuple[Any, ModelInfo]:
    """The network that `make` makes, and its description, which says whether it is the package's own or another.

    Raises:
        DigitsError: it cannot be made, or does not give a score for each class; with the line of the script, where that
            can be told.
    """
    network = _tried(make, lambda: backend.build(info, seed, device, make=make))
    found = backend.structure(network)
    if found == backend.structure(backend.build(info.single, seed, device)):
        return network, info
    logits = _tried(make, lambda: _asked(backend, network))
    if logits.shape != (len(SAMPLE), info.outputs):
        wanted = f"{info.outputs}, a score for each class" + " and one for none" * info.tells_nothing
        given = f"the network gives {logits.shape[1:]} numbers for an image"
        raise DigitsError(f"{_place(make)}: {given}; allowed: {wanted}")
    if not np.isfinite(logits).all():
        raise DigitsError(f"{_place(make)}: the network gives scores that are not finite before it is trained")
    return network, replace(info, network=found)


def unused(make: MakeNetwork) -> list[str]:
    """The names of those parameters of `make` that it does not look at, and so change nothing in its network."""
    used = {one.argval for one in dis.get_instructions(make)} if inspect.isfunction(make) else set()
    return [name for name in inspect.signature(make).parameters if used and name not in used]


def _asked(backend: Backend, network: Any) -> NDArray[np.float32]:
    """What the network says of `SAMPLE`.

    Raises:
        ValueError: a layer cannot take what it gets; it is named, which PyTorch's own error does not do.
        Exception: whatever else goes wrong.
    """
    try:
        return backend.predict(network, SAMPLE)
    except Exception:
        with contextlib.suppress(AttributeError):  # of a layer of Keras that was not reached
            backend.layers(backend.members(network)[0])
        raise


def _tried(make: MakeNetwork, action: Callable[[], Any]) -> Any:
    """What `action` returns, which runs what a reader of the script may have written: anything may go wrong in it."""
    try:
        return action()
    except DigitsError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()).removeprefix("Exception encountered when calling ")
        raise DigitsError(f"{_place(make, error)}: the network does not work ({reason[:300]})") from error


def _place(make: MakeNetwork, error: Exception | None = None) -> str:
    """Where in the script the network stands, and if it can be told the very line that is wrong."""
    code = make.__code__ if inspect.isfunction(make) else None  # of an object or a class there is only the source
    path = code.co_filename if code else inspect.getsourcefile(type(make)) or ""
    chain = (error, error.__cause__) if error else ()
    frames = [frame for one in chain if one for frame in traceback.extract_tb(one.__traceback__)]
    lines = [frame.lineno for frame in frames if frame.filename == path]
    return place(path, lines[-1] if lines else code and code.co_firstlineno)
