"""Converts raw ticks of a board's clock to the clock's unit.

Three clocks, never mixed: ``virtual`` (instructions on an emulated board: its timers tick with the executed
instructions, not with cycles), ``dwt`` (CPU cycles), ``timer``/``host`` (nanoseconds).
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.bench._layout import ClockKind

_WRAP = 1 << 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """One board's clock.

    ``hz``: ticks per second. ``instruction_ns``: length of an instruction in the emulator's virtual time, None on
    real hardware. ``cost``: what one reading adds to an interval, in units; subtracted by :meth:`interval`.
    ``recording``: what the bench does from a callback's last reading to its return, in units.
    """

    name: str
    unit: str
    hz: int
    instruction_ns: int | None = None
    cost: int = 0
    recording: int = 0

    @property
    def note(self) -> str:
        """What one unit is, in words."""
        match self.name:
            case "virtual":
                return (
                    f"instructions executed by the emulated core ({self.instruction_ns} ns of virtual time each; "
                    "no cycle model: not hardware time; sleeping counts as the time slept)"
                )
            case "dwt":
                return f"CPU cycles (DWT CYCCNT, {self.hz} Hz)"
            case "host":
                return "nanoseconds of the host's monotonic clock"
            case _:
                return f"nanoseconds of a hardware timer ({self.hz} Hz)"

    @property
    def units_per_ms(self) -> int:
        """Units in a millisecond of this clock's own time."""
        if self.instruction_ns is not None:
            return 1_000_000 // self.instruction_ns
        return self.hz // 1000 if self.unit == "cycles" else 1_000_000

    def convert(self, ticks: int) -> int:
        """Units of one interval of ``ticks`` (a difference of two readings)."""
        if self.instruction_ns is not None:
            # Rounds without error while a tick is shorter than half an instruction: see the emulator's icount shift.
            return round(ticks * 1_000_000_000 / self.hz / self.instruction_ns)
        if self.unit == "cycles":
            return ticks
        return round(ticks * 1_000_000_000 / self.hz)

    def interval(self, begin: int, end: int) -> int:
        """Units from one 32-bit reading to a later one, less the cost of a reading; never below 0."""
        return max(0, self.convert((end - begin) % _WRAP) - self.cost)


def clock_for(kind: ClockKind, hz: int, *, icount_shift: int | None) -> Clock:
    """The clock that a firmware announces. ``icount_shift``: an emulated instruction takes 2**icount_shift ns; None
    otherwise.
    """
    if icount_shift is not None and kind is not ClockKind.HOST:
        return Clock(name="virtual", unit="instructions", hz=hz, instruction_ns=1 << icount_shift)
    match kind:
        case ClockKind.DWT:
            return Clock(name="dwt", unit="cycles", hz=hz)
        case ClockKind.HOST:
            return Clock(name="host", unit="ns", hz=hz)
        case _:
            return Clock(name="timer", unit="ns", hz=hz)
