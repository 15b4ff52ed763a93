"""What an Agent makes of requests: matching, delivery control, services, cooperation. On the core, time by hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from agent_wire import COOPERATING, KEEP_LAST, RELIABLE, SHM, TRANSIENT_LOCAL, Wire, deliver, new_core, tick

from rig import xrce
from rig.agent import CED, FASTDDS, RIG, AgentCore, AgentLog, Peer, Personality


def offered(left: int, right: int) -> bool:
    return not (right & RELIABLE and not left & RELIABLE) and not (
        right & TRANSIENT_LOCAL and not left & TRANSIENT_LOCAL
    )


@pytest.mark.parametrize(("writer", "reader"), list(product([0, 1, 8, 9], [0, 1, 8, 9])))
def test_request_offered_qos(writer: int, reader: int) -> None:
    core = new_core()
    left, right = Wire(core, 1).ground(), Wire(core, 2).ground()
    left.writer(flags=writer | KEEP_LAST)
    right.reader(flags=reader | KEEP_LAST)
    right.read()
    left.write(b"x")
    assert (right.samples == [(0x16, b"x")]) == offered(writer, reader)


@pytest.mark.parametrize(
    ("other", "meets"),
    [
        ({"topic": "rt/b"}, False),
        ({"type_name": "U_"}, False),
        ({"domain": 1}, False),
        ({"type_name": ""}, True),
        ({}, True),
    ],
)
def test_topics_meet_by_domain_name_and_type(other: dict[str, str | int], meets: bool) -> None:
    core = new_core()
    left, right = Wire(core, 1).ground(), Wire(core, 2).ground(**other)  # type: ignore[arg-type]
    right.reader()
    left.writer()
    right.read()
    left.write(b"x")
    assert bool(right.samples) == meets


def test_samples_wait_for_a_read_and_keep_last_loses_the_oldest() -> None:
    core = new_core()
    wire = Wire(core, 1).ground()
    wire.writer()
    wire.reader(1, RELIABLE | KEEP_LAST, 3)
    wire.reader(2, RELIABLE)
    for index in range(8):
        wire.write(bytes((index,)))
    assert wire.samples == []
    wire.read(0x16)
    assert [data[0] for _, data in wire.samples] == [5, 6, 7]
    wire.got.clear()
    wire.read(0x26)
    assert [data[0] for _, data in wire.samples] == list(range(8))
    assert core.statistics.samples_dropped == 5


def test_late_readers_get_transient_local_history() -> None:
    core = new_core()
    left, right = Wire(core, 1).ground(), Wire(core, 2).ground()
    left.writer(flags=RELIABLE | KEEP_LAST | TRANSIENT_LOCAL, depth=2)
    for index in range(5):
        left.write(bytes((index,)))
    right.reader(1, RELIABLE | KEEP_LAST | TRANSIENT_LOCAL, 10)
    right.reader(2, RELIABLE | KEEP_LAST, 10)
    right.read(0x16)
    right.read(0x26)
    assert right.samples == [(0x16, b"\3"), (0x16, b"\4")]


def test_delivery_control_counts_samples_and_can_be_cancelled() -> None:
    core = new_core()
    wire = Wire(core, 1).ground()
    wire.writer()
    wire.reader()
    wire.read(max_samples=2)
    for index in range(4):
        wire.write(bytes((index,)))
    assert [data[0] for _, data in wire.samples] == [0, 1]
    wire.send(xrce.ReadData(request_id=wire.request(), object_id=0x16, stream_id=0x80))
    assert [data[0] for _, data in wire.samples] == [0, 1, 2]
    request = wire.read()
    assert [data[0] for _, data in wire.samples] == [0, 1, 2, 3]
    wire.read(stream=0, max_samples=0)
    wire.write(b"no")
    assert len(wire.samples) == 4
    assert wire.last(xrce.Data).request_id == request  # type: ignore[union-attr]


@pytest.mark.parametrize("stream", [0, 1, 2, 0x80, 0x81])
def test_samples_come_on_the_stream_that_the_read_names(stream: int) -> None:
    core = new_core()
    wire = Wire(core, 1).ground()
    wire.writer()
    wire.reader()
    wire.write(b"before")
    wire.read(stream=stream)
    wire.write(b"after")
    headers = [xrce.decode_header(data)[0] for data in wire.raw if b"before" in data or b"after" in data]
    assert [(header.stream_id, header.sequence) for header in headers][-2:] == [
        (stream, headers[-2].sequence),
        (stream, headers[-2].sequence + (stream > 0)),
    ]


def test_delivery_control_ends_by_time() -> None:
    core = new_core()
    wire = Wire(core, 1).ground()
    wire.writer()
    wire.reader()
    wire.read(max_elapsed=2)
    wire.write(b"in time")
    due = core.deadline()
    assert due is not None and due <= 2.0
    tick(core, 2.5)
    wire.write(b"too late")
    assert wire.samples == [(0x16, b"in time")]


def test_delivery_control_limits_the_rate() -> None:
    core = new_core()
    wire = Wire(core, 1).ground()
    wire.writer()
    wire.reader()
    wire.read(max_bytes_per_second=100)
    for _ in range(5):
        wire.write(bytes(50))
    assert len(wire.samples) == 2, "a second's worth at once, then the rate"
    for step in range(1, 7):
        due = core.deadline()
        assert due is not None or len(wire.samples) == 5
        tick(core, step * 0.5)
        assert len(wire.samples) == min(2 + step, 5)


def test_full_window_keeps_samples_in_order_until_acknowledged() -> None:
    core = new_core()
    left, right = Wire(core, 1).ground(), Wire(core, 2).ground()
    left.writer()
    right.reader()
    right.read()
    right.session.acknowledge = False
    for index in range(100):
        left.write(index.to_bytes(2, "big"))
    assert len(right.samples) == 16
    right.session.acknowledge = True
    right.ack()
    deliver(core)
    assert [int.from_bytes(data, "big") for _, data in right.samples] == list(range(100))


def test_silent_client_gets_heartbeats_until_it_counts_as_dead() -> None:
    core = new_core()
    left, right = Wire(core, 1).ground(), Wire(core, 2).ground()
    left.writer()
    right.reader()
    right.read()
    right.session.acknowledge = False
    left.write(b"x")

    def beats() -> int:
        return sum(isinstance(item, xrce.Heartbeat) for item in right.got)

    for step in range(1, 11):
        tick(core, step * 0.21)
    assert beats() == 10
    tick(core, 40.0)
    tick(core, 40.3)
    assert beats() == 10
    assert core.statistics.clients == 2


def test_hard_liveliness_asks_thrice_and_then_ends_the_session() -> None:
    core = new_core()
    wire = Wire(core, 1, properties=(("uxr_hl", "001000"),)).ground()
    asked: Callable[[], int] = lambda: sum(isinstance(item, xrce.GetInfo) for item in wire.got)  # noqa: E731
    tick(core, 0.9)
    assert asked() == 0
    for now in (1.01, 1.21, 1.41):
        tick(core, now)
    assert asked() == 3
    wire.send(xrce.GetInfo(request_id=10, object_id=xrce.OBJECT_AGENT, mask=2), stream=0)
    tick(core, 1.7)
    assert core.statistics.clients == 1, "any sign of life counts"
    for now in (2.5, 2.7, 2.9, 3.1, 3.3):
        tick(core, now)
    assert core.statistics.clients == 0


# creation


def test_creation_modes() -> None:
    core = new_core()
    wire = Wire(core, 1).ground()
    body = xrce.encode_topic(xrce.TopicBody(name="rt/a", type_name="T_"))
    other = xrce.encode_topic(xrce.TopicBody(name="rt/other", type_name="T_"))
    status = xrce.StatusCode
    for content, reuse, replace, expected in (
        (body, False, False, status.ERR_ALREADY_EXISTS),
        (body, True, False, status.OK_MATCHED),
        (other, True, False, status.ERR_MISMATCH),
        (body, True, True, status.OK_MATCHED),
        (other, True, True, status.OK),
        (body, False, True, status.OK),
    ):
        request = wire.create(0x12, content, parent=0x11, reuse=reuse, replace=replace)
        assert wire.status(request) == expected, (reuse, replace)


def test_reuse_asks_what_an_object_does_and_not_under_which_parent() -> None:
    core = new_core()
    wire = Wire(core, 1).ground()
    status, form = xrce.StatusCode, xrce.RepresentationFormat
    flags = xrce.QosFlag
    topic = xrce.encode_topic(xrce.TopicBody(name="rt/a", type_name="T_"))
    writer = xrce.encode_writer(xrce.EndpointBody(topic_id=0x12, qos=xrce.EndpointQos(flags=flags.RELIABLE)))
    weaker = xrce.encode_writer(xrce.EndpointBody(topic_id=0x12, qos=xrce.EndpointQos(flags=0)))
    nowhere = xrce.encode_writer(xrce.EndpointBody(topic_id=0x992, qos=xrce.EndpointQos(flags=flags.RELIABLE)))
    assert wire.status(wire.create(0x12, topic, parent=0x11, replace=True)) == status.OK
    assert wire.status(wire.create(0x25, writer, parent=0x13)) == status.OK
    for object_id, body, parent, representation, expected in (
        (0x13, b"", 0x11, form.XML, status.OK_MATCHED),
        (0x13, b"", 0x991, form.XML, status.OK_MATCHED),
        (0x25, writer, 0x993, form.BIN, status.OK_MATCHED),
        (0x25, weaker, 0x13, form.BIN, status.ERR_MISMATCH),
        (0x25, nowhere, 0x13, form.BIN, status.ERR_MISMATCH),
        (0x25, b"", 0x13, form.BIN, status.ERR_INVALID_DATA),
    ):
        request = wire.create(object_id, body, parent=parent, form=representation, reuse=True)
        assert wire.status(request) == expected, (object_id, body, parent)


def test_what_is_replaced_is_gone_even_if_its_successor_is_refused() -> None:
    core = new_core()
    wire = Wire(core, 1).ground()
    assert wire.status(wire.writer(2)) == xrce.StatusCode.OK
    nowhere = xrce.encode_writer(xrce.EndpointBody(topic_id=0x992))
    for reuse in (False, True):
        request = wire.create(0x25, nowhere, parent=0x13, reuse=reuse, replace=True)
        assert wire.status(request) == xrce.StatusCode.ERR_DDS_ERROR
        request = wire.request()
        wire.send(xrce.Delete(request_id=request, object_id=0x25))
        assert wire.status(request) == xrce.StatusCode.ERR_UNKNOWN_REFERENCE
        assert wire.status(wire.writer(2)) == xrce.StatusCode.OK


def test_topic_of_another_participant_is_refused() -> None:
    """It may be in another domain, and DDS has no such endpoint."""
    core = new_core()
    wire = Wire(core, 1).ground()
    participant = xrce.encode_participant(xrce.ParticipantBody())
    topic = xrce.encode_topic(xrce.TopicBody(name="rt/b", type_name="T_"))
    writer = xrce.encode_writer(xrce.EndpointBody(topic_id=0x22))
    assert wire.status(wire.create(0x21, participant, domain=1)) == xrce.StatusCode.OK
    assert wire.status(wire.create(0x22, topic, parent=0x21)) == xrce.StatusCode.OK
    assert wire.status(wire.create(0x25, writer, parent=0x13)) == xrce.StatusCode.ERR_DDS_ERROR


def test_refusals() -> None:
    core = new_core()
    wire = Wire(core, 1).ground()
    topic = xrce.encode_topic(xrce.TopicBody(name="rt/a"))
    endpoint = xrce.encode_writer(xrce.EndpointBody(topic_id=0x9992))
    status, form = xrce.StatusCode, xrce.RepresentationFormat
    for request, expected in (
        (wire.create(0x22, topic, parent=0x91), status.ERR_UNKNOWN_REFERENCE),
        (wire.create(0x25, endpoint, parent=0x13), status.ERR_DDS_ERROR),
        (wire.create(0x25, endpoint, parent=0x93), status.ERR_UNKNOWN_REFERENCE),
        (wire.create(0x22, b"\xff\xff\xff\xff", parent=0x11), status.ERR_INVALID_DATA),
        (wire.create(0x25, b"no_such_ref", parent=0x13, form=form.REF), status.ERR_DDS_ERROR),
        (wire.create(0x22, b"<dds><topic>", parent=0x11, form=form.XML), status.ERR_DDS_ERROR),
        (wire.create(0x22, b"<!DOCTYPE x><dds/>", parent=0x11, form=form.XML), status.ERR_DDS_ERROR),
    ):
        assert wire.status(request) == expected
    request = wire.request()
    wire.send(xrce.Delete(request_id=request, object_id=0x9995))
    assert wire.status(request) == status.ERR_UNKNOWN_REFERENCE
    assert wire.status(wire.read(0x9996)) == status.ERR_UNKNOWN_REFERENCE


def test_bad_logins() -> None:
    core = new_core()
    status = xrce.StatusCode
    for changes, expected in (
        ({"client_key": bytes(4)}, status.ERR_INVALID_DATA),
        ({"version": (2, 0)}, status.ERR_INCOMPATIBLE),
        ({"cookie": b"DDSX"}, status.ERR_INVALID_DATA),
    ):
        fields = {"client_key": b"\1\2\3\4", "session_id": 0x81, "mtu": 508} | changes
        item = xrce.CreateClient(**fields)  # type: ignore[arg-type]
        data = xrce.encode_message(xrce.Message(header=xrce.Header(session_id=0x80), submessages=(item,)))
        core.receive(Peer(), data, 0.0)
        answer = xrce.decode_message(core.outbox.pop()[1]).submessages[0]
        assert isinstance(answer, xrce.StatusAgent) and answer.status == expected
    assert core.statistics.clients == 0


def test_xml_and_ref_reach_bin() -> None:
    core = new_core()
    left, right = Wire(core, 1).ground(topic="Square", type_name="ShapeType"), Wire(core, 2)
    form = xrce.RepresentationFormat
    right.create(0x11, b"default_xrce_participant", domain=0, form=form.REF)
    right.create(0x14, b"", parent=0x11, form=form.XML)
    xml = b"<dds><topic><name>Square</name><dataType>ShapeType</dataType></topic></dds>"
    assert right.status(right.create(0x12, xml, parent=0x11, form=form.XML)) == 0
    reader = b"<dds><data_reader>" + xml[5:-6] + b"</data_reader></dds>"
    assert right.status(right.create(0x16, reader, parent=0x14, form=form.XML)) == 0
    assert right.status(right.create(0x26, b"shapetype_data_reader", parent=0x14, form=form.REF)) == 0
    left.writer()
    right.read(0x16)
    right.read(0x26)
    left.write(b"x")
    assert sorted(right.samples) == [(0x16, b"x"), (0x26, b"x")]


# services


def test_requests_and_replies_find_their_way_among_clients() -> None:
    core = new_core()
    server = Wire(core, 1).ground()
    askers = [Wire(core, 2 + index).ground() for index in range(3)]
    assert server.status(server.service(0x18)) == 0
    server.read(0x18)
    for asker in askers:
        assert asker.status(asker.service(0x17)) == 0
        asker.read(0x17)
    asked = {asker.key: [asker.write(asker.key + bytes((n,)), 0x17) for n in range(3)] for asker in askers}
    assert len(server.samples) == 9
    for _, sample in reversed(server.samples):
        server.write(sample[:24] + b"re:" + sample[24:], 0x18)
    for asker in askers:
        expected = [
            (0x17, request.to_bytes(2, "big") + b"\0\x17" + b"re:" + asker.key + bytes((n,)))
            for n, request in reversed(list(enumerate(asked[asker.key])))
        ]
        assert asker.samples == expected
    server.write(bytes(24) + b"nobody asked", 0x18)
    server.write(b"short", 0x18)
    assert all(len(asker.samples) == 3 for asker in askers)


# shared memory


@pytest.mark.parametrize(
    ("personality", "properties", "echoed"),
    [
        (RIG, (), True),
        (RIG, SHM, False),
        (RIG, COOPERATING, False),
        (CED, SHM, True),
        (FASTDDS, SHM, False),
        (FASTDDS, (), True),
    ],
)
def test_echo_of_bin_pairs(personality: Personality, properties: xrce.Properties, echoed: bool) -> None:
    core = new_core(personality)
    wire = Wire(core, 1, properties=properties).ground()
    wire.writer()
    wire.reader()
    wire.read()
    wire.write(b"x")
    assert bool(wire.samples) == echoed
    assert core.statistics.suppressed == (0 if echoed else 1)


def test_shm_client_still_reaches_others_and_hears_them() -> None:
    core = new_core()
    left, right = Wire(core, 1, properties=SHM).ground(), Wire(core, 2, properties=SHM).ground()
    for wire in (left, right):
        wire.writer()
        wire.reader()
        wire.read()
    left.write(b"l")
    right.write(b"r")
    assert (left.samples, right.samples) == ([(0x16, b"r")], [(0x16, b"l")])


def test_echo_of_what_a_shm_client_may_not_match() -> None:
    core = new_core()
    wire = Wire(core, 1, properties=SHM).ground()
    ref = xrce.RepresentationFormat.REF
    wire.create(0x22, b"rt/a__t", parent=0x11, form=ref)
    assert wire.status(wire.create(0x16, b"rt/a__dr", parent=0x14, form=ref)) == 0
    wire.writer()
    wire.read()
    wire.write(b"x")
    assert wire.samples == [(0x16, b"x")]


# cooperation


def test_agent_answers_the_extension_only_to_who_offers_it() -> None:
    core = new_core()
    assert Wire(core, 1, properties=COOPERATING).agent.properties == (("rig_lo", "1"),)  # type: ignore[union-attr]
    assert Wire(core, 2, properties=SHM).agent.properties == ()  # type: ignore[union-attr]
    assert Wire(core, 3, properties=(("rig_lo", "1"),)).agent.properties == ()  # type: ignore[union-attr]
    assert Wire(new_core(CED), 4, properties=COOPERATING).agent.properties == ()  # type: ignore[union-attr]


def test_remote_readers_are_announced_as_they_come_and_go() -> None:
    core = new_core()
    left = Wire(core, 1, properties=COOPERATING).ground()
    left.writer()
    left.reader()
    assert left.remote == [], "a local reader is no remote one"
    right = Wire(core, 2).ground()
    right.reader(1)
    right.reader(2)
    right.reader(3, flags=RELIABLE | TRANSIENT_LOCAL)
    assert left.remote == [(0x15, 1), (0x15, 2)], "the third does not match"
    right.send(xrce.Delete(request_id=right.request(), object_id=0x16))
    assert left.remote[-1] == (0x15, 1)
    right.send(xrce.Delete(request_id=right.request(), object_id=xrce.OBJECT_CLIENT), stream=0)
    assert left.remote[-1] == (0x15, 0)
    assert len(left.remote) == 4


def test_writer_that_comes_later_learns_of_remote_readers_before_its_status() -> None:
    core = new_core()
    right = Wire(core, 2).ground()
    right.reader()
    left = Wire(core, 1, properties=COOPERATING).ground()
    left.got.clear()
    left.writer()
    kinds = [type(item) for item in left.got if isinstance(item, xrce.Info | xrce.Status)]
    assert kinds == [xrce.Info, xrce.Status]
    assert left.remote == [(0x15, 1)]


def test_answer_to_a_remote_reader_waits_for_the_writers_client() -> None:
    core = new_core()
    left = Wire(core, 1, properties=COOPERATING).ground()
    left.writer()
    right = Wire(core, 2).ground()
    left.session.acknowledge = False
    request = right.reader()
    assert left.remote == [(0x15, 1)]
    assert right.status(request) is None
    tick(core, 0.4)
    assert right.status(request) is None
    left.session.acknowledge = True
    left.ack()
    deliver(core)
    assert right.status(request) == 0


@pytest.mark.parametrize("ending", ["time", "logout", "login"])
def test_answer_does_not_wait_for_ever(ending: str) -> None:
    core = new_core()
    left = Wire(core, 1, properties=COOPERATING).ground()
    left.writer()
    right = Wire(core, 2).ground()
    left.session.acknowledge = False
    request = right.reader()
    assert right.status(request) is None
    if ending == "time":
        tick(core, 0.4)
        assert right.status(request) is None
        tick(core, 0.6)
    elif ending == "logout":
        left.send(xrce.Delete(request_id=9, object_id=xrce.OBJECT_CLIENT), stream=0)
    else:
        again = Wire(core, 1, properties=COOPERATING, peer=left.peer)
        assert again.remote == [(0x15, 1)], "who logs in again is told again"
    assert right.status(request) == 0
    assert core.statistics.unheard == (ending == "time")


def test_only_the_first_answer_waits_for_a_client_that_is_gone() -> None:
    """It is told all the same, again and again; once it has caught up, answers wait for it as before."""
    core = new_core()
    left = Wire(core, 1, properties=COOPERATING).ground()
    left.writer()
    tick(core, 100.0)
    left.session.acknowledge = False
    right = Wire(core, 2).ground()
    waited = right.reader(1)
    assert right.status(waited) is None, "a Client whose readers are all local is silent, and alive"
    tick(core, 100.6)
    assert right.status(waited) == 0
    assert right.status(right.reader(2)) == 0
    assert left.remote == [(0x15, 1), (0x15, 2)]
    assert core.statistics.unheard == 2, "one was waited for in vain, and one not at all"
    left.got.clear()
    tick(core, 120.0)
    assert any(isinstance(item, xrce.Heartbeat) for item in left.got)
    left.ack()
    again = right.reader(3)
    assert right.status(again) is None
    left.ack()
    deliver(core)
    assert right.status(again) == 0


def test_sessions_of_one_program_are_local_to_each_other() -> None:
    core = new_core()
    first = Wire(core, 1, properties=COOPERATING).ground()
    second = Wire(core, 2, properties=COOPERATING, peer=first.peer, session_id=1).ground()
    first.writer()
    second.reader()
    second.read()
    assert first.remote == []
    first.write(b"delivered in memory")
    assert second.samples == []
    elsewhere = Wire(core, 3).ground()
    elsewhere.reader()
    elsewhere.read()
    assert first.remote == [(0x15, 1)]
    first.write(b"x")
    assert elsewhere.samples == [(0x16, b"x")]
    assert second.samples == []


def test_unequal_qos_of_a_shm_client_is_echoed() -> None:
    """DDS matches a reliable writer with a best-effort reader; the Client's shared memory compares the flags."""
    core = new_core()
    wire = Wire(core, 1, properties=SHM).ground()
    wire.writer()
    wire.reader(flags=KEEP_LAST)
    wire.read()
    wire.write(b"x")
    assert len(wire.samples) == 1
    assert core.store.withheld() == {}


def test_what_is_withheld_is_logged_and_counted_by_topic() -> None:
    lines: list[str] = []
    core = AgentCore(log=AgentLog(lines.append))
    wire = Wire(core, 1, properties=SHM).ground()
    wire.writer()
    wire.reader()
    wire.read()
    for _ in range(3):
        wire.write(b"x")
    (topic,) = core.store.withheld()
    assert core.store.withheld() == {topic: 3}
    (said,) = [line for line in lines if "left to the Client's shared memory" in line]
    assert f"topic={topic}" in said and "writer=datawriter 0x001" in said and "reader=datareader 0x001" in said
    wire.send(xrce.Delete(request_id=wire.request(), object_id=0x15))
    (counted,) = [line for line in lines if "samples withheld" in line]
    assert f"topic={topic}" in counted and "samples=3" in counted
    assert core.store.withheld() == {topic: 3}
