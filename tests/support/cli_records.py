"""What must stand in the record of every run."""

from pathlib import Path

from rig.claims import CLAIMS
from rig.records import Metric, Verdict, load
from rig.records.vocabulary import Rows, Searched


def explained(out: Path) -> None:
    """What `rig explain` says of the claims that were measured stands in the record: factors, promises, the search."""
    record = load(out)
    for claim in record.claims:
        if claim.verdict is Verdict.NOT_RUN:
            continue
        arrays = [m for m in record.measurements if m.metric == Metric.ROWS and m.experiment == claim.id]
        factors = {name for m in arrays for name in m.read(Rows).levels}
        assert factors == set(CLAIMS[claim.id].factors), claim.id
        if CLAIMS[claim.id].promises:
            (ran,) = (m for m in record.measurements if m.metric == Metric.SEQUENCES_RUN)
            assert ran.value > 0
            assert ran.read(Searched).seed == 1
