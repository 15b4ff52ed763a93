"""A Client's session without I/O: at the Agent's core over a line that loses, and by messages made by hand."""

from __future__ import annotations

from random import Random

import pytest

from rig import xrce
from rig.agent import AgentCore, Peer

KEY = b"\1\2\3\4"


def message(item: xrce.Submessage, *, stream: int = 0, sequence: int = 0, session: int = 0x81) -> bytes:
    header = xrce.Header(session_id=session, stream_id=stream, sequence=sequence)
    return xrce.encode_message(xrce.Message(header=header, submessages=(item,)))


def data(number: int) -> xrce.Data:
    return xrce.Data(request_id=9, object_id=0x16, data=bytes([number]) * 4)


def sent(session: xrce.ClientSession) -> list[xrce.Submessage]:
    items = [item for out in session.outbox for item in xrce.decode_message(out).submessages]
    session.outbox.clear()
    return items


class Line:
    """A session and an Agent's core, and a share of the messages between them that is lost."""

    def __init__(self, session: xrce.ClientSession, loss: float) -> None:
        self.session = session
        self.core = AgentCore()
        self.peer = Peer(None, "client")
        self.now = 0.0
        self.heard: list[xrce.Submessage] = []
        self._chance = Random(7)
        self._loss = loss

    def step(self) -> None:
        self.now += 0.05
        self.session.on_timer(self.now)
        self.core.tick(self.now)
        while self.session.outbox or self.core.outbox:
            out, self.session.outbox[:] = list(self.session.outbox), []
            for each in out:
                if self._chance.random() >= self._loss:
                    self.core.receive(self.peer, each, self.now)
            back, self.core.outbox[:] = list(self.core.outbox), []
            for _, each in back:
                if self._chance.random() >= self._loss:
                    self.heard += self.session.receive(each, self.now)

    def until(self, request: int) -> int:
        for _ in range(2000):
            if request in self.session.statuses:
                return self.session.statuses[request]
            self.step()
        raise AssertionError(f"no answer to request {request}")


@pytest.mark.parametrize("loss", [0.0, 0.3])
@pytest.mark.parametrize("session_id", [0x81, 0x01])
def test_all_arrives_in_order_over_a_line_that_loses(session_id: int, loss: float) -> None:
    session = xrce.ClientSession(KEY, session_id=session_id, mtu=128)
    line = Line(session, loss)
    while not session.logged_in:
        session.login()
        line.step()
    qos = xrce.EndpointQos(flags=xrce.QosFlag.RELIABLE)
    assert line.until(session.participant(0x11, line.now)) == 0
    assert line.until(session.topic(0x12, 0x11, "rt/a", "T_", line.now)) == 0
    assert line.until(session.group(0x13, 0x11, line.now)) == 0
    assert line.until(session.group(0x14, 0x11, line.now)) == 0
    assert line.until(session.endpoint(0x15, 0x13, 0x12, qos, line.now)) == 0
    assert line.until(session.endpoint(0x16, 0x14, 0x12, qos, line.now)) == 0
    session.read(0x16, line.now, delivery=xrce.DeliveryControl(max_samples=xrce.SAMPLES_UNLIMITED))
    bodies = [bytes([number]) * (20 + 40 * number) for number in range(25)]  # the longer ones in fragments
    for body in bodies:
        session.write(0x15, body, line.now, stream=xrce.STREAM_RELIABLE)
    for _ in range(2000):
        samples = [item.data for item in line.heard if isinstance(item, xrce.Data)]
        if session.idle and len(samples) == len(bodies):
            break
        line.step()
    assert samples == bodies
    assert line.until(session.delete(0x15, line.now)) == 0
    assert session.out.retransmitted > 0 or not loss


def test_what_can_never_come_does_not_hold_up_the_rest() -> None:
    session = xrce.ClientSession(KEY)
    assert session.receive(message(data(1), stream=0x80, sequence=1), 0.0) == []
    beat = xrce.Heartbeat(first_unacked=1, last=1, stream_id=0x80)
    assert session.receive(message(beat), 0.0) == [beat, data(1)]
    asked = [item for item in sent(session) if isinstance(item, xrce.AckNack)]
    assert [(item.first_unacked, item.bitmap) for item in asked] == [(0, 1), (2, 0)]


def test_streams_do_not_share_their_order() -> None:
    session = xrce.ClientSession(KEY)
    for stream in (0x80, 0x81):
        assert session.receive(message(data(stream & 1), stream=stream), 0.0) == [data(stream & 1)]
        assert [item.stream_id for item in sent(session) if isinstance(item, xrce.AckNack)] == [stream]


def test_nothing_is_confirmed_by_one_that_shall_not() -> None:
    session = xrce.ClientSession(KEY)
    session.acknowledge = False
    assert session.receive(message(data(1), stream=0x80), 0.0) == [data(1)]
    assert session.outbox == []


def test_other_sessions_say_nothing() -> None:
    session = xrce.ClientSession(KEY)
    assert session.receive(message(data(1), session=0x82), 0.0) == []
    head = xrce.encode_header(xrce.Header(session_id=0x01, stream_id=0, client_key=b"else"))
    keyed = xrce.ClientSession(KEY, session_id=0x01)
    assert keyed.receive(head + xrce.encode_submessage(data(1)), 0.0) == []
    with pytest.raises(xrce.XrceDecodeError):
        session.receive(b"\x81", 0.0)


def test_a_forged_confirmation_changes_nothing() -> None:
    session = xrce.ClientSession(KEY)
    session.write(0x15, b"data", 0.0, stream=0x80)
    session.outbox.clear()
    for forged in (
        xrce.AckNack(first_unacked=9, bitmap=0, stream_id=0x80),
        xrce.AckNack(first_unacked=1, bitmap=0, stream_id=0x81),
    ):
        session.receive(message(forged), 0.0)
        assert not session.idle
    session.receive(message(xrce.AckNack(first_unacked=1, bitmap=0, stream_id=0x80)), 0.0)
    assert session.idle


def test_requests_keep_off_the_numbers_of_the_protocol() -> None:
    session = xrce.ClientSession(KEY)
    numbers = [session.next_request() for _ in range(1 << 16)]
    assert min(numbers) == 10 and max(numbers) == 0xFFFF
    assert len(set(numbers)) == 0x10000 - 10
