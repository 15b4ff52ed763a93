"""The bench firmware seen from the rig: mailbox, payloads, clock, RAM scan, and the build of the images.

Knows ``firmware/bench/rig_mailbox.h``. Must not know claims, nor what a board is made of: it gets memory that can be
read and written while the target runs.
"""

from rig.bench._bench import (
    Bench,
    Entity,
    Exchange,
    Pool,
    Preempted,
    Refused,
    Served,
    Statistics,
    Unsupported,
    Woken,
    qos_bits,
    standing,
)
from rig.bench._build import build, build_defect, build_port, port_of
from rig.bench._clock import Clock, clock_for
from rig.bench._identity import IDENTITY_SYMBOL, Identity, identity_of
from rig.bench._layout import CONTEXTS, Capability, ClockKind, Command, Context, Counter, EntryKind, Status, Step
from rig.bench._mailbox import Entry, Hello, Mailbox, Memory, Reply, Slow, Stuck
from rig.bench._payload import payload
from rig.bench._points import open_points
from rig.bench._program import ALL_SAMPLES, Called, Heard, ProgramBuilder
from rig.bench._scan import BLOCK, MOST_BLOCKS, Place, find_places
from rig.bench._topology import (
    DATAREADER,
    DATAWRITER,
    PARTICIPANT,
    PUBLISHER,
    REPLIER,
    REQUESTER,
    SUBSCRIBER,
    TOPIC,
    Topology,
    one_writer,
    pair,
)
from rig.bench._writes import RUN, SERIALISER, PayloadWrites, Trace, find_payload_writes
from rig.bench._xml import endpoint_xml, service_xml, topic_xml

__all__ = [
    "ALL_SAMPLES",
    "BLOCK",
    "CONTEXTS",
    "DATAREADER",
    "DATAWRITER",
    "IDENTITY_SYMBOL",
    "MOST_BLOCKS",
    "PARTICIPANT",
    "PUBLISHER",
    "REPLIER",
    "REQUESTER",
    "RUN",
    "SERIALISER",
    "SUBSCRIBER",
    "TOPIC",
    "Bench",
    "Called",
    "Capability",
    "Clock",
    "ClockKind",
    "Command",
    "Context",
    "Counter",
    "Entity",
    "Entry",
    "EntryKind",
    "Exchange",
    "Heard",
    "Hello",
    "Identity",
    "Mailbox",
    "Memory",
    "PayloadWrites",
    "Place",
    "Pool",
    "Preempted",
    "ProgramBuilder",
    "Refused",
    "Reply",
    "Served",
    "Slow",
    "Statistics",
    "Status",
    "Step",
    "Stuck",
    "Topology",
    "Trace",
    "Unsupported",
    "Woken",
    "build",
    "build_defect",
    "build_port",
    "clock_for",
    "endpoint_xml",
    "find_payload_writes",
    "find_places",
    "identity_of",
    "one_writer",
    "open_points",
    "pair",
    "payload",
    "port_of",
    "qos_bits",
    "service_xml",
    "standing",
    "topic_xml",
]
