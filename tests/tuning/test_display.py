import re

from digits.tuning import parse_space
from digits.tuning.display import Display
from digits.tuning.storage import FAILED, FINISHED, STOPPED, Row
from digits.tuning.trials import Judged

SPACE = parse_space("dropout=0..0.5")


def a_row(number: int, state: str, losses: list[float], reason: str = "") -> Row:
    return Row(number, {"dropout": 0.123456}, state, losses, 0.9 if losses else None, 2.0, reason)


def show() -> None:
    with Display(SPACE, 4, None, []) as display:
        for number in range(3):
            display.begin(number, {"dropout": 0.123456})
        display.progress(0, "here", 1, Judged(0.5, 0.8))
        rows = [a_row(0, FINISHED, [0.5, 0.25])]
        display.end(rows)
        rows.append(a_row(1, STOPPED, [0.75]))
        display.end(rows)
        rows.append(a_row(2, FAILED, [], "out of memory"))
        display.end(rows)


LINES = [
    "Trial 0: loss 0.2500, accuracy 90.00%, 2.0 s, best so far; dropout=0.123",
    "Trial 1: stopped early, loss 0.7500 after epoch 1, 2.0 s; dropout=0.123",
    "Trial 2: failed: out of memory, 2.0 s; dropout=0.123",
]


def test_a_pipe_gets_a_line_for_each_trial(capsys):
    show()
    assert capsys.readouterr().out.splitlines() == LINES


def test_a_terminal_shows_what_is_under_way_and_in_the_end_the_lines_alone(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show()
    said = capsys.readouterr().out
    assert re.search(r"trial\s+where\s+epochs\s+loss\s+values\n0\s+here\s+1\s+0\.5000\s+dropout=0\.123", said)
    assert (
        "1 of 4 trials: 1 finished, 0 stopped early, 0 failed" in said and "best so far: trial 0, loss 0.2500" in said
    )
    assert on_screen(said) == LINES


def on_screen(said: str) -> list[str]:
    """What stands on a terminal after this: of its commands, `CSI n F` goes up n lines, and `CSI J` clears the rest."""
    lines: list[str] = []
    for part in re.split(r"(\x1b\[\d+F\x1b\[J)", said):
        if up := re.match(r"\x1b\[(\d+)F", part):
            del lines[-int(up[1]) :]
        else:
            lines += part.splitlines()
    return lines
