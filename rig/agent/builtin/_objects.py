"""The objects of all Clients: creation modes, deletion, and the effect on other Clients.

Knows which object exists under which id and registers endpoints on the bus. Must not know messages beyond
CREATE.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from rig.agent.builtin._bus import TopicBus
from rig.agent.builtin._client import AgentClient
from rig.agent.builtin._cooperation import Cooperation
from rig.agent.builtin._create import Factory, Refused
from rig.agent.builtin._entities import Entity, Reader, Replier, Requester, Topic, Writer
from rig.agent.builtin._log import AgentLog, LogLevel
from rig.agent.builtin._owned import Owned
from rig.agent.builtin._personality import Personality
from rig.agent.builtin._profiles import Profile
from rig.xrce import Create, QosFlag, StatusCode, XrceDecodeError, object_name

_IDENTITY = 24


class ObjectStore:
    """Creates, finds and deletes the objects of Clients."""

    def __init__(self, personality: Personality, refs: Mapping[str, Profile], log: AgentLog) -> None:
        self.bus = TopicBus(personality)
        self.cooperation = Cooperation()
        self.owned: dict[AgentClient, Owned] = {}
        self._timed: set[Reader] = set()
        self._withheld: dict[str, int] = {}
        self._factory = Factory(personality, refs)
        self._log = log

    def open(self, client: AgentClient) -> None:
        """Begin to keep the objects of a new session; ``clear`` ends it."""
        self.owned[client] = Owned(client)

    def create(self, client: AgentClient, item: Create, now: float) -> tuple[StatusCode, list[Writer]]:
        """Create an object by its creation mode; return the status, and writers of other Clients that got a new reader.

        Without reuse and replace, an id in use is refused. Replace deletes the object and creates a new one. Reuse
        accepts an equal object and refuses a different one. Both together accept an equal object and replace a
        different one. A replaced object is gone even if the new one is refused.
        """
        object_id = item.object_id & 0xFFF0 | item.object_kind & 0x0F
        owned = self.owned[client]
        old = owned.objects.get(object_id)
        try:
            if old is not None:
                refusal = self._take_over(owned, object_id, item, old, now)
                if refusal is not None:
                    return refusal, []
            new = self._factory.build(owned, object_id, item)
        except Refused as refused:
            return refused.status, []
        except XrceDecodeError as error:
            self._log(LogLevel.ERROR, "cannot read a BIN body", client=client, error=error)
            return StatusCode.ERR_INVALID_DATA, []
        owned.objects[object_id] = new
        return StatusCode.OK, self._install(owned, object_id, new, now)

    def _take_over(self, owned: Owned, object_id: int, item: Create, old: Entity, now: float) -> StatusCode | None:
        """Make way for a CREATE whose id is in use, or return the status that settles it."""
        if not item.reuse and not item.replace:
            return StatusCode.ERR_ALREADY_EXISTS
        if item.reuse and self._factory.matches(owned, old, item):
            if isinstance(old, Writer):
                self.cooperation.announce(old, now, force=True)
            return StatusCode.OK_MATCHED
        if not item.replace:
            return StatusCode.ERR_MISMATCH
        self._delete(owned, object_id, now)
        return None

    def _install(self, owned: Owned, object_id: int, new: Entity, now: float) -> list[Writer]:
        if isinstance(new, Topic):
            new.participant.topics[new.name] = new
        elif isinstance(new, Writer):
            self._add_writer(owned, object_id, new)
            self.cooperation.announce(new, now)
            self._say_what_is_left_to_it(new)
        elif isinstance(new, Reader):
            writers = self._add_reader(new, now)
            self._say_what_is_left_to_it(new)
            return writers
        elif isinstance(new, Requester | Replier):
            self.bus.add_writer(new.writer)
            self.bus.add_reader(new.reader)
            if isinstance(new, Requester):
                self.bus.requesters[new.guid] = new
            self._say_what_is_left_to_it(new.writer)
            self._say_what_is_left_to_it(new.reader)
        return []

    def _say_what_is_left_to_it(self, new: Writer | Reader) -> None:
        """Whose samples will not be sent, for whoever misses one."""
        for writer, reader in self.bus.left_to_client(new):
            self._log(
                LogLevel.INFO,
                "left to the Client's shared memory",
                client=writer.client,
                topic=writer.channel.name,
                writer=object_name(writer.object_id),
                reader=object_name(reader.object_id),
            )

    def _say_what_was_withheld(self, writer: Writer) -> None:
        if writer.withheld:
            topic = writer.channel.name
            self._withheld[topic] = self._withheld.get(topic, 0) + writer.withheld
            self._log(
                LogLevel.INFO,
                "samples withheld",
                client=writer.client,
                topic=topic,
                writer=object_name(writer.object_id),
                samples=writer.withheld,
            )

    def withheld(self) -> dict[str, int]:
        """Topic -> samples withheld since the start, once for each reader whose Client delivers to it itself.

        May be called from another thread.
        """
        found = dict(self._withheld)
        for writer in self.bus.writers():
            if writer.withheld:
                found[writer.channel.name] = found.get(writer.channel.name, 0) + writer.withheld
        return found

    def _add_writer(self, owned: Owned, object_id: int, writer: Writer) -> None:
        owned.writers[object_id.to_bytes(2, "big")] = writer
        self.bus.add_writer(writer)

    def _add_reader(self, reader: Reader, now: float) -> list[Writer]:
        writers = self.bus.add_reader(reader)
        if reader.qos.flags & QosFlag.TRANSIENT_LOCAL:
            for writer in writers:
                if writer.history is not None and reader in writer.routes:
                    for body in list(writer.history):
                        reader.offer(body, now)
        return writers

    def delete(self, client: AgentClient, object_id: int, now: float) -> bool:
        """Delete an object; False if there is none. Objects created under it go on working."""
        return self._delete(self.owned[client], object_id, now)

    def _delete(self, owned: Owned, object_id: int, now: float) -> bool:
        gone = owned.objects.pop(object_id, None)
        if gone is None:
            return False
        self._uninstall(owned, object_id, gone, now)
        return True

    def _uninstall(self, owned: Owned, object_id: int, gone: Entity, now: float) -> None:
        if isinstance(gone, Topic):
            if gone.participant.topics.get(gone.name) is gone:
                del gone.participant.topics[gone.name]
        elif isinstance(gone, Writer):
            owned.writers.pop(object_id.to_bytes(2, "big"), None)
            self._say_what_was_withheld(gone)
            self.bus.remove_writer(gone)
            gone.clear()
        elif isinstance(gone, Reader):
            self._remove_reader(gone, now)
        elif isinstance(gone, Requester | Replier):
            self._say_what_was_withheld(gone.writer)
            self.bus.remove_writer(gone.writer)
            self._remove_reader(gone.reader, now)
            if isinstance(gone, Requester):
                self.bus.requesters.pop(gone.guid, None)

    def _remove_reader(self, reader: Reader, now: float) -> None:
        reader.clear()
        for writer in self.bus.remove_reader(reader):
            if writer.client.alive:
                self.cooperation.announce(writer, now)

    def clear(self, client: AgentClient, now: float) -> None:
        """Delete everything of a Client that has left."""
        owned = self.owned.pop(client)
        for object_id in list(owned.objects):
            self._delete(owned, object_id, now)
        self.cooperation.forget(client)
        self.cooperation.poll(now)

    def restart(self, client: AgentClient) -> None:
        """Stop the reads of a Client that logged in again; its objects stay."""
        for reader in self.readers(client):
            reader.stop()
        self.bus.rematch(client)

    def announce_again(self, client: AgentClient, now: float) -> None:
        """Announce remote readers again to a Client that logged in again, and to others if its new address changes
        theirs.
        """
        owned = self.owned[client]
        for writer in owned.writers.values():
            writer.announced = 0
        if owned.objects:
            self._announce_all(now)

    def moved(self, client: AgentClient, now: float) -> None:
        """Note that a Client has another address: it may now share memory with other Clients."""
        self.bus.rematch(client)
        self._announce_all(now)

    def _announce_all(self, now: float) -> None:
        for writer in self.bus.writers():
            self.cooperation.announce(writer, now)

    def count(self) -> int:
        """Number of objects; may be called from another thread."""
        return sum(len(owned.objects) for owned in list(self.owned.values()))

    def readers(self, client: AgentClient) -> Iterator[Reader]:
        """All endpoints that receive samples for a Client."""
        return self.owned[client].readers()

    def reply(self, replier: Replier, data: bytes, now: float) -> None:
        """Deliver a reply to the requester that its SampleIdentity names."""
        if len(data) < _IDENTITY:
            return
        requester = self.bus.requesters.get(data[:16])
        if requester is None or requester.reader not in replier.writer.matched:
            return
        if requester.reader not in replier.writer.routes:
            replier.writer.client.counters.suppressed += 1
            replier.writer.withheld += 1
            return
        high, low = struct.unpack_from("<iI", data, 16)
        related = requester.related((high << 32) + low)
        if related is not None:
            requester.reader.offer(related + data[_IDENTITY:], now)

    # time

    def watch(self, reader: Reader) -> None:
        """Remember a reader whose running read depends on time."""
        if reader.timed:
            self._timed.add(reader)

    def deadline(self) -> float | None:
        """When a running read has something to do by itself."""
        times = (reader.deadline for reader in self._timed)
        return min((when for when in times if when is not None), default=None)

    def tick(self, now: float) -> None:
        """Deliver what rates allow, end reads whose time is over."""
        for reader in list(self._timed):
            when = reader.deadline
            if when is not None and now >= when:
                reader.pump(now)
            if not reader.timed:
                self._timed.discard(reader)
