"""What reads and what serves is tested with the fixtures of their rooms."""

import pytest

from tests.page.conftest import browser, open_page, watch  # noqa: F401  # fixtures
from tests.reading.conftest import model, writer  # noqa: F401
from tests.review.conftest import drawings, made, table  # noqa: F401


@pytest.fixture
def unserved(monkeypatch) -> None:
    """A test in which no server may start."""
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: pytest.fail("it was not refused"))
