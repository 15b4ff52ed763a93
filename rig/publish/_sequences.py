"""The sequences that break a promise: as the report shows them, and as files for ``rig replay``.

Knows records. Must not know the search or the model.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from rig.publish._atomic import write_whole
from rig.records import Measurement, Metric, RunRecord
from rig.records.vocabulary import Broken, BrokenPromises

FOLDER = "sequences"
_PLAIN = re.compile(r"[^A-Za-z0-9_-]")  # a record's words never lead out of the folder
_SHOWN = 40  # lines of what one call came to


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One call. ``bad``: the promise was found broken here. ``more``: lines that are left out."""

    number: int
    call: str
    expected: tuple[str, ...]
    came: tuple[str, ...]
    bad: bool
    more: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """One broken promise. ``file``: for rig replay, as a path in the run's directory; ``where``: it was found."""

    says: str
    expected: str
    seen: str
    where: str
    again: str
    found: str
    topics: tuple[str, ...]
    lines: tuple[Line, ...]
    file: str
    repeat: str
    evidence: str
    stood: str
    backtrace: tuple[str, ...]


def findings(record: RunRecord, board: str) -> list[Broken]:
    """The broken promises of a board."""
    return [
        finding
        for m in record.measurements
        if m.board == board and m.metric == Metric.PROMISES_BROKEN
        for finding in _read(m)
    ]


def _read(m: Measurement) -> tuple[Broken, ...]:
    return m.read(BrokenPromises).findings


def file_name(board: str, number: int, finding: Broken) -> str:
    """The file of a board's n-th finding, in the run's directory."""
    words = _PLAIN.sub("_", f"{board}-{number}-{finding.promise.lower()}")
    return f"{FOLDER}/{words}.json"


def stories(record: RunRecord, board: str) -> list[Story]:
    """The text of the report for each broken promise."""
    return [
        Story(
            says=finding.says,
            expected=finding.expected,
            seen=finding.seen,
            where=place(finding),
            again=f"{finding.repeats} of {finding.runs} runs broke it" if finding.runs else "seen once",
            found=(
                f"first seen after {finding.seconds:.1f} s of the search, in sequence {finding.number:,} of "
                f"{finding.calls_then} calls, and made as short as it would go"
            ),
            topics=finding.topics,
            lines=_lines(finding),
            file=file_name(board, number, finding),
            repeat=f"rig replay reports/runs/{record.run.id}/{file_name(board, number, finding)} --board {board}",
            evidence=finding.evidence,
            stood=finding.place,
            backtrace=finding.backtrace,
        )
        for number, finding in enumerate(findings(record, board), 1)
    ]


def place(finding: Broken) -> str:
    """Where a promise was found broken, in words."""
    return f"call {finding.at}" if finding.at < len(finding.told) else "the spins after the last call"


def _lines(finding: Broken) -> tuple[Line, ...]:
    return tuple(
        Line(
            number=number,
            call=told.call,
            expected=told.expected[:_SHOWN],
            came=told.came[:_SHOWN],
            bad=number == finding.at,
            more=max(0, len(told.came) - _SHOWN),
        )
        for number, told in enumerate(finding.told, 1)
    )


def sequence_text(record: RunRecord, board: str, finding: Broken) -> str:
    """A finding's sequence as a file for ``rig replay``."""
    data = {
        "promise": finding.promise,
        "says": finding.says,
        "expected": finding.expected,
        "seen": finding.seen,
        "at": finding.at,
        "calls": [told.call for told in finding.told],
        "board": board,
        "run": record.run.id,
        "sequence": json.loads(finding.sequence),
    }
    return json.dumps(data, indent=1) + "\n"


def write_sequences(record: RunRecord, directory: Path) -> list[Path]:
    """Write each finding's sequence into the run's folder for them; without findings there is none."""
    written: list[Path] = []
    for board in dict.fromkeys(m.board for m in record.measurements):
        for number, finding in enumerate(findings(record, board), 1):
            path = directory / file_name(board, number, finding)
            path.parent.mkdir(exist_ok=True)
            write_whole(path, sequence_text(record, board, finding))
            written.append(path)
    return written
