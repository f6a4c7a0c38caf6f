"""TensorFlow's networks as arrays and as files (.keras)."""

import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import h5py
import keras
import numpy as np
from numpy.typing import NDArray

from digits.backends.tensorflow.layer_types import every_layer, type_of
from digits.backends.tensorflow.model import build, members
from digits.backends.tensorflow.train import predict
from digits.errors import DigitsError
from digits.models import MAX_BYTES, METADATA_KEY, ModelInfo, check_weights

WEIGHTS, DESCRIPTION = "model.weights.h5", f"{METADATA_KEY}.json"  # members of the zip; the second is ours
ORDER = ("weight", "bias", "running_mean", "running_var")  # PyTorch's names for a layer's weights, and Keras's:
NAMES = {
    "kernel": "weight",
    "gamma": "weight",
    "bias": "bias",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def weights(network: keras.Model) -> dict[str, NDArray[np.floating]]:
    return {
        name: _to_pytorch(variable.numpy(), features) if variable.name == "kernel" else variable.numpy()
        for name, (variable, features) in _variables(network).items()
    }


def set_weights(network: keras.Model, arrays: Mapping[str, NDArray[np.generic]], name: str = "the model") -> None:
    shapes = {key: array.shape for key, array in weights(network).items()}
    check_weights(arrays, shapes, name, network.variables[0].dtype)
    for key, (variable, features) in _variables(network).items():
        variable.assign(_from_pytorch(arrays[key], features) if variable.name == "kernel" else arrays[key])


def _variables(network: keras.Model) -> dict[str, tuple[keras.Variable, tuple[int, ...]]]:
    """All weights by PyTorch's names, each with a shape.

    Of a dense layer that takes images, flattened, it is their `(height, width, channels)`; of all others it is `()`.
    """
    found = {}
    networks = members(network)
    for index, member in enumerate(networks):
        prefix = f"members.{index}." if len(networks) > 1 else ""
        features: tuple[int, ...] = ()
        for layer in every_layer(member):
            if type_of(layer).kind == "flatten":
                features = layer.input.shape[1:]
            variables = {NAMES[variable.name]: variable for variable in layer.variables if variable.name in NAMES}
            for name in sorted(variables, key=ORDER.index):
                found[f"{prefix}{layer.name}.{name}"] = variables[name], features
            if type_of(layer).kind == "dense":
                features = ()
    return found


def _to_pytorch(kernel: NDArray[np.floating], features: tuple[int, ...]) -> NDArray[np.floating]:
    """A kernel `(height, width, in, out)` or `(in, out)` in PyTorch's layout."""
    if kernel.ndim == 4:
        return np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))
    if features:  # row, column, channel to channel, row, column
        kernel = kernel.reshape(*features, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
    return np.ascontiguousarray(kernel.T)


def _from_pytorch(kernel: NDArray[np.generic], features: tuple[int, ...]) -> NDArray[np.generic]:
    """The inverse of `_to_pytorch`."""
    if kernel.ndim == 4:
        return kernel.transpose(2, 3, 1, 0)
    kernel = kernel.T
    if features:
        height, width, channels = features
        kernel = kernel.reshape(channels, height, width, -1).transpose(1, 2, 0, 3).reshape(kernel.shape)
    return kernel


def encode(network: keras.Model, info: ModelInfo) -> bytes:
    with tempfile.TemporaryDirectory(prefix="digits-") as folder:
        path = Path(folder) / "model.keras"
        network.save(path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(DESCRIPTION, info.of(weights(network), predict(network, info.sample)).to_json())
        return path.read_bytes()


def decode(path: Path, device: str) -> tuple[keras.Model, ModelInfo]:
    """Keras's own loader of whole models would build what the file's configuration says: here it builds only ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            description, data = (_member(archive, name) for name in (DESCRIPTION, WEIGHTS))
    except FileNotFoundError as error:
        raise DigitsError(f"{path} is not there") from error
    except (OSError, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise DigitsError(f"{path} is damaged or not a .keras file of this project ({error})") from error
    info = ModelInfo.from_json(description, path)
    info.require_ours(path)
    network = build(info, 0, device)
    with tempfile.TemporaryDirectory(prefix="digits-") as folder:
        theirs, ours = Path(folder) / "theirs.weights.h5", Path(folder) / "ours.weights.h5"
        theirs.write_bytes(data)
        network.save_weights(ours)
        try:
            found, expected = _shapes(theirs), _shapes(ours)
            if found != expected:
                odd = min(found.items() ^ expected.items())
                raise DigitsError(f"{path} does not fit its architecture {info.recipe.architecture}: {odd}")
            network.load_weights(theirs)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise DigitsError(f"{path} is damaged: its weights cannot be read ({error})") from error
    arrays = weights(network)
    check_weights(arrays, {key: array.shape for key, array in arrays.items()}, str(path))
    info.check(arrays, path)
    return network, info


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    member = archive.getinfo(name)
    if member.file_size > MAX_BYTES or member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is larger than any of our models, or compressed")
    return archive.read(name)


def _shapes(path: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and type of each array of an HDF5 file; links, which may lead out of it, do not count."""
    shapes = {}

    def visit(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise ValueError(f"{name} lies in another file")
            shapes[name] = (item.shape, str(item.dtype))

    with h5py.File(path) as file:
        file.visititems(visit)
    return shapes
