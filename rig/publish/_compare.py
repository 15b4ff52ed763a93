"""Two runs beside each other: what must repeat to the last digit, and whether it did."""

from __future__ import annotations

from dataclasses import dataclass

from rig.publish._formats import format_conditions, format_number
from rig.records import Measurement, RunRecord, printable

_Key = tuple[str, str, str, str, tuple[tuple[str, object], ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One thing that differs between two runs. ``first`` and ``second`` are in words."""

    board: str
    what: str
    first: str
    second: str

    def __str__(self) -> str:
        return printable(f"{self.board}: {self.what}: {self.first} | {self.second}")


def compare(first: RunRecord, second: RunRecord) -> list[Difference]:
    """Differences of exact figures and of verdicts, between runs of the same boards.

    Only what both runs have is compared: a run with fewer claims is not a difference. Firmware of another digest is.
    """
    differences: list[Difference] = []
    digests = [{(b.name, f.variant): f.digest for b in run.boards for f in b.firmware} for run in (first, second)]
    for board, variant in digests[0].keys() & digests[1].keys():
        a, b = digests[0][board, variant], digests[1][board, variant]
        if a != b:
            differences.append(Difference(board=board, what=f"firmware {variant}", first=a[:19], second=b[:19]))
    differences.sort(key=str)
    ones, others = _exact(first), _exact(second)
    for key, m in ones.items():
        if key in others and m.samples != others[key].samples:
            what = f"{m.metric} ({', '.join(filter(None, (m.variant, format_conditions(m.conditions))))})"
            a, b = _samples(m, others[key]), _samples(others[key], m)
            differences.append(Difference(board=m.board, what=what, first=a, second=b))
    verdicts = {(c.board, c.id): c.verdict for c in second.claims}
    for claim in first.claims:
        other = verdicts.get((claim.board, claim.id), claim.verdict)
        if other is not claim.verdict and "not_run" not in (other, claim.verdict):
            differences.append(
                Difference(board=claim.board, what=f"claim {claim.id}", first=claim.verdict.value, second=other.value)
            )
    return differences


def _exact(record: RunRecord) -> dict[_Key, Measurement]:
    return {
        (m.board, m.experiment, m.variant, m.metric, tuple(sorted(m.conditions.items()))): m
        for m in record.measurements
        if m.exact
    }


def _samples(measurement: Measurement, other: Measurement) -> str:
    """The first sample that differs from the other's, and where it stands if there are several."""
    samples = measurement.samples
    index = next((i for i, (a, b) in enumerate(zip(samples, other.samples, strict=False)) if a != b), None)
    if index is None:
        return f"{len(samples)} samples"
    shown = f"{format_number(samples[index])} {measurement.unit}"
    return shown if len(samples) == 1 else f"{shown} (sample {index + 1} of {len(samples)})"
