"""Ticks to units: exact for the emulator's clocks, never mixed up."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bench import ClockKind, clock_for


@pytest.mark.parametrize("hz", [25_000_000, 16_000_000])
@given(instructions=st.integers(0, 1_000_000), phase=st.integers(0, 10_000_000))
def test_every_instruction_count_survives_the_timer(hz: int, instructions: int, phase: int) -> None:
    clock = clock_for(ClockKind.TIMER, hz, icount_shift=7)
    tick_ps = 1_000_000_000_000 // hz
    begin = phase * 128_000 // tick_ps
    end = (phase + instructions) * 128_000 // tick_ps
    assert clock.interval(begin % (1 << 32), end % (1 << 32)) == instructions


def test_the_cost_of_reading_is_taken_off() -> None:
    clock = replace(clock_for(ClockKind.DWT, 64_000_000, icount_shift=None), cost=7)
    assert (clock.name, clock.unit) == ("dwt", "cycles")
    assert clock.interval(100, 207) == 100
    assert clock.interval(0xFFFFFFFF, 9) == 3
    assert clock.interval(5, 6) == 0


@pytest.mark.parametrize(
    ("kind", "hz", "shift", "name", "unit"),
    [
        (ClockKind.TIMER, 25_000_000, 7, "virtual", "instructions"),
        (ClockKind.TIMER, 25_000_000, None, "timer", "ns"),
        (ClockKind.HOST, 1_000_000_000, None, "host", "ns"),
        (ClockKind.HOST, 1_000_000_000, 7, "host", "ns"),
    ],
)
def test_a_clock_is_named_for_what_it_is(kind: ClockKind, hz: int, shift: int | None, name: str, unit: str) -> None:
    clock = clock_for(kind, hz, icount_shift=shift)
    assert (clock.name, clock.unit) == (name, unit)
    assert clock.note
