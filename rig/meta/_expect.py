"""What a configuration does with an application: counts that a run can be held against.

The order is that of most applications: publishers, then subscriptions, then services and clients; a burst of samples
of one publisher; then an executor that takes all. What is too much is dropped silently at every step, so the counts are
all that an application can see.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.meta._need import Need
from rig.meta._read import Configuration

_SLOT_PREFIX, _HEADER, _SUBHEADER, _WRITE = 4, 4, 4, 4
_SMALL_RUN = _SLOT_PREFIX + _HEADER + _SUBHEADER + _WRITE


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Counts.

    :ivar publishers: how many come into being; likewise subscriptions, services, clients.
    :ivar known: rows of the application in the Client's table of shared memory.
    :ivar local_readers: subscriptions whose matching with the first publisher shared memory knows.
    :ivar published: a message of this length can be published.
    :ivar local: transport callbacks by shared memory for the whole burst of one publisher; None: a message lies in
        several slots, and what is free in the stream when it is published decides.
    :ivar taken: callbacks of the application for those, when an executor takes all that is kept; None likewise.
    """

    publishers: int
    subscriptions: int
    services: int
    clients: int
    known: int
    local_readers: int
    published: bool
    local: int | None
    taken: int | None


def slot_bytes(configuration: Configuration, *, reliable: bool) -> int:
    """Longest serialised message that lies in one piece in a stream: only such a one goes by shared memory."""
    fixed = _SMALL_RUN if reliable else _SMALL_RUN - _SLOT_PREFIX
    return configuration.mtu - fixed


def run_bytes(configuration: Configuration) -> int:
    """Longest serialised message that all slots of the reliable stream hold together; a longer one goes in pieces."""
    return configuration.slots * (configuration.mtu - _SLOT_PREFIX - _HEADER - _SUBHEADER) - _SUBHEADER - _WRITE


def input_bytes(configuration: Configuration, slots: int | None = None) -> int:
    """Longest serialised message that the slots of the reliable input stream hold together, in the Agent's pieces.

    :param slots: another number of slots than the configuration's.
    """
    slots = configuration.input_slots if slots is None else slots
    return slots * (configuration.mtu - _SLOT_PREFIX - _HEADER - _SUBHEADER) - _SUBHEADER - _WRITE


def _created(configuration: Configuration, need: Need) -> tuple[int, int]:
    publishers = min(need.publishers, configuration.number("RMW_UXRCE_MAX_PUBLISHERS"), configuration.topics)
    subscriptions = min(need.subscriptions, configuration.number("RMW_UXRCE_MAX_SUBSCRIPTIONS"))
    return publishers, min(subscriptions, configuration.topics - publishers)


def expect(configuration: Configuration, need: Need) -> Expected:
    """The counts of a need on a configuration.

    :raises UsageError: an option of the configuration is no number where it must be one.
    """
    publishers, subscriptions = _created(configuration, need)
    services = min(need.services, configuration.number("RMW_UXRCE_MAX_SERVICES"))
    clients = min(need.clients, configuration.number("RMW_UXRCE_MAX_CLIENTS"))
    rows = 2 * (publishers + subscriptions) + services + clients
    by_shm = configuration.shm and configuration.word("RMW_UXRCE_CREATION_MODE") == "bin"
    table = configuration.number("UCLIENT_SHARED_MEMORY_MAX_ENTITIES") if by_shm else 0
    known = min(rows, table)
    # A topic stands before its endpoint: the endpoint is known if both rows fit.
    known_endpoints = min(table // 2, publishers + subscriptions)
    known_readers = max(0, known_endpoints - publishers)
    local_readers = min(need.readers_of_one, known_readers) if known_endpoints and publishers else 0
    length = need.message_bytes
    one_piece = length <= slot_bytes(configuration, reliable=need.reliable)
    published = bool(publishers) and (one_piece or need.reliable)
    # Several slots: by shared memory if they are free, else over the link alone.
    perhaps = not one_piece and length <= run_bytes(configuration) and bool(local_readers)
    each = min(local_readers, configuration.number("UCLIENT_SHARED_MEMORY_STATIC_MEM_SIZE")) if one_piece else 0
    each = each if published else 0
    taken = _taken(each, need, configuration.number("RMW_UXRCE_MAX_HISTORY"))
    return Expected(
        publishers=publishers,
        subscriptions=subscriptions,
        services=services,
        clients=clients,
        known=known,
        local_readers=local_readers,
        published=published,
        local=None if published and perhaps else each * need.burst,
        taken=None if published and perhaps else taken,
    )


def _taken(readers: int, need: Need, places: int) -> int:
    """Samples that are kept until an executor comes: the readers share the places, each has at most its depth."""
    kept = [0] * readers
    for _ in range(need.burst):
        for reader in range(readers):
            if kept[reader] < need.depth and sum(kept) < places:
                kept[reader] += 1
    return sum(kept)
