"""Covering arrays: every combination that is possible stands in a row, nothing else does, and rows repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest

from rig.bench import Capability
from rig.experiments._factors import Array, Payload, Row, covering, levels
from rig.station import Setting

FACTORS = ("payload", "alignment", "readers", "reliable", "sessions", "pending", "buffers", "other_pairs", "silent")
LARGE = {"sessions": 2, "entities": 64, "shm_pairs": 64}
SMALL = {"sessions": 2, "entities": 24, "shm_pairs": 24}


class Hello:
    def __init__(self, memory_bytes: int) -> None:
        self.memory_bytes = memory_bytes
        self.capabilities = Capability.SHM


class Told:
    """What a bench says of its board and middleware; an array needs no more."""

    def __init__(self, memory_bytes: int, ring: int, limits: Mapping[str, int]) -> None:
        self.hello = Hello(memory_bytes)
        self.ring_entries = ring
        self.limits = limits

    def configuration(self) -> Mapping[str, int]:
        return self.limits


def setting(*, small: bool = False, quick: bool = True, link: bool = True) -> Setting:
    told = Told(4096, 32, SMALL) if small else Told(16 << 20, 1024, LARGE)
    return Setting(
        board="any", variant="shm", bench=told, link=object() if link else None, baud=None,
        scan=lambda wanted, most=0: [], sections={}, ram=dict, quick=quick,
    )  # type: ignore[arg-type]  # fmt: skip


def possible(row: Row, *, small: bool, link: bool) -> bool:
    """The constraints once more, in the test's own words."""
    memory, ring, most = (4096, 32, 24) if small else (16 << 20, 1024, 64)
    entities = (5 if row.sessions == 1 else 10) + row.readers + 3 * row.other_pairs
    return (
        row.pending < row.buffers
        and row.buffers * (row.buffer_bytes + 64) <= memory
        and (row.pending + 1) * (row.readers + 1) <= ring
        and entities <= most
        and row.readers * row.sessions + row.other_pairs <= most
        and (link or not row.silent)
    )


def seen(array: Array, names: Sequence[str]) -> set[tuple[Any, ...]]:
    return {tuple(getattr(row, name) for name in names) for row in array.rows}


@pytest.mark.parametrize(("small", "link"), [(False, True), (True, True), (False, False)])
def test_every_possible_pair_stands_in_a_row_and_nothing_impossible_does(small: bool, link: bool) -> None:
    board = setting(small=small, link=link)
    wanted = levels(board, *FACTORS)
    array = covering(board, wanted)
    assert all(possible(row, small=small, link=link) for row in array.rows)
    base = Row(mtu=board.mtu)
    everything = [dict(zip(FACTORS, values, strict=True)) for values in product(*(wanted[name] for name in FACTORS))]
    good = [each for each in everything if possible(replace(base, **each), small=small, link=link)]
    for names in combinations(FACTORS, 2):
        owed = {tuple(each[name] for name in names) for each in good}
        assert owed == seen(array, names)
    assert len(array.rows) < 40, "the point of it"


def test_a_full_run_has_every_triple_of_what_is_free() -> None:
    names = ("payload", "reliable", "sessions", "other_pairs")
    board = setting(quick=False)
    array = covering(board, levels(board, *names))
    assert array.strength == 3
    wanted = levels(board, *names)
    for three in combinations(names, 3):
        assert seen(array, three) == set(product(*(wanted[name] for name in three)))


def test_rows_repeat_to_the_last() -> None:
    board = setting()
    assert covering(board, levels(board, *FACTORS)) == covering(board, levels(board, *FACTORS))


def test_what_a_board_cannot_hold_is_said_with_its_number() -> None:
    board = setting(small=True, link=False)
    words = " | ".join(covering(board, levels(board, *FACTORS)).left_out)
    assert "4,096 bytes of message memory on this board" in words
    assert "24 entities by the middleware's configuration" in words
    assert "1 of 2 combinations of silent: no link that could be silent" in words


@pytest.mark.parametrize("alignment", [8, 16])
@pytest.mark.parametrize("payload", Payload)
def test_a_buffer_holds_its_payload_at_the_alignment_asked_for(payload: Payload, alignment: int) -> None:
    row = Row(payload=payload, alignment=alignment, number=4)
    assert row.buffer_bytes >= row.payload_bytes
    assert row.buffer_bytes % 16 == alignment % 16
    assert (row.payload_bytes == row.buffer_bytes) == (
        payload is Payload.EDGE or row.payload_bytes == 64 == row.buffer_bytes
    )
