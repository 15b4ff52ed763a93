"""What an error of the middleware means: a missing feature, a limit, or only an Agent that did not answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from rig.bench import Refused, Status

T = TypeVar("T")

NO_ANSWER = (Status.TIMEOUT, Status.LINK)
LATE = (*NO_ANSWER, Status.REFUSED, Status.MISMATCH)
"""Of an Agent whose answers come late: none in time; or the Client asked again, and what it asked for is there."""
NO_SECOND = (Status.UNSUPPORTED, Status.TABLE_FULL)
"""Of a second session: this middleware has none, or this small board no room."""


def raise_unanswered(refusal: Refused) -> None:
    """Raise the refusal if the Agent did not answer or was not reached: that is no evidence against the middleware.

    :raises Refused: the refusal itself, if it is one of those.
    """
    if refusal.status in NO_ANSWER:
        raise refusal


def again_if_late(attempt: Callable[[], T], *, attempts: int = 3) -> T:
    """What ``attempt`` returns, tried again if the Agent's answer came too late. On a busy host the Agent may answer
    after the Client has given up. So each attempt must begin with the middleware's start and a new client key.

    :raises Refused: the last attempt's refusal, or at once one that no late answer explains.
    """
    for _ in range(attempts - 1):
        try:
            return attempt()
        except Refused as error:
            if error.status not in LATE:
                raise
    return attempt()


def whole_numbers(configuration: Mapping[str, int | str]) -> dict[str, int]:
    """The numeric limits in a middleware's configuration, by name; without those that each scenario sets."""
    return {name: value for name, value in configuration.items() if isinstance(value, int)}
