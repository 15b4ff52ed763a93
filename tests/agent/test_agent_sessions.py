"""How sessions end, move and stay within bounds, whatever their Clients send. On the core, time by hand."""

from __future__ import annotations

import pytest
from agent_wire import COOPERATING, RELIABLE, TRANSIENT_LOCAL, Wire, core_wires, deliver, new_core, tick

from rig import xrce
from rig.agent import AgentCore, Peer
from rig.agent.builtin._entities import Writer

HARD_LIVELINESS = "uxr_hl"


def raw(wire: Wire, number: int, *items: xrce.Submessage, stream: int = 0x80) -> None:
    """Send a reliable message with a number of one's own choice."""
    key = wire.key if wire.session_id < 0x80 else None
    header = xrce.Header(session_id=wire.session_id, stream_id=stream, sequence=number & 0xFFFF, client_key=key)
    wire.core.receive(wire.peer, xrce.encode_message(xrce.Message(header=header, submessages=items)), wire.now)
    deliver(wire.core)


def create(number: int, object_id: int, body: bytes, parent: int | None = None) -> xrce.Create:
    """The creation of an object by BIN; a participant if it has no parent."""
    return xrce.Create(
        request_id=number,
        object_id=object_id,
        object_kind=object_id & 0xF,
        representation=xrce.RepresentationFormat.BIN,
        body=body,
        parent_id=parent,
        domain_id=0 if parent is None else None,
    )


def participant(number: int) -> xrce.Create:
    return create(number, number << 4 | 1, b"\0\0")


def reading(number: int) -> list[xrce.Submessage]:
    """All it takes to receive the samples that ``Wire.writer`` sends."""
    qos = xrce.EndpointQos(flags=RELIABLE)
    return [
        participant(1),
        create(number, 0x14, xrce.encode_group(xrce.GroupBody()), 0x11),
        create(number, 0x12, xrce.encode_topic(xrce.TopicBody(name="rt/a", type_name="T_")), 0x11),
        create(number, 0x16, xrce.encode_reader(xrce.EndpointBody(topic_id=0x12, qos=qos)), 0x14),
        xrce.ReadData(
            request_id=number, object_id=0x16, stream_id=1, delivery=xrce.DeliveryControl(max_samples=0xFFFF)
        ),
    ]


# the end


@pytest.mark.parametrize("how", ["in order", "heartbeat"])
def test_nothing_is_made_for_a_client_that_has_logged_out(how: str) -> None:
    core = new_core()
    wire = Wire(core, 1)
    farewell = xrce.Delete(request_id=9, object_id=xrce.OBJECT_CLIENT)
    for index, item in enumerate(reading(10)):
        raw(wire, 2 + index, item)  # there before the farewell, and to be handled after it
    if how == "in order":
        raw(wire, 1, xrce.Timestamp(transmit=(0, 0)))
        raw(wire, 0, farewell)
    else:
        raw(wire, 1, farewell)
        wire.send(xrce.Heartbeat(first_unacked=1, last=6, stream_id=0x80), stream=0)
    assert core.statistics.clients == 0
    assert core.statistics.entities == 0
    other = Wire(core, 2).ground()
    other.writer()
    wire.raw.clear()
    other.write(b"not for the dead")
    assert wire.raw == []
    assert core.statistics.samples_out == 0


def test_what_a_reset_overtook_is_forgotten() -> None:
    core = new_core()
    wire = Wire(core, 1)
    raw(wire, 1, participant(1))
    raw(wire, 0, xrce.Reset())
    assert core.statistics.entities == 0
    raw(wire, 0, participant(1))
    assert core.statistics.entities == 1


def test_full_agent_makes_room_in_spite_of_clients_that_want_long_liveliness() -> None:
    core = new_core()
    Wire(core, 1, properties=((HARD_LIVELINESS, "3600000"),))
    for key in range(2, 1025):
        Wire(core, key)
    late = Wire(core, 5000, properties=())
    assert late.agent.status == xrce.StatusCode.ERR_RESOURCES  # type: ignore[union-attr]
    for wire in core_wires(core):
        wire.now = 60.0
    late = Wire(core, 5001)
    late.now = 60.0
    login = xrce.CreateClient(client_key=b"late", session_id=0x81, mtu=508, properties=())
    late.transmit(xrce.encode_message(xrce.Message(header=xrce.Header(session_id=0x80), submessages=(login,))))
    assert late.last(xrce.StatusAgent).status == xrce.StatusCode.OK  # type: ignore[union-attr]


# liveliness


@pytest.mark.parametrize("text", ["\u00b2", "9" * 400, "9" * 5000, "", "-5", "0", "1e3", "\u0663", "1_0", " 7"])
def test_liveliness_time_that_is_none_is_ignored(text: str) -> None:
    core = new_core()
    for _ in range(2):  # the second time it logs in again
        wire = Wire(core, 1, properties=((HARD_LIVELINESS, text),))
        assert wire.agent.status == xrce.StatusCode.OK  # type: ignore[union-attr]
    tick(core, 10_000.0)
    assert core.statistics.clients == 1
    assert core.deadline() is None


def test_longest_liveliness_is_an_hour() -> None:
    core = new_core()
    Wire(core, 1, properties=((HARD_LIVELINESS, "9999999999"),))
    for step in range(5):
        tick(core, 3601.0 + step)
    assert core.statistics.clients == 0


def test_best_effort_sample_is_a_sign_of_life_and_starts_the_questions_over() -> None:
    core = new_core()
    wire = Wire(core, 1, properties=((HARD_LIVELINESS, "001000"),)).ground()
    wire.writer()
    for now in (1.01, 1.21, 1.41):
        tick(core, now)
    wire.got.clear()
    wire.write(b"sample", stream=1)
    tick(core, 2.42)
    assert any(isinstance(item, xrce.GetInfo) for item in wire.got), "asked before it is given up"
    tick(core, 3.0)
    assert core.statistics.clients == 1


# bounds


def flood(core: AgentCore, wire: Wire, messages: int, each: int) -> None:
    """Deletions of what is not there, each of which wants an answer, and no confirmation of any."""
    wire.session.acknowledge = False
    refused = tuple(xrce.Delete(request_id=10, object_id=0x7775) for _ in range(each))
    for number in range(messages):
        raw(wire, number, *refused)


def test_client_that_confirms_no_answer_loses_its_session() -> None:
    core = new_core()
    wire = Wire(core, 1)
    flood(core, wire, 2, 2000)
    tick(core, 1.0)
    assert core.statistics.clients == 1
    flood(core, wire, 4, 2000)
    assert core.clients[wire.key].reliable_out(0x80).backlog_bytes < 1 << 20
    tick(core, 2.0)
    assert core.statistics.clients == 0


def test_samples_waiting_on_all_streams_share_one_bound() -> None:
    core = new_core()
    left, right = Wire(core, 1).ground(), Wire(core, 2).ground()
    left.writer()
    right.session.acknowledge = False
    for number in range(1, 9):
        right.reader(number)
    sample = xrce.encode_submessage(xrce.WriteData(request_id=1, object_id=0x15, data=bytes(8 << 20)))
    for number in range(1, 9):
        right.read(number << 4 | 6, stream=0x80 + number)
    parts = [sample[start : start + 60_000] for start in range(0, len(sample), 60_000)]
    for index, part in enumerate(parts):
        raw(left, left.next_number + index, xrce.Fragment(data=part, last=index == len(parts) - 1))
    streams = [core.clients[right.key].reliable_out(0x80 + number) for number in range(1, 9)]
    assert 24 << 20 < sum(stream.backlog_bytes for stream in streams) < 32 << 20
    assert core.statistics.samples_out == 3
    assert core.statistics.samples_dropped == 0, "the others wait"
    for _ in range(20_000):  # the first three confirm, step by step
        for number in (1, 2, 3):
            stream = core.clients[right.key].reliable_out(0x80 + number)
            ack = xrce.AckNack(first_unacked=stream.next_sequence, bitmap=0, stream_id=0x80 + number)
            raw(right, 0, ack, stream=0)
        if core.statistics.samples_out == 4:
            break
    assert core.statistics.samples_out == 4


def test_samples_kept_for_one_client_share_one_bound() -> None:
    core = new_core()
    wire = Wire(core, 1).ground()
    wire.writer(1, RELIABLE | TRANSIENT_LOCAL, 100)
    for number in range(1, 30):
        wire.reader(number)
    client = core.clients[wire.key]
    writer = core.store.owned[client].objects[0x15]
    assert isinstance(writer, Writer)
    sample = bytes(1 << 20)
    for _ in range(12):
        core._publish(writer, sample, 0.0)
    assert client.kept == 256 << 20, "29 readers would keep 12 MiB each"
    core._publish(writer, sample, 0.0)
    assert client.kept == 256 << 20
    for number in range(1, 30):
        wire.send(xrce.Delete(request_id=9, object_id=number << 4 | 6))
    assert writer.history is not None
    assert client.kept == len(writer.history) << 20 <= 4 << 20
    wire.send(xrce.Delete(request_id=9, object_id=0x15))
    assert client.kept == 0


def test_tiny_mtu_does_not_multiply_a_sample() -> None:
    core = new_core()
    wire = Wire(core, 1)
    login = xrce.CreateClient(client_key=b"tiny", session_id=0x82, mtu=1)
    wire.transmit(xrce.encode_message(xrce.Message(header=xrce.Header(session_id=0x80), submessages=(login,))))
    client = core.clients[b"tiny"]
    assert not client.send(0x80, bytes(16 << 20), 0.0)
    assert client.send(0x80, bytes(100_000), 0.0)
    assert client.reliable_out(0x80).backlog_bytes < 1 << 20


def test_unfinished_samples_on_all_streams_share_one_bound() -> None:
    core = new_core()
    wire = Wire(core, 1).ground()
    client = core.clients[wire.key]
    for number in range(1000):
        raw(wire, number // 100, xrce.Fragment(data=bytes(60_000), last=False), stream=0x90 + number % 100)
    assert sum(client.reassembler(0x90 + index).size for index in range(100)) <= 32 << 20


# gaps


def test_sample_that_lost_a_fragment_for_ever_is_not_joined_to_the_next() -> None:
    core = new_core()
    wire = Wire(core, 1).ground()
    wire.writer()
    wire.reader()
    wire.read(stream=1)
    halves = []
    for letter in (b"A", b"B"):
        item = xrce.encode_submessage(xrce.WriteData(request_id=1, object_id=0x15, data=letter * 40))
        halves += [(item[:24], False), (item[24:], True)]
    first = wire.next_number
    for index in (0, 2, 3):
        data, last = halves[index]
        raw(wire, first + index, xrce.Fragment(data=data, last=last))
    wire.send(xrce.Heartbeat(first_unacked=first + 2, last=first + 3, stream_id=0x80), stream=0)
    assert wire.samples == [(0x16, b"B" * 40)]


# addresses


def test_keyed_client_is_known_at_another_address() -> None:
    core = new_core()
    wire = Wire(core, 1, session_id=0x01).ground()
    wire.writer()
    wire.reader()
    wire.read()
    wire.peer = Peer(None, "moved")
    wire.got.clear()
    assert wire.status(wire.reader(2)) == 0
    wire.write(b"follows")
    assert wire.samples == [(0x16, b"follows")]
    assert core.statistics.clients == 1
    core.drop_peer(wire.peer, 1.0, "gone")
    assert core.statistics.clients == 0


def test_only_key_and_session_together_move_a_client() -> None:
    core = new_core()
    keyed, plain = Wire(core, 1, session_id=0x01).ground(), Wire(core, 2).ground()
    stranger = Peer(None, "stranger")
    for session_id, key in ((0x02, keyed.key), (0x01, plain.key), (0x01, b"none"), (0x81, None)):
        header = xrce.Header(session_id=session_id, stream_id=0x80, sequence=0, client_key=key)
        for item in (participant(7), xrce.Delete(request_id=1, object_id=xrce.OBJECT_CLIENT)):
            core.receive(stranger, xrce.encode_message(xrce.Message(header=header, submessages=(item,))), 0.0)
    assert core.statistics.clients == 2
    assert core.statistics.entities == 8
    assert not stranger.busy


def test_cooperating_sessions_share_memory_only_at_one_address() -> None:
    core = new_core()
    first = Wire(core, 1, properties=COOPERATING).ground()
    second = Wire(core, 2, properties=COOPERATING, peer=first.peer, session_id=0x01).ground()
    first.writer()
    second.reader()
    second.read()
    assert first.remote == []
    second.peer = Peer(None, "another board")
    second.read()
    assert first.remote == [(0x15, 1)]
    first.write(b"over the link")
    assert second.samples == [(0x16, b"over the link")]


def test_login_at_another_address_is_no_longer_local_to_who_stayed() -> None:
    core = new_core()
    first = Wire(core, 1, properties=COOPERATING).ground()
    second = Wire(core, 2, properties=COOPERATING, peer=first.peer, session_id=0x82).ground()
    first.writer()
    second.reader()
    again = Wire(core, 2, properties=COOPERATING, session_id=0x82)
    again.read()
    assert first.remote == [(0x15, 1)]
    first.write(b"over the link")
    assert again.samples == [(0x16, b"over the link")]
