"""What a refusal shows: a feature the middleware lacks, one of its limits, or only an Agent that did not answer."""

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
    """Raise the refusal if a peer did not answer or was not reached: that is no evidence against the middleware.

    :raises Refused: the refusal itself, if it is one of those.
    """
    if refusal.status in NO_ANSWER:
        raise refusal


def again_if_late(attempt: Callable[[], T], *, attempts: int = 3) -> T:
    """What ``attempt`` returns. On a starved host the Agent answers after the Client has given up or asked anew: each
    attempt must begin with the middleware's start, and with a client key of its own.

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
    """The limits in a middleware's configuration, by name; without those that each scenario decides."""
    return {name: value for name, value in configuration.items() if isinstance(value, int)}
