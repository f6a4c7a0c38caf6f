import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from digits.backends import BACKENDS, load_backend
from digits.errors import DigitsError
from digits.models import ModelInfo, check_weights, read_safetensors
from digits.recipes import RECIPES, adjusted
from digits.runs import model_name

INFO = ModelInfo(RECIPES["baseline"], "mnist", tuple("0123456789"), (-1.0, 1.0))
FIELDS = json.loads(INFO.to_json())
HERE = Path("folder/model.safetensors")


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (0.0, 1.0), (-0.42421296296296, 2.8214867)])
def test_a_description_survives_its_file(bounds):
    origin = {"seed": 7, "versions": {"numpy": "2"}}
    info = replace(INFO, classes=("zwölf", 'a "b"', "\\n"), pixel_range=bounds, temperature=0.4375, origin=origin)
    again = ModelInfo.from_json(info.to_json(), HERE)
    assert again == info
    assert again.origin == origin


def test_probabilities_are_of_the_classes_alone_and_as_warm_as_the_temperature_says():
    info = replace(INFO, recipe=adjusted(INFO.recipe, {"nothing": 0.1}), classes=("a", "b"), temperature=2.0)
    assert (info.outputs, info.tells_nothing) == (4, True)
    probabilities = info.probabilities(np.log(np.float32([[9, 1, 1000, 3], [1, 4, 0.1, 0.1]])))
    assert probabilities == pytest.approx(np.array([[0.75, 0.25], [1 / 3, 2 / 3]]), abs=1e-6)
    assert (INFO.outputs, INFO.tells_nothing) == (10, False)


def test_a_class_name_that_could_steer_a_terminal_is_refused():
    hostile = replace(INFO, classes=("0", "\x1b[2J"))
    with pytest.raises(DigitsError, match="a class has a name that cannot be printed"):
        ModelInfo.from_json(hostile.to_json(), HERE)


def without(name: str) -> dict:
    return {key: value for key, value in FIELDS.items() if key != name}


def with_recipe(**fields: object) -> dict:
    return {**FIELDS, "recipe": {**FIELDS["recipe"], **fields}}


HOSTILE = {
    "nothing": "",
    "not JSON": "{",
    "not UTF-8": b"\xff\xfe\x00",
    "a list": "[]",
    "null": "null",
    "a deep nest": "[" * 100_000,
    "no recipe": json.dumps(without("recipe")),
    "no classes": json.dumps(without("classes")),
    "no dataset": json.dumps(without("dataset")),
    "no pixel range": json.dumps(without("pixel_range")),
    "recipe a string": json.dumps({**FIELDS, "recipe": "baseline"}),
    "a field too many": json.dumps(with_recipe(colour="red")),
    "dropout 5": json.dumps(with_recipe(dropout=5)),
    "dropout a string": json.dumps(with_recipe(dropout="0.25")),
    "dropout not a number": json.dumps(with_recipe(dropout=float("nan"))),
    "an unknown architecture": json.dumps(with_recipe(architecture="transformer")),
    "an architecture that is a list": json.dumps(with_recipe(architecture=["baseline"])),
    "augmentation a list": json.dumps(with_recipe(augmentation=[1])),
    "a digit turned over": json.dumps(with_recipe(augmentation={"rotation": 180})),
    "an unknown change": json.dumps(with_recipe(augmentation={"flip": 1})),
    "no networks": json.dumps({**FIELDS, "recipe": {**FIELDS["recipe"], "ensemble": 0}}),
    "a thousand networks": json.dumps({**FIELDS, "recipe": {**FIELDS["recipe"], "ensemble": 1000}}),
    "networks a list": json.dumps({**FIELDS, "recipe": {**FIELDS["recipe"], "ensemble": [1]}}),
    "one class": json.dumps({**FIELDS, "classes": ["0"]}),
    "a million classes": json.dumps({**FIELDS, "classes": ["0"] * 1_000_000}),
    "classes a number": json.dumps({**FIELDS, "classes": 10}),
    "one bound": json.dumps({**FIELDS, "pixel_range": [0]}),
    "bounds the wrong way round": json.dumps({**FIELDS, "pixel_range": [1, -1]}),
    "an endless bound": json.dumps({**FIELDS, "pixel_range": [0, float("inf")]}),
    "no temperature at all": json.dumps({**FIELDS, "temperature": 0}),
    "a temperature that is not a number": json.dumps({**FIELDS, "temperature": float("nan")}),
    "an origin that is a list": json.dumps({**FIELDS, "origin": [1, 2]}),
    "a bound that is no float": json.dumps({**FIELDS, "pixel_range": [0, 10**400]}),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_description_that_is_not_ours_is_refused(text):
    with pytest.raises(DigitsError, match=f"^{HERE} is not a model of ours") as caught:
        ModelInfo.from_json(text, HERE)
    assert "\n" not in str(caught.value)


SHAPES = {"a.weight": (2, 3), "a.bias": (2,)}


def fitting(**changes: np.ndarray) -> dict[str, np.ndarray]:
    return {"a.weight": np.ones((2, 3), np.float32), "a.bias": np.zeros(2, np.float32), **changes}


def test_weights_that_fit_pass():
    check_weights(fitting(), SHAPES, "it")
    check_weights({name: array.astype(np.float64) for name, array in fitting().items()}, SHAPES, "it", "float64")


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"a.weight": np.ones((2, 3), np.float32)}, "it does not fit its architecture: a.bias is missing"),
        (fitting(more=np.ones(1, np.float32)), "it does not fit its architecture: more is extra"),
        ({}, "it does not fit its architecture: a.bias is missing"),
        (fitting(**{"a.bias": np.zeros(3, np.float32)}), r"it: a.bias is float32 of shape \(3,\); allowed: .* \(2,\)"),
        (fitting(**{"a.bias": np.zeros((2, 1), np.float32)}), r"it: a.bias is float32 of shape \(2, 1\)"),
        (fitting(**{"a.bias": np.full(2, 1e300)}), "it: a.bias is float64 of shape .*; allowed: float32"),
        (fitting(**{"a.bias": np.zeros(2, np.float16)}), "it: a.bias is float16"),
        (fitting(**{"a.bias": np.zeros(2, np.int64)}), "it: a.bias is int64"),
        (fitting(**{"a.bias": np.zeros(2, np.complex64)}), "it: a.bias is complex64"),
        (fitting(**{"a.bias": np.array([0, np.nan], np.float32)}), "it: a.bias holds values that are not finite"),
        (fitting(**{"a.bias": np.array([0, -np.inf], np.float32)}), "it: a.bias holds values that are not finite"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights, message):
    with pytest.raises(DigitsError, match=f"^{message}"):
        check_weights(weights, SHAPES, "it")


def raw(header: object, data: bytes = b"") -> bytes:
    """A .safetensors file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype: str, shape: list[int], end: int) -> dict:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}


WHOLE = safetensors.numpy.save(fitting(), metadata={"digits": "text"})
BROKEN = {
    "empty": b"",
    "text": b"hello, this is no model",
    "a zip": b"PK\x03\x04" + bytes(100),
    "truncated": WHOLE[:-1],
    "truncated in its header": WHOLE[:40],
    "something behind": WHOLE + b"x",
    "a header of 10 exabytes": struct.pack("<Q", 10**19) + b"{}",
    "a header that is not JSON": raw(b"{{{"),
    "a huge array": raw(entry("F32", [1 << 40], 4 << 40), bytes(16)),
    "a size beyond 64 bits": raw(entry("F32", [1 << 40, 1 << 40], 16), bytes(16)),
    "offsets beyond the end": raw(entry("F32", [8], 32), bytes(16)),
    "a shape that is not its bytes": raw(entry("F32", [5], 16), bytes(16)),
    "a negative shape": raw(entry("F32", [-4], 16), bytes(16)),
    "a type that does not exist": raw(entry("PICKLE", [4], 16), bytes(16)),
    "a type that NumPy lacks": raw(entry("F8_E5M2", [16], 16), bytes(16)),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_broken_safetensors_file_is_refused(data, tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(DigitsError, match=rf"^{path} is damaged or not a .safetensors file \(.+\)$"):
        read_safetensors(path)


def test_arrays_and_metadata_of_a_safetensors_file(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(WHOLE)
    arrays, metadata = read_safetensors(path)
    assert metadata == {"digits": "text"}
    assert arrays.keys() == SHAPES.keys()
    assert all(np.array_equal(arrays[name], array) for name, array in fitting().items())
    with pytest.raises(DigitsError, match=f"^{tmp_path} is damaged"):
        read_safetensors(tmp_path)
    with pytest.raises(DigitsError, match=f"^{tmp_path}/none is not there$"):
        read_safetensors(tmp_path / "none")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_damaged_weight_is_noticed(backend, finished_runs, tmp_path):
    """Even where the file still opens, and the weight is a number like any other."""
    from digits.exchange.convert import open_model
    from digits.exchange.export import export
    from digits.exchange.predictor import Predictor

    original = finished_runs / model_name(backend)
    _, network, _ = open_model(original)
    export(original, tmp_path / "model.onnx")
    Predictor(tmp_path / "model.onnx")
    for path in (original, tmp_path / "model.onnx"):
        data = bytearray(path.read_bytes())
        kernel = load_backend(backend).weights(network)["conv2.weight"]
        if path == original and backend == "tensorflow":
            kernel = kernel.transpose(2, 3, 1, 0)
        place = data.find(kernel.tobytes())
        assert place > 0
        data[place + 5] ^= 1
        damaged = tmp_path / f"damaged{path.suffix}"
        damaged.write_bytes(data)
        with pytest.raises(DigitsError, match=r"is damaged"):
            Predictor(damaged) if path.suffix == ".onnx" else open_model(damaged)
