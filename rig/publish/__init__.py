"""One record, many outputs: JSON, HTML, JUnit, Prometheus, terminal tables.

Knows records and claims. Must not know how anything was measured.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rig.errors import ResultsFault, RigError, describe
from rig.publish._atomic import write_whole
from rig.publish._exporter import LOOPBACK, serve
from rig.publish._exports import FORMATS, github_annotations, github_summary
from rig.publish._formats import (
    CLOCKS,
    VERDICT_SIGNS,
    evidence_lines,
    format_conditions,
    format_number,
    plural,
    verdict_word,
)
from rig.publish._html import anchor, html, report_css
from rig.publish._junit import junit
from rig.publish._metrics import metric_name, metrics
from rig.publish._sequences import file_name, findings, sequence_text, write_sequences
from rig.publish._sheet import Column, Sheet
from rig.publish._tables import claims_table, measurement_table, sum_lines
from rig.records import RunRecord, save

__all__ = [
    "CLOCKS",
    "FORMATS",
    "LOOPBACK",
    "VERDICT_SIGNS",
    "Column",
    "Sheet",
    "anchor",
    "claims_table",
    "evidence_lines",
    "file_name",
    "findings",
    "format_conditions",
    "format_number",
    "github_annotations",
    "github_summary",
    "html",
    "junit",
    "measurement_table",
    "metric_name",
    "metrics",
    "plural",
    "publish",
    "report_css",
    "sequence_text",
    "serve",
    "sum_lines",
    "verdict_word",
    "write_whole",
]


def publish(record: RunRecord, directory: Path) -> list[Path]:
    """Write every output of a run into its directory; each file appears whole or not at all.

    If one fails, the others are written all the same.

    :raises ResultsFault: one or more could not be made or written; the others are there.
    """
    written: list[Path] = []
    failed: list[RigError] = []
    for name, write in _OUTPUTS.items():
        try:
            write(record, directory / name)
            written += [directory / name] if (directory / name).exists() else []
        except RigError as error:
            failed.append(error)
        except Exception as error:
            failed.append(
                ResultsFault(
                    f"cannot make {name}: {describe(error)}", hint="please report it with the run's events.jsonl"
                )
            )
    if failed:
        words = "; ".join(error.message for error in failed)
        raise ResultsFault(words, hint=failed[0].hint) from failed[0]
    return written


def _text(render: Callable[[RunRecord], str]) -> Callable[[RunRecord, Path], None]:
    return lambda record, path: write_whole(path, render(record))


_OUTPUTS: dict[str, Callable[[RunRecord, Path], object]] = {
    "results.json": save,
    "junit.xml": _text(junit),
    "metrics.prom": _text(metrics),
    "sequences": lambda record, path: write_sequences(record, path.parent),
    # Last: it links to what lies beside it.
    "report.html": lambda record, path: write_whole(path, html(record, [each.name for each in path.parent.iterdir()])),
}
