"""The page as files: what `digits serve` answers with, and what `digits publish` writes."""

import base64
import json
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

from digits import image_files, ink
from digits.files import sha256
from digits.models import onnx_outputs
from digits.page.examples import examples
from digits.page.runtime import runtime
from digits.reading import confidence, draw, finder, form, hand, left_out, peaks, picture, reader, rows
from digits.reading.finder import FINDER
from digits.reading.form import FORM
from digits.reading.network import Network
from digits.reading.reader import SHIPPED

STATIC = Path(__file__).with_name("static")
BASELINE = Path(__file__).with_name("baseline.onnx")  # the recipe `baseline`, as `make reader` trained it
STORY = "baseline"  # the network whose every value the page accounts for
PHOTOGRAPHS = "photographs"  # of the folder of examples

MOST_BYTES = 32 << 20  # of a photograph

# What is allowed to the page: its own files, and to compile WebAssembly. Nothing from elsewhere, no script in the page.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
)


def all_files(*, served: bool, model: Path | None = None) -> dict[str, bytes]:
    """The page's files, by path from its folder, with forward slashes.

    Args:
        served: whether `digits serve` gives them, which also reads what a browser cannot decode.
        model: an exported model, to choose beside the two that come with the package.

    Raises:
        DigitsError: onnxruntime-web cannot be had, or the model is none of ours.
    """
    networks = {**({"yours": model} if model else {}), "reader": SHIPPED, "baseline": BASELINE}
    described = {name: _described(name, path) for name, path in networks.items()}
    paths = [path for path in sorted(STATIC.rglob("*")) if path.is_file()]
    files = {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in paths}
    files["index.html"] = files["index.html"].replace(b"{{policy}}", POLICY.encode())
    files |= {f"runtime/{name}": data for name, data in runtime().items()}
    graphs = {"finder": FINDER, "form": FORM, **networks}
    files |= {f"models/{name}.onnx": path.read_bytes() for name, path in graphs.items()}
    files |= {f"models/{name}.usual": _usual(path) for name, path in networks.items()}
    settings = {
        "served": served,
        "networks": described,
        "examples": examples(),
        "photos": [name for name in files if name.startswith(f"{PHOTOGRAPHS}/")],
        **_numbers(),
    }
    files["settings.js"] = f"export const settings = {json.dumps(settings, separators=(',', ':'))};\n".encode()
    if served:
        del files["offline.js"]
    else:
        files["offline.js"] = _offline(files)
    return files


def _numbers() -> dict[str, Any]:
    """The numbers by which Python reads, by module: the page's modules of the same names read by them, too."""
    modules = (image_files, ink, confidence, draw, finder, form, hand, left_out, peaks, picture, reader, rows)
    numbers = {module.__name__.rpartition(".")[2]: _constants(module) for module in modules}
    numbers["confidence"]["weights"] = asdict(confidence.fitted())
    numbers["page"] = {"MOST_BYTES": MOST_BYTES}
    return numbers


def _constants(module: ModuleType) -> dict[str, Any]:
    """A module's public constants that are numbers, or several."""
    return {name: value for name, value in vars(module).items() if name.isupper() and _is_numeric(value)}


def _is_numeric(value: object) -> bool:
    return isinstance(value, int | float) or (isinstance(value, tuple) and all(map(_is_numeric, value)))


def _described(name: str, path: Path) -> dict[str, Any]:
    """What the page must know of a network.

    That is the layers and weights that it shows, the bytes that make these outputs of the graph, what pixels become,
    and which file tells how digits usually look in the last layer.
    """
    info = Network(path).predictor.info
    convolutions = [layer for layer in info.layers if layer.startswith("conv")] if name == STORY else []
    weights = [f"{layer}.{part}" for layer in convolutions for part in ("weight", "bias")]
    return {
        "architecture": info.recipe.architecture,
        "recipe": info.recipe.name,
        "doubts": info.tells_nothing,
        "accuracy": info.origin.get("test_accuracy"),
        "bytes": path.stat().st_size,
        "layers": info.layers,
        "weights": weights,
        "outputs": base64.b64encode(onnx_outputs([*info.layers, *weights])).decode(),
        "pixel_range": info.pixel_range,
        "last": hand.last_layer(info.layers),
        "usual": f"models/{name}.usual",
    }


def _usual(path: Path) -> bytes:
    """How digits usually look to a network, in its last layer: float32, `(10, d)`."""
    return hand.usual(hand.Layer(path)).astype("<f4").tobytes()


def _offline(files: dict[str, bytes]) -> bytes:
    """The worker that keeps a published page's files, told their names and a version that changes with any of them."""
    names = sorted(set(files) - {"offline.js"})
    version = sha256("".join(f"{name} {sha256(files[name])}\n" for name in names).encode())[:16]
    return (
        f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(names)};\n".encode() + files["offline.js"]
    )
