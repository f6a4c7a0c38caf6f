"""The page as plain files: from a sub-folder of any host, and without a network once it was opened."""

import functools
import http.server
import json
import re
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from digits.cli import main
from digits.commands.publish import publish
from digits.page import all_files
from digits.page.runtime import FILES
from digits.page.site import STATIC
from tests.page.conftest import SEVEN, draw, reload, text_of


class Static(http.server.SimpleHTTPRequestHandler):
    """Python's plain server of files; it calls .mjs JavaScript, as hosts do."""

    extensions_map = {**http.server.SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host(published: Path) -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Static, directory=published))
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.whole
def test_it_works_from_a_sub_folder_and_then_without_a_network(host, open_page):
    link = f"http://127.0.0.1:{host.server_port}/some/where/"
    page = open_page(link)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    page.get_by_role("tab", name="Photograph").click()
    assert "the computer that runs digits serve" not in page.inner_text("#photo")
    page.get_by_role("button", name="Photograph 2").click()
    assert text_of(page, "01735540\n1969") == "01735540\n1969"
    tiff = BytesIO()
    Image.new("L", (60, 60)).save(tiff, "TIFF")
    page.locator("#file").set_input_files({"name": "scan.tif", "mimeType": "image/tiff", "buffer": tiff.getvalue()})
    page.wait_for_selector(
        "#failed:has-text('This browser cannot open the picture, or it is damaged; allowed: PNG, JPEG, ')"
    )
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    page.wait_for_timeout(500)
    host.shutdown()
    host.server_close()
    page.context.set_offline(True)
    reload(page)
    page.click("#clear")
    draw(page, SEVEN)
    assert text_of(page, "7") == "7"
    page.locator("label", has_text="Baseline").click()
    page.wait_for_selector("#inside-lead:has-text('Baseline')")
    page.get_by_role("tab", name="Photograph").click()
    page.get_by_role("button", name="Photograph 1").click()
    assert text_of(page, "2718281\n3141592\n1729064") == "2718281\n3141592\n1729064"
    assert all(url.startswith((link, "blob:")) for url in asked)


@pytest.mark.whole
def test_it_can_be_put_on_the_home_screen(host, browser):
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{host.server_port}/some/where/")
    client = page.context.new_cdp_session(page)
    told = client.send("Page.getAppManifest")
    assert told["errors"] == []
    assert told["url"].endswith("/some/where/manifest.webmanifest")
    manifest = json.loads(told["data"])
    assert manifest["name"] == page.inner_text("h1")
    files = all_files(served=False)
    assert all(icon["src"] in files for icon in manifest["icons"])
    wrong = client.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {one["errorId"] for one in wrong} == {"in-incognito"}  # as pages of tests are
    page.close()
    assert '"manifest.webmanifest"' in files["offline.js"].decode().splitlines()[1]  # kept for when there is no network


def test_a_change_of_any_file_gives_the_offline_worker_another_version(monkeypatch, published):
    first = (published / "some" / "where" / "offline.js").read_text().splitlines()[0]
    assert first.startswith('const VERSION = "')
    monkeypatch.setattr("digits.page.site.examples", lambda: [])
    assert all_files(served=False)["offline.js"].decode().splitlines()[0] != first


def test_the_page_itself_is_small():
    """Under 180 kB without networks, runtime and photographs to try."""
    files = all_files(served=False)
    own = (data for name, data in files.items() if not name.startswith(("models/", "runtime/", "photographs/")))
    assert sum(map(len, own)) < 180_000
    assert len(files["models/baseline.onnx"]) < 500_000


def test_nothing_is_loaded_from_elsewhere_and_no_script_or_style_stands_in_the_page():
    text = "\n".join(path.read_text() for path in STATIC.rglob("*") if path.suffix in (".html", ".css", ".js"))
    assert "https://" not in text
    assert "http://" not in text
    page = (STATIC / "index.html").read_text()
    assert " style=" not in page
    assert not re.search(r"\son\w+=", page)
    assert page.count("<script") == 1


def test_all_words_are_in_one_file():
    """Nothing between the tags of the page but what is said where there is no JavaScript."""
    body = (STATIC / "index.html").read_text().partition("<body>")[2]
    body = re.sub(r"<noscript>.*?</noscript>|<svg.*?</svg>", "", body)
    assert not re.sub(r"<[^>]*>", "", body).strip()
    words = (STATIC / "words.js").read_text()
    for name in re.findall(r'data-word="(\w+)"', body):
        assert re.search(rf"^  {name}:", words, re.MULTILINE), name


def test_a_folder_with_other_files_is_left_alone_and_one_that_was_published_is_renewed(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("signal.signal", lambda *_: None)
    (tmp_path / "thesis.txt").write_text("mine")
    assert main(["publish", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    reason = "holds thesis.txt, which is no part of the page; allowed: a new or empty folder, or one that was published"
    assert said.startswith(f"error: {tmp_path} {reason}")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    target = tmp_path / "site"
    publish(target)
    (target / "index.html").write_text("old")
    (target / ".nojekyll").touch()  # of hosts and version control
    assert main(["publish", str(target)]) == 0
    assert capsys.readouterr().out.startswith(f"Saved {target}: ")
    assert "Digits" in (target / "index.html").read_text()
    assert {file.name for file in FILES} == {path.name for path in (target / "runtime").iterdir()}


def test_a_file_in_the_way_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        publish(tmp_path / "file")
