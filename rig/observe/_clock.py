"""Clocks that the rig reads through the debug probe while the core is halted: no code of the firmware is needed.

Two kinds: a timer of an emulated board that the firmware hardly uses, which ticks with the executed instructions, and
the cycle counter of a real core (DWT CYCCNT), which stands still while the core is halted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

WRAP = 1 << 32
INSTRUCTION_NS = 128
"""An instruction of an emulated board takes exactly this long in its own time."""

# The dual timer of the CMSDK: counts down at 25 MHz.
_TIMERS = dict.fromkeys(("mps2-an385", "mps2-an386", "mps2-an500"), 1073750016)
_LOAD, _VALUE, _CONTROL = 0x00, 0x04, 0x08
_ENABLED_32_BIT = 0x82
_TICK_NS = 40

_DEMCR, _TRCENA = 0xE000_EDFC, 1 << 24
_DWT_CTRL, _CYCCNTENA, _NOCYCCNT = 0xE000_1000, 1, 1 << 25
_CYCCNT = 0xE000_1004


class Words(Protocol):
    """Memory of the board, word by word."""

    def read_u32(self, address: int) -> int: ...

    def write_u32(self, address: int, value: int) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One clock.

    :ivar name: as records have it: ``virtual`` or ``dwt``. ``unit``: of what ``units`` returns.
    :ivar exact: what it counts repeats to the last digit.
    :ivar settles: it catches up only when the core executes its next instruction, which then has to be a single step;
        that takes so many ticks.
    """

    name: str
    unit: str
    exact: bool
    note: str
    address: int
    down: bool
    tick_ns: int = 0
    settles: float = 0.0

    def read(self, words: Words) -> int:
        """Ticks now, modulo ``WRAP``; the core is halted."""
        value = words.read_u32(self.address)
        return (~value if self.down else value) % WRAP

    def units(self, ticks: float) -> int:
        """Ticks in the clock's unit."""
        return round(ticks * self.tick_ns / INSTRUCTION_NS) if self.tick_ns else round(ticks)


def start_clock(words: Words, machine: str | None) -> tuple[Clock | None, str]:
    """Start the clock that a board has, after its reset; else why it has none."""
    if machine in _TIMERS:
        timer = _TIMERS[machine]
        words.write_u32(timer + _LOAD, WRAP - 1)
        words.write_u32(timer + _CONTROL, _ENABLED_32_BIT)
        note = f"instructions executed by the emulated core ({INSTRUCTION_NS} ns of virtual time each; no cycle model)"
        clock = Clock(
            name="virtual",
            unit="instructions",
            exact=True,
            note=note,
            address=timer + _VALUE,
            down=True,
            tick_ns=_TICK_NS,
            settles=INSTRUCTION_NS / _TICK_NS,
        )
        return clock, ""
    return start_cycle_counter(words)


def start_cycle_counter(words: Words) -> tuple[Clock | None, str]:
    """Start the core's own cycle counter; else why there is none."""
    words.write_u32(_DEMCR, words.read_u32(_DEMCR) | _TRCENA)
    control = words.read_u32(_DWT_CTRL)
    if control & _NOCYCCNT or not control >> 28:
        return None, "this core has no cycle counter (DWT CYCCNT)"
    words.write_u32(_DWT_CTRL, control | _CYCCNTENA)
    if not words.read_u32(_DWT_CTRL) & _CYCCNTENA:
        return None, "the core's cycle counter (DWT CYCCNT) does not start: is it held by the firmware or secured?"
    note = "cycles of the core (DWT CYCCNT, which stands still while the core is halted)"
    return Clock(name="dwt", unit="cycles", exact=False, note=note, address=_CYCCNT, down=False), ""
