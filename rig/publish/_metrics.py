"""A run as Prometheus metrics, for the node exporter's textfile collector.

One metric family per measured metric, named in its base unit: ``rig_publish_to_callback_instructions``,
``rig_largest_message_bytes``. Durations are seconds, or instructions and cycles where that is what was counted: those
are no time. The run's id and version stand in ``rig_run_info`` alone, so that a new run makes no new series elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


def metrics(record: RunRecord) -> str:
    """The run in the Prometheus text format."""
    registry = CollectorRegistry()
    _run(registry, record)
    _claims(registry, record)
    families: dict[str, list[Measurement]] = {}
    for measurement in record.measurements:
        families.setdefault(metric_name(measurement), []).append(measurement)
    for name, members in families.items():
        _family(registry, name, members)
    return generate_latest(registry).decode("utf-8")


def _run(registry: CollectorRegistry, record: RunRecord) -> None:
    run = record.run
    boards = ",".join(board.name for board in record.boards)  # runs of other boards may lie in the same folder
    info = Gauge(
        "rig_run_info",
        "The run that these figures come from.",
        ["boards", "run_id", "rig_version", "agent"],
        registry=registry,
    )
    info.labels(boards, run.id, run.rig_version, record.environment.agent).set(1)
    started = Gauge("rig_run_start_timestamp_seconds", "When the run began, Unix time.", ["boards"], registry=registry)
    started.labels(boards).set(datetime.fromisoformat(run.started).timestamp())
    duration = Gauge("rig_run_duration_seconds", "How long the run took.", ["boards"], registry=registry)
    duration.labels(boards).set(run.seconds or 0)
    outcome = Gauge("rig_run_outcome", "1 for how the run ended.", ["boards", "outcome"], registry=registry)
    for name in (*Outcome, UNFINISHED):
        outcome.labels(boards, name).set(int((run.outcome or UNFINISHED) == name))
    faults = Gauge("rig_faults", "Faults of the run, by who is at fault.", ["boards", "blame"], registry=registry)
    for blame in BLAMES:
        faults.labels(boards, blame).set(sum(1 for fault in record.faults if fault.blame == blame))
    used = Gauge(
        "rig_board_info",
        "A board and the firmware that ran on it.",
        ["board", "kind", "target", "variant", "middleware", "middleware_version", "os", "os_version", "digest"],
        registry=registry,
    )
    for board in record.boards:
        for f in board.firmware:
            used.labels(
                board.name,
                board.kind,
                board.target,
                f.variant,
                f.middleware,
                f.middleware_version,
                f.os,
                f.os_version,
                f.digest[:19],
            ).set(1)


def _claims(registry: CollectorRegistry, record: RunRecord) -> None:
    verdicts = Gauge(
        "rig_claim_verdict",
        "1 for the verdict on a claim, 0 for the others.",
        ["board", "claim", "verdict"],
        registry=registry,
    )
    for claim in record.claims:
        for verdict in Verdict:
            verdicts.labels(claim.board, claim.id, verdict.value).set(int(claim.verdict is verdict))


def _family(registry: CollectorRegistry, name: str, members: Iterable[Measurement]) -> None:
    members = list(members)
    gauge = Gauge(
        name,
        _help(members[0]),
        ["board", "experiment", "variant", "path", "clock", *CONDITIONS, "conditions", "statistic"],
        registry=registry,
    )
    for m in members:
        summary = m.summary
        if summary is None:
            continue
        scale = _unit(m.unit).scale
        conditions = [_label(m.conditions.get(key, "")) for key in CONDITIONS]
        # What only one experiment varies shares a label, so that no two figures become one series.
        rest = {key: value for key, value in m.conditions.items() if key not in (*CONDITIONS, *_UNLABELLED)}
        conditions.append(",".join(f"{key}={_label(value)}" for key, value in sorted(rest.items())))
        for statistic, value in _statistics(summary):
            labels = (m.board, m.experiment, m.variant, m.path, m.clock or "", *conditions, statistic)
            gauge.labels(*labels).set(value * scale)


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
