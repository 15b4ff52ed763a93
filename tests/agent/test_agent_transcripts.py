"""Recorded Clients talk to our Agent: it must answer as the recorded Agent did."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig import xrce
from rig.agent import CED, FASTDDS, RIG, AgentCore, Peer, Personality

FOLDER = Path(__file__).parent.parent / "data" / "transcripts"
FILES = sorted(FOLDER.glob("*.jsonl"), key=lambda path: path.name)
_FRAMED = 0x7E


@dataclass(frozen=True)
class Record:
    time: float
    to_agent: bool
    data: bytes
    dropped: bool


def load(path: Path) -> list[Record]:
    """Messages of a transcript as the receiving side got them; broken frames are left out."""
    records = []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        data = bytes.fromhex(row.get("fwd", row["hex"]))
        if data[0] == _FRAMED:
            frames = [e for e in xrce.FrameDecoder().feed(data) if isinstance(e, xrce.Frame)]
            if not frames:
                continue
            data = frames[0].payload
        records.append(Record(row["t"], row["dir"] == "c2a", data, bool(row.get("dropped"))))
    return records


def comparable(data: bytes, guid: bytes | None = None) -> str:
    """A reply without what varies from run to run: clock times, a requester's GUID, order within a stream."""
    message = xrce.decode_message(data)
    items = [str(neutral(item, guid)) for item in message.submessages]
    header = message.header
    return f"{header.session_id:02x} {header.stream_id:02x} {header.client_key} {items}"


def neutral(item: xrce.Submessage, guid: bytes | None) -> xrce.Submessage:
    if isinstance(item, xrce.TimestampReply):
        return xrce.TimestampReply(transmit=(0, 0), receive=(0, 0), originate=item.originate)
    if isinstance(item, xrce.Data) and guid is not None and item.data.startswith(guid):
        return xrce.Data(request_id=item.request_id, object_id=item.object_id, data=bytes(16) + item.data[16:])
    return item


def sequences(replies: list[bytes]) -> list[tuple[int, int]]:
    """Stream and sequence number of every message once, sorted."""
    headers = [xrce.decode_header(data)[0] for data in replies]
    return sorted({(header.stream_id, header.sequence) for header in headers})


def replay(records: list[Record], personality: Personality) -> tuple[list[bytes], bytes | None]:
    """Feed the Client's side; returns our replies and the GUID we gave a requester."""
    core = AgentCore(personality=personality, wall_clock=lambda: 1_700_000_000_000_000_000)
    peer = Peer(None, "transcript")
    replies: list[bytes] = []
    guid: bytes | None = None
    recorded_guid: bytes | None = None
    for record in records:
        when = record.time
        due = core.deadline()
        while due is not None and due <= when:
            core.tick(due)
            due = core.deadline()
        if not record.to_agent:
            for item in xrce.decode_message(record.data).submessages:
                if isinstance(item, xrce.Data) and item.object_id & 0xF == 8:
                    recorded_guid = item.data[:16]
        elif not record.dropped:
            data = record.data
            if guid is not None and recorded_guid is not None:
                data = data.replace(recorded_guid, guid)
            core.receive(peer, data, when)
        replies += [message for _, message in core.outbox]
        core.outbox.clear()
        if core.store.bus.requesters:
            guid = next(iter(core.store.bus.requesters))
    return replies, guid


def recorded_replies(records: list[Record]) -> tuple[list[bytes], bytes | None]:
    replies = [record.data for record in records if not record.to_agent]
    guid = None
    for data in replies:
        for item in xrce.decode_message(data).submessages:
            if isinstance(item, xrce.Data) and item.object_id & 0xF == 8:
                guid = item.data[:16]
    return replies, guid


def personality_of(path: Path) -> Personality:
    return FASTDDS if "_dds" in path.name else CED


def timers(data: bytes) -> bool:
    """Heartbeats and their consequences depend on when timers ran, not on what was asked."""
    kinds = {type(item) for item in xrce.decode_message(data).submessages}
    return kinds <= {xrce.Heartbeat}


def tally(replies: list[bytes], guid: bytes | None) -> Counter[str]:
    return Counter(comparable(data, guid) for data in replies if not timers(data))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_agent_replies_as_the_recorded_one(path: Path) -> None:
    records = load(path)
    ours, our_guid = replay(records, personality_of(path))
    theirs, their_guid = recorded_replies(records)
    assert tally(ours, our_guid) == tally(theirs, their_guid)
    assert sequences(ours) == sequences(theirs)


ECHOES_LESS = {
    # The recorded Agent echoed what the shared-memory Client had delivered itself.
    "serial_shm_session_ced",
    "udp_shm_session_ced",
    "udp_three_readers_shm_ced",
}
ECHOES_MORE = {
    # The recorded Agent withheld what the Client could not match locally: both samples were lost.
    "udp_ref_loopback_shm_dds",
}
UNDERSTANDS_MORE = {
    "udp_create_xml_ced",  # XML is read
    "udp_reqrep_bin_ced_unsupported",  # services work
    "udp_shm_reqrep_bin_ced",
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_default_agent_differs_only_where_it_is_better(path: Path) -> None:
    records = load(path)
    ours, our_guid = replay(records, RIG)
    theirs, their_guid = recorded_replies(records)
    got, expected = tally(ours, our_guid), tally(theirs, their_guid)
    if path.stem in ECHOES_LESS:
        missing = expected - got
        assert missing and all("Data(" in line or "Fragment(" in line for line in missing)
        assert not got - expected
    elif path.stem in ECHOES_MORE:
        extra = got - expected
        assert extra and all("Data(" in line for line in extra)
        assert not expected - got
    elif path.stem in UNDERSTANDS_MORE:
        assert all("status=128" in line for line in expected - got)
        assert all("status=0" in line for line in got - expected)
        assert got != expected
    else:
        assert got == expected
