"""What the page is made of: the networks that it is told of, and what its docs say of it."""

import json
import re
import shlex
import shutil

import pytest

from digits.commands.publish import publish
from digits.page.site import BASELINE, all_files
from digits.reading.network import Network
from digits.recipes import RECIPES
from tests.conftest import ROOT
from tests.page.conftest import serving
from tests.page.test_server import call
from tests.test_docs import commands


def settings(files: dict[str, bytes]) -> dict:
    return json.loads(files["settings.js"].decode().removeprefix("export const settings = ").removesuffix(";\n"))


def test_the_baseline_is_what_its_header_says(mnist):
    network = Network(BASELINE)
    assert network.predictor.info.recipe == RECIPES["baseline"]
    right = (network(mnist.test.images).digits == mnist.test.labels).mean()
    assert right == pytest.approx(network.predictor.info.origin["test_accuracy"], abs=2e-4)


def test_a_model_of_ones_own_comes_first(tmp_path):
    model = shutil.copy(BASELINE, tmp_path / "mine.onnx")
    files = all_files(served=True, model=tmp_path / "mine.onnx")
    assert list(settings(files)["networks"]) == ["yours", "reader", "baseline"]
    assert files["models/yours.onnx"] == model.read_bytes()


def test_a_published_page_has_no_photographs(tmp_path):
    served, published = all_files(served=True), all_files(served=False)
    assert (settings(served)["photographs"], settings(published)["photographs"]) == (True, False)
    assert served.keys() - published.keys() == {"photographs/1.jpg", "photographs/2.jpg"}
    assert published.keys() - served.keys() == {"offline.js"}


@pytest.mark.slow
def test_commands_of_the_docs_run(tmp_path, monkeypatch):
    (tmp_path / "outputs").mkdir()
    shutil.copy(BASELINE, tmp_path / "outputs" / "pytorch_model.onnx")
    monkeypatch.chdir(tmp_path)
    lines = commands(ROOT / "docs" / "page.md")
    assert len(lines) == 5
    for line in lines:
        program, command, *arguments = shlex.split(line)
        if program == "pip":
            assert arguments == ["-e", ".[page]"]
        elif command == "serve":
            given = [str(tmp_path / one) if one.startswith("outputs/") else one for one in arguments]
            with serving("--port", 0, *given) as (_, link, _):
                port = re.search(r":(\d+)/", link)[1]
                assert call(f"http://127.0.0.1:{port}/")[0] == (403 if "token" in link else 200)
        else:
            publish(tmp_path / arguments[0])
            assert (tmp_path / "site" / "index.html").is_file()


def test_sizes_are_as_the_docs_say():
    text = (ROOT / "docs" / "page.md").read_text()
    files = all_files(served=False)
    own = sum(len(data) for name, data in files.items() if not name.startswith(("models/", "runtime/")))
    assert int(re.search(r"without networks and runtime \| (\d+) kB", text)[1]) == pytest.approx(own / 1000, abs=3)
    count, size = re.search(r"writes some (\d+) files, (\d+) MB", text).groups()
    assert int(count) == pytest.approx(len(files), abs=2)
    assert int(size) == pytest.approx(sum(map(len, files.values())) / 1e6, abs=0.6)
