"""The ``rig_lo`` extension: telling Clients when a writer has readers elsewhere, and holding answers for it.

Knows the extension's messages and waits; must not know how entities come to be. A Client that announced the
extension keeps samples off the link while no other Client reads them. So that none is lost when a remote
reader appears, the answer to that reader's creation is held back until every affected writer's Client has
confirmed that it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rig.agent._client import AgentClient
from rig.agent._entities import Writer
from rig.xrce import STREAM_RELIABLE, Info, ObjectKind, WriterActivity, encode_submessage

HOLD_LIMIT = 2.0


@dataclass(slots=True, eq=False)
class _Wait:
    """A Client that has not yet confirmed a number of its stream 0x80 (of one epoch)."""

    client: AgentClient
    epoch: int
    sequence: int

    def over(self) -> bool:
        if not self.client.alive or self.client.epoch != self.epoch:
            return True
        return self.client.reliable_out(STREAM_RELIABLE).acknowledged(self.sequence)


@dataclass(slots=True, eq=False)
class _Hold:
    waits: list[_Wait]
    until: float
    release: Callable[[float], None]


class Cooperation:
    """Announces remote readers and keeps the answers that wait for the announcement."""

    def __init__(self) -> None:
        self._holds: list[_Hold] = []

    @property
    def deadline(self) -> float | None:
        """When ``poll`` must run at the latest."""
        return min((hold.until for hold in self._holds), default=None)

    def announce(self, writer: Writer, now: float, *, force: bool = False) -> _Wait | None:
        """Tell a writer's Client how many remote readers it has, if that changed (or by ``force``)."""
        client = writer.client
        if not client.local_known or writer.object_id & 0x0F != ObjectKind.DATAWRITER:
            return None
        count = min(writer.remote_readers, 0xFFFF)
        if count == writer.announced and not (force and count):
            return None
        writer.announced = count
        item = Info(request_id=0, object_id=writer.object_id, activity=WriterActivity(remote_readers=count))
        client.send(STREAM_RELIABLE, encode_submessage(item), now)
        return _Wait(client, client.epoch, client.reliable_out(STREAM_RELIABLE).last_pushed())

    def hold(self, writers: Iterable[Writer], now: float, release: Callable[[float], None]) -> None:
        """Announce to the writers' Clients, then call ``release`` once all have confirmed (or time is up)."""
        waits = [wait for writer in writers if (wait := self.announce(writer, now)) is not None]
        if waits:
            self._holds.append(_Hold(waits, now + HOLD_LIMIT, release))
        else:
            release(now)

    def poll(self, now: float) -> None:
        """Release what no longer waits."""
        if not self._holds:
            return
        ready = []
        for hold in self._holds:
            hold.waits = [wait for wait in hold.waits if not wait.over()]
            if not hold.waits or now >= hold.until:
                ready.append(hold)
        for hold in ready:
            self._holds.remove(hold)
            hold.release(now)
