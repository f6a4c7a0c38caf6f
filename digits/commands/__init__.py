"""The commands of `digits`: a file each, with its flags, its action, and all that it prints."""

import sys
from collections.abc import Sequence
from copy import copy
from typing import Any

from digits.console import Ended, Interrupted
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

    def heeding(ctx: click.Context) -> Any:
        try:
            return command.invoke(ctx)
        except KeyboardInterrupt as error:  # click would print an empty line
            raise Interrupted from error

    runs = copy(command)  # the command itself stays as it is: it may be run many times
    runs.invoke = heeding  # type: ignore[method-assign]
    try:
        status = runs.main(None if argv is None else list(argv), prog_name=name, standalone_mode=False)
    except click.Abort as error:
        raise Interrupted from error
    except click.ClickException as error:
        ctx = getattr(error, "ctx", None)
        message = " ".join(error.format_message().split()).rstrip(".")
        end = "" if message.endswith("?") else "."
        print(f"error: {message}{end} See: {ctx.command_path if ctx else name} --help", file=sys.stderr)
        raise Ended(2) from error
    if isinstance(status, int) and status:
        raise Ended(status)
