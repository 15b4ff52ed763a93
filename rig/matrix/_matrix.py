"""Builds the bench with one defect at a time, runs the suite on it, and compares the verdicts with the expected ones.

Only the shared-memory firmware has the defect. The control is measured once, on the clean build, and used for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import yaml

from rig.bench import build_defect
from rig.claims import CLAIM_OF, CLAIMS, SEARCH, decide
from rig.errors import Outcome, RigError, UsageError
from rig.inventory import BoardSpec, Inventory
from rig.lease import Scratch
from rig.matrix._table import DEFECTS, Defect
from rig.records import ClaimResult, Measurement, Metric, RunRecord, Verdict
from rig.records.vocabulary import Broken, BrokenPromises
from rig.run import RunOptions, execute

CLEAN = "(none)"
_SIGNS = {Verdict.REFUTED: "**x**", Verdict.CONFIRMED: ".", Verdict.INCONCLUSIVE: "?", Verdict.NOT_RUN: "-"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """How a defect was found: after ``seconds`` of the search, by a sequence that was shrunk to ``calls``; or by the
    figures of a run that took ``seconds``, without ``calls``.
    """

    seconds: float
    calls: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """The result for one defect. ``claims``: results by id, none if its firmware could not be built. ``may_refute``:
    claims that the defect may break beside the ``expected`` ones; ``may_hide``: claims that it may leave undecided.
    ``faults``: faults that prevented a measurement, in words; ``may_die``: the defect makes them. ``found``: None if
    the defect was not found.
    """

    defect: str
    expected: frozenset[str]
    claims: dict[str, ClaimResult]
    may_refute: frozenset[str] = frozenset()
    may_hide: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()
    may_die: bool = False
    found: Found | None = None

    @property
    def refuted(self) -> frozenset[str]:
        """Claims found refuted."""
        return frozenset(id for id, claim in self.claims.items() if claim.verdict is Verdict.REFUTED)

    @property
    def undecided(self) -> frozenset[str]:
        """Claims that were measured and should have been decided, but were not."""
        found = (id for id, claim in self.claims.items() if claim.verdict is Verdict.INCONCLUSIVE)
        return frozenset(found) - self.may_hide - self.may_refute

    @property
    def missed(self) -> frozenset[str]:
        """Claims that the defect breaks and the rig did not refute."""
        return self.expected - self.refuted

    @property
    def false(self) -> frozenset[str]:
        """Claims refuted though the defect does not break them."""
        return self.refuted - self.expected - self.may_refute

    @property
    def right(self) -> bool:
        """Whether every claim that the defect breaks is refuted, and every other claim is confirmed or does not apply.
        Claims that it may also break, or hide, do not matter.
        """
        return not (self.missed or self.false or self.undecided or (self.faults and not self.may_die))

    def why(self, claim: str) -> str:
        """The reason of a claim's verdict, in words."""
        return self.claims[claim].reason if claim in self.claims else "it was not measured"


def _run(
    spec: BoardSpec, images: dict[str, Path], directory: Path, *, search_seconds: float | None = None
) -> RunRecord:
    """One quick run of a board with these images."""
    entry: dict[str, object] = {"kind": spec.kind, "firmware": {v: str(p) for v, p in images.items()}}
    entry |= {"machine": spec.machine} if spec.machine else {}
    entry |= {"target": spec.target} if spec.target else {}
    link: dict[str, object] = {"transport": spec.link.transport}
    entry["link"] = link | ({"baud": spec.link.baud} if spec.link.transport == "serial" else {})
    directory.mkdir()
    file = directory / "boards.yaml"
    file.write_text(
        yaml.safe_dump({"version": 1, "default": spec.name, "boards": {spec.name: entry}}), encoding="utf-8"
    )
    out = directory / "run"
    out.mkdir()
    options = RunOptions(
        boards_file=file, quick=True, directory=out, command="rig matrix", search_seconds=search_seconds
    )
    return uninterrupted(execute(options, run_id="matrix"))


def uninterrupted(record: RunRecord) -> RunRecord:
    """The record of a run that finished. Ctrl-C ends the whole series of runs, not only the current one."""
    if record.run.outcome == Outcome.INTERRUPTED:
        raise KeyboardInterrupt
    return record


def _faults(record: RunRecord) -> tuple[str, ...]:
    return tuple(f"{fault.blame} fault during {fault.step}: {fault.message}" for fault in record.faults)


def _prevented(record: RunRecord) -> dict[str, str]:
    """Experiment -> why the run did not make or finish it."""
    found = {CLAIMS[claim.id].experiment: claim.prevented for claim in record.claims if claim.prevented}
    return {experiment: why for experiment, why in found.items() if experiment is not None}


def control_of(clean: RunRecord) -> list[Measurement]:
    """The control's figures, without those of unfinished experiments: half a control proves nothing."""
    struck = _prevented(clean)
    return [m for m in clean.measurements if m.variant == "network" and m.experiment not in struck]


def decided(
    board: str, record: RunRecord, control: Sequence[Measurement], *, searching: bool = False
) -> dict[str, ClaimResult]:
    """The claims of a defect's run, decided with the control of the clean build.

    A claim that a fault struck, or that was not possible, is not decided here, as in the run itself.

    :param searching: whether a search for sequences was part of the run.
    """
    not_run = {claim.id: claim for claim in record.claims if claim.verdict is Verdict.NOT_RUN}
    measurements = [*record.measurements, *control]
    prevented = _prevented(record)
    if searching and not any(m.metric == Metric.PROMISES_BROKEN for m in record.measurements):
        prevented |= {SEARCH: "it did not come to its end"}
    return {
        claim.id: not_run.get(claim.id) or decide(claim, board, measurements, prevented=prevented)
        for claim in CLAIMS.values()
        if claim.experiment
    }


def _findings(record: RunRecord) -> list[Broken]:
    broken = [m for m in record.measurements if m.metric == Metric.PROMISES_BROKEN]
    return [finding for m in broken for finding in m.read(BrokenPromises).findings]


def found_by(record: RunRecord, claims: frozenset[str]) -> Found:
    """How a run refuted these claims: by the search's shortest sequence that counts against one of them, or by the run
    as a whole.
    """
    promises = {promise.name for promise, claim in CLAIM_OF.items() if claim in claims}
    counting = [finding for finding in _findings(record) if finding.promise in promises]
    if counting:
        shortest = min(counting, key=lambda finding: (len(finding.told), finding.seconds))
        return Found(seconds=shortest.seconds, calls=len(shortest.told) - 1)
    begin, end = record.run.started, record.run.finished or record.run.started
    return Found(seconds=(datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rows:
    """What the rows of one matrix have in common."""

    spec: BoardSpec
    preset: str
    directory: Path
    control: Sequence[Measurement]
    search_seconds: float | None

    def row(self, defect: Defect) -> Row:
        """Build and run one defect; a fault of the row stays in the row."""
        expected = defect.breaks_on(self.spec.kind)
        try:
            images = build_defect(self.preset, defect.name, variants=("shm",))
            record = _run(self.spec, images, self.directory / defect.name, search_seconds=self.search_seconds)
        except RigError as error:
            hint = f" ({error.hint})" if error.hint else ""
            return Row(defect=defect.name, expected=expected, claims={}, faults=(f"{error.message}{hint}",))
        row = Row(
            defect=defect.name,
            expected=expected,
            claims=decided(self.spec.name, record, self.control, searching=True),
            may_refute=defect.also,
            may_hide=defect.hides,
            may_die=defect.kills,
            faults=_faults(record),
        )
        seen = row.refuted & (expected | defect.also)
        return replace(row, found=found_by(record, seen)) if seen else row


def matrix(
    boards_file: Path,
    board: str,
    *,
    defects: Sequence[str] = (),
    jobs: int = 1,
    search_seconds: float | None = None,
    on_begin: Callable[[str], None] = lambda _: None,
) -> Iterator[Row]:
    """Run the clean build, then each defect; yields a row as soon as it and those before it are known.

    :param defects: names; none given means all that can be built for this board.
    :param jobs: rows to run at once; they share the host's processors. After Ctrl-C the running ones finish first.
    :param search_seconds: how long each run searches for sequences of calls, None the usual time.
    :raises UsageError: an unknown defect, or a board that is not built from a preset.
    """
    (spec,) = Inventory.load(boards_file).select([board])
    chosen = [_named(name) for name in defects] or [each for each in DEFECTS.values() if each.is_for(spec.kind)]
    if spec.firmware.preset is None or spec.kind in ("probe", "place"):
        raise UsageError(f"{board}: the defects are built from a preset, for emulated and native boards")
    with Scratch("matrix") as scratch:
        on_begin(CLEAN)
        images = build_defect(spec.firmware.preset, "")
        clean = _run(spec, images, scratch.path / "clean", search_seconds=search_seconds)
        verdicts = {claim.id: claim for claim in clean.claims if CLAIMS[claim.id].experiment}
        yield Row(defect=CLEAN, expected=frozenset(), claims=verdicts, faults=_faults(clean))
        rows = _Rows(
            spec=spec,
            preset=spec.firmware.preset,
            directory=scratch.path,
            control=control_of(clean),
            search_seconds=search_seconds,
        )

        def begun(defect: Defect) -> Row:
            on_begin(defect.name)
            return rows.row(defect)

        if jobs == 1:
            yield from map(begun, chosen)  # in this thread, which Ctrl-C reaches
            return
        with ThreadPoolExecutor(jobs, thread_name_prefix="row") as pool:
            try:
                yield from pool.map(begun, chosen)
            finally:
                pool.shutdown(cancel_futures=True)


def _named(name: str) -> Defect:
    if name not in DEFECTS:
        raise UsageError(f"no defect is called {name!r}", hint=f"there are: {', '.join(DEFECTS)}")
    return DEFECTS[name]


NOT_RUN = "Not run on this board since the rig last changed: "


def as_markdown(board: str, rows: Sequence[Row]) -> str:
    """The matrix for the documentation: one line a defect, one column a claim, and how it was found.

    Defects of the table that no row is about are named as not run.
    """
    claims = [claim.id for claim in CLAIMS.values() if claim.experiment]
    heads = [*claims, *FOUND_COLUMNS]
    lines = [
        "# Seeded defects, and what the rig finds",
        "",
        f"Made by `rig matrix --board {board} --out FILE.md`. Each line is a bench firmware with one known",
        "defect (`firmware/defects/`). **x** refuted, as it must be; **+** refuted, as it may be; **.** confirmed;",
        "**?** measured but undecided; **MISSED** and **FALSE** are errors of the rig, still to be mended. Where the",
        "search for sequences of calls found it, *calls* are those of the shortest sequence that shows it, and",
        "*seconds* how long it had searched; where only figures show it, *seconds* are those of the whole run.",
        "",
        "| defect | " + " | ".join(heads) + " |",
        "|---|" + "---|" * len(heads),
    ]
    lines += [
        f"| {row.defect} | " + " | ".join([*(_cell(row, id) for id in claims), *_found(row)]) + " |" for row in rows
    ]
    lines += ["", *(f"{row.defect}: {fault}" for row in rows for fault in row.faults)]
    right = sum(1 for row in rows if row.right)
    lines += ["", f"{right} of {len(rows)} lines are exactly as expected."]
    seen = {row.defect for row in rows}
    left = [name for name in DEFECTS if name not in seen]
    lines += ["", f"{NOT_RUN}{', '.join(left)}."] if left else []
    return "\n".join(lines) + "\n"


FOUND_COLUMNS = ("seconds", "calls")


def _found(row: Row) -> tuple[str, str]:
    if row.found is None:
        return "", ""
    return f"{row.found.seconds:.1f}", "" if row.found.calls is None else str(row.found.calls)


def _cell(row: Row, id: str) -> str:
    if id in row.missed:
        return "**MISSED**"
    if id in row.false:
        return "**FALSE**"
    if id not in row.claims:
        return "-"
    sign = _SIGNS[row.claims[id].verdict]
    return "**+**" if id in row.refuted - row.expected else sign
