"""A run for the places where people look: CTRF, Bencher's BMF, github-action-benchmark, Robot's output, GitHub's
summary and annotations.

Knows records. Each function returns a text; who asked for it writes it.
"""

from __future__ import annotations

import json
import re
import tempfile
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rig.publish._formats import format_conditions, format_number, plural, verdict_word
from rig.publish._junit import clean_xml, facts_of, junit
from rig.publish._metrics import metric_name, metrics
from rig.records import NOT_ASKED, Board, ClaimResult, Measurement, Metric, RunRecord, Verdict, printable

_CTRF_VERSION = "0.0.0"
_SPACE = uuid.UUID("6f1a0d5e-3f0c-5c8e-9a86-5b1c3b0f7a11")  # of this project's ids
_STATUS = {
    Verdict.CONFIRMED: "passed",
    Verdict.REFUTED: "failed",
    Verdict.INCONCLUSIVE: "other",
    Verdict.NOT_RUN: "skipped",
}
_BIGGER = frozenset(
    {
        Metric.LARGEST_MESSAGE,
        Metric.LARGEST_VARIED,
        Metric.SAMPLES_DELIVERED,
        Metric.PAIRS_MADE,
        Metric.REPLIES_RECEIVED,
        Metric.SEQUENCES_RUN,
    }
)
_NEITHER = frozenset(
    {Metric.ROWS, Metric.PAIRS_TRIED, Metric.PAIRS_UNTRIED, Metric.PUBLISHED_INSIDE, Metric.DATA_SENT}
)  # how much was tried, and no merit
_MOST_ANNOTATIONS = 10  # of a kind and step: GitHub shows no more


def asked(record: RunRecord) -> list[ClaimResult]:
    """The claims that the run was asked for."""
    return [claim for claim in record.claims if claim.reason != NOT_ASKED]


def ctrf(record: RunRecord) -> str:
    """The run in the Common Test Report Format: a test for each claim and board."""
    start = datetime.fromisoformat(record.run.started)
    stop = start + timedelta(seconds=record.run.seconds or 0)
    boards = {board.name: board for board in record.boards}
    tests = [_ctrf_test(record, claim, boards.get(claim.board)) for claim in asked(record)]
    counts = {status: sum(1 for test in tests if test["status"] == status) for status in (*_STATUS.values(), "pending")}
    document = {
        "reportFormat": "CTRF",
        "specVersion": _CTRF_VERSION,
        "reportId": str(uuid.uuid5(_SPACE, record.run.id)),
        "timestamp": stop.isoformat(timespec="seconds"),
        "generatedBy": "microros-shm-rig",
        "results": {
            "tool": {"name": "microros-shm-rig", "version": record.run.rig_version},
            "summary": {
                "tests": len(tests),
                **counts,
                "suites": len({claim.board for claim in asked(record)}),
                "start": _milliseconds(start),
                "stop": _milliseconds(stop),
                "duration": round(1000 * (record.run.seconds or 0)),
                "extra": {"outcome": record.run.outcome or "unfinished", "faults": len(record.faults)},
            },
            "tests": tests,
            "environment": {
                "reportName": f"run {record.run.id}",
                "appName": ", ".join(sorted({f.middleware for b in record.boards for f in b.firmware})) or "none",
                "osPlatform": record.environment.system,
                "testEnvironment": record.run.kind,
                "extra": {"agent": record.environment.agent, "command": record.run.command},
            },
        },
    }
    return json.dumps(document, indent=1) + "\n"


def _milliseconds(moment: datetime) -> int:
    return round(1000 * moment.timestamp())


def _ctrf_test(record: RunRecord, claim: ClaimResult, board: Board | None) -> dict[str, Any]:
    status = "skipped" if claim.accepted else _STATUS[claim.verdict]
    labels = {"board": claim.board, "claim": claim.id, "verdict": claim.verdict.value}
    if board is not None:
        labels |= facts_of(board)
    return {
        "id": str(uuid.uuid5(_SPACE, f"{claim.board}/{claim.id}")),
        "name": claim.id,
        "status": status,
        "duration": round(1000 * (claim.seconds or 0)),
        "suite": ["rig", claim.board or "no board"],
        "message": claim.expected or claim.reason,
        "trace": "\n".join(item.text for item in claim.evidence),
        "rawStatus": claim.verdict.value,
        "type": "hardware-in-the-loop",
        "device": claim.board,
        "labels": labels,
        "attachments": [
            {"name": "report", "contentType": "text/html", "path": "report.html"},
            {"name": "record", "contentType": "application/json", "path": "results.json"},
        ],
        "extra": {"statement": claim.statement, "criterion": claim.criterion, "repeat": claim.repeat},
    }


def _name(m: Measurement) -> str:
    """Of a figure, unique in a run: never one name for two clocks."""
    parts = (m.board, m.experiment, m.variant, m.path, m.clock, format_conditions(m.conditions, full=True))
    return " / ".join(part for part in parts if part)


def bmf(record: RunRecord) -> str:
    """Bencher's metric format: medians with the bounds of their 95 % interval."""
    document: dict[str, dict[str, dict[str, float]]] = {}
    for m in record.measurements:
        summary = m.summary
        if summary is None:
            continue
        low, high = summary.intervals.get("p50", (None, None))
        value = {"value": summary.p50}
        value |= {"lower_value": low} if low is not None else {}
        value |= {"upper_value": high} if high is not None else {}
        document.setdefault(_name(m)[:1024], {})[metric_name(m).removeprefix("rig_")[:64]] = value
    return json.dumps(document, indent=1) + "\n"


def _benchmarks(record: RunRecord, *, bigger: bool) -> str:
    rows = []
    for m in record.measurements:
        summary, metric = m.summary, Metric.named(m.metric)
        if summary is None or metric is None or metric in _NEITHER or (metric in _BIGGER) != bigger:
            continue
        low, high = summary.intervals.get("p50", (None, None))
        row: dict[str, object] = {"name": f"{m.metric}: {_name(m)}", "unit": m.unit, "value": summary.p50}
        if low is not None and high is not None and low != high:
            row["range"] = f"{format_number(low)} to {format_number(high)}"
        row["extra"] = f"{plural(summary.count, 'sample')}, p99 {format_number(summary.p99)}, run {record.run.id}"
        rows.append(row)
    return json.dumps(rows, indent=1) + "\n"


def benchmarks_smaller(record: RunRecord) -> str:
    """For github-action-benchmark, tool ``customSmallerIsBetter``: figures that should be small."""
    return _benchmarks(record, bigger=False)


def benchmarks_bigger(record: RunRecord) -> str:
    """For github-action-benchmark, tool ``customBiggerIsBetter``: figures that should be large."""
    return _benchmarks(record, bigger=True)


def robot(record: RunRecord) -> str:
    """Robot Framework's output.xml, for ``rebot`` and the tools that read it."""
    from robot.result import Result, TestSuite  # noqa: PLC0415 - takes a while, and few ask for it

    start = datetime.fromisoformat(record.run.started).astimezone().replace(tzinfo=None)
    top = TestSuite(name="micro-ROS SHM rig", start_time=start, elapsed_time=record.run.seconds or 0)
    for name in dict.fromkeys(claim.board for claim in asked(record)):
        suite = top.suites.create(name=clean_xml(name) or "no board", start_time=start)
        for claim in (each for each in asked(record) if each.board == name):
            status = {"passed": "PASS", "skipped": "SKIP"}.get(_STATUS[claim.verdict], "FAIL")
            evidence = "\n".join([claim.reason, *(f"- {item.text}" for item in claim.evidence)])
            suite.tests.create(
                name=clean_xml(claim.id),
                doc=clean_xml(claim.statement),
                tags=[claim.verdict.value.replace("_", "-"), *(["known"] if claim.accepted else [])],
                status="SKIP" if claim.accepted else status,
                message=clean_xml(evidence),
                start_time=start,
                elapsed_time=claim.seconds or 0,
            )
    with tempfile.TemporaryDirectory(prefix="rig-robot-") as directory:
        path = Path(directory) / "output.xml"
        Result(suite=top).save(path)
        text = path.read_text(encoding="utf-8")
    # The same run gives the same file.
    return re.sub(r'generated="[^"]*"', f'generated="{start.isoformat()}"', text, count=1)


def github_summary(record: RunRecord) -> str:
    """Markdown for a step summary of GitHub Actions."""
    claims = asked(record)
    counts = {v: sum(1 for claim in claims if claim.verdict is v) for v in Verdict}
    sums = ", ".join(f"{counts[v]} {verdict_word(v)}" for v in Verdict if counts[v]) or "no claim was decided"
    lines = [f"## micro-ROS SHM rig: {_markdown(record.run.outcome or 'unfinished')}", "", f"{sums}.", ""]
    lines += ["| | claim | board | why |", "|---|---|---|---|"]
    signs = {
        Verdict.CONFIRMED: ":white_check_mark:",
        Verdict.REFUTED: ":x:",
        Verdict.INCONCLUSIVE: ":grey_question:",
        Verdict.NOT_RUN: ":heavy_minus_sign:",
    }
    order = [Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.CONFIRMED, Verdict.NOT_RUN]
    for claim in sorted(claims, key=lambda claim: order.index(claim.verdict)):
        known = f" ({claim.expected})" if claim.expected else ""
        cells = (
            f"{signs[claim.verdict]} {verdict_word(claim.verdict)}",
            _markdown(claim.id),
            _markdown(claim.board),
            _markdown(f"{claim.reason}{known}"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    for fault in record.faults:
        lines += ["", f"**{fault.blame} fault** during {_markdown(fault.step)}: {_markdown(fault.message)}"]
    lines += ["", f"Run {_markdown(record.run.id)}, {record.run.kind}, rig {_markdown(record.run.rig_version)}; "]
    lines[-1] += f"`report.html` of the run has the evidence. Again: `{_code(record.run.command)}`"
    return "\n".join(lines) + "\n"


def github_annotations(record: RunRecord) -> str:
    """Workflow commands of GitHub Actions: an error for each refuted claim, a warning for what is open or broke."""
    errors = [
        _command("error", f"{claim.id} on {claim.board} is refuted", claim.reason)
        for claim in record.claims
        if claim.verdict is Verdict.REFUTED and not claim.accepted
    ]
    warnings = [
        _command("warning", f"{claim.id} on {claim.board} is inconclusive", claim.reason)
        for claim in record.claims
        if claim.verdict is Verdict.INCONCLUSIVE and not claim.accepted
    ]
    warnings += [
        _command("warning", f"{fault.blame} fault on {fault.board or 'no board'}", f"{fault.message}. {fault.hint}")
        for fault in record.faults
        if not fault.mended
    ]
    lines = [*errors[:_MOST_ANNOTATIONS], *warnings[:_MOST_ANNOTATIONS]]
    return "".join(f"{line}\n" for line in lines)


def _command(kind: str, title: str, message: str) -> str:
    """As GitHub reads it: percent, line ends, and in a title commas and colons are escaped."""
    text = printable(message).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    head = printable(title).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::{kind} title={head.replace(':', '%3A').replace(',', '%2C')}::{text}"


def _markdown(text: str) -> str:
    plain = " ".join(printable(text).split())
    return "".join(f"\\{c}" if c in "\\`*<|[" else c for c in plain).replace("@", "&#64;")


def _code(text: str) -> str:
    return " ".join(printable(text).replace("`", "'").split())


FORMATS: Mapping[str, tuple[str, Callable[[RunRecord], str]]] = MappingProxyType(
    {
        "junit": ("JUnit XML, valid for Jenkins' xunit plugin (junit-10)", junit),
        "ctrf": ("Common Test Report Format", ctrf),
        "bmf": ("Bencher's metric format", bmf),
        "benchmark-smaller": ("github-action-benchmark, customSmallerIsBetter", benchmarks_smaller),
        "benchmark-bigger": ("github-action-benchmark, customBiggerIsBetter", benchmarks_bigger),
        "robot": ("Robot Framework's output.xml, for rebot", robot),
        "github-summary": ("Markdown for $GITHUB_STEP_SUMMARY", github_summary),
        "github-annotations": ("workflow commands of GitHub Actions", github_annotations),
        "prometheus": ("Prometheus text format", metrics),
    }
)
"""Name -> what it is, and how it is made."""
