"""The commands of `digits`: a file each, with its flags, its action, and all that it prints."""

import sys

from digits.errors import missing

try:
    import rich_click as click
except ModuleNotFoundError as error:  # before there is a command that could say it
    sys.exit(f"error: {missing(error)}")

__all__ = ["click"]
