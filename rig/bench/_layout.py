"""The layout of the mailbox: the mirror of ``firmware/bench/rig_mailbox.h``.

A change here or there raises ``VERSION``. ``tests/bench`` compares both by compiling the header.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from enum import IntEnum, IntFlag
from typing import TypeVar

Slot = TypeVar("Slot", bound=IntEnum)

MAGIC = 0x42474952
VERSION = 8

ARGUMENTS = 16
RESULTS = 24
TEXT_BYTES = 256
CONTEXTS = 3
START_FOR = 5
"""The argument of START that says who gets the callbacks."""

# Offsets in bytes from the start of the mailbox.
OFFSET_MAGIC = 0
OFFSET_MIDDLEWARE = 32
OFFSET_HEARTBEAT = 168
OFFSET_HOLD = 172
OFFSET_HOLD_RELEASE = 176
OFFSET_CANCEL = 180
OFFSET_COMMAND_SERIAL = 184
OFFSET_COMMAND = 188
OFFSET_ARGUMENTS = 192
OFFSET_REPLY_SERIAL = 256
OFFSET_STATUS = 260
OFFSET_RESULTS = 264
OFFSET_TEXT = 360
OFFSET_RING_RECORDS = 616
OFFSET_HEAD = 624
OFFSET_TAIL = 628
OFFSET_PROGRAM_WORDS = 632
OFFSET_DOING = 636
OFFSET_RING = 648

HEADER = struct.Struct("<8I24s24s40s16s24s8s")
ENTRY = struct.Struct("<BBHIIIiIIIII")


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
    WAKE = 19


class StartFor(IntEnum):
    """``rig_start_for``: which part of the bench gets the callbacks."""

    EXCHANGE = 0
    PREEMPT = 1


class Doing(IntEnum):
    """``rig_doing``: the call of the middleware that a context is in."""

    NOTHING = 0
    LOAN = 1
    PUBLISH = 2
    SPIN = 3
    CANCEL = 4
    CREATE = 5
    DELETE = 6


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
    UNCONFIRMED = -12


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
    CONFIRMED = 256


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
    POLLS = 10


class ExchangeFlag(IntFlag):
    """``rig_exchange_flag``."""

    HOLD = 1
    NO_RECORD = 2
    QUIET = 4


class EntryKind(IntEnum):
    """``rig_record_kind``."""

    DELIVERED = 1
    REFUSED = 2
    CALL = 3
    SERVED = 4


class Step(IntEnum):
    """``rig_step``."""

    START = 1
    STOP = 2
    OPEN = 3
    CLOSE = 4
    CREATE = 5
    DELETE = 6
    READ = 7
    LOAN = 8
    SEND = 9
    CANCEL = 10
    PUBLISH = 11
    REPLY = 12
    KEEP = 13
    SPIN = 14
    STATISTICS = 15
    IN_CALLBACK = 16
    ELSEWHERE = 17
    JOIN = 18
    REPEAT = 19
    LINK = 20
    HOST = 21


class LinkState(IntEnum):
    """``rig_link_state``: what happens to bytes that are written to the link and read from it."""

    WHOLE = 0
    SILENT = 1
    LOSSY = 2


class Context(IntEnum):
    """``rig_context``: where a step ran."""

    MAIN = 0
    CALLBACK = 1
    OTHER = 2


class EntryFlag(IntFlag):
    """``rig_record_flag``."""

    INTACT = 1
    LOCAL = 2


class ExchangeArgument(IntEnum):
    """``rig_exchange_argument``."""

    SESSION = 0
    WRITER = 1
    COUNT = 2
    LENGTH = 3
    BURST = 4
    EXPECTED = 5
    SPIN_MS = 6
    DEADLINE_MS = 7
    FIRST = 8
    FLAGS = 9


class Exchanged(IntEnum):
    """``rig_exchange_result``; ``COUNTERS`` is the first of as many words as there are counters, ``OWN`` and
    ``RETURNED`` of two.
    """

    ACCEPTED = 0
    REFUSED = 1
    DELIVERED = 2
    DAMAGED = 3
    STATUS = 4
    LOCAL = 5
    COUNTERS = 6
    OWN = 17
    SURPLUS = 19
    RETURNED = 20


class ServiceArgument(IntEnum):
    """``rig_service_argument``."""

    SESSION = 0
    REQUESTER = 1
    COUNT = 2
    LENGTH = 3
    OUTSTANDING = 4
    SPIN_MS = 5
    DEADLINE_MS = 6
    FIRST = 7


class Served(IntEnum):
    """``rig_service_result``."""

    ASKED = 0
    REFUSED = 1
    HEARD = 2
    ANSWERED = 3
    REPLIED = 4
    WRONG = 5
    LOCAL = 6
    STATUS = 7


class PreemptArgument(IntEnum):
    """``rig_preempt_argument``."""

    SESSION = 0
    WRITER = 1
    COUNT = 2
    LENGTH = 3
    DEADLINE_MS = 4
    FIRST = 5
    READERS = 6
    CONTEXTS = 7
    TURNS = 8
    GUEST = 9


class Preempted(IntEnum):
    """``rig_preempt_result``."""

    ACCEPTED = 0
    FULL = 1
    DELIVERED = 2
    DAMAGED = 3
    MISPLACED = 4
    STATUS = 5
    INSIDE = 6
    DEPTH = 7
    HELD_OFF = 8


class WakeArgument(IntEnum):
    """``rig_wake_argument``."""

    SESSION = 0
    WRITER = 1
    CONTEXT = 2
    LENGTH = 3
    TRIES = 4
    TIMEOUT_MS = 5
    FIRST = 6
    LATE = 7


class Woken(IntEnum):
    """``rig_wake_result``."""

    TRIED = 0
    ACCEPTED = 1
    DELIVERED = 2
    MISSED = 3
    INSIDE = 4
    LONGEST = 5
    LONGEST_MS = 6
    STATUS = 7
    LATE = 8


class StatisticsWord(IntEnum):
    """The words of ``rig_mw_statistics_t``."""

    DELIVERED_LOCAL = 0
    DELIVERED_LINK = 1
    REFUSED_BUFFER = 2
    REFUSED_TABLE = 3
    LOST = 4
    BUFFERS_FREE = 5
    ENTITIES = 6
    WITHHELD = 7
    COPIED = 8


def arguments(slots: Mapping[Slot, int]) -> tuple[int, ...]:
    """The words of a command, each in its slot; all slots of the enum must be given.

    :raises ValueError: one is missing.
    """
    kind = type(next(iter(slots)))
    if missing := set(kind) - set(slots):
        raise ValueError(f"{kind.__name__}: no {', '.join(sorted(slot.name for slot in missing))}")
    return tuple(slots[slot] for slot in sorted(slots))


def signed(word: int) -> int:
    """A 32-bit word as a signed number."""
    return word - (1 << 32) if word >> 31 else word
