"""The ``rig_lo`` extension: tells Clients when a writer has readers elsewhere, and holds back answers until they know.

Knows the extension's messages and time limits; must not know how entities are created. A Client that announced the
extension keeps samples off the link while no other Client reads them. No sample may be lost when a remote reader
appears. So the Agent holds back the answer to that reader's creation until the Client of every matching writer has
confirmed that it knows. A dead Client must not hold up the others: Clients allow about a second for the creation of an
entity. So the wait is short, and a Client that timed out is skipped until it acknowledges again. A silent Client does
not count as dead: with only local readers it has nothing to send.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rig.agent.builtin._client import AgentClient
from rig.agent.builtin._entities import Writer
from rig.xrce import STREAM_RELIABLE, Info, ObjectKind, WriterActivity, encode_submessage

HOLD_LIMIT = 0.5


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
    """Announces remote readers and holds the answers that wait for a confirmation."""

    def __init__(self) -> None:
        self._holds: list[_Hold] = []
        self._late: dict[AgentClient, _Wait] = {}
        self.unheard = 0
        """Answers given before every Client had confirmed: samples between these and the news may have stayed local."""

    @property
    def deadline(self) -> float | None:
        """When ``poll`` must run at the latest."""
        return min((hold.until for hold in self._holds), default=None)

    def announce(self, writer: Writer, now: float, *, force: bool = False) -> _Wait | None:
        """Tell a writer's Client how many remote readers the writer has, if that changed, or in any case with
        ``force``.
        """
        client = writer.client
        if not client.local_known or writer.object_id & 0x0F != ObjectKind.DATAWRITER:
            return None
        count = min(writer.remote_readers, 0xFFFF)
        if count == writer.announced and not (force and count):
            return None
        writer.announced = count
        item = Info(request_id=0, object_id=writer.object_id, activity=WriterActivity(remote_readers=count))
        client.answer(STREAM_RELIABLE, encode_submessage(item), now)
        return _Wait(client, client.epoch, client.reliable_out(STREAM_RELIABLE).last_pushed())

    def hold(self, writers: Iterable[Writer], now: float, release: Callable[[float], None]) -> None:
        """Announce to the writers' Clients; call ``release`` once all have confirmed or the time is up."""
        told = [wait for writer in writers if (wait := self.announce(writer, now)) is not None]
        waits = [wait for wait in told if self._expected(wait.client)]
        self.unheard += len(waits) < len(told)
        if waits:
            self._holds.append(_Hold(waits, now + HOLD_LIMIT, release))
        else:
            release(now)

    def _expected(self, client: AgentClient) -> bool:
        """Whether a Client is likely to confirm in time: it has caught up with all that was waited for."""
        missed = self._late.get(client)
        if missed is not None and missed.over():
            del self._late[client]
            return True
        return missed is None

    def poll(self, now: float) -> None:
        """Release the answers that need not wait any more."""
        if not self._holds:
            return
        ready: list[_Hold] = []
        waiting: list[_Hold] = []
        for hold in self._holds:
            hold.waits = [wait for wait in hold.waits if not wait.over()]
            (ready if not hold.waits or now >= hold.until else waiting).append(hold)
        self._holds = waiting
        for hold in ready:
            missed = [wait for wait in hold.waits if not wait.over()]
            self._late.update((wait.client, wait) for wait in missed)
            self.unheard += bool(missed)
            hold.release(now)

    def forget(self, client: AgentClient) -> None:
        """Note that a Client has left."""
        self._late.pop(client, None)
