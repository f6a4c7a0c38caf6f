"""`digits review`: a page on which a person checks readings by keyboard, until all are checked or it is interrupted."""

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from digits.commands import click, options
from digits.commands.serve import browser_option, listening, open_soon, port_option, server_of
from digits.errors import DigitsError
from digits.files import display
from digits.page.addresses import HERE
from digits.recipes import check_seed

if TYPE_CHECKING:
    from digits.review import Review


@options.command(
    "review",
    "check by eye what digits read --output wrote, the least sure first; READINGS is its .parquet, .csv or .jsonl",
    "digits review readings.parquet",
)
@options.a_path("readings")
@click.option(
    "--random", type=int, metavar="N", help="Check N pictures drawn at random, which alone tell how many are right."
)
@options.seed(None)
@click.option(
    "--model", type=Path, metavar="FILE", help="The .onnx model that read them. [default: the one that ships]"
)
@click.option("--hand", type=Path, metavar="DIR", help="The digits of yours that voted when they were read.")
@port_option()
@browser_option()
def command(
    readings: Path,
    random: int | None,
    seed: int | None,
    model: Path | None,
    hand: Path | None,
    port: int | None,
    no_browser: bool,
) -> None:
    if random is None and seed is not None:
        raise DigitsError("--seed does nothing without --random N, which draws a sample. Leave it out, or give both")
    review_readings(readings, random, seed or 0, model=model, hand=hand, port=port, open_browser=not no_browser)


def review_readings(
    table: Path,
    random: int | None = None,
    seed: int = 0,
    *,
    model: Path | None = None,
    hand: Path | None = None,
    port: int | None = None,
    open_browser: bool = True,
) -> None:
    """Have a person check readings, until all are checked or it is interrupted, and say what came of it.

    Args:
        table: that `digits read --output` wrote; verdicts and corrections go beside it.
        random: how many pictures to draw at random; None for all, the least sure first.
        seed: by which they are drawn.
        model: that read them.
        hand: a folder of somebody's own digits that voted then; None for nobody's.
        port: None for the first free one from 8000 on.
        open_browser: whether to open the page.

    Raises:
        DigitsError: the table is none, its pictures are gone, the port is taken, it is reviewed elsewhere, or see
            `Store` and `Reader`.
        OSError: the folder of the table cannot be written.
    """
    from digits.reading import Reader
    from digits.review import Review, opened, read_readings

    check_seed(seed)
    readings, reader = read_readings(table), Reader(model, hand)
    with opened(table) as store:
        sample = None if random is None else store.draw(readings, random, seed)
        review = Review(readings, store, reader, sample)
        _check(review, table)
        try:
            if review.queue:
                _serve(review, port, open_browser)
        finally:
            _tell(review)


def _check(review: "Review", table: Path) -> None:
    """Say what is not asked, and make sure that something can be.

    Raises:
        DigitsError: no picture that is to be asked is there.
    """
    if review.readings.failed:
        print(f"note: not asked: {_pictures(review.readings.failed)} that could not be read", file=sys.stderr)
    if others := review.outdated:
        print(f"note: not counted: what was said of {_pictures(others)} that the table holds no more", file=sys.stderr)
    if review.queue and not any(row.key.may_be_there for row in review.queue):
        first = review.queue[0].key.name
        raise DigitsError(
            f"{first} is not there, nor is another picture of {table}. Run this where digits read was run"
        )


def _serve(review: "Review", port: int | None, open_browser: bool) -> None:
    from digits.review import application

    listener, port = listening(HERE, port)
    token = secrets.token_urlsafe(16)  # without it, others on this machine could look at the pictures
    server = server_of(
        application(
            review, [HERE, "localhost"], token, f"digits-review-{port}", lambda: setattr(server, "should_exit", True)
        )
    )
    link = f"http://{HERE}:{port}/?token={token}"
    print(f"The page is at {link} (Ctrl-C ends it)")
    if open_browser:
        open_soon(link)
    server.run(sockets=[listener])


def _tell(review: "Review") -> None:
    store = review.store
    judged = [(row, verdict) for row in review.asked if (verdict := review.verdict(row))]
    wrong = sum(verdict.text != row.text for row, verdict in judged)
    of = " of the sample" if review.is_sample else ""
    print(f"Checked {len(judged):,} of {_pictures(len(review.asked))}{of}, {wrong:,} wrong")
    if accuracy := review.accuracy():
        print(accuracy)
    if store.path.exists():
        print(f"Saved {display(store.path)}")
    if any(verdict.corrected for _, verdict in judged):
        print(f"Saved {display(store.corrections)}. Learn from it: digits learn {store.corrections}")


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"
