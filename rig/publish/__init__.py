"""One record, many outputs: JSON, HTML, JUnit, Prometheus, terminal tables, and the comparison of two runs.

Knows records and claims. Must not know how anything was measured.
"""

from __future__ import annotations

from pathlib import Path

from rig.publish._atomic import write_whole
from rig.publish._compare import Difference, compare
from rig.publish._html import html
from rig.publish._junit import junit
from rig.publish._metrics import metric_name, metrics
from rig.publish._tables import claims_table, measurement_table
from rig.records import RunRecord, save

__all__ = [
    "Difference",
    "claims_table",
    "compare",
    "html",
    "junit",
    "measurement_table",
    "metric_name",
    "metrics",
    "publish",
]


def publish(record: RunRecord, directory: Path) -> list[Path]:
    """Write every output of a run into its directory; each file appears whole or not at all."""
    results = directory / "results.json"
    save(record, results)
    written = [results]
    for name, render in (("junit.xml", junit), ("metrics.prom", metrics), ("report.html", html)):
        write_whole(directory / name, render(record))
        written.append(directory / name)
    return written
