"""Writes the page and its reports into one directory. They need neither a server nor JavaScript."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from pathlib import Path

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from rig.errors import ResultsFault, UsageError, describe
from rig.feedback import Checked, check_record, read_archive
from rig.history import compare
from rig.publish import (
    CLOCKS,
    VERDICT_SIGNS,
    anchor,
    format_number,
    html,
    plural,
    report_css,
    verdict_word,
    write_whole,
)
from rig.records import NOT_ASKED, Board, ClaimResult, Firmware, Measurement, RunRecord, Verdict, printable

_PLAIN = re.compile(r"[^A-Za-z0-9-]+")
_MOST_CHANGES = 40
_COUNTED = "counted, on no clock"
_STATISTICS = ("p50", "p99")

_MADE_BY = '<meta name="generator" content="micro-ROS SHM rig">'


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One archive, with its claims decided again. ``report``: its file in the site; ``page``: that file's text."""

    name: str
    record: RunRecord
    checked: Checked
    report: str
    page: str

    def claims(self, board: str) -> dict[str, ClaimResult]:
        """The claims of a board by id, as decided again here."""
        recorded = {c.id: c for c in self.record.claims if c.board == board}
        return recorded | {c.id: c for c in self.checked.decided if c.board == board}


def read_sources(paths: Sequence[Path]) -> tuple[list[Source], list[str]]:
    """Read archives; return those that cannot be used in words. A second copy of an archive is ignored.

    :param paths: archives, and directories of archives.
    """
    files = [file for path in paths for file in (sorted(path.glob("*.zip")) if path.is_dir() else [path])]
    sources: list[Source] = []
    trouble: list[str] = []
    seen: set[str] = set()
    for file in files:
        try:
            archive = read_archive(file)
            checked = check_record(archive.record, archive.plain)
            page = html(archive.record)
        except UsageError as error:
            trouble.append(error.message)
            continue
        except Exception as error:  # somebody else's figures: whatever they break, the other archives are shown
            trouble.append(f"{file}: no report can be made of it: {describe(error)}")
            continue
        digest = hashlib.sha256(repr(archive.record).encode()).hexdigest()
        if digest in seen:
            trouble.append(f"{file}: the same run as another archive")
            continue
        seen.add(digest)
        name = f"{_PLAIN.sub('-', archive.record.run.id)[:60]}-{digest[:6]}.html"
        sources.append(
            Source(name=file.name, record=archive.record, checked=checked, report=f"reports/{name}", page=page)
        )
    sources.sort(key=lambda source: (source.record.run.started, source.record.run.id))
    return sources, trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class _Column:
    """One board with one middleware in one version. ``sources``: its runs, newest first."""

    board: Board
    firmware: Firmware
    sources: tuple[Source, ...]

    @property
    def place(self) -> str:
        """Where its newest report tells of it."""
        return f"{self.sources[0].report}#{anchor(self.board.name)}"

    def claim(self, id: str) -> tuple[Source, ClaimResult] | None:
        """What the newest run that was asked for a claim says of it."""
        for source in self.sources:
            claim = source.claims(self.board.name).get(id)
            if claim is not None and not (claim.verdict is Verdict.NOT_RUN and claim.reason == NOT_ASKED):
                return source, claim
        return None


def write_site(sources: Sequence[Source], trouble: Sequence[str], directory: Path) -> Path:
    """Write the site and return its first page. Reports are written again from the records.

    :raises ResultsFault: it cannot be written.
    :raises UsageError: a page of somebody else's stands there.
    """
    index = directory / "index.html"
    if index.exists() and _MADE_BY not in index.read_text(encoding="utf-8", errors="replace")[:2000]:
        raise UsageError(f"{index} is there, and is no page of rig site", hint="name another directory with --out")
    try:
        (directory / "reports").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsFault(f"cannot use {directory}: {error.strerror}", hint="name another one with --out") from error
    for source in sources:
        write_whole(directory / source.report, source.page)
    write_whole(index, _index(sources, trouble))
    return index


def _index(sources: Sequence[Source], trouble: Sequence[str]) -> str:
    columns = _columns(sources)
    environment = Environment(
        loader=DictLoader({"site": resources.files("rig.site").joinpath("site.html.j2").read_text(encoding="utf-8")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    environment.filters["verdict"] = verdict_word
    environment.filters["plural"] = plural
    own = resources.files("rig.site").joinpath("site.css").read_text(encoding="utf-8")
    return environment.get_template("site").render(
        sources=sources,
        trouble=trouble,
        columns=columns,
        rows=_rows(columns),
        tables=_tables(columns),
        changes=list(_changes(sources)),
        signs=VERDICT_SIGNS,
        clocks=CLOCKS,
        wrong=[(source, each) for source in sources for each in source.checked.disagreements],
        css=Markup(report_css() + own),  # files of this package
    )


def _columns(sources: Sequence[Source]) -> list[_Column]:
    found: dict[tuple[str, ...], _Column] = {}
    for source in sources:  # oldest first
        for board in source.record.boards:
            f = next((f for f in board.firmware if f.variant == "shm"), None)
            if f is None:
                continue
            key = (board.name, board.core, board.clock, f.middleware, f.middleware_version, f.system)
            before = found[key].sources if key in found else ()
            found[key] = _Column(board=board, firmware=f, sources=(source, *before))
    return [found[key] for key in sorted(found)]


def _rows(columns: Sequence[_Column]) -> list[tuple[str, str, list[tuple[ClaimResult | None, str, bool]]]]:
    """Claim id, statement, and by column: the result, where it is told, and whether its archive says otherwise."""
    ids = dict.fromkeys(c.id for column in columns for source in column.sources for c in source.record.claims)
    rows = []
    for id in ids:
        cells: list[tuple[ClaimResult | None, str, bool]] = []
        statement = ""
        for column in columns:
            told = column.claim(id)
            if told is None:
                cells.append((None, "", False))
                continue
            source, claim = told
            statement = statement or claim.statement
            where = f"{column.board.name}: claim {id}"
            doubt = any(each.where == where for each in source.checked.disagreements)
            cells.append((claim, f"{source.report}#{anchor(column.board.name)}-claim-{id}", doubt))
        if any(claim is not None for claim, _, _ in cells):
            rows.append((id, statement, cells))
    return rows


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    """Figures of the columns that share a clock. ``rows``: what, unit, and by column the value in words."""

    clock: str
    columns: list[_Column]
    rows: list[tuple[str, str, list[str]]]


_Wanted = tuple[str, str, dict[str, int]]
_PLAIN_LATENCY = {"payload_bytes": 4, "readers": 1, "spin_timeout_ms": 10}
_FIGURES: tuple[_Wanted, ...] = (
    ("publish to callback, 4 B, 1 reader", "publish_to_callback", _PLAIN_LATENCY),
    ("the same, 4 readers", "publish_to_callback", {**_PLAIN_LATENCY, "readers": 4}),
    ("the same, 1,024 B", "publish_to_callback", {**_PLAIN_LATENCY, "payload_bytes": 1024}),
)
_COUNTS: tuple[_Wanted, ...] = (
    ("largest message that arrived whole", "largest_message_bytes", {}),
    ("payload bytes copied per sample, 1 reader", "bytes_copied_per_sample", {"readers": 1}),
    ("payload bytes copied per sample, 4 readers", "bytes_copied_per_sample", {"readers": 4}),
    ("places in RAM that hold a sample, 4 readers", "resident_copies", {"readers": 4}),
    ("lock calls per sample, 1 reader", "lock_calls_per_sample", {"readers": 1}),
    ("transport calls per sample, 1 reader", "transport_calls_per_sample", {"readers": 1}),
    ("code and constants of the image", "text_bytes", {}),
    ("deepest stack", "stack_peak_bytes", {}),
)


def _tables(columns: Sequence[_Column]) -> list[_Table]:
    """Durations clock by clock, never two clocks in one table; then what is counted and needs no clock."""
    tables = []
    for clock in sorted({column.board.clock for column in columns if column.board.clock}):
        own = [column for column in columns if column.board.clock == clock]
        rows = [
            row
            for words, metric, conditions in _FIGURES
            for variant, way in (("shm", "shared memory"), ("network", "through the Agent"))
            for statistic in _STATISTICS
            if (row := _row(own, f"{words}, {way}, {statistic}", metric, variant, conditions, statistic)) is not None
        ]
        if rows:
            tables.append(_Table(clock=clock, columns=own, rows=rows))
    rows = [
        row
        for words, metric, conditions in _COUNTS
        for variant, way in (("shm", "shared memory"), ("network", "without"))
        if (row := _row(columns, f"{words}, {way}", metric, variant, conditions, "p50")) is not None
    ]
    if rows:
        tables.append(_Table(clock=_COUNTED, columns=list(columns), rows=rows))
    return tables


def _row(
    columns: Sequence[_Column], words: str, metric: str, variant: str, conditions: dict[str, int], statistic: str
) -> tuple[str, str, list[str]] | None:
    cells, units = [], set()
    for column in columns:
        found = _find(column, metric, variant, conditions)
        summary = found.summary if found is not None else None
        if found is None or summary is None or (statistic == "p99" and summary.count < 2):
            cells.append("")
            continue
        units.add(found.unit)
        cells.append(format_number(getattr(summary, statistic)))
    if not any(cells) or len(units) != 1:
        return None
    return words, units.pop(), cells


def _find(column: _Column, metric: str, variant: str, conditions: dict[str, int]) -> Measurement | None:
    """The figure under these conditions in the newest run that has it; of several that of the largest payload."""
    for source in column.sources:
        rows = [
            m
            for m in source.record.measurements
            if (m.board, m.metric, m.variant) == (column.board.name, metric, variant)
            and m.samples
            and all(m.conditions.get(key) == value for key, value in conditions.items())
        ]
        if rows:
            return max(rows, key=lambda m: float(m.conditions.get("payload_bytes", 0) or 0))
    return None


def _changes(sources: Sequence[Source]) -> Iterator[tuple[str, Source, Source, list[str], int]]:
    """Board by board, what changed from one version of the middleware to the next, in the order of the runs."""
    by_board: dict[tuple[str, str, str], list[Source]] = {}
    for source in sources:
        for board in source.record.boards:
            for firmware in board.firmware:
                if firmware.variant == "shm":
                    by_board.setdefault((board.name, firmware.middleware, source.record.run.kind), []).append(source)
    for (name, _, kind), own in sorted(by_board.items()):
        for first, second in pairwise(own):
            if _version(first, name) == _version(second, name):
                continue
            try:
                found = compare([_only(first.record, name), _only(second.record, name)])
            except UsageError:
                continue  # nothing in common: nothing changed that could be told
            words = [str(change) for change in found.changes]
            yield f"{name}, {kind}", first, second, words[:_MOST_CHANGES], max(0, len(words) - _MOST_CHANGES)


def _version(source: Source, board: str) -> tuple[str, ...]:
    return next(
        (f.middleware_version, f.digest)
        for b in source.record.boards
        for f in b.firmware
        if b.name == board and f.variant == "shm"
    )


def _only(record: RunRecord, board: str) -> RunRecord:
    return RunRecord(
        run=record.run,
        environment=record.environment,
        boards=tuple(b for b in record.boards if b.name == board),
        measurements=tuple(m for m in record.measurements if m.board == board),
        claims=tuple(c for c in record.claims if c.board == board),
    )
