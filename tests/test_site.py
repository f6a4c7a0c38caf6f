"""The site that mkdocs.yml makes of README, docs/ and the lessons: whole, without dead links, asking no other host."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import digits
from tests.conftest import ROOT
from tests.page.conftest import browser  # noqa: F401  # a fixture

pytest.importorskip("material", reason="make setup installs it")
pytestmark = [
    pytest.mark.whole,
    pytest.mark.slow,
]  # the links of README and docs/ are looked at in tests/test_docs.py, too


class Page(HTMLParser):
    """A page's anchors, what its links lead to, and what a browser fetches with it."""

    def __init__(self, path: Path):
        super().__init__()
        self.anchors, self.links, self.fetched = {""}, [], []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.anchors |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        self.fetched += [found[name] for name in ("src", "href") if name in found and tag != "a"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", folder],  # with -q it would count no warning
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_page_is_there_and_no_other(site, pages):
    there = {path.relative_to(site).as_posix() for path in pages}
    expected = {f"docs/{path.stem}.html" for path in ROOT.glob("docs/*.md")}
    expected |= {f"lessons/{path.name}.html" for path in ROOT.glob("lessons/*.ipynb")}
    expected |= {"index.html", "api.html", "CONTRIBUTING.html", "LICENSE.html", "resume_description.html"}
    assert expected <= there
    assert all(name.endswith(".py.html") for name in there - expected)

    menu = pages[site / "LICENSE.html"].links  # there is no other link on this page
    assert expected - {"LICENSE.html", "resume_description.html"} <= {*menu}


def test_every_link_leads_somewhere(site, pages):
    for path, page in pages.items():
        for link in page.links:
            if urlsplit(link).scheme in ("http", "https"):
                continue
            target, _, anchor = link.partition("#")
            there = (path.parent / unquote(target)).resolve() if target else path
            assert there.is_relative_to(site), (path.name, link)
            assert there in pages, (path.name, link)
            assert unquote(anchor) in pages[there].anchors, (path.name, link)


def test_nothing_is_fetched_from_another_host(site, pages):
    for path, page in pages.items():
        for address in page.fetched:
            if not address.startswith("data:"):
                assert (path.parent / unquote(urlsplit(address).path)).is_file(), (path.name, address)
        assert 'class="mermaid"' not in path.read_text("utf-8"), f"{path.name}: the theme fetches what draws it"
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import )[\"']?(https?:)?//", style.read_text("utf-8")), style.name


def test_what_digits_offers_is_described(site, pages):
    offered = {f"digits.{name}" for name in digits.__all__} - {"digits.__version__"}
    assert offered <= pages[site / "api.html"].anchors


def test_search_knows_the_pages_and_not_the_code(site):
    found = json.loads((site / "search" / "search_index.json").read_text("utf-8"))["docs"]
    assert any(one["location"].startswith("docs/reading.html") and "upstroke" in one["text"] for one in found)
    assert not [one["location"] for one in found if ".py.html" in one["location"]]


def test_a_site_on_the_disk_is_searched_and_asks_nobody(site, browser):  # noqa: F811
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "docs" / "reading.html").as_uri())
    page.locator("input[name=query]").press_sequentially("upstroke")
    page.locator(".md-search-result__link", has_text="Reading your own handwriting").first.wait_for(timeout=15_000)
    page.close()
    assert all(address.startswith(("file:", "data:")) for address in asked), asked
