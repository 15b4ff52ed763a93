"""What a middleware cannot do is told apart from what it refuses."""

import pytest

from rig.bench import Command, Refused, Status, Unsupported
from rig.bench._bench import _refusal


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.OK])
def test_a_refusal_says_what_and_why(status: Status) -> None:
    error = _refusal(Command.CREATE, status, "rt/chatter")
    assert isinstance(error, Refused)
    assert isinstance(error, Unsupported) is (status is Status.UNSUPPORTED)
    assert "create rt/chatter" in error.message
    assert error.status is status
