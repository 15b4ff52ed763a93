"""An Agent whose answers come late, as on a busy host: what was asked of it is asked again, from the start.

Knows what a refusal says. Must not know what is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from rig.bench import Refused, Status

T = TypeVar("T")

NO_ANSWER = (Status.TIMEOUT, Status.LINK)
_LATE = (
    *NO_ANSWER,
    Status.REFUSED,
    Status.MISMATCH,
)  # the latter: the Client asked again, and what it asked for is there


def again_if_late(attempt: Callable[[], T], *, attempts: int = 3) -> T:
    """What ``attempt`` returns, tried again if the Agent's answer came too late. On a busy host the Agent may answer
    after the Client has given up. So each attempt must begin with the middleware's start and a new client key.

    :raises Refused: the last attempt's refusal, or at once one that no late answer explains.
    """
    for _ in range(attempts - 1):
        try:
            return attempt()
        except Refused as error:
            if error.status not in _LATE:
                raise
    return attempt()
