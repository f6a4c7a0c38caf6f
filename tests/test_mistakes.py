"""That the mistakes of `python -m tests.mistakes` can still be made: what each changes stands in its file, once."""

import pytest

from tests.mistakes import MISTAKES, ROOT, Mistake


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.what)
def test_what_a_mistake_changes_stands_there_once(mistake: Mistake):
    assert (ROOT / mistake.file).read_text().count(mistake.right) == 1
    assert mistake.wrong != mistake.right
    assert all((ROOT / path).exists() for path in mistake.tests.split())
