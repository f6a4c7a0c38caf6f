import io
import shlex
import struct
import zlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from digits.errors import DigitsError, not_installed
from digits.exchange.export import export
from digits.exchange.predictor import Predictor, open_session, read_images
from digits.reading.finder import FINDER
from digits.runs import model_name
from tests.commands.test_cli import FRAMEWORKS, loaded_after
from tests.conftest import run, without
from tests.test_scripts import refused


@pytest.fixture(scope="module")
def model(finished_runs, tmp_path_factory) -> Path:
    """The exported model of the PyTorch run."""
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    export(finished_runs / model_name("pytorch"), path)
    return path


def png(images: np.ndarray, mode: str = "L") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(images).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


def npy(array: np.ndarray, **flags: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **flags)
    return buffer.getvalue()


def test_the_command_reads_images_and_arrays(model, finished_runs, mnist, tmp_path):
    images = mnist.test.images
    (tmp_path / "seven.png").write_bytes(png(images[0]))
    (tmp_path / "some.npy").write_bytes(npy(images[1:4]))
    (tmp_path / "one.npy").write_bytes(npy(images[4]))
    done = run("-m", "digits", "predict", model, *(tmp_path / name for name in ("seven.png", "some.npy", "one.npy")))
    probabilities = np.load(finished_runs / "pytorch_probs.npy")[:5]
    names = ["seven.png", "some.npy[0]", "some.npy[1]", "some.npy[2]", "one.npy[0]"]
    expected = [f"{name}: {row.argmax()} ({row.max():.1%})\n" for name, row in zip(names, probabilities, strict=True)]
    assert (done.returncode, done.stdout, done.stderr) == (0, "".join(expected), "")


def test_no_framework_is_imported(model, mnist, tmp_path):
    (tmp_path / "seven.png").write_bytes(png(mnist.test.images[0]))
    loaded = loaded_after("predict", str(model), str(tmp_path / "seven.png"))
    assert "onnxruntime" in loaded
    assert not loaded & {*FRAMEWORKS, "onnx", "sklearn", "scipy", "matplotlib"}


def test_answers_are_those_of_the_run_whatever_the_number_of_images(model, finished_runs, mnist):
    predictor = Predictor(model)
    theirs = np.load(finished_runs / "pytorch_probs.npy")
    ours = predictor.probabilities(mnist.test.images)
    assert ours.dtype == np.float32
    assert np.abs(ours - theirs).max() < 1e-5
    assert np.array_equal(ours.argmax(1), theirs.argmax(1))
    for count in (0, 1, 250, 251):
        assert np.allclose(predictor.probabilities(mnist.test.images[:count]), ours[:count], atol=1e-6)
    assert predictor.info.classes == tuple("0123456789")


@pytest.mark.parametrize(("allowed", "threads"), [("1", 1), (None, 0)])
def test_a_session_computes_on_as_many_cores_as_are_allowed(allowed, threads, monkeypatch):
    monkeypatch.delenv("DIGITS_CORES", raising=False)
    if allowed:
        monkeypatch.setenv("DIGITS_CORES", allowed)
    session = open_session(FINDER.read_bytes(), FINDER)
    assert session.get_session_options().intra_op_num_threads == threads  # 0 stands for all


def test_every_test_image_is_taken_as_bright_on_dark(mnist, tmp_path):
    path = tmp_path / "all.npy"
    path.write_bytes(npy(mnist.test.images))
    assert np.array_equal(read_images(path), mnist.test.images)
    path.write_bytes(npy(255 - mnist.test.images[:3]))
    with pytest.raises(DigitsError, match="dark on bright"):
        read_images(path)


def as_csv(images: np.ndarray) -> str:
    header = ",".join(f"pixel{number}" for number in range(784))
    return "\n".join([header, *(",".join(map(str, row)) for row in images.reshape(-1, 784).tolist())]) + "\n"


def test_arrays_and_tables_of_other_kinds_give_the_same_images(mnist, tmp_path, capsys):
    images = mnist.test.images[:9]
    for array in (images / 255, images[:, np.newaxis].astype(int), images.reshape(-1, 784)):
        (tmp_path / "some.npy").write_bytes(npy(array))
        assert np.array_equal(read_images(tmp_path / "some.npy"), images)
        assert capsys.readouterr().err.startswith(f"note: in {tmp_path / 'some.npy'} images ")
    (tmp_path / "test.csv").write_text(as_csv(images))
    assert np.array_equal(read_images(tmp_path / "test.csv"), images)
    assert capsys.readouterr().err == ""


def test_a_submission_is_as_kaggle_takes_it(model, finished_runs, mnist, tmp_path):
    (tmp_path / "test.csv").write_text(as_csv(mnist.test.images[:30]))
    target = tmp_path / "new" / "submission.csv"
    done = run("-m", "digits", "predict", model, tmp_path / "test.csv", "--submission", target)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"Saved {target}\n", "")
    predictions = np.load(finished_runs / "pytorch_preds.npy")[:30]
    lines = [f"{number},{label}\n" for number, label in enumerate(predictions, start=1)]
    assert target.read_text() == "ImageId,Label\n" + "".join(lines)


def bomb(width: int, height: int) -> bytes:
    """A PNG of this declared size, of a few bytes."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(1000))
    chunks = [struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in (header, data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class Evil:
    """What runs if it is unpickled."""

    def __reduce__(self):
        return exec, ("raise SystemExit('unpickled')",)


def npz() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, images=np.zeros((1, 28, 28), np.uint8))
    return buffer.getvalue()


BLANK = np.zeros((28, 28), np.uint8)
NOISE = np.random.default_rng(0).integers(0, 100, (28, 28)).astype(np.uint8)
HUGE = b"\x93NUMPY\x01\x00\x76\x00" + (
    b"{'descr': '|u1', 'fortran_order': False, 'shape': (1099511627776, 28, 28), }".ljust(117) + b"\n"
)
REFUSED = {
    "another size": ("a.png", png(np.zeros((29, 28), np.uint8)), "has 28 × 29 pixels in mode L; allowed: 28 × 28"),
    "colours": ("a.png", png(BLANK, "RGB"), "has 28 × 28 pixels in mode RGB; allowed: .* 8-bit grey"),
    "transparency": ("a.png", png(BLANK, "LA"), "in mode LA"),
    "a palette": ("a.png", png(BLANK, "P"), "in mode P"),
    "black and white": ("a.png", png(BLANK, "1"), "in mode 1"),
    "16 bits": ("a.png", png(BLANK, "I;16"), "in mode I"),
    "dark on bright": ("a.png", png(255 - BLANK), "is dark on bright; allowed: MNIST's form, ink bright on dark"),
    "text": ("a.png", b"this is no image", "is not a readable image; allowed: PNG"),
    "nothing": ("a.png", b"", "is not a readable image"),
    "a GIF": ("a.png", b"GIF89a" + bytes(100), "is not a readable image"),
    "truncated": ("a.png", png(NOISE)[:-100], "is not a readable image"),
    "truncated in its header": ("a.png", png(NOISE)[:20], "is not a readable image"),
    "a bomb": ("a.png", bomb(60_000, 60_000), "is not a readable image"),
    "half a bomb": ("a.png", bomb(11_000, 11_000), "is not a readable image|has 11000"),
    "a small bomb": ("a.png", bomb(5_000, 5_000), "has 5000 × 5000 pixels"),
    "npz": ("a.npz", npz(), "is not a readable image; allowed: PNG of 28 × 28 pixels, .npy"),
    "npz by another name": ("a.npy", npz(), "is not an array of numbers in NumPy's format"),
    "faint floats": ("a.npy", npy(np.full((1, 28, 28), 0.123)), "values up to 0.123: is white 1, or 255 and all is"),
    "negative": ("a.npy", npy(np.full((1, 28, 28), -1)), "holds values from -1 to -1; allowed: 0 to 255"),
    "another shape": ("a.npy", npy(np.zeros((1, 32, 32), np.uint8)), "has images of 32 × 32 pixels; allowed: 28 × 28"),
    "not square": ("a.npy", npy(np.zeros((1, 785), np.uint8)), r"of shape \(1, 785\)"),
    "a number": ("a.npy", npy(np.uint8(3)), r"of shape \(\)"),
    "no images": ("a.npy", npy(np.zeros((0, 28, 28), np.uint8)), r"of shape \(0, 28, 28\)"),
    "one of them dark on bright": ("a.npy", npy(np.stack([BLANK, 255 - BLANK])), "is dark on bright"),
    "pickled": ("a.npy", npy(np.array([Evil()]), allow_pickle=True), "holds Python objects, which are never unpick"),
    "a bare pickle": ("a.npy", b"\x80\x04\x95" + bytes(100), "is not an array of numbers"),
    "truncated array": ("a.npy", npy(BLANK)[:-1], "is cut off or too long: it holds 783 bytes"),
    "a table of words": ("a.csv", b"a,b\nc,d\n", "has 2 columns of pixels; allowed"),
    "a table of other images": ("a.csv", b",".join([b"0"] * 1024) + b"\n", "has images of 32 × 32 pixels; allowed"),
    "truncated array header": ("a.npy", npy(BLANK)[:50], "is not an array of numbers"),
    "a huge array": ("a.npy", HUGE, "has 1,099,511,627,776 images; allowed: up to 2,000,000"),
    "an unfinished header": ("a.npy", npy(BLANK).replace(b"}", b" "), "is not an array of numbers"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("name", "data", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_image_is_refused_in_one_line(name, data, message, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DigitsError, match=f"^{path} .*({message})") as caught:
        read_images(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["none.png", "none.npy"])
def test_a_missing_file_is_refused(name, tmp_path):
    with pytest.raises(DigitsError, match=f"^{tmp_path / name} is not there$"):
        read_images(tmp_path / name)


@pytest.mark.parametrize(
    "data", [png(BLANK, "RGB"), bomb(11_000, 11_000), png(NOISE)[:-100]], ids=["colours", "bomb", "truncated"]
)
def test_the_command_refuses_in_one_line(data, model, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(data)
    assert refused("-m", "digits", "predict", model, path).startswith(str(path))


def refused_model(path: Path) -> str:
    with pytest.raises(DigitsError) as caught:
        Predictor(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


def edited(model: Path, change, target: Path) -> Path:
    proto = onnx.load(model)
    change(proto)
    target.write_bytes(proto.SerializeToString())
    return target


def renamed_output(proto) -> None:
    for node in proto.graph.node:
        node.output[:] = ["answers" if name == "probabilities" else name for name in node.output]
    proto.graph.output[0].name = "answers"


def with_description(text: str):
    def change(proto) -> None:
        proto.metadata_props[0].value = text

    return change


def three_classes(proto) -> None:
    text = proto.metadata_props[0].value
    with_description(text.replace('"3", "4", "5", "6", "7", "8", "9"', '"3"'))(proto)


def not_finite(proto) -> None:
    (bias,) = (tensor for tensor in proto.graph.initializer if list(tensor.dims) == [10])
    bias.CopyFrom(onnx.numpy_helper.from_array(np.full(10, np.nan, np.float32), bias.name))


FOREIGN = {
    "no description": (lambda proto: proto.ClearField("metadata_props"), "is not a model of ours"),
    "another description": (with_description("{}"), "is not a model of ours"),
    "a description with dropout 5": (with_description('{"recipe": {"dropout": 5}}'), "is not a model of ours"),
    "the wrong number of classes": (three_classes, "is not a model of ours: its description is not one (answers of"),
    "an output of another name": (renamed_output, "is not a model that digits export wrote"),
    "values that are not finite": (not_finite, "it answers with values that are not finite"),
    "no graph": (lambda proto: proto.ClearField("graph"), "is damaged or not an ONNX model"),
    "an operation that does not exist": (
        lambda proto: setattr(proto.graph.node[4], "op_type", "Teleport"),
        "is damaged or not an ONNX model",
    ),
}


@pytest.mark.parametrize(("change", "message"), FOREIGN.values(), ids=FOREIGN)
def test_a_model_that_is_not_ours_is_refused(change, message, model, tmp_path):
    assert message in refused_model(edited(model, change, tmp_path / "foreign.onnx"))


@pytest.mark.parametrize("data", [b"", b"not ONNX", bytes(1000), npz()])
def test_a_file_that_is_no_model_is_refused(data, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    assert "is damaged or not an ONNX model" in refused_model(path) or data == b""


@pytest.mark.parametrize("name", ["my model.safetensors", "model.keras"])
def test_a_model_that_is_not_exported_names_the_command_that_does_it(name, tmp_path):
    path = tmp_path / name
    assert "is not there" in refused_model(path)
    path.write_bytes(b"whatever it is")
    assert refused_model(path).endswith(f"Run: digits export {shlex.quote(str(path))}")


def test_a_truncated_or_missing_model_is_refused(model, tmp_path):
    path = tmp_path / "model.onnx"
    assert "is not there. Run: digits export" in refused_model(path)
    assert "is not there" in refused_model(tmp_path)
    path.write_bytes(model.read_bytes()[:-100])
    assert "is damaged" in refused_model(path)


def test_a_damaged_model_is_refused_in_one_line_or_harmless(model, tmp_path, capfd):
    rng = np.random.default_rng(0)
    path, data = tmp_path / "model.onnx", model.read_bytes()
    for _ in range(100):
        damaged = bytearray(data)
        for place in rng.integers(0, 6000, 3):
            damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            Predictor(path)
        except DigitsError as error:
            assert str(path) in str(error)
            assert "\n" not in str(error)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_onnxruntime_that_is_missing_is_named(model, tmp_path):
    message = refused("-m", "digits", "predict", model, tmp_path / "a.png", PYTHONPATH=without("onnxruntime", tmp_path))
    assert message == str(not_installed("onnxruntime", ""))
