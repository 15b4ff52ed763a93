"""The objects of one Client: by id, and its writers also by the two bytes that name them on the wire.

Knows ids only. The session does not know its objects; code that needs both looks them up here.
"""

from __future__ import annotations

from collections.abc import Iterator

from rig.agent.builtin._client import AgentClient
from rig.agent.builtin._entities import Entity, Reader, Replier, Requester, Writer


class Owned:
    """Objects of ``client``. ``writers`` is for the hot path: a WRITE_DATA names its writer by two bytes."""

    __slots__ = ("client", "objects", "writers")

    def __init__(self, client: AgentClient) -> None:
        self.client = client
        self.objects: dict[int, Entity] = {}
        self.writers: dict[bytes, Writer] = {}

    def readers(self) -> Iterator[Reader]:
        """All endpoints that receive samples for the Client."""
        for item in self.objects.values():
            if isinstance(item, Reader):
                yield item
            elif isinstance(item, Requester | Replier):
                yield item.reader
