"""What a claim is: a statement of the announcement, the experiments it needs, and a criterion over their records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rig.model import Promise
from rig.records import Evidence, Measurement, Scalar, Verdict

_UNITS = {"bytes": "B", "ms": "ms"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A verdict with its reason, one sentence, and the facts it rests on."""

    verdict: Verdict
    reason: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One row of the claim table. ``experiment`` None: nothing measures it yet, ``why_not`` says so.

    ``reported``: metrics that are shown although the criterion does not need them. ``promises``: promises of the model
    that count against the claim if the search finds them broken. ``factors``: those of its covering array, keys of
    ``FACTORS``.
    """

    id: str
    statement: str
    method: str
    criterion: str
    experiment: str | None = None
    decide: Callable[[Figures], Decision] | None = None
    why_not: str = ""
    reported: frozenset[str] = frozenset()
    promises: frozenset[Promise] = frozenset()
    factors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figures:
    """The measurements of one board, asked for by metric, variant and conditions."""

    measurements: Sequence[Measurement]

    def all(self, metric: str, variant: str, **conditions: Scalar) -> list[Measurement]:
        """Measurements of a metric whose conditions include those given, in the order they were made."""
        return [
            m
            for m in self.measurements
            if m.metric == metric
            and m.variant == variant
            and all(m.conditions.get(key) == value for key, value in conditions.items())
        ]

    def measured(self, metric: str, variant: str, **conditions: Scalar) -> list[Measurement]:
        """The same, without measurements that have no samples."""
        return [m for m in self.all(metric, variant, **conditions) if m.samples]

    def together(self, variant: str, *metrics: str) -> list[list[Measurement]]:
        """One list for each metric; measurements at the same index have the same conditions. Conditions that lack one
        of the metrics are left out.
        """
        tables = [{tuple(sorted(m.conditions.items())): m for m in self.measured(name, variant)} for name in metrics]
        rows = [key for key in tables[0] if all(key in table for table in tables)]
        return [[table[key] for key in rows] for table in tables]


def gap(figures: Figures, reported: frozenset[str]) -> str:
    """Describe the first attempted shared-memory measurement without samples, unless it was unsupported or unavailable.

    Some of the measurements are enough to refute a claim. To confirm it, all of them are needed.
    """
    for m in figures.measurements:
        if m.variant != "shm" or m.samples or m.metric in reported or m.gap.unsupported or m.gap.unavailable:
            continue
        conditions = ", ".join(_condition(key, value) for key, value in m.conditions.items())
        why = m.gap.missing
        return f"no {m.metric.replace('_', ' ')} at {conditions}{f': {why}' if why else ''}"
    return ""


def _condition(key: str, value: Scalar) -> str:
    """``payload 64 B``, ``spin timeout 10 ms``, ``readers 2``."""
    name, _, unit = key.rpartition("_")
    if unit in _UNITS:
        return f"{name.replace('_', ' ')} {value} {_UNITS[unit]}"
    return f"{key.replace('_', ' ')} {value}"


def confirmed(reason: str, evidence: Iterable[Evidence] = ()) -> Decision:
    """The claim holds."""
    return Decision(verdict=Verdict.CONFIRMED, reason=reason, evidence=tuple(evidence))


def refuted(reason: str, evidence: Iterable[Evidence] = ()) -> Decision:
    """The claim does not hold."""
    return Decision(verdict=Verdict.REFUTED, reason=reason, evidence=tuple(evidence))


def inconclusive(reason: str, evidence: Iterable[Evidence] = ()) -> Decision:
    """Measured, but not enough to decide."""
    return Decision(verdict=Verdict.INCONCLUSIVE, reason=reason, evidence=tuple(evidence))


def fact(text: str, measurement: Measurement | None = None) -> Evidence:
    """A fact in words, pointing at the measurement it comes from."""
    if measurement is None:
        return Evidence(text=text)
    return Evidence(text=text, metric=measurement.metric, conditions=measurement.conditions)
