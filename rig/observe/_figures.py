"""What a list of stops says: deliveries by way, order, latencies, and what publish reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rig.observe._watch import Event, Kind


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Counts and times of one observation.

    :ivar transport_local: transport callbacks by shared memory.
    :ivar transport_link: transport callbacks over the link.
    :ivar transport_unknown: transport callbacks by a way that the profile does not tell.
    :ivar out_of_order: callbacks whose counter is below that of the one before; None without a counter.
    :ivar repeated: counters that came more often than the least often one: a reader had it twice, or readers came late.
    :ivar lost: counters that were published and never came; None without counters at both ends.
    :ivar failed: publishes that reported failure.
    :ivar failed_delivered: of those, with a transport callback by shared memory before they returned.
    :ivar to_transport: ticks from a publish to each transport callback by shared memory before the next publish.
    :ivar to_callback: ticks from a publish to the application's callback of the same counter; without counters, of the
        last publish.
    :ivar returned: ticks that publish took.
    """

    published: int
    transport_local: int
    transport_link: int
    transport_unknown: int
    callbacks: int
    out_of_order: int | None
    repeated: int | None
    lost: int | None
    failed: int
    failed_delivered: int
    to_transport: tuple[int, ...]
    to_callback: tuple[int, ...]
    returned: tuple[int, ...]


def figures(events: Sequence[Event], *, wraps: int = 1 << 32) -> Figures:
    """Figures of events in order of time.

    :param wraps: where the clock begins anew.
    """
    to_transport: list[int] = []
    to_callback: list[int] = []
    returned: list[int] = []
    begun: dict[int | None, int] = {}
    last: Event | None = None
    failed = failed_delivered = heard = 0
    for event in events:
        if event.kind is Kind.PUBLISH:
            last, heard = event, 0
            begun[event.counter] = event.at
        elif event.kind is Kind.TRANSPORT:
            heard += bool(event.local)
            if last is not None and event.local is not False:
                to_transport.append((event.at - last.at) % wraps)
        elif event.kind is Kind.RETURNED:
            if last is not None:
                returned.append((event.at - last.at) % wraps)
            failed += event.failed
            failed_delivered += event.failed and heard > 0
        elif event.counter in begun:
            to_callback.append((event.at - begun[event.counter]) % wraps)
    ways = [event.local for event in events if event.kind is Kind.TRANSPORT]
    came = [event.counter for event in events if event.kind is Kind.CALLBACK and event.counter is not None]
    sent = {event.counter for event in events if event.kind is Kind.PUBLISH and event.counter is not None}
    most = min((came.count(each) for each in set(came)), default=1)
    return Figures(
        published=sum(event.kind is Kind.PUBLISH for event in events),
        transport_local=ways.count(True),
        transport_link=ways.count(False),
        transport_unknown=ways.count(None),
        callbacks=sum(event.kind is Kind.CALLBACK for event in events),
        out_of_order=sum(b < a for a, b in pairwise(came)) if came else None,
        repeated=sum(came.count(each) > most for each in set(came)) if came else None,
        lost=len(sent - set(came)) if came and sent else None,
        failed=failed,
        failed_delivered=failed_delivered,
        to_transport=tuple(to_transport),
        to_callback=tuple(to_callback),
        returned=tuple(returned),
    )
