"""What the page is made of: the networks that it is told of, and what its docs say of it."""

import json
import re
import shlex
import shutil

import pytest

from digits.commands.publish import publish
from digits.page.site import BASELINE, STATIC, all_files
from digits.reading import confidence, finder
from digits.reading.network import Network
from digits.recipes import RECIPES
from tests.conftest import ROOT
from tests.page.conftest import call, serving
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


def test_a_published_page_has_no_server_and_works_offline():
    served, published = all_files(served=True), all_files(served=False)
    assert (settings(served)["served"], settings(published)["served"]) == (True, False)
    assert published.keys() - served.keys() == {"offline.js"}


def test_the_page_reads_by_pythons_numbers(monkeypatch):
    assert settings(all_files(served=True))["finder"]["SIZES"] == list(finder.SIZES)
    monkeypatch.setattr(finder, "LEAST", 0.25)
    told = settings(all_files(served=True))
    assert told["finder"]["LEAST"] == 0.25
    assert told["confidence"]["weights"]["text"] == list(confidence.fitted().text)


def test_every_number_that_a_module_asks_for_is_there():
    """A name that Python changed would be undefined in the browser, and compare with nothing."""
    told = settings(all_files(served=True))
    asked = [
        (module, name.partition(":")[0].strip())
        for path in STATIC.glob("*.js")
        for names, module in re.findall(r"const {([^}]*)} = settings\.(\w+);", path.read_text())
        for name in names.split(",")
    ]
    assert len(asked) > 40
    assert [one for one in asked if one[1] not in told[one[0]]] == []


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
    own = sum(len(data) for name, data in files.items() if not name.startswith(("models/", "runtime/", "photographs/")))
    assert int(re.search(r"without networks, runtime and photographs \| (\d+) kB", text)[1]) == pytest.approx(
        own / 1000, abs=3
    )
    count, size = re.search(r"writes some (\d+) files, (\d+) MB", text).groups()
    assert int(count) == pytest.approx(len(files), abs=2)
    assert int(size) == pytest.approx(sum(map(len, files.values())) / 1e6, abs=0.6)
