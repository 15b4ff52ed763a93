"""What a middleware promises its application, one by one, and what a breach of a promise is.

Must not know claims: the table ``CLAIM_OF`` of ``rig/claims`` says which claim a promise counts against.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_STATUS = {
    0: "OK",
    -1: "ARGUMENT",
    -2: "UNSUPPORTED",
    -3: "NO_BUFFER",
    -4: "TOO_LARGE",
    -5: "TABLE_FULL",
    -6: "UNKNOWN",
    -7: "TIMEOUT",
    -8: "LINK",
    -9: "REFUSED",
    -10: "STATE",
    -11: "MISMATCH",
    -12: "UNCONFIRMED",
}  # rig_mw_error of rig_middleware.h


def status_word(status: int, *, counts: bool = False) -> str:
    """A call's result as ``rig_middleware.h`` names it; an id stays a number.

    :param counts: the result is a count, so that 0 is a number and not ``OK``.
    """
    return str(status) if counts and status == 0 else _STATUS.get(status, str(status))


class Family(StrEnum):
    """The kind of a breach. Shrinking keeps the kind: the shortest sequence shows a breach of the same family."""

    LOST = "lost"
    EXTRA = "extra"
    DISORDER = "disorder"
    DAMAGED = "damaged"
    COPIED = "copied"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    LATE = "late"
    LEAK = "leak"
    DEAD = "dead"


class Promise(StrEnum):
    """One promise. The value is the sentence that reports show."""

    ACCEPTED_ARRIVES = "a sample that publish accepted reaches every matching reader"
    PAIR_MEETS = "a writer and a reader that match deliver"
    HISTORY = (
        "a late transient-local reader gets what the writer keeps, and a volatile one gets nothing older than itself"
    )
    ONLY_MATCHING = "a reader gets only samples of writers that match"
    ONCE = "a reader gets a sample once"
    IN_ORDER = "a reader gets the samples of a writer in the order of their publishing"
    DEPTH = "a reader that keeps the last few gets the last few"
    NOT_BEFORE = "a sample is delivered only after it was published"
    WHOLE = "a sample arrives whole and in its length"
    ROOM = "every buffer of the pool can be lent, to its last byte"
    RETURNED = "a buffer comes back when its sample was delivered, given back or dropped"
    GONE = "a deleted reader gets nothing more"
    UNAFFECTED = "what is deleted takes nothing from others, nor samples that were accepted before"
    CREATED = "an entity can be created while there is room"
    CREATED_AGAIN = "an entity can be created where one was deleted"
    DELETED = "an entity can be deleted"
    REFUSED = "what makes no sense is refused with an error"
    IN_PLACE = "a reader gets its sample in the place that was lent to the writer"
    ONE_BUFFER = "all readers of a sample get the same buffer"
    PROMPT = "a spin returns as soon as it delivered, also what was published into its sleep"
    ANSWERED = "a request reaches its replier, and the reply its requester, once, whole, and under its request id"
    CONCURRENT = "what two contexts publish at once arrives whole, once and in order"
    ALIVE = "the calls return, and the firmware goes on"


@dataclass(frozen=True, slots=True)
class Breach:
    """A promise that was broken. ``expected`` and ``seen`` in words; ``operation``: index in the sequence."""

    promise: Promise
    family: Family
    expected: str
    seen: str
    operation: int = -1
