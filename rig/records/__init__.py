"""The data model of a run: what was measured, on what, and what was decided.

Knows how a record looks on disk and how samples are summed up; ``vocabulary`` has every metric, unit, condition and
detail. Must not know how anything was measured, nor how it is shown. ``results.schema.json`` beside this file documents
the file format.
"""

from rig.records._check import printable
from rig.records._events import Event, EventLog, read_events
from rig.records._intervals import CONFIDENCE, interval, samples_for_upper_bound
from rig.records._model import (
    BARE_METAL,
    CLAIM_IDS,
    NOT_ASKED,
    PATHS,
    RUN_KINDS,
    VARIANTS,
    Board,
    ClaimResult,
    Command,
    Environment,
    Evidence,
    Fault,
    Firmware,
    Measurement,
    Run,
    RunRecord,
    Verdict,
)
from rig.records._schema import made_anew as schema_made_anew
from rig.records._schema import page as figures_page
from rig.records._schema import schema
from rig.records._serial import (
    SCHEMA_NAME,
    board_from_json,
    fault_from_json,
    from_json,
    load,
    measurement_from_json,
    plain_from_text,
    record_from_events,
    save,
    to_json,
)
from rig.records._statistics import Bounds, Summary, quantile, summarise
from rig.records.vocabulary import Condition, Detail, Metric, Scalar, Unit

__all__ = [
    "BARE_METAL",
    "CLAIM_IDS",
    "CONFIDENCE",
    "NOT_ASKED",
    "PATHS",
    "RUN_KINDS",
    "SCHEMA_NAME",
    "VARIANTS",
    "Board",
    "Bounds",
    "ClaimResult",
    "Command",
    "Condition",
    "Detail",
    "Environment",
    "Event",
    "EventLog",
    "Evidence",
    "Fault",
    "Firmware",
    "Measurement",
    "Metric",
    "Run",
    "RunRecord",
    "Scalar",
    "Summary",
    "Unit",
    "Verdict",
    "board_from_json",
    "fault_from_json",
    "figures_page",
    "from_json",
    "interval",
    "load",
    "measurement_from_json",
    "plain_from_text",
    "printable",
    "quantile",
    "read_events",
    "record_from_events",
    "samples_for_upper_bound",
    "save",
    "schema",
    "schema_made_anew",
    "summarise",
    "to_json",
]
