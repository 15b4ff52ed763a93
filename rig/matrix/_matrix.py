"""Builds the bench with one defect at a time, runs the suite on it, and compares the verdicts with the expected ones.

Only the shared-memory firmware has the defect; the control is measured once, on the clean build, and serves all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from rig.bench import build_defect
from rig.claims import CLAIMS, decide
from rig.errors import Outcome, UsageError
from rig.inventory import BoardSpec, Inventory
from rig.lease import Scratch
from rig.matrix._table import DEFECTS, Defect
from rig.records import ClaimResult, Measurement, RunRecord, Verdict
from rig.run import RunOptions, execute

CLEAN = "(none)"
_SIGNS = {Verdict.REFUTED: "**x**", Verdict.CONFIRMED: ".", Verdict.INCONCLUSIVE: "?", Verdict.NOT_RUN: "-"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What came out for one defect; ``claims`` by id. ``may_hide``: claims that the defect may leave undecided.
    ``faults``, in words, kept something from being measured.
    """

    defect: str
    expected: frozenset[str]
    claims: dict[str, ClaimResult]
    may_hide: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()

    @property
    def refuted(self) -> frozenset[str]:
        """Claims found refuted."""
        return frozenset(id for id, claim in self.claims.items() if claim.verdict is Verdict.REFUTED)

    @property
    def undecided(self) -> frozenset[str]:
        """Claims that were measured and not decided, and might have been."""
        found = (id for id, claim in self.claims.items() if claim.verdict is Verdict.INCONCLUSIVE)
        return frozenset(found) - self.may_hide

    @property
    def missed(self) -> frozenset[str]:
        """Claims that the defect breaks and the rig did not refute."""
        return self.expected - self.refuted

    @property
    def false(self) -> frozenset[str]:
        """Claims refuted though the defect does not break them."""
        return self.refuted - self.expected

    @property
    def right(self) -> bool:
        """Exactly what the defect breaks is refuted, and every other claim is confirmed or does not apply; but for
        those that the defect may hide.
        """
        return self.refuted == self.expected and not self.undecided and not self.faults


def _run(spec: BoardSpec, images: dict[str, Path], directory: Path) -> RunRecord:
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
    return uninterrupted(
        execute(RunOptions(boards_file=file, quick=True, directory=out, command="rig matrix"), run_id="matrix")
    )


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
    """The control's figures, without those of experiments that were not finished: half a control proves nothing."""
    struck = _prevented(clean)
    return [m for m in clean.measurements if m.variant == "network" and m.experiment not in struck]


def decided(board: str, record: RunRecord, control: Sequence[Measurement]) -> dict[str, ClaimResult]:
    """The claims of a run of a defect beside the control of the clean build.

    What a fault struck, or what was not possible, is no more decided here than in the run itself.
    """
    not_run = {claim.id: claim for claim in record.claims if claim.verdict is Verdict.NOT_RUN}
    measurements = [*record.measurements, *control]
    prevented = _prevented(record)
    return {
        claim.id: not_run.get(claim.id) or decide(claim, board, measurements, prevented=prevented)
        for claim in CLAIMS.values()
        if claim.experiment
    }


def matrix(
    boards_file: Path,
    board: str,
    *,
    defects: Sequence[str] = (),
    on_begin: Callable[[str], None] = lambda _: None,
) -> Iterator[Row]:
    """Run the clean build, then each defect; yields a row as soon as it is known.

    :param defects: names; none given means all.
    :raises UsageError: an unknown defect, or a board that is not built from a preset.
    """
    (spec,) = Inventory.load(boards_file).select([board])
    chosen = [_named(name) for name in defects] or list(DEFECTS.values())
    if spec.firmware.preset is None or spec.kind == "probe":
        raise UsageError(f"{board}: the defects are built from a preset, for emulated and native boards")
    with Scratch("matrix") as scratch:
        on_begin(CLEAN)
        clean = _run(spec, build_defect(spec.firmware.preset, ""), scratch.path / "clean")
        control = control_of(clean)
        verdicts = {claim.id: claim for claim in clean.claims if CLAIMS[claim.id].experiment}
        yield Row(defect=CLEAN, expected=frozenset(), claims=verdicts, faults=_faults(clean))
        for defect in chosen:
            on_begin(defect.name)
            images = build_defect(spec.firmware.preset, defect.name)
            record = _run(spec, {"shm": images["shm"]}, scratch.path / defect.name)
            claims = decided(board, record, control)
            expected = defect.breaks_on(spec.kind)
            yield Row(
                defect=defect.name, expected=expected, claims=claims, may_hide=defect.hides, faults=_faults(record)
            )


def _named(name: str) -> Defect:
    if name not in DEFECTS:
        raise UsageError(f"no defect is called {name!r}", hint=f"there are: {', '.join(DEFECTS)}")
    return DEFECTS[name]


def as_markdown(board: str, rows: Sequence[Row]) -> str:
    """The matrix for the documentation: one line a defect, one column a claim."""
    claims = [claim.id for claim in CLAIMS.values() if claim.experiment]
    lines = [
        "# Seeded defects, and what the rig finds",
        "",
        f"Made by `rig matrix --board {board} --out FILE.md`. Each line is a bench firmware with one known",
        "defect (`firmware/defects/`). **x** refuted, as it must be; **.** confirmed; **?** measured but undecided;",
        "**MISSED** and **FALSE** would be errors of the rig.",
        "",
        "| defect | " + " | ".join(claims) + " |",
        "|---|" + "---|" * len(claims),
    ]
    lines += [f"| {row.defect} | " + " | ".join(_cell(row, id) for id in claims) + " |" for row in rows]
    lines += ["", *(f"{row.defect}: {fault}" for row in rows for fault in row.faults)]
    right = sum(1 for row in rows if row.right)
    lines += ["", f"{right} of {len(rows)} lines are exactly as expected."]
    return "\n".join(lines) + "\n"


def _cell(row: Row, id: str) -> str:
    if id in row.missed:
        return "**MISSED**"
    if id in row.false:
        return "**FALSE**"
    return {Verdict.REFUTED: "**x**", Verdict.CONFIRMED: ".", Verdict.INCONCLUSIVE: "?"}.get(
        row.claims[id].verdict, "-"
    )
