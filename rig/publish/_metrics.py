"""Runs as Prometheus metrics, for the node exporter's textfile collector and for ``rig serve``.

One metric family per measured metric, named in its base unit: ``rig_publish_to_callback_instructions``,
``rig_largest_message_bytes``. Durations are seconds, or instructions and cycles where that is what was counted: those
are no time. Every series says its board and the kind of its run (``quick``, ``full``): two boards, or a quick and a
full run, lie side by side. The run's id and version stand in ``rig_run_info`` alone, so that a new run
makes no new series elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from rig.errors import BLAMES, Outcome
from rig.publish._formats import metric_words
from rig.records import Condition, Measurement, Metric, RunRecord, Summary, Unit, Verdict

PREFIX = "rig_"
CONDITIONS = tuple(condition.value for condition in Condition if condition.label)
UNFINISHED = "unfinished"
"""Instead of an outcome: the run was killed before it could say one."""

_UNLABELLED = {c.value for c in Condition if c.quiet} - {Condition.LINK}  # a board has one value for each metric
_STATISTICS = ("min", "p50", "p95", "p99", "p999", "max")


def metric_name(measurement: Measurement) -> str:
    """Name of the family that a measurement belongs to."""
    unit = _unit(measurement.unit).base
    suffix = f"_{unit}" if unit and unit not in measurement.metric.split("_") else ""
    return f"{PREFIX}{measurement.metric}{suffix}"


def _unit(name: str) -> Unit:
    """The unit of this name; one that is not known is a plain count."""
    return Unit.named(name) or Unit.SAMPLES


def metrics(*records: RunRecord, boards: Sequence[str] | None = None) -> str:
    """Runs in the Prometheus text format. Of the runs of one board and kind only the newest counts.

    :param boards: only these; None: all.
    """
    families = _Families()
    for record, board in _newest(records, boards):
        _run(families, record, board)
        _claims(families, record, board)
        for m in record.measurements:
            if m.board == board:
                _figure(families, record.run.kind, m)
    return generate_latest(families.registry).decode("utf-8")


def _newest(records: Sequence[RunRecord], boards: Sequence[str] | None) -> list[tuple[RunRecord, str]]:
    """Each board and kind with its newest run; a run without any board has the empty name."""
    found: dict[tuple[str, str], RunRecord] = {}
    for record in sorted(records, key=lambda r: datetime.fromisoformat(r.run.started).timestamp()):
        names = [b.name for b in record.boards]
        for named in (*(c.board for c in record.claims), *(m.board for m in record.measurements)):
            if named and named not in names:
                names.append(named)  # a board may break before it is known
        for name in names or [""]:
            if boards is None or name in boards:
                found[name, record.run.kind] = record
    return [(record, name) for (name, _), record in sorted(found.items())]


class _Families:
    """Gauges by name, each made once."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._gauges: dict[str, Gauge] = {}

    def gauge(self, name: str, meaning: str, labels: Sequence[str]) -> Gauge:
        if name not in self._gauges:
            self._gauges[name] = Gauge(name, meaning, ["board", "run_kind", *labels], registry=self.registry)
        return self._gauges[name]


def _run(families: _Families, record: RunRecord, board: str) -> None:
    run, who = record.run, (board, record.run.kind)
    info = families.gauge("rig_run_info", "The run that these figures come from.", ["run_id", "rig_version", "agent"])
    info.labels(*who, run.id, run.rig_version, record.environment.agent).set(1)
    started = families.gauge("rig_run_start_timestamp_seconds", "When the run began, Unix time.", [])
    started.labels(*who).set(datetime.fromisoformat(run.started).timestamp())
    families.gauge("rig_run_duration_seconds", "How long the run took.", []).labels(*who).set(run.seconds or 0)
    outcome = families.gauge("rig_run_outcome", "1 for how the run ended.", ["outcome"])
    for name in (*Outcome, UNFINISHED):
        outcome.labels(*who, name).set(int((run.outcome or UNFINISHED) == name))
    faults = families.gauge("rig_faults", "Faults of the run, by who is at fault.", ["blame"])
    known = {each.name for each in record.boards}
    own = [fault for fault in record.faults if fault.board == board or fault.board not in known]
    for blame in BLAMES:
        faults.labels(*who, blame).set(sum(1 for fault in own if fault.blame == blame))
    used = families.gauge(
        "rig_board_info",
        "A board and the firmware that ran on it.",
        ["kind", "target", "variant", "middleware", "middleware_version", "os", "os_version", "digest"],
    )
    for b in record.boards:
        for f in b.firmware if b.name == board else ():
            firmware = (f.variant, f.middleware, f.middleware_version, f.os, f.os_version, f.digest[:19])
            used.labels(*who, b.kind, b.target, *firmware).set(1)


def _claims(families: _Families, record: RunRecord, board: str) -> None:
    verdicts = families.gauge(
        "rig_claim_verdict", "1 for the verdict on a claim, 0 for the others.", ["claim", "verdict"]
    )
    for claim in record.claims:
        for verdict in Verdict if claim.board == board else ():
            verdicts.labels(board, record.run.kind, claim.id, verdict.value).set(int(claim.verdict is verdict))


def _figure(families: _Families, kind: str, m: Measurement) -> None:
    summary = m.summary
    if summary is None:
        return
    labels = ["experiment", "variant", "path", "clock", *CONDITIONS, "conditions", "statistic"]
    gauge = families.gauge(metric_name(m), _help(m), labels)
    scale = _unit(m.unit).scale
    conditions = [_label(m.conditions.get(key, "")) for key in CONDITIONS]
    # What only one experiment varies shares a label, so that no two figures become one series.
    rest = {key: value for key, value in m.conditions.items() if key not in (*CONDITIONS, *_UNLABELLED)}
    conditions.append(",".join(f"{key}={_label(value)}" for key, value in sorted(rest.items())))
    for statistic, value in _statistics(summary):
        who = (m.board, kind, m.experiment, m.variant, m.path, m.clock or "")
        gauge.labels(*who, *conditions, statistic).set(value * scale)


def _help(measurement: Measurement) -> str:
    """What the family is, from the vocabulary of figures."""
    known = Metric.named(measurement.metric)
    meaning = f": {known.meaning}" if known is not None else ""
    unit = _unit(measurement.unit).base or measurement.unit
    return f"{metric_words(measurement.metric)}, {unit}{meaning}; order statistics over the samples of the run."


def _statistics(summary: Summary) -> Iterator[tuple[str, float]]:
    """Every statistic that the samples are enough for; of p50 and p99 also the bounds (95 % confidence)."""
    for name in _STATISTICS:
        value = getattr(summary, name)
        if value is not None:
            yield name, value
    for name in ("p50", "p99"):
        for end, bound in zip(("low", "high"), summary.intervals.get(name, (None, None)), strict=True):
            if bound is not None:
                yield f"{name}_{end}", bound


def _label(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
