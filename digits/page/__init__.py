"""A page to draw on, to photograph with, and to look inside: its files, a server for it, and publishing it."""

from digits.errors import not_installed

try:
    import segno  # noqa: F401
    import starlette  # noqa: F401
    import uvicorn  # noqa: F401
except ModuleNotFoundError as error:
    raise not_installed(str(error.name), "page") from error

from digits.page.server import application
from digits.page.site import all_files

__all__ = ["all_files", "application"]
