"""What somebody says that a digit is: kept in the browser, voting from then on, saved as files, undone, deleted."""

import base64
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from digits.reading.hand import read_hand
from digits.reading.reader import SHIPPED
from tests.page.conftest import SCRIBBLE, SEVEN, draw, reload, text_of, wait_for_answer

pytestmark = pytest.mark.whole

FLAG = [(60, 120), (80, 80), (120, 70), (150, 60), (140, 130), (130, 220)]  # a one that looks like a seven


def corrected(page, label: str, expected: str) -> None:
    wait_for_answer(page)
    page.select_option(".correct", label)
    assert text_of(page, expected) == expected


def test_a_correction_is_read_from_then_on_and_survives_a_reload(warm_page):
    page = warm_page()
    draw(page, FLAG)
    assert text_of(page, "7") == "7"
    corrected(page, "1", "1")
    assert page.inner_text("#corrections-count") == "1 correction of yours"
    reload(page)
    assert text_of(page, "1") == "1"  # of the drawing that was kept
    page.click("#clear")
    draw(page, [(x + 90, y + 12) for x, y in FLAG])
    assert text_of(page, "1") == "1"
    page.wait_for_selector("#inside-lead:has-text('alone says 7')")


def test_it_is_undone_and_all_are_deleted(warm_page):
    page = warm_page()
    draw(page, FLAG)
    assert text_of(page, "7") == "7"
    corrected(page, "1", "1")
    page.click("#corrections summary")
    page.click("#undo-correction")
    assert text_of(page, "7") == "7"
    assert page.is_hidden("#corrections")
    corrected(page, "1", "1")
    corrected(page, "4", "4")  # who says something else of the same digit has changed their mind
    assert page.inner_text("#corrections-count") == "1 correction of yours"
    page.evaluate("scrollTo(0, 0)")
    draw(page, [(x + 150, y + 2) for x, y in FLAG])
    page.wait_for_selector(".cards li:nth-child(2)")
    page.locator(".correct").nth(1).select_option("10")
    page.wait_for_selector("#corrections-count:has-text('2 corrections of yours')")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click("#delete-corrections")
    assert page.inner_text("#corrections-count") == "2 corrections of yours"
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#delete-corrections")
    assert text_of(page, "77") == "77"
    assert page.is_hidden("#corrections")
    assert kept(page, "corrections", "image") == []


def test_no_digit_is_a_correction_too(warm_page):
    page = warm_page()
    draw(page, FLAG)
    assert text_of(page, "7") == "7"
    corrected(page, "10", "no digit")


def test_they_are_saved_as_the_folders_that_python_reads(warm_page, tmp_path: Path):
    page = warm_page()
    draw(page, FLAG)
    assert text_of(page, "7") == "7"
    corrected(page, "1", "1")
    page.click("#clear")
    draw(page, SEVEN)
    wait_for_answer(page)
    page.select_option(".correct", "10")
    page.wait_for_selector("#corrections-count:has-text('2 corrections of yours')")
    page.click("#corrections summary")
    with page.expect_download() as download:
        page.click("#save-corrections")
    assert download.value.suggested_filename == "my-digits.zip"
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert archive.testzip() is None
    archive.extractall(tmp_path)
    hand = read_hand(tmp_path)
    assert hand.labels.tolist() == [1, 10]
    assert np.array_equal(hand.images[0].ravel(), kept(page, "corrections", "image")[0])


def kept(page, store: str, field: str) -> list[list]:
    """A field, which is a sequence, of each thing in a store of the browser's."""
    return page.evaluate(KEPT, [store, field])


KEPT = """([store, field]) => new Promise((resolve) => {
  indexedDB.open("digits").onsuccess = ({ target }) => {
    const asked = target.result.transaction(store).objectStore(store).getAll();
    asked.onsuccess = () => resolve(asked.result.map((one) => [...one[field]]));
    target.result.close();
  };
})"""


def test_a_browser_that_keeps_nothing_says_so(warm_page):
    page = warm_page()
    page.evaluate(
        """() => {
          const { add } = IDBObjectStore.prototype;
          IDBObjectStore.prototype.add = () => {
            IDBObjectStore.prototype.add = add; // the next time it is not refused
            throw new DOMException("", "QuotaExceededError");
          };
        }"""
    )
    draw(page, FLAG)
    wait_for_answer(page)
    page.select_option(".correct", "1")
    page.wait_for_selector("#failed:has-text('could not be kept')")
    assert page.inner_text("#text") == "7"


def test_nothing_of_them_leaves_the_browser(warm_page):
    page = warm_page()
    asked = []
    page.on("request", lambda request: asked.append((request.method, request.url)))
    draw(page, FLAG)
    assert text_of(page, "7") == "7"
    corrected(page, "1", "1")
    assert all(method == "GET" and "/models/" in url for method, url in asked), asked


@pytest.mark.parametrize("network", ["reader", "baseline"])
def test_each_network_is_told(network, warm_page):
    page = warm_page()
    page.click(f"label[for=network-{network}]")
    draw(page, SCRIBBLE)
    wait_for_answer(page)
    page.select_option(".correct", "3")
    assert text_of(page, "3").startswith("3")


def test_what_the_server_learned_is_told_kept_and_chosen(link, open_page):
    """Of a server that gives back the reader that ships, as the better one."""
    page = open_page(link)
    outcome = {name: [0.5, 0.75, [0.7, 0.8]] for name in ("own", "mnist", "nothing")}
    said = [
        {"done": 1, "total": 4},
        {"better": True, **outcome, "model": base64.b64encode(SHIPPED.read_bytes()).decode()},
    ]
    page.route("**/learn", lambda route: route.fulfill(body="".join(f"{json.dumps(one)}\n" for one in said)))
    draw(page, FLAG)
    assert text_of(page, "7") == "7"
    corrected(page, "1", "1")
    page.click("#corrections summary")
    with page.expect_request("**/learn") as asked:
        page.click("#learn")
    label, *image = asked.value.post_data_buffer
    assert (label, image) == (1, kept(page, "corrections", "image")[0])
    page.wait_for_selector("#learned:has-text('Choose “Mine” above')")
    page.click("label[for=network-mine]")
    page.wait_for_selector("#inside-lead:has-text('“Mine”')")
    assert kept(page, "networks", "name") == [list("mine")]


@pytest.fixture
def taught(warm_page):
    """A page with four corrections of ones with a flag, drawn each a little otherwise."""
    page = warm_page()
    for step in range(4):
        if step:
            page.evaluate("scrollTo(0, 0)")
            page.click("#clear")
            page.wait_for_selector(".card", state="detached")
        draw(page, [(x + 9 * step * (y > 100), y + 9 * step * (x > 100)) for x, y in FLAG])
        wait_for_answer(page)
        page.select_option(".correct", "1")
        page.wait_for_selector(f"#corrections-count:has-text('{step + 1} correction')")
    page.click("#corrections summary")
    return page


@pytest.mark.slow
def test_the_reader_learns_from_them_behind_a_button(taught):
    taught.click("#learn")
    taught.wait_for_selector("#learned:has-text('The reader learns')")
    taught.wait_for_selector("#learned:has-text('before')", timeout=300_000)
    assert "Choose “Mine” above" in taught.inner_text("#learned")
    taught.click("label[for=network-mine]")
    assert text_of(taught, "1") == "1"
    taught.reload()
    taught.wait_for_selector("html[data-ready]")
    assert taught.locator("#network-mine").count() == 1  # it was kept
