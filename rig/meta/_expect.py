"""What an application gets from a configuration: counts to compare a run with.

The order is that of most applications: publishers, then subscriptions, then services and clients; one publisher's burst
of samples; then an executor that takes all. Each step silently drops what it has no room for, so an application can see
only the counts.
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

    :ivar publishers: how many are created; likewise subscriptions, services, clients.
    :ivar known: entities of the application that the Client's shared-memory table holds.
    :ivar local_readers: subscriptions that shared memory matches with the first publisher.
    :ivar published: whether a message of this length can be published.
    :ivar local: transport callbacks by shared memory for one publisher's whole burst; None: a message takes several
        slots, and the free slots at the moment of publishing decide.
    :ivar taken: callbacks of the application for them, if an executor takes all that is kept; None for the same reason.
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
    """Longest serialised message, in bytes, that fits into one slot of a stream: only such a message goes by shared
    memory.
    """
    fixed = _SMALL_RUN if reliable else _SMALL_RUN - _SLOT_PREFIX
    return configuration.mtu - fixed


def run_bytes(configuration: Configuration) -> int:
    """Longest serialised message, in bytes, that all slots of the reliable stream hold together; a longer one is sent
    in parts.
    """
    return configuration.slots * (configuration.mtu - _SLOT_PREFIX - _HEADER - _SUBHEADER) - _SUBHEADER - _WRITE


def input_bytes(configuration: Configuration, slots: int | None = None) -> int:
    """Longest serialised message, in bytes, that the slots of the reliable input stream hold together, cut as the Agent
    cuts it.

    :param slots: number of slots; default: the configuration's.
    """
    slots = configuration.input_slots if slots is None else slots
    return slots * (configuration.mtu - _SLOT_PREFIX - _HEADER - _SUBHEADER) - _SUBHEADER - _WRITE


def _created(configuration: Configuration, need: Need) -> tuple[int, int]:
    publishers = min(need.publishers, configuration.number("RMW_UXRCE_MAX_PUBLISHERS"), configuration.topics)
    subscriptions = min(need.subscriptions, configuration.number("RMW_UXRCE_MAX_SUBSCRIPTIONS"))
    return publishers, min(subscriptions, configuration.topics - publishers)


def expect(configuration: Configuration, need: Need) -> Expected:
    """The counts that a configuration gives an application with this need.

    :raises UsageError: an option that must be a number is none.
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
