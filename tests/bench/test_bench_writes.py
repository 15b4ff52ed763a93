"""Payload bytes are found among the writes of a trace, each time they are written, and nothing else is."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rig.bench import PayloadWrites, Trace, find_payload_writes, payload
from rig.probe import MemoryWrite

BASE, LOOP, COPY, CALLER = 0x20000000, 0x100, 0x200, 0x300
NAMES = {LOOP: "loop+0x10", COPY: "memcpy+0x4", CALLER: "app+0x8"}


def cut(address: int, data: bytes, step: int, *, pc: int = LOOP, descending: bool = False) -> list[MemoryWrite]:
    """Writes that put ``data`` at ``address`` in pieces."""
    offsets = range(0, len(data), step)
    return [
        MemoryWrite(pc=pc, link=CALLER | 1, address=address + offset, data=data[offset : offset + step])
        for offset in (reversed(offsets) if descending else offsets)
    ]


def find(writes: Sequence[MemoryWrite], wanted: bytes) -> list[tuple[str, int, int, int]]:
    found = find_payload_writes(writes, wanted, symbol_at=NAMES.get)
    return [(row.function, row.address - BASE, row.offset, row.bytes) for row in found]


def total(writes: Sequence[MemoryWrite], wanted: bytes) -> int:
    return sum(row.bytes for row in find_payload_writes(writes, wanted))


@settings(max_examples=40)
@given(
    length=st.integers(8, 100),
    step=st.sampled_from([1, 2, 4, 16, 64]),
    descending=st.booleans(),
    sequence=st.integers(0, 1 << 32),
    times=st.integers(1, 3),
)
def test_every_copy_counts_whole_each_time(length: int, step: int, descending: bool, sequence: int, times: int) -> None:
    wanted = payload(sequence, length)
    one = cut(BASE, wanted, step, descending=descending)
    assert find(one * times, wanted) == [("loop", 0, 0, length * times)]


@settings(max_examples=40)
@given(step=st.sampled_from([1, 4, 16]), wipe=st.sampled_from([1, 4, 16]), sequence=st.integers(0, 1 << 24))
@example(step=1, wipe=1, sequence=1861875)  # ends with a zero: the wipe's last byte stands beside the next copy
def test_wiping_a_copy_is_no_copying(step: int, wipe: int, sequence: int) -> None:
    """Though it writes again what the payload has there, wherever that is zero."""
    wanted = payload(sequence * 256 + 1, 80)  # it begins with its number, low byte first
    wiped = cut(BASE, wanted, step) + cut(BASE, bytes(len(wanted)), wipe)
    assert total(wiped * 2, wanted) == 2 * len(wanted)


def test_fragments_count_where_they_are() -> None:
    wanted = payload(7, 64)
    writes = cut(BASE, wanted[:24], 4) + cut(BASE + 100, wanted[24:], 1)
    assert find(writes, wanted) == [("loop", 0, 0, 24), ("loop", 100, 24, 40)]


def test_a_piece_shorter_than_a_run_is_chance() -> None:
    wanted = payload(7, 64)
    assert find(cut(BASE, wanted[8:15], 1), wanted) == []
    assert find(cut(BASE, wanted[8:16], 1), wanted) == [("loop", 0, 8, 8)]


def test_other_writes_between_do_not_hide_a_copy() -> None:
    wanted = payload(9, 32)
    other = MemoryWrite(pc=COPY, link=1, address=BASE + 0x1000, data=b"\1\2\3\4")
    writes = [write for piece in cut(BASE, wanted, 1) for write in (piece, other)]
    assert find(writes, wanted) == [("loop", 0, 0, 32)]


def test_another_sample_is_not_found() -> None:
    assert find(cut(BASE, payload(6, 4096), 4), payload(7, 4096)) == []


def test_writers_are_told_apart_and_whoever_has_it_done_is_named() -> None:
    wanted = payload(3, 40)
    writes = cut(BASE, wanted, 4) + cut(BASE + 64, wanted, 16, pc=COPY) + cut(BASE, wanted, 1, pc=0x900)
    rows = find_payload_writes(writes, wanted, symbol_at=NAMES.get)
    assert rows == [
        PayloadWrites(function="loop", caller="", address=BASE, symbol="", offset=0, bytes=40),
        PayloadWrites(function="memcpy", caller="app", address=BASE + 64, symbol="", offset=0, bytes=40),
        PayloadWrites(function="0x00000900", caller="", address=BASE, symbol="", offset=0, bytes=40),
    ]


def test_a_payload_too_short_to_find_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than a run of 8"):
        find_payload_writes([], payload(1, 7))


def test_what_is_written_where_it_stands_is_no_copy() -> None:
    wanted = payload(7, 64)
    names = {LOOP: "bench_payload_write+0x8", COPY: "fixer+0x2", CALLER: "thief+0x2"}
    writes = cut(BASE, wanted, 4) + cut(BASE + 60, wanted[60:], 1, pc=COPY) + cut(BASE + 99, wanted, 4, pc=CALLER)
    trace = Trace(writers=tuple(find_payload_writes(writes, wanted, symbol_at=names.get)), writes=len(writes))
    assert trace.serialised == 64
    assert {row.function for row in trace.writers} == {"bench_payload_write", "fixer", "thief"}
    assert [(row.function, row.bytes) for row in trace.copies] == [("thief", 64)]
