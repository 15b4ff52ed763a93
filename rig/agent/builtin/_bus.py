"""The topics on which the endpoints of all Clients match.

Knows which endpoints match, and for which matches the Agent sends no samples. Must not know sessions, streams or bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rig.agent.builtin._client import AgentClient
from rig.agent.builtin._entities import Channel, Reader, Requester, Writer, qos_compatible
from rig.agent.builtin._personality import Personality


@dataclass(slots=True)
class _Meeting:
    writers: list[Writer] = field(default_factory=list)
    readers: list[Reader] = field(default_factory=list)


class TopicBus:
    """Registry of writers and readers by channel; keeps each writer's ``routes`` ready for the hot path."""

    def __init__(self, personality: Personality) -> None:
        self._personality = personality
        self._meetings: dict[Channel, _Meeting] = {}
        self.requesters: dict[bytes, Requester] = {}

    def matches(self, writer: Writer, reader: Reader) -> bool:
        """Whether samples of this writer are for this reader."""
        if writer.channel != reader.channel:
            return False
        if not self._personality.types_and_qos:
            return True
        if writer.type_name and reader.type_name and writer.type_name != reader.type_name:
            return False
        return qos_compatible(writer.qos, reader.qos)

    def echoes(self, writer: Writer, reader: Reader) -> bool:
        """Whether the Agent delivers for this match; if not, the Client that owns both ends does."""
        client = writer.client
        if client.local_known and client.shares_memory_with(reader.client):
            return False
        if reader.client is not client or not client.shm:
            return True
        if self._personality.echo == "sure":
            # A shared-memory Client matches what it described in BIN by equal names and equal QoS; DDS matches more,
            # which it may miss, as anything else.
            equal = writer.type_name == reader.type_name and writer.qos.flags == reader.qos.flags
            return not (writer.binary and reader.binary and equal)
        return self._personality.echo == "all"

    def add_writer(self, writer: Writer) -> None:
        """Register a writer and match it."""
        meeting = self._meetings.setdefault(writer.channel, _Meeting())
        meeting.writers.append(writer)
        for reader in meeting.readers:
            self._connect(writer, reader)

    def add_reader(self, reader: Reader) -> list[Writer]:
        """Register a reader and match it; returns its writers."""
        meeting = self._meetings.setdefault(reader.channel, _Meeting())
        meeting.readers.append(reader)
        return [writer for writer in meeting.writers if self._connect(writer, reader)]

    def remove_writer(self, writer: Writer) -> None:
        """Forget a writer."""
        meeting = self._meetings.get(writer.channel)
        if meeting is not None and writer in meeting.writers:
            meeting.writers.remove(writer)
            self._tidy(writer.channel, meeting)
        writer.matched.clear()
        writer.routes.clear()

    def remove_reader(self, reader: Reader) -> list[Writer]:
        """Forget a reader; returns the writers that had it."""
        meeting = self._meetings.get(reader.channel)
        if meeting is None or reader not in meeting.readers:
            return []
        meeting.readers.remove(reader)
        lost = []
        for writer in meeting.writers:
            if reader in writer.matched:
                writer.matched.remove(reader)
                if reader in writer.routes:
                    writer.routes.remove(reader)
                else:
                    writer.suppressed -= 1
                lost.append(writer)
        self._tidy(reader.channel, meeting)
        return lost

    def rematch(self, client: AgentClient) -> None:
        """Decide again which matches the Agent delivers, for a Client whose properties or address changed."""
        for meeting in self._meetings.values():
            for writer in meeting.writers:
                if writer.client is client or any(reader.client is client for reader in writer.matched):
                    writer.routes = [reader for reader in writer.matched if self.echoes(writer, reader)]
                    writer.suppressed = len(writer.matched) - len(writer.routes)

    def left_to_client(self, endpoint: Writer | Reader) -> Iterator[tuple[Writer, Reader]]:
        """Pairs of a new endpoint whose samples are withheld, because their Client delivers them itself."""
        meeting = self._meetings.get(endpoint.channel, _Meeting())
        for writer in meeting.writers:
            for reader in writer.matched:
                if endpoint in (writer, reader) and reader not in writer.routes:
                    yield writer, reader

    def writers(self) -> Iterator[Writer]:
        """All writers."""
        for meeting in list(self._meetings.values()):
            yield from list(meeting.writers)

    def _connect(self, writer: Writer, reader: Reader) -> bool:
        if not self.matches(writer, reader):
            return False
        writer.matched.append(reader)
        if self.echoes(writer, reader):
            writer.routes.append(reader)
        else:
            writer.suppressed += 1
        return True

    def _tidy(self, channel: Channel, meeting: _Meeting) -> None:
        if not meeting.writers and not meeting.readers:
            del self._meetings[channel]
