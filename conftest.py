"""Makes the tests find the project's own files; the fixtures for boards come from the pytest plugin of the rig."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parent


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The root of the project."""
    return ROOT
