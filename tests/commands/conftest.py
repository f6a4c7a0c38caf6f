"""What reads and what serves is tested with the fixtures of their rooms."""

from tests.page.conftest import browser, open_page, watch  # noqa: F401  # fixtures
from tests.reading.conftest import model, writer  # noqa: F401
from tests.review.conftest import drawings, made, table  # noqa: F401
