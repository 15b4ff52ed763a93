"""Where the mailbox keeps what: the mirror of ``firmware/bench/rig_mailbox.h``.

A change here or there raises ``VERSION``. ``tests/bench`` compares both by compiling the header.
"""

from __future__ import annotations

import struct
from enum import IntEnum, IntFlag

MAGIC = 0x42474952
VERSION = 3

ARGUMENTS = 16
RESULTS = 24
TEXT_BYTES = 256

# Offsets in bytes from the start of the mailbox.
OFFSET_MAGIC = 0
OFFSET_MIDDLEWARE = 32
OFFSET_HEARTBEAT = 120
OFFSET_HOLD = 124
OFFSET_HOLD_RELEASE = 128
OFFSET_CANCEL = 132
OFFSET_COMMAND_SERIAL = 136
OFFSET_COMMAND = 140
OFFSET_ARGUMENTS = 144
OFFSET_REPLY_SERIAL = 208
OFFSET_STATUS = 212
OFFSET_RESULTS = 216
OFFSET_TEXT = 312
OFFSET_RING_RECORDS = 568
OFFSET_HEAD = 576
OFFSET_TAIL = 580
OFFSET_PROGRAM_WORDS = 584
OFFSET_RING = 592

HEADER = struct.Struct("<8I24s24s40s")
RECORD = struct.Struct("<BBHIIIiIIIII")


class Command(IntEnum):
    """``rig_command``."""

    NOP = 0
    START = 1
    STOP = 2
    SESSION_OPEN = 3
    SESSION_CLOSE = 4
    CREATE = 5
    DELETE = 6
    READ = 7
    EXCHANGE = 8
    SPIN = 9
    STATISTICS = 10
    COUNTERS = 11
    CLOCK = 12
    STACK = 13
    SERVICE = 14
    PREEMPT = 15
    CONFIGURATION = 16
    PUBLISH = 17
    PROGRAM = 18


class Status(IntEnum):
    """``rig_mw_error``: what the middleware answered."""

    OK = 0
    ARGUMENT = -1
    UNSUPPORTED = -2
    NO_BUFFER = -3
    TOO_LARGE = -4
    TABLE_FULL = -5
    UNKNOWN = -6
    TIMEOUT = -7
    LINK = -8
    REFUSED = -9
    STATE = -10
    MISMATCH = -11


class Capability(IntFlag):
    """``rig_mw_capability``."""

    SHM = 1
    LOAN = 2
    OFFLINE = 4
    XML = 8
    REF = 16
    SERVICES = 32
    DELETE = 64
    THREADS = 128


class ClockKind(IntEnum):
    """``rig_clock``."""

    DWT = 1
    TIMER = 2
    HOST = 3


class Counter(IntEnum):
    """``rig_counter``."""

    COPY_CALLS = 0
    COPY_BYTES = 1
    SET_CALLS = 2
    WRITES = 3
    WRITE_BYTES = 4
    READS = 5
    READ_BYTES = 6
    LOCKS = 7
    WAITS = 8
    ALLOCATIONS = 9


class ExchangeFlag(IntFlag):
    """``rig_exchange_flag``."""

    HOLD = 1
    NO_RECORD = 2
    QUIET = 4


class RecordKind(IntEnum):
    """``rig_record_kind``."""

    DELIVERED = 1
    REFUSED = 2
    CALL = 3
    SERVED = 4


class RecordFlag(IntFlag):
    """``rig_record_flag``."""

    INTACT = 1
    LOCAL = 2
