"""The page in a real browser: all of it by keyboard, and by touch."""

import pytest

from tests.page.test_accessibility import faults
from tests.review.conftest import PHOTO, TEXT, answering, at, corrections

pytestmark = pytest.mark.whole


@pytest.fixture
def asked(review):
    """A review that asks about the photograph, after it was skipped to."""
    asked = review()
    at(asked, PHOTO)
    return asked


def wait(page, place: object) -> None:
    """Until the picture in this place can be answered, or, at the `end`, the last one was."""
    page.wait_for_selector(f'html[data-ready="{place}"]')


def text(page) -> str:
    return page.inner_text("#text")


def test_keys_correct_digits_and_enter_goes_on(asked, open_page, table):
    place = asked.place
    with answering(asked) as link:
        page = open_page(link)
        assert "token" not in page.url
        assert text(page) == TEXT
        for _ in range(30):
            page.keyboard.press("ArrowLeft")
        for key in ("9", "ArrowRight", "Delete", "ArrowRight", "1"):  # the last is what was read
            page.keyboard.press(key)
        assert text(page).split("\n")[0] == "9–18281"
        assert page.locator("#found .corrected").count() == 2
        assert page.inner_text("#found .chosen") == "1"
        page.keyboard.press("Enter")
        wait(page, place + 1)
        assert page.inner_text("#progress").startswith("1 of 10, the least sure first.")
        assert asked.passed[-1].text == "918281\n3141592\n1729064"
        assert asked.passed[-1].corrected == {0: "9", 1: "nothing"}
        assert corrections(table) == ["9", "nothing"]


def test_the_digit_that_is_least_sure_is_chosen_first(asked, open_page):
    digits = asked.state()["digits"]
    least = min(range(len(digits)), key=lambda place: digits[place]["confidence"])
    with answering(asked) as link:
        page = open_page(link)
        assert page.locator("#text button").nth(least).get_attribute("aria-pressed") == "true"
        assert page.locator("#text button[aria-pressed=true]").count() == 1


def test_undo_first_takes_back_corrections_and_then_the_picture_before(asked, open_page, table):
    place = asked.place
    with answering(asked) as link:
        page = open_page(link)
        page.keyboard.press("5")
        page.keyboard.press("6")
        page.keyboard.press("u")
        assert page.inner_text("#text .corrected") == "5"
        page.keyboard.press("u")
        assert text(page) == TEXT
        page.keyboard.press("5")
        page.keyboard.press("Enter")
        wait(page, place + 1)
        assert len(corrections(table)) == 1
        page.keyboard.press("Control+z")
        wait(page, place)
        assert (text(page), asked.done, corrections(table)) == (TEXT, 0, [])


@pytest.mark.parametrize("key", ["t", "/"])
def test_a_missed_digit_is_typed_with_the_whole_text(key, asked, open_page):
    place = asked.place
    with answering(asked) as link:
        page = open_page(link, refused=True)
        page.keyboard.press(key)
        assert page.input_value("#typed") == TEXT
        page.keyboard.press("Control+End")
        page.keyboard.type("5")
        page.keyboard.press("Shift+Enter")
        page.keyboard.type("8s")  # letters and digits are text here, and no orders
        page.keyboard.press("Enter")
        page.wait_for_selector("#failed:has-text('something else than digits; allowed: 0 to 9, a line a row')")
        assert page.input_value("#typed") == f"{TEXT}5\n8s"
        page.keyboard.press("Backspace")
        page.keyboard.press("Enter")
        wait(page, place + 1)
        assert asked.passed[-1].text == f"{TEXT}5\n8"
        page.keyboard.press(key)
        page.keyboard.press("Escape")
        assert page.locator("#typing").is_hidden()


def test_a_key_that_is_held_down_answers_one_picture(asked, open_page):
    place = asked.place
    with answering(asked) as link:
        page = open_page(link)
        for _ in range(5):
            page.keyboard.down("Enter")  # the second and later ones say that they repeat
        wait(page, place + 1)
        page.wait_for_timeout(300)
        page.keyboard.up("Enter")
        assert asked.done == 1


def test_the_keyboard_alone_comes_to_the_end_and_ends_it(review, open_page):
    asked = review(random=3)
    with answering(asked) as link:
        page = open_page(link)
        page.keyboard.press("Enter")
        wait(page, 1)
        assert page.inner_text("#progress").startswith("1 of 3 of the sample.")
        assert page.inner_text("#accuracy").startswith("1 of 1 right: 100.00% (95% interval ")
        page.keyboard.press("s")
        wait(page, 2)
        page.keyboard.press("Enter")
        wait(page, "end")
        assert page.inner_text("#accuracy").endswith("; 1 of the sample not judged yet")
        assert page.inner_text("#rest") == "Skipped, and asked when the review is opened again: 1."
        page.keyboard.press("u")
        wait(page, 2)
        page.keyboard.press("Enter")
        wait(page, "end")
        page.keyboard.press("Enter")
        page.wait_for_selector("#ended:visible")


def test_touch_does_all_of_it(asked, open_page, table):
    place = asked.place
    with answering(asked) as link:
        page = open_page(link, "phone")
        page.locator("#found .box:not(.left-out)").nth(2).tap()
        page.get_by_role("button", name="7", exact=True).tap()
        assert text(page).startswith("277")
        page.get_by_role("button", name="Undo").tap()
        assert text(page) == TEXT
        page.get_by_role("button", name="digit 1: 2").tap()
        page.get_by_role("button", name="No digit").tap()
        page.get_by_role("button", name="Right").tap()
        wait(page, place + 1)
        page.get_by_role("button", name="Undo").tap()
        wait(page, place)
        page.get_by_role("button", name="Type it").tap()
        page.fill("#typed", "12")
        page.get_by_role("button", name="Right").tap()
        wait(page, place + 1)
        assert asked.passed[-1].text == "12"
        page.get_by_role("button", name="Skip").tap()
        wait(page, place + 2)
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_button_that_was_clicked_does_not_take_enter(asked, open_page):
    place = asked.place
    with answering(asked) as link:
        page = open_page(link)
        page.get_by_role("button", name="No digit").click()
        page.get_by_role("button", name="Undo").click()
        page.keyboard.press("Enter")
        wait(page, place + 1)
        assert asked.passed[-1].text == TEXT


def test_tab_chooses_digits_too(asked, open_page):
    with answering(asked) as link:
        page = open_page(link)
        page.locator("#text button").first.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("0")
        page.keyboard.press("Tab")
        page.keyboard.press("0")
        assert text(page).startswith("2008281")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "digit 3: 0"


def test_a_picture_that_cannot_be_judged_says_why_and_is_skipped(asked, open_page, monkeypatch):
    place = asked.place
    monkeypatch.setattr(asked, "reader", None)
    with answering(asked) as link:
        page = open_page(link)
        assert "cannot be read (AttributeError" in page.inner_text("#failed")
        page.keyboard.press("Enter")
        page.keyboard.press("5")
        page.keyboard.press("t")
        assert page.locator("#confirm").is_hidden() and page.locator("#typing").is_hidden()
        page.keyboard.press("s")
        wait(page, place + 1)
        assert asked.done == 0


def test_a_picture_without_a_digit_is_confirmed(review, open_page):
    asked = review()
    place = at(asked, "blank.png")
    with answering(asked) as link:
        page = open_page(link)
        assert text(page) == "no digit"
        page.keyboard.press("5")
        page.keyboard.press("Delete")
        page.keyboard.press("Enter")
        wait(page, place + 1 if place < 9 else "end")
        assert asked.passed[-1].text == "" and not asked.passed[-1].corrected


def test_a_server_that_has_ended_is_said(asked, open_page):
    place = asked.place
    with answering(asked) as link:
        page = open_page(link, refused=True)
        page.route("**/verdict", lambda route: route.abort())
        page.keyboard.press("Enter")
        page.wait_for_selector("#failed:has-text('digits review does not answer')")
        page.unroute("**/verdict")
        page.keyboard.press("Enter")
        wait(page, place + 1)
        assert asked.done == 1


@pytest.mark.parametrize(("size", "scheme"), [("phone", "light"), ("projector", "dark")])
def test_axe_finds_nothing(asked, open_page, axe, size, scheme):
    with answering(asked) as link:
        page = open_page(link, size, scheme)
        page.keyboard.press("8")
        assert not faults(page, axe)
        page.keyboard.press("t")
        assert not faults(page, axe)
