"""The data model of a run: what was measured, on what, and what was decided.

Knows how a record looks on disk and how samples are summed up. Must not know how anything was measured, nor how it
is shown. ``results.schema.json`` beside this file documents the file format.
"""

from rig.records._events import Event, EventLog, read_events
from rig.records._intervals import CONFIDENCE, interval, samples_for_upper_bound
from rig.records._model import (
    NOT_ASKED,
    Board,
    ClaimResult,
    Environment,
    Evidence,
    Fault,
    Firmware,
    Measurement,
    Run,
    RunRecord,
    Scalar,
    Verdict,
)
from rig.records._serial import SCHEMA_NAME, from_json, load, record_from_events, save, schema, to_json
from rig.records._statistics import Bounds, Summary, quantile, summarise

__all__ = [
    "CONFIDENCE",
    "NOT_ASKED",
    "SCHEMA_NAME",
    "Board",
    "Bounds",
    "ClaimResult",
    "Environment",
    "Event",
    "EventLog",
    "Evidence",
    "Fault",
    "Firmware",
    "Measurement",
    "Run",
    "RunRecord",
    "Scalar",
    "Summary",
    "Verdict",
    "from_json",
    "interval",
    "load",
    "quantile",
    "read_events",
    "record_from_events",
    "samples_for_upper_bound",
    "save",
    "schema",
    "summarise",
    "to_json",
]
