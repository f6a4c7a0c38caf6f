"""What a command runs in: a terminal, a pipe, a notebook, IDLE, a thread. Not all have streams or take signals."""

import codecs
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator

from digits.errors import DigitsError, missing

_ASCII = {"–": "-", "×": "x", "±": "+-", "→": "->", "…": "..."}  # what the project prints beyond ASCII
_REPLACING = "digits.replacing"


class Ended(Exception):
    """Ends a command before it has begun, with a status: after `--help`, or where the command line is wrong."""

    def __init__(self, status: int):
        super().__init__(status)
        self.status = status


class Interrupted(Exception):
    """Ctrl-C, where a library on the way would answer it itself."""


def guarded(action: Callable[[], object]) -> int:
    """Call `action`; what a user can put right becomes one line on stderr. Returns the exit status."""
    with _streams(), _ended_by_sigterm():
        try:
            action()
        except Ended as end:
            return end.status
        except DigitsError as error:
            return _fail(str(error))
        except BrokenPipeError:  # the reader of our output, say `head`, has gone
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 128 + 13  # SIGPIPE, a name that Windows does not have
        except ModuleNotFoundError as error:
            return _fail(str(missing(error)))
        except OSError as error:
            return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        except (KeyboardInterrupt, Interrupted):
            return _fail("interrupted; earlier outputs are as they were", 128 + signal.SIGINT)
    return 0


def _fail(message: str, status: int = 1) -> int:
    print(f"error: {message}", file=sys.stderr)
    return status


def in_main_thread() -> bool:
    """Whether this is the thread that signals come to, and that alone may say what they do."""
    return threading.current_thread() is threading.main_thread()


@contextlib.contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Have SIGTERM end what runs as an exception would, so that it cleans up on the way."""
    if not in_main_thread():
        yield
        return
    usual = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual or signal.SIG_DFL)


@contextlib.contextmanager
def _streams() -> Iterator[None]:
    """Give each line away at once, to a pipe, too, and replace what the streams cannot write.

    What stands in for them may take no such wish: a notebook's stream, IDLE's, a `StringIO`. There may be none at all.
    """
    with contextlib.ExitStack() as stack:
        for name, redirect in (("stdout", contextlib.redirect_stdout), ("stderr", contextlib.redirect_stderr)):
            stream = getattr(sys, name)
            if stream is None:  # with pythonw, or where the shell has closed it
                nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123  # no file
                stack.enter_context(redirect(nowhere))
            elif hasattr(stream, "reconfigure"):
                stream.reconfigure(line_buffering=True, errors=_REPLACING)
        yield


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """What to write instead of letters that a stream's encoding lacks: a likeness, or their number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    escaped = (_ASCII.get(one) or one.encode("ascii", "backslashreplace").decode() for one in letters)
    return "".join(escaped), error.end


codecs.register_error(_REPLACING, _replaced)
