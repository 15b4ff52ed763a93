"""Compares two or more runs: what changed, what not all runs have, and what is not certain yet.

The others are compared with the first run. Exact figures and verdicts must be equal. After one run a change of a noisy
figure is only suspected; it counts as changed when a second run of the same firmware shows it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rig.errors import UsageError
from rig.history._changes import moved, share
from rig.publish import format_conditions, format_number, plural, verdict_word
from rig.records import VARIANTS, Board, Measurement, RunRecord, Verdict, printable

Key = tuple[str, str, str, str, str, tuple[tuple[str, object], ...]]
_DIGITS = 19  # "sha256:" and twelve of the digest
_OPEN = (Verdict.REFUTED, Verdict.INCONCLUSIVE)


class State(StrEnum):
    """How certain a difference is."""

    CHANGED = "changed"
    """An exact figure, a verdict, or a noisy figure that a second run shows as well."""
    SUSPECTED = "suspected"
    """A noisy figure that one run shows so far."""
    SHOWN = "shown"
    """Between a quick run and a full one: not judged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One thing that differs. ``values``: in words, the first run's first; ``share``: of the last to the first."""

    board: str
    what: str
    values: tuple[str, ...]
    state: State
    kind: str
    share: float | None = None
    why: str = ""

    def __str__(self) -> str:
        percent = "" if self.share is None else f" ({percent_words(self.share)})"
        why = f", {self.why}" if self.why else ""
        return printable(f"{self.board}: {self.what}: {' -> '.join(self.values)}{percent}{why}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """The result. ``notes``: conditions of the comparison, in words; ``only``: what not all runs have.

    ``equal``: number of equal exact figures and verdicts; ``within``: number of noisy figures within their noise.
    """

    runs: tuple[RunRecord, ...]
    notes: tuple[str, ...]
    only: tuple[str, ...]
    changes: tuple[Change, ...]
    equal: int
    within: int

    def of(self, state: State) -> list[Change]:
        """The changes with this state."""
        return [change for change in self.changes if change.state is state]


def percent_words(change: float) -> str:
    """A change such as ``+3.2 %``; a change from 0 has no percentage."""
    if change in (float("inf"), float("-inf")):
        return "from 0"
    digits = 1 if abs(change) >= 0.001 else 3
    return f"{100 * change:+,.{digits}f} %"


def exact_changes(first: RunRecord, second: RunRecord) -> list[Change]:
    """Differences of exact figures and of verdicts; only of what both runs have."""
    return list(_exact([first, second], State.CHANGED)[0])


def compare(
    records: Sequence[RunRecord], *, witnesses: Sequence[RunRecord] = (), peers: Sequence[RunRecord] = ()
) -> Comparison:
    """Compare runs with the first of them.

    :param records: two or more.
    :param witnesses: more runs of the last one's firmware, boards and kind: a noisy figure has changed when the greater
        part of all runs after the first, and at least two, show it.
    :param peers: more runs of the first one's firmware: a median between theirs is within the noise.
    :raises UsageError: the runs have nothing in common.
    """
    first, *others = records
    for other in others:
        _check_common(first, other)
    kinds = {record.run.kind for record in records}
    judged = len(kinds) == 1
    exact, equal = _exact(records, State.CHANGED if judged else State.SHOWN)
    noisy, within = _noisy(records, witnesses, peers, judged=judged)
    return Comparison(
        runs=tuple(records),
        notes=tuple(_notes(records, judged=judged)),
        only=tuple(_only(records)),
        changes=(*exact, *noisy),
        equal=equal,
        within=within,
    )


def _check_common(first: RunRecord, other: RunRecord) -> None:
    ids = f"{first.run.id} and {other.run.id}"
    if not _boards(first).keys() & _boards(other).keys():
        names = " against ".join(", ".join(_boards(record)) or "none" for record in (first, other))
        raise UsageError(
            f"runs {ids} have no board in common: {names}", hint="compare runs of the same board; rig runs lists them"
        )
    verdicts = _verdicts(first).keys() & _verdicts(other).keys()
    if not verdicts and not _figures(first).keys() & _figures(other).keys():
        names = " against ".join(", ".join(sorted({c for _, c in _verdicts(r)})) or "none" for r in (first, other))
        raise UsageError(
            f"runs {ids} have no claim and no figure in common: {names}",
            hint="compare runs of the same claims; rig runs lists them",
        )


def _boards(record: RunRecord) -> dict[str, Board]:
    return {board.name: board for board in record.boards}


def _figures(record: RunRecord) -> dict[Key, Measurement]:
    return {
        (m.board, m.experiment, m.variant, m.path, m.metric, tuple(sorted(m.conditions.items()))): m
        for m in record.measurements
        if m.samples
    }


def _verdicts(record: RunRecord) -> dict[tuple[str, str], Verdict]:
    return {(c.board, c.id): c.verdict for c in record.claims if c.verdict is not Verdict.NOT_RUN}


def _digests(record: RunRecord) -> dict[tuple[str, str], str]:
    return {(b.name, f.variant): f.digest for b in record.boards for f in b.firmware}


def _notes(records: Sequence[RunRecord], *, judged: bool) -> Iterator[str]:
    """Under what the comparison stands."""
    first = records[0]
    for record in records[1:]:
        if record.run.kind != first.run.kind:
            yield (
                f"{first.run.id} is a {first.run.kind} run and {record.run.id} a {record.run.kind} one: their figures "
                "are shown, not judged"
            )
        if record.run.rig_version != first.run.rig_version:
            yield f"the rig differs: {first.run.rig_version} -> {record.run.rig_version}"
        if record.environment.agent != first.environment.agent:
            yield f"the Agent differs: {first.environment.agent} -> {record.environment.agent}"
        boards = _boards(record)
        for name, board in _boards(first).items():
            other = boards.get(name)
            if other is None:
                continue
            for what, a, b in (
                ("probe", board.probe, other.probe),
                ("emulator", board.emulator, other.emulator),
                ("target", board.target, other.target),
            ):
                if a != b:
                    yield f"{name}: the {what} differs: {a or 'none'} -> {b or 'none'}"
            was, now = _digests(first), _digests(record)
            for key in ((name, variant) for variant in VARIANTS):
                if key in was and key in now and was[key] != now[key]:
                    yield f"{name}: the {key[1]} firmware differs: {was[key][:_DIGITS]} -> {now[key][:_DIGITS]}"
            if board.clock != other.clock:
                yield f"{name}: the clock differs ({board.clock} -> {other.clock}): durations are not compared"


def _only(records: Sequence[RunRecord]) -> Iterator[str]:
    """What one run alone has, and what one run lacks that several others have."""
    parts: list[tuple[Mapping[Any, object], ...]] = [(_boards(r), _verdicts(r), _figures(r)) for r in records]
    for number, record in enumerate(records):
        rest = [part for n, part in enumerate(parts) if n != number]
        alone = [
            [key for key in own if not any(key in other[k] for other in rest)] for k, own in enumerate(parts[number])
        ]
        if words := _having(*alone):
            yield f"only {record.run.id} has: {words}"
        lacking = [
            [
                key
                for key in dict.fromkeys(key for other in rest for key in other[k])
                if key not in own and sum(key in other[k] for other in rest) > 1
            ]
            for k, own in enumerate(parts[number])
        ]
        if words := _having(*lacking):
            yield f"{record.run.id} lacks: {words}"


def _having(boards: Sequence[Any], claims: Sequence[Any], figures: Sequence[Any]) -> str:
    """Names of boards, (board, claim) and keys of figures, in words."""
    words = []
    if boards:
        words.append(f"board {', '.join(boards)}")
    shared = sorted({f"{claim} on {board}" for board, claim in claims if board not in boards})
    if shared:
        words.append(f"claim {', '.join(shared)}")
    if figures:
        by = ", ".join(dict.fromkeys(key[1] for key in figures))
        words.append(f"{plural(len(figures), 'figure')} of {by}")
    return "; ".join(words)


def _exact(records: Sequence[RunRecord], state: State) -> tuple[list[Change], int]:
    """Exact figures and verdicts that differ; the number of those that are equal."""
    first, last = records[0], records[-1]
    changes: list[Change] = []
    equal = 0
    tables = [_figures(record) for record in records]
    for key, m in tables[0].items():
        rows = [table[key] for table in tables if key in table]
        if len(rows) == 1 or not all(row.exact for row in rows) or _other_clock(rows):
            continue  # nothing to compare it with; _only says which runs lack it
        if all(row.samples == m.samples for row in rows):
            equal += 1
            continue
        changes.append(
            Change(
                board=m.board,
                what=_name(m),
                values=tuple(_samples(row, rows) for row in rows),
                state=state,
                kind="exact",
                share=share(m.value, rows[-1].value) if m.value != rows[-1].value else None,
            )
        )
    verdicts = [_verdicts(record) for record in records]
    for board, claim in verdicts[0]:
        held = [by[board, claim] for by in verdicts if (board, claim) in by]
        if len(held) == 1:
            continue
        if len(set(held)) == 1:
            equal += 1
            continue
        changes.append(
            Change(
                board=board,
                what=f"claim {claim}",
                values=tuple(verdict_word(verdict) for verdict in held),
                state=State.CHANGED,
                kind="verdict",
                why=_reason(last, board, claim) or _reason(first, board, claim),
            )
        )
    return changes, equal


def _noisy(
    records: Sequence[RunRecord], witnesses: Sequence[RunRecord], peers: Sequence[RunRecord], *, judged: bool
) -> tuple[list[Change], int]:
    """Figures that need not repeat."""
    tables = [_figures(record) for record in records]
    others = [_figures(record) for record in witnesses]
    same = [_figures(record) for record in peers]
    keys = [
        key
        for key, m in tables[0].items()
        if len(rows := [table[key] for table in tables if key in table]) > 1
        and not all(row.exact for row in rows)
        and not _other_clock(rows)
    ]
    changes: list[Change] = []
    for key in keys:
        m, *later = [table[key] for table in tables if key in table]
        usual = [m.value, *(table[key].value for table in same if key in table)]
        low, high = min(usual), max(usual)

        def shift_of(row: Measurement, m: Measurement = m, low: float = low, high: float = high) -> float | None:
            return None if low <= row.value <= high else moved(m.samples, row.samples, figures=len(keys))

        shifts = [shift_of(row) for row in later]
        shift = shifts[-1] or next((each for each in shifts if each), None)
        if not shift:
            continue
        seconds = [shift_of(table[key]) for table in others if key in table]
        alike = sum(1 for each in (*shifts, *seconds) if each and each * shift > 0)
        tries = len(shifts) + len(seconds)
        if tries > 1 and alike <= tries / 2:
            continue  # most runs do not show it: noise between runs
        sure = alike > 1
        changes.append(
            Change(
                board=m.board,
                what=_name(m),
                values=tuple(_middle(row) for row in (m, *later)),
                state=State.SHOWN if not judged else State.CHANGED if sure else State.SUSPECTED,
                kind="noisy",
                share=share(m.value, later[-1].value),
                why=f"seen in {alike} of {plural(tries, 'run')}" if sure else "one run so far",
            )
        )
    return changes, len(keys) - len(changes)


def _other_clock(rows: Sequence[Measurement]) -> bool:
    return len({(row.clock, row.unit) for row in rows}) > 1


def _name(m: Measurement) -> str:
    return f"{m.metric} ({', '.join(filter(None, (m.variant, format_conditions(m.conditions))))})"


def _middle(m: Measurement) -> str:
    return f"{format_number(m.value)} {m.unit}"


def _samples(m: Measurement, rows: Sequence[Measurement]) -> str:
    """The first sample in which the runs differ, and where it stands if there are several."""
    shortest = min(len(row.samples) for row in rows)
    index = next((i for i in range(shortest) if len({row.samples[i] for row in rows}) > 1), None)
    if index is None:
        return f"{plural(len(m.samples), 'sample')} of {format_number(m.samples[0])} {m.unit}"
    shown = f"{format_number(m.samples[index])} {m.unit}"
    return shown if len(m.samples) == 1 else f"{shown} (sample {index + 1} of {len(m.samples)})"


def _reason(record: RunRecord, board: str, claim: str) -> str:
    """Why a claim is not confirmed there."""
    return next((c.reason for c in record.claims if (c.board, c.id) == (board, claim) and c.verdict in _OPEN), "")
