"""A state directory of their own for the tests of this room."""

from pathlib import Path

import pytest


@pytest.fixture(scope="module", autouse=True)
def _apart(state_directory: Path) -> None:
    """Boards of other tests are not seen."""
