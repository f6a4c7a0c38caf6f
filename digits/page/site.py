"""The page as files: what `digits serve` answers with, and what `digits publish` writes."""

import base64
import json
from pathlib import Path
from typing import Any

from digits.files import sha256
from digits.models import onnx_outputs
from digits.page.examples import examples
from digits.page.runtime import runtime
from digits.reading.form import FORM
from digits.reading.network import Network
from digits.reading.reader import SHIPPED

STATIC = Path(__file__).with_name("static")
BASELINE = Path(__file__).with_name("baseline.onnx")  # the recipe `baseline`, as `make reader` trained it
PHOTOGRAPHS = "photographs"  # of the folder of examples, which only a server reads

# How `groups.js` makes digits of strokes. The weights were chosen, by search, on rows of MNIST's training digits;
# all that counts is how they stand to each other.
GROUPING: dict[str, Any] = {
    "weights": {
        "surprise": 3.0,  # of the negative logarithm of the network's confidence
        "gap": 5.0,  # of the gaps in a digit, in heights of a digit
        "join": 0.9,  # of each neighbour in it that is a part of its own and as high as a digit
        "wide": 3.0,  # of how much wider it is than a digit usually is, in its heights
        "low": 0.5,  # of how much lower it is than a digit at least is, in heights of a digit
        "cut": 0.15,  # of each of its ends that is a cut through ink
        "left_out": 6.0,  # of a fragment that is left out, for its size in heights of a digit
    },
    "sure": 0.5,  # a row holds no digits if the mean of their confidences is below this
    "none": 0.25,  # and in a row that holds some, one whose own confidence is below this is none
    "found": 0.99,  # the share of digits that are found as they are
}

# What is allowed to the page: its own files, and to compile WebAssembly. Nothing from elsewhere, no script in the page.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
)


def all_files(*, photographs: bool, model: Path | None = None) -> dict[str, bytes]:
    """The page's files, by path from its folder, with forward slashes.

    Args:
        photographs: whether there is a server that reads them.
        model: an exported model, to choose beside the two that come with the package.

    Raises:
        DigitsError: onnxruntime-web cannot be had, or the model is none of ours.
    """
    networks = {**({"yours": model} if model else {}), "reader": SHIPPED, "baseline": BASELINE}
    described = {name: _described(path) for name, path in networks.items()}
    paths = [path for path in sorted(STATIC.rglob("*")) if path.is_file()]
    files = {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in paths}
    if not photographs:
        files = {name: data for name, data in files.items() if not name.startswith(f"{PHOTOGRAPHS}/")}
    files["index.html"] = files["index.html"].replace(b"{{policy}}", POLICY.encode())
    files |= {f"runtime/{name}": data for name, data in runtime().items()}
    files["models/form.onnx"] = FORM.read_bytes()
    files |= {f"models/{name}.onnx": path.read_bytes() for name, path in networks.items()}
    photos = [name for name in files if name.startswith(f"{PHOTOGRAPHS}/")]
    settings = {
        "photographs": photographs,
        "networks": described,
        "examples": examples(),
        "photos": photos,
        **GROUPING,
    }
    files["settings.js"] = f"export const settings = {json.dumps(settings, separators=(',', ':'))};\n".encode()
    if photographs:
        del files["offline.js"]
    else:
        files["offline.js"] = _offline(files)
    return files


def _described(path: Path) -> dict[str, Any]:
    """What the page must know of a network: its layers, and the bytes that make their maps outputs of the graph."""
    info = Network(path).predictor.info
    return {
        "architecture": info.recipe.architecture,
        "recipe": info.recipe.name,
        "doubts": info.tells_nothing,
        "accuracy": info.origin.get("test_accuracy"),
        "bytes": path.stat().st_size,
        "layers": info.layers,
        "outputs": base64.b64encode(onnx_outputs(info.layers)).decode(),
    }


def _offline(files: dict[str, bytes]) -> bytes:
    """The worker that keeps a published page's files, told their names and a version that changes with any of them."""
    names = sorted(set(files) - {"offline.js"})
    version = sha256("".join(f"{name} {sha256(files[name])}\n" for name in names).encode())[:16]
    return (
        f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(names)};\n".encode() + files["offline.js"]
    )
