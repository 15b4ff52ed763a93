"""Noise on a link: units (datagrams, serial frames) lost, damaged, doubled or out of order, as a seed decides.

Knows units (a datagram, a serial frame) and chance; must not know what they carry. The same plan and the same
sequence of units give the same noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from rig.errors import UsageError
from rig.link._counters import Direction, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class NoisePlan:
    """Probabilities, 0..1, that a unit is lost, damaged, sent twice, or overtaken by the next one.

    :param seed: of the random numbers; each direction has its own sequence.
    :param directions: in which directions noise is made.
    :raises UsageError: a probability outside 0..1.
    """

    drop: float = 0.0
    corrupt: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    seed: int = 0
    directions: tuple[Direction, ...] = (Direction.TO_AGENT, Direction.TO_BOARD)

    def __post_init__(self) -> None:
        for name in ("drop", "corrupt", "duplicate", "reorder"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise UsageError(f"noise plan: {name} is {value}", hint="probabilities lie between 0 and 1")


class NoiseInjector:
    """Applies a plan to the units of one direction."""

    def __init__(self, plan: NoisePlan, direction: Direction, tally: Tally) -> None:
        self._plan = plan
        self._active = direction in plan.directions
        self._chance = Random(f"{plan.seed}/{direction.value}")
        self._tally = tally
        self._held: bytes | None = None

    @property
    def holding(self) -> bool:
        """Whether a unit is held so that the next one overtakes it."""
        return self._held is not None

    def flush(self) -> list[bytes]:
        """Return the unit that is held, because no other came to overtake it."""
        held, self._held = self._held, None
        return [] if held is None else [held]

    def apply(self, unit: bytes) -> list[bytes]:
        """Take a unit; return the units to forward instead. Always draws four random numbers, so that runs stay in
        step.
        """
        drop, corrupt, duplicate, reorder = (self._chance.random() for _ in range(4))
        plan = self._plan
        if not self._active:
            return [unit]
        if drop < plan.drop:
            self._tally.dropped_messages += 1
            self._tally.dropped_bytes += len(unit)
            return []
        if corrupt < plan.corrupt and unit:
            unit = self._damage(unit)
            self._tally.corrupted += 1
        out = [unit]
        if duplicate < plan.duplicate:
            self._tally.duplicated += 1
            out.append(unit)
        if self._held is not None:
            out += self.flush()
        elif reorder < plan.reorder:
            self._tally.reordered += 1
            self._held = out.pop(0)
        return out

    def _damage(self, unit: bytes) -> bytes:
        """Flip one bit; never the first byte, so that a frame's flag and a session stay what they are."""
        place = self._chance.randrange(1, len(unit)) if len(unit) > 1 else 0
        return unit[:place] + bytes((unit[place] ^ 1 << self._chance.randrange(8),)) + unit[place + 1 :]
