"""What an error of the middleware means: a missing feature, a limit, or only an Agent that did not answer."""

from __future__ import annotations

from collections.abc import Mapping

from rig.bench import Refused, Status
from rig.station import NO_ANSWER

NO_SECOND = (Status.UNSUPPORTED, Status.TABLE_FULL)
"""Of a second session: this middleware has none, or this small board no room."""


def raise_unanswered(refusal: Refused) -> None:
    """Raise the refusal if the Agent did not answer or was not reached: that is no evidence against the middleware.

    :raises Refused: the refusal itself, if it is one of those.
    """
    if refusal.status in NO_ANSWER:
        raise refusal


def whole_numbers(configuration: Mapping[str, int | str]) -> dict[str, int]:
    """The numeric limits in a middleware's configuration, by name; without those that each scenario sets."""
    return {name: value for name, value in configuration.items() if isinstance(value, int)}
