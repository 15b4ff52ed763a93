"""Streams under loss, duplication and reordering, against a model: what goes in comes out, once and in order."""

from __future__ import annotations

import random
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rig import xrce

_MASK = 0xFFFF


class Pipe:
    """A reliable output, a lossy line, and a reliable input with reassembly; time by hand."""

    def __init__(self, *, mtu: int, window: int, start: int, resend_all: bool) -> None:
        self.out = xrce.ReliableOutput(mtu=mtu, window=window, heartbeat_period=1.0, resend_all=resend_all)
        self.into = xrce.ReliableInput(window=window)
        self.out.first_unacked = self.out.next_sequence = start
        self.into.expected = start
        self.into.on_heartbeat(start, start - 1 & _MASK)
        self.parts = xrce.Reassembler()
        self.now = 0.0
        self.line: deque[tuple[int, bytes]] = deque()
        self.back: deque[xrce.Ack] = deque()
        self.sent: list[bytes] = []
        self.got: list[bytes] = []

    def push(self, body: bytes) -> None:
        item = xrce.encode_submessage(xrce.WriteData(request_id=1, object_id=0x15, data=body))
        if self.out.push(item):
            self.sent.append(body)
        self.line += self.out.take(self.now)

    def arrive(self, number: int, part: bytes) -> None:
        for body in self.into.accept(number, part):
            for item in xrce.decode_submessages(body):
                self._handle(item)
        self.back.append(self.into.ack())

    def _handle(self, item: xrce.Submessage) -> None:
        if isinstance(item, xrce.Fragment):
            whole = self.parts.add(item.data, last=item.last)
            if whole is not None:
                for inner in xrce.decode_submessages(whole):
                    self._handle(inner)
        else:
            assert isinstance(item, xrce.WriteData)
            self.got.append(item.data)

    def acknowledge(self, ack: xrce.Ack) -> None:
        self.line += self.out.on_acknack(ack.first_unacked, ack.bitmap, self.now)

    def beat(self) -> None:
        self.now += 1.0
        beat = self.out.on_timer(self.now)
        if beat is not None:
            for body in self.into.on_heartbeat(*beat):
                assert body is not None, "nothing is given up here"
                for item in xrce.decode_submessages(body):
                    self._handle(item)
            self.acknowledge(self.into.ack())

    def settle(self) -> None:
        """Let the line work without faults until all is through."""
        for _ in range(10_000):
            if self.out.idle:
                return
            while self.line:
                self.arrive(*self.line.popleft())
            while self.back:
                self.acknowledge(self.back.popleft())
            self.beat()
        raise AssertionError("the stream does not settle")


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    start=st.sampled_from([0, 5, 0x7FF8, 0xFFF0, 0xFFFF]),
    mtu=st.sampled_from([32, 64, 508]),
    window=st.sampled_from([1, 2, 8, 16]),
    resend_all=st.booleans(),
)
def test_everything_arrives_once_and_in_order(seed: int, start: int, mtu: int, window: int, resend_all: bool) -> None:
    chance = random.Random(seed)
    pipe = Pipe(mtu=mtu, window=window, start=start, resend_all=resend_all)
    for _ in range(120):
        pipe.push(chance.randbytes(chance.choice((0, 1, 7, 40, 200))))
        for _ in range(chance.randrange(4)):
            if pipe.line:
                number, part = pipe.line.popleft()
                fate = chance.random()
                if fate < 0.2:
                    continue
                if fate < 0.3:
                    pipe.line.append((number, part))
                if fate < 0.4 and pipe.line:
                    pipe.line.append((number, part))
                    continue
                pipe.arrive(number, part)
            if pipe.back and chance.random() < 0.7:
                ack = pipe.back.popleft()
                if chance.random() < 0.8:
                    pipe.acknowledge(ack)
                if chance.random() < 0.1:
                    pipe.back.append(ack)
        if chance.random() < 0.1:
            pipe.beat()
    pipe.settle()
    assert pipe.got == pipe.sent


class StreamMachine(RuleBasedStateMachine):
    """The same, with hypothesis choosing every step."""

    @initialize(mtu=st.sampled_from([24, 100]), window=st.sampled_from([1, 4, 16]), start=st.sampled_from([0, 0xFFFD]))
    def begin(self, mtu: int, window: int, start: int) -> None:
        self.pipe = Pipe(mtu=mtu, window=window, start=start, resend_all=False)

    @rule(body=st.binary(max_size=80))
    def push(self, body: bytes) -> None:
        self.pipe.push(body)

    @rule()
    def arrive(self) -> None:
        if self.pipe.line:
            self.pipe.arrive(*self.pipe.line.popleft())

    @rule()
    def lose(self) -> None:
        if self.pipe.line:
            self.pipe.line.popleft()

    @rule()
    def duplicate(self) -> None:
        if self.pipe.line:
            self.pipe.line.append(self.pipe.line[0])

    @rule()
    def reorder(self) -> None:
        self.pipe.line.rotate(1)

    @rule()
    def acknowledge(self) -> None:
        if self.pipe.back:
            self.pipe.acknowledge(self.pipe.back.popleft())

    @rule(first=st.integers(0, _MASK), bitmap=st.integers(0, _MASK))
    def forge_future_acknowledgement(self, first: int, bitmap: int) -> None:
        if xrce.sequence_newer(first, self.pipe.out.next_sequence):
            before = self.pipe.out.first_unacked
            self.pipe.acknowledge(xrce.Ack(first, bitmap))
            assert self.pipe.out.first_unacked == before

    @rule()
    def beat(self) -> None:
        self.pipe.beat()

    @invariant()
    def in_order(self) -> None:
        if hasattr(self, "pipe"):
            assert self.pipe.got == self.pipe.sent[: len(self.pipe.got)]
            assert (self.pipe.out.next_sequence - self.pipe.out.first_unacked & _MASK) <= 16

    def teardown(self) -> None:
        if hasattr(self, "pipe"):
            self.pipe.settle()
            assert self.pipe.got == self.pipe.sent


StreamMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestStreamMachine = StreamMachine.TestCase


@pytest.mark.parametrize("size", [65_500, 65_531, 65_532, 100_000, 1_000_000])
def test_large_samples_cross(size: int) -> None:
    pipe = Pipe(mtu=508, window=16, start=0, resend_all=False)
    body = bytes(index * 7 & 0xFF for index in range(size))
    pipe.push(body)
    pipe.settle()
    assert pipe.got == [body]


def test_length_of_large_samples_is_zero_on_the_wire() -> None:
    small = xrce.encode_submessage(xrce.WriteData(request_id=1, object_id=0x15, data=bytes(65_531)))
    large = xrce.encode_submessage(xrce.WriteData(request_id=1, object_id=0x15, data=bytes(65_532)))
    assert small[2:4] == b"\xff\xff"
    assert large[2:4] == b"\0\0"


def test_fragments_are_full_and_the_last_is_marked() -> None:
    out = xrce.ReliableOutput(mtu=508)
    assert out.push(bytes(1000))
    parts = [part for _, part in out.take(0.0)]
    assert [len(part) for part in parts] == [504, 504]
    assert [part[1] for part in parts] == [1, 3]
    assert out.last_pushed() == 1


def test_acknowledgement_names_what_is_missing() -> None:
    into = xrce.ReliableInput()
    for number in (0, 1, 3, 4, 7):
        into.accept(number, b"")
    assert into.ack() == xrce.Ack(2, 0b11001)
    into.on_heartbeat(2, 9)
    assert into.ack() == xrce.Ack(2, 0b11011001)
    assert into.accept(20, b"") == [], "beyond the window"
    assert into.ack() == xrce.Ack(2, 0b11011001)


def test_what_the_sender_gave_up_does_not_stop_the_stream() -> None:
    into = xrce.ReliableInput()
    assert into.accept(2, b"c") == []
    assert into.on_heartbeat(2, 4) == [None, b"c"]
    assert into.accept(3, b"d") == [b"d"]
    assert into.ack() == xrce.Ack(4, 0b1)


def test_full_backlog_refuses() -> None:
    out = xrce.ReliableOutput(mtu=508, backlog_bytes=200)
    assert out.push(bytes(90))
    assert not out.push(bytes(20)), "what a part takes beside its content counts"
    out.take(0.0)
    assert out.push(bytes(20))
    assert out.backlog_bytes == 20 + 64


def test_submessages_that_wait_are_counted_whole() -> None:
    out = xrce.ReliableOutput(mtu=64, backlog_items=2)
    assert out.push(bytes(100_000)) and out.push(bytes(8))
    assert not out.push(bytes(8))
    number = 0
    while (taken := out.take(0.0)) and out.next_sequence < 100_000 // 56:
        number = taken[-1][0] + 1
        assert not out.push(bytes(8))
        out.on_acknack(number, 0, 0.0)


def test_reassembly_is_bounded() -> None:
    parts = xrce.Reassembler(limit=100)
    assert parts.add(bytes(60), last=False) is None
    assert parts.add(bytes(60), last=False) is None
    assert parts.add(bytes(10), last=True) is None
    assert parts.add(b"ok", last=True) == b"ok"


@pytest.mark.parametrize("lost", [[1], [0, 1], [1, 2], [2], [0], [3], [2, 3], [1, 2, 3]])
def test_rest_of_a_sample_with_a_gap_is_not_joined_to_another(lost: list[int]) -> None:
    """Three samples in two fragments each: whatever is lost for ever, only whole ones come out."""
    bodies = [bytes((letter,)) * 40 for letter in b"ABC"]
    items = [xrce.encode_submessage(xrce.WriteData(request_id=1, object_id=0x15, data=body)) for body in bodies]
    fragments = [(item[half : half + 24], half > 0) for item in items for half in (0, 24)]
    parts = xrce.Reassembler()
    whole = []
    for number, (fragment, last) in enumerate(fragments):
        if number in lost:
            parts.gap()
        elif (got := parts.add(fragment, last=last)) is not None:
            whole.append(got)
    assert whole == [item for index, item in enumerate(items) if not {2 * index, 2 * index + 1} & set(lost)]


def test_best_effort_takes_only_newer_messages_across_the_wrap() -> None:
    into = xrce.BestEffortInput()
    taken = [number for number in (0, 1, 1, 0, 5, 3, 6) if into.accept(number)]
    assert taken == [0, 1, 5, 6]
    into.last = 0xFFFE
    assert [number for number in (0xFFFF, 0, 0xFFFF, 1) if into.accept(number)] == [0xFFFF, 0, 1]


@given(left=st.integers(0, _MASK), step=st.integers(1, 0x7FFF))
def test_half_range_order(left: int, step: int) -> None:
    right = left + step & _MASK
    assert xrce.sequence_newer(right, left)
    assert not xrce.sequence_newer(left, right)
    assert xrce.sequence_distance(right, left) == step
    assert xrce.sequence_distance(left, right) == -step
