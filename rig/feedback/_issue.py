"""Texts for the transport's maintainers, in the form of micro-ROS' issue template: the verdict on a claim, and how to
reproduce it without asking anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rig.claims import CLAIM_OF, CLAIMS
from rig.errors import FirmwareFault
from rig.feedback._calls import CALLS, CLIENTS, INSTALLED, STEPS
from rig.publish import file_name, findings, format_conditions, format_number, plural, verdict_word
from rig.records import Board, ClaimResult, Evidence, Firmware, Measurement, RunRecord, Verdict, printable
from rig.records.vocabulary import Broken, Told

_MOST_EVIDENCE = 20
_MOST_FIGURES = 24
_MOST_SEQUENCES = 4
_MOST_LINES = 6  # of what one call came to
_MOST_BESIDE = 6
_PLAIN = re.compile(r"[^A-Za-z0-9-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """One text. ``name``: of its file; ``title``: of the issue; ``body``: Markdown."""

    name: str
    title: str
    body: str

    @property
    def text(self) -> str:
        """As a file: the title, then the body."""
        return f"# {self.title}\n\n{self.body}"


def issues(record: RunRecord, *, archive: str, windows: dict[tuple[str, str], str] | None = None) -> list[Issue]:
    """One text for each claim that is refuted or surprising on any board, then one for the run as a whole.

    A claim is surprising if its verdict is not the one declared in boards.yaml, or if the firmware failed during its
    measurement.

    :param archive: the name of the file that these texts go with.
    :param windows: (board, experiment) -> when it was measured, in words.
    """
    telling: dict[str, list[ClaimResult]] = {}
    for claim in record.claims:
        if _is_telling(record, claim):
            telling.setdefault(claim.id, []).append(claim)
    told = [_issue(record, claims, archive=archive, windows=windows or {}) for claims in telling.values()]
    return [*told, _whole(record, told, archive=archive)]


def _is_telling(record: RunRecord, claim: ClaimResult) -> bool:
    if claim.verdict is Verdict.REFUTED or (claim.expected and not claim.accepted):
        return True
    broke = any(f.blame == FirmwareFault.blame and f.board == claim.board and not f.mended for f in record.faults)
    return claim.verdict is Verdict.INCONCLUSIVE and broke and claim.prevented.startswith(FirmwareFault.blame)


def _issue(
    record: RunRecord, claims: Sequence[ClaimResult], *, archive: str, windows: dict[tuple[str, str], str]
) -> Issue:
    claim = claims[0]
    board = _board(record, claim.board)
    firmware = _firmware(board)
    row = CLAIMS.get(claim.id)
    found = [
        (number, finding)
        for number, finding in enumerate(findings(record, board.name), 1)
        if _claim_of(finding) == claim.id
    ]
    lines = [
        *_head(record, board, firmware),
        "",
        f"**Claim of the announcement:** {_md(claim.statement or claim.id)}",
        f"**Verdict:** {verdict_word(claim.verdict)}: {_md(claim.reason)}",
    ]
    lines += [f"**Known:** {_md(claim.expected)}"] if claim.expected else []
    if len(claims) > 1:
        lines += [f"**Also on** {c.board} ({_system(record, c.board)}): {_md(c.reason)}" for c in claims[1:]]
    lines += ["", "#### Steps to reproduce the issue", ""]
    lines += _steps(record, claim, board, firmware, found)
    lines += ["", "#### Expected behavior", ""]
    lines += [f"{_md(claim.criterion or (row.criterion if row else ''))}."]
    lines += [f"- {_md(f.says)}: {_md(f.expected)}" for _, f in found[:_MOST_SEQUENCES]]
    lines += ["", "#### Actual behavior", "", f"{_md(claim.reason)}."]
    for _, finding in found[:_MOST_SEQUENCES]:
        again = f" (again in {finding.repeats} of {finding.runs} runs)" if finding.runs else ""
        lines += [f"- {_md(finding.says)}: at call {finding.at} {_md(finding.seen)}{again}"]
    lines += _evidence(claim, found)
    lines += _figures(record, claim)
    lines += ["", "#### Additional information", ""]
    lines += list(_additional(record, claim, board, archive, windows))
    title = f"[shared memory] {claim.id}: {claim.reason}"
    return Issue(
        name=f"issues/{_PLAIN.sub('-', claim.id)}.md", title=printable(title)[:200], body="\n".join(lines) + "\n"
    )


def _board(record: RunRecord, name: str) -> Board:
    return next((board for board in record.boards if board.name == name), Board(name=name, kind="", target="", core=""))


def _firmware(board: Board) -> Firmware | None:
    return next((f for f in board.firmware if f.variant == "shm"), None)


def _system(record: RunRecord, board: str) -> str:
    firmware = _firmware(_board(record, board))
    return firmware.system if firmware is not None and firmware.system else "operating system not recorded"


def _head(record: RunRecord, board: Board, firmware: Firmware | None) -> list[str]:
    hardware = [board.name, f"{board.kind} {board.target}".strip(), board.core, board.emulator, board.clock_note]
    link = f"link to the Agent: {board.link}" if board.link else ""
    version = "not recorded"
    install = "not recorded"
    if firmware is not None:
        client = CLIENTS.get(firmware.middleware, firmware.middleware)
        version = f"{client} {firmware.middleware_version}, {firmware.compiler}; Agent: {record.environment.agent}"
        install = INSTALLED.get(firmware.middleware, f"{firmware.middleware}, below the bench firmware of the rig")
    return [
        f"- Hardware description: {_md('; '.join(filter(None, (*hardware, link))))}",
        f"- RTOS: {_md(_system(record, board.name))}",
        f"- Installation type: {install}",
        f"- Version or commit hash: {_md(version)}",
    ]


def _steps(
    record: RunRecord,
    claim: ClaimResult,
    board: Board,
    firmware: Firmware | None,
    found: Sequence[tuple[int, Broken]],
) -> Iterator[str]:
    if firmware is not None:
        yield "The Client was built with:"
        yield ""
        yield from _fence(f"{key} = {value}" for key, value in firmware.configuration.items())
        yield ""
    calls = CALLS.get(firmware.middleware, ()) if firmware is not None else ()
    if calls:
        yield "The calls below are these of its interface:"
        yield ""
        yield "| here | there |"
        yield "|---|---|"
        yield from (f"| {here} | {there} |" for here, there in calls)
        yield ""
    for number, (_, finding) in enumerate(found[:_MOST_SEQUENCES], 1):
        yield f"**Shortest sequence {number}:** {_md(finding.says)}"
        yield ""
        yield from _sequence(finding)
        yield ""
    if len(found) > _MOST_SEQUENCES:
        yield f"{plural(len(found) - _MOST_SEQUENCES, 'more sequence')} in the archive."
        yield ""
    steps = STEPS.get(claim.id)
    if steps and _own(record, claim):
        common = _common(_cited(record, claim) or _own(record, claim))
        yield "**As the experiment does it:**" if found else "**What the experiment does:**"
        yield ""
        for number, step in enumerate(steps, 1):
            yield f"{number}. {_fill(step, common)}"
        yield ""
    elif claim.id in CLAIMS and not found:
        yield f"**What the experiment does:** {_md(CLAIMS[claim.id].method)}"
        yield ""
    yield "**With the rig**, from a checkout of its version " + record.run.rig_version + ":"
    yield ""
    yield from _fence(_commands(record, claim, board, found))
    if firmware is not None:
        yield ""
        yield (
            f"`{board.name}` is an entry of `boards.yaml`: kind `{board.kind}`, target `{board.target}`, link "
            f"{_md(board.link)}, with the bench built from `firmware/` with `-DRIG_MIDDLEWARE={firmware.middleware}` "
            "(docs/middleware.md of the rig). The images' digests are below."
        )


def _commands(
    record: RunRecord, claim: ClaimResult, board: Board, found: Sequence[tuple[int, Broken]]
) -> Iterator[str]:
    quick = " --quick" if record.run.kind == "quick" else ""
    yield f"{claim.repeat or f'rig run --board {board.name} --claims {claim.id}'}{quick}"
    for number, finding in found[:_MOST_SEQUENCES]:
        yield f"rig replay {file_name(board.name, number, finding)} --board {board.name}"
    yield f"# the whole run was: {record.run.command}"


def _sequence(finding: Broken) -> Iterator[str]:
    """The calls with what they must come to and what they came to; the one that breaks the promise is marked."""
    for number, topic in enumerate(finding.topics):
        yield f"topic {number}: {_md(topic)}"
    if finding.topics:
        yield ""
    yield "| | call | must come to | came to |"
    yield "|---|---|---|---|"
    for number, told in enumerate(finding.told, 1):
        mark = f"**{number}**" if number == finding.at else str(number)
        yield f"| {mark} | {_md(told.call)} | {_cell(told.expected)} | {_cell(told.came)} |"
    if finding.at >= len(finding.told):
        yield ""
        yield "Broken in the spins after the last call."
    if finding.backtrace:
        yield ""
        yield f"The firmware stood at {_md(finding.place)}:"
        yield ""
        yield "```"
        yield from finding.backtrace
        yield "```"


def _cell(lines: Sequence[str]) -> str:
    more = [f"and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
    return "<br>".join(_md(line) for line in (*lines[:_MOST_LINES], *more))


def _evidence(claim: ClaimResult, found: Sequence[tuple[int, Broken]]) -> list[str]:
    """The facts of the verdict; those that the sequences above tell already are left out."""
    facts = [item for item in claim.evidence if not (found and _is_sequence(item))]
    if not facts:
        return []
    more = len(facts) - _MOST_EVIDENCE
    lines = ["", "Evidence:", "", *(f"- {_md(item.text)}" for item in facts[:_MOST_EVIDENCE])]
    return [*lines, f"- and {plural(more, 'more fact')} in the report"] if more > 0 else lines


def _is_sequence(item: Evidence) -> bool:
    return item.metric == "promises_broken"


def _claim_of(finding: Broken) -> str:
    return next((claim for promise, claim in CLAIM_OF.items() if promise.name == finding.promise), "")


def _own(record: RunRecord, claim: ClaimResult) -> list[Measurement]:
    row = CLAIMS.get(claim.id)
    experiment = row.experiment if row is not None else None
    return [m for m in record.measurements if m.board == claim.board and m.experiment == experiment]


def _cited(record: RunRecord, claim: ClaimResult) -> list[Measurement]:
    """The figures that the evidence points at, shared memory first, each beside its control."""
    wanted = [(item.metric, dict(item.conditions)) for item in claim.evidence if item.metric]
    own = [m for m in _own(record, claim) if m.samples]
    return [m for m in own if (m.metric, dict(m.conditions)) in wanted]


def _figures(record: RunRecord, claim: ClaimResult) -> list[str]:
    rows = _cited(record, claim)
    rows.sort(key=lambda m: m.variant != "shm")
    if not rows:
        return []
    lines = ["", "Figures (median and its 95 % interval; `network` is the same firmware without shared memory):", ""]
    lines += ["| figure | conditions | build | median | p99 | max | samples | beside it |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for m in rows[:_MOST_FIGURES]:
        summary = m.summary
        assert summary is not None
        low, high = summary.intervals.get("p50", (None, None))
        interval = ""
        if low != high:
            interval = " [" + " to ".join("?" if b is None else format_number(b) for b in (low, high)) + "]"
        unit = m.unit + (f" ({m.clock} clock)" if m.clock else "")
        lines.append(
            f"| {m.metric} | {_md(format_conditions(m.conditions, full=True))} | {m.variant} | "
            f"{format_number(summary.p50)}{interval} {unit} | {format_number(summary.p99)} | "
            f"{format_number(summary.max)} | {summary.count:,} | {_beside(m)} |"
        )
    more = len(rows) - _MOST_FIGURES
    return [*lines, "", f"{plural(more, 'more figure')} in `results.json`."] if more > 0 else lines


def _beside(m: Measurement) -> str:
    """What the figure's detail says in plain numbers and words, as far as it is not empty."""
    plain = [(key, value) for key, value in m.detail.items() if isinstance(value, int | float | str)]
    told = [f"{key.replace('_', ' ')} {_value(value)}" for key, value in plain if value not in ("", 0, False)]
    return _md(", ".join(told[:_MOST_BESIDE]))


def _value(value: float | str) -> str:
    return value[:80] if isinstance(value, str) else "yes" if value is True else format_number(value)


def _additional(
    record: RunRecord, claim: ClaimResult, board: Board, archive: str, windows: dict[tuple[str, str], str]
) -> Iterator[str]:
    for firmware in board.firmware:
        sizes = ", ".join(f"{key} {format_number(value)}" for key, value in firmware.sections.items())
        yield f"- image `{firmware.variant}`: `{firmware.digest}` ({sizes} bytes)"
    when = windows.get((board.name, CLAIMS[claim.id].experiment or "")) if claim.id in CLAIMS else None
    words = f"; this claim was measured {when}" if when else ""
    yield (
        f"- `{archive}` goes with this: `report.html`, `results.json` with every raw sample, the captured link "
        f"(`link.pcapng`; `rig decode` shows it in words, `rig dissector` makes a dissector for Wireshark), logs of "
        f"firmware and Agent{words}"
    )
    yield "- `rig feedback check ARCHIVE` decides every claim anew from these samples"
    yield f"- host: {_md(record.environment.system)}; run {record.run.id}, {record.run.started}"
    for fault in record.faults:
        if fault.board == board.name and fault.blame == FirmwareFault.blame:
            yield f"- the firmware broke during {_md(fault.step)}: {_md(fault.message)}"
            if fault.console:
                yield ""
                yield from _fence(fault.console[-20:])
    if board.kind == "emulated":
        yield (
            "- an emulated board counts executed instructions where a clock is asked for: they repeat exactly, and say "
            "nothing about the speed of hardware"
        )


def _whole(record: RunRecord, told: Sequence[Issue], *, archive: str) -> Issue:
    """On the run as a whole: what holds is feedback too."""
    decided = [c for c in record.claims if c.verdict is not Verdict.NOT_RUN]
    counts = {v: sum(1 for c in decided if c.verdict is v) for v in Verdict}
    sums = ", ".join(f"{counts[v]} {verdict_word(v)}" for v in Verdict if counts[v])
    names = ", ".join(board.name for board in record.boards) or "no board"
    lines: list[str] = []
    for board in record.boards:
        lines += [*_head(record, board, _firmware(board)), ""]
    lines += ["#### Steps to reproduce the issue", ""]
    lines += _fence([record.run.command])
    lines += ["", "#### Expected behavior", "", "What the announcement of shared memory says, claim by claim:", ""]
    lines += ["| claim | board | verdict | why |", "|---|---|---|---|"]
    lines += [
        f"| {_md(c.statement or c.id)} | {c.board} | {verdict_word(c.verdict)} | {_md(c.reason)} |" for c in decided
    ]
    lines += ["", "#### Actual behavior", "", f"{sums or 'nothing was decided'}."]
    lines += [f"- {_md(issue.title)}: `{issue.name}`" for issue in told]
    left = [c for c in record.claims if c.verdict is Verdict.NOT_RUN]
    if left:
        lines += ["", "Not run: " + "; ".join(f"{c.id} on {c.board} ({_md(c.reason)})" for c in left) + "."]
    lines += ["", "#### Additional information", ""]
    for board in record.boards:
        lines += [f"- {board.name}, image `{f.variant}`: `{f.digest}`" for f in board.firmware]
    lines += [
        f"- `{archive}` goes with this: report, raw samples, captures, logs",
        "- `rig feedback check ARCHIVE` decides every claim anew from the samples",
        f"- host: {_md(record.environment.system)}; run {record.run.id}, {record.run.started}, rig "
        f"{record.run.rig_version}, {record.run.kind}",
    ]
    title = f"[shared memory] feedback from {names}: {sums or 'nothing decided'}"
    return Issue(name="issues/feedback.md", title=printable(title)[:200], body="\n".join(lines) + "\n")


def _common(rows: Iterable[Measurement]) -> dict[str, object]:
    """The conditions in which none of these figures differ; one that has no such condition does not count."""
    values: dict[str, set[object]] = {}
    for m in rows:
        for key, value in m.conditions.items() if m.variant == "shm" else ():
            values.setdefault(key, set()).add(value)
    return {key: next(iter(found)) for key, found in values.items() if len(found) == 1}


def _fill(step: str, common: dict[str, object]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        found = common.get(name)
        return _md(format_number(found) if type(found) is int else str(found)) if name in common else f"`{name}`"

    return re.sub(r"\{(\w+)\}", value, step)


def _fence(lines: Iterable[str]) -> Iterator[str]:
    """A block of code that no line of it can end."""
    shown = [printable(line) for line in lines]
    ticks = "`" * max(3, 1 + max((len(m) for line in shown for m in re.findall(r"`+", line)), default=0))
    yield ticks
    yield from shown
    yield ticks


def _md(text: str) -> str:
    """A record's words in Markdown: no markup, no mention of anybody, one line."""
    plain = " ".join(printable(text).split()).rstrip(".")
    return re.sub(r"[\\`*<|\[]", lambda m: "\\" + m.group(), plain).replace("@", "&#64;")


__all__ = ["Issue", "Told", "issues"]
