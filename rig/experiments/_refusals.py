"""What a refusal says: of the middleware, of its limits, or only of an Agent that did not answer."""

from __future__ import annotations

from collections.abc import Mapping

from rig.bench import Refused, Status

NO_ANSWER = (Status.TIMEOUT, Status.LINK)
NO_SECOND = (Status.UNSUPPORTED, Status.TABLE_FULL)
"""Of a second session: this middleware has none, or this small board no room."""


def raise_unanswered(refusal: Refused) -> None:
    """Whoever did not answer, or could not be reached, is at fault: that is no evidence against the middleware.

    :raises Refused: the refusal itself, if it is one of those.
    """
    if refusal.status in NO_ANSWER:
        raise refusal


def whole_numbers(configuration: Mapping[str, int | str]) -> dict[str, int]:
    """The limits among what a middleware tells of itself, by name; not those that each scenario decides."""
    return {name: value for name, value in configuration.items() if isinstance(value, int)}
