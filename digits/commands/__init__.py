"""The commands of `digits`: a file each, with its flags, its action, and all that it prints."""

import sys
from collections.abc import Sequence

from digits.backends.hardware import tune_process
from digits.console import Ended
from digits.errors import missing

try:
    import rich_click as click
except ModuleNotFoundError as error:  # before there is a command that could say it
    sys.exit(f"error: {missing(error)}")

__all__ = ["click", "invoke"]


def invoke(command: click.Command, name: str, argv: Sequence[str] | None = None) -> None:
    """Run a command on the words of a command line, or of this process's own; what is wrong with them is one line.

    Raises:
        Ended: the command line is wrong, or was for help alone.
    """
    tune_process()
    try:
        status = command.main(None if argv is None else list(argv), prog_name=name, standalone_mode=False)
    except click.Abort as error:
        raise KeyboardInterrupt from error
    except click.ClickException as error:
        ctx = getattr(error, "ctx", None)
        message = " ".join(error.format_message().split()).rstrip(".")
        end = "" if message.endswith("?") else "."
        print(f"error: {message}{end} See: {ctx.command_path if ctx else name} --help", file=sys.stderr)
        raise Ended(2) from error
    if isinstance(status, int) and status:
        raise Ended(status)
