"""The vocabulary of figures: every metric with its unit, every condition, and what a figure's detail holds.

Whoever adds a metric, a condition or a detail does it here. The JSON schema, the Prometheus export, the tables, the
report and ``docs/figures.md`` are made from this module. Must not know how anything is measured, nor how it is judged.

A metric's name never changes: ``results.json`` and Prometheus use it. A record may have a metric that this module does
not know, a removed one or one of a later version. It is shown all the same, by its plain name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from rig.records._typed import from_plain, to_plain

Scalar = int | float | str | bool


class Unit(StrEnum):
    """The unit of a sample. ``base`` is the base unit that Prometheus uses, empty for a plain count; a value times
    ``scale`` is in that unit.
    """

    base: str
    scale: float

    def __new__(cls, value: str, base: str = "", scale: float = 1.0) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.base, member.scale = base, scale
        return member

    CLOCK = ""
    """Of a metric: the unit of the board's clock, which the measurement itself names (one of the next four)."""
    INSTRUCTIONS = "instructions", "instructions"
    CYCLES = "cycles", "cycles"
    NS = "ns", "seconds", 1e-9
    US = "us", "seconds", 1e-6
    S = "s", "seconds"
    BYTES = "bytes", "bytes"
    SAMPLES = "samples"
    CALLS = "calls"
    COPIES = "copies"
    ADDRESSES = "addresses"
    PAIRS = "pairs"
    ENTITIES = "entities"
    BUFFERS = "buffers"
    REPLIES = "replies"
    REQUESTS = "requests"
    SEQUENCES = "sequences"
    PROMISES = "promises"
    CONTEXTS = "contexts"
    LOCKS = "locks"
    ROWS = "rows"
    MESSAGES = "messages"
    SESSIONS = "sessions"
    STOPS = "stops"

    @classmethod
    def named(cls, name: str) -> Unit | None:
        """The unit of this name; None if it is not known."""
        return next((member for member in cls if member == name), None)


TIMED = (Unit.INSTRUCTIONS, Unit.CYCLES, Unit.NS, Unit.US, Unit.S)
"""The units that a clock can have."""


class Metric(StrEnum):
    """What is measured: its name in every record and output, its unit, and its meaning for the docs."""

    unit: Unit
    meaning: str

    def __new__(cls, value: str, unit: Unit, meaning: str) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.unit, member.meaning = unit, meaning
        return member

    @property
    def timed(self) -> bool:
        """Whether it is a duration on the board's clock."""
        return self.unit is Unit.CLOCK

    LARGEST_MESSAGE = "largest_message_bytes", Unit.BYTES, "largest payload of the sweep that arrived whole"
    LARGEST_VARIED = "largest_varied_bytes", Unit.BYTES, "the same with more readers, or another MTU and history"
    NOT_WHOLE = "samples_not_whole", Unit.SAMPLES, "deliveries missing, damaged or refused, of a pool filled twice"
    ROWS = "rows_of_the_array", Unit.ROWS, "rows of a covering array: combinations of conditions that were made"
    BYTES_COPIED = "bytes_copied_per_sample", Unit.BYTES, "bytes that the memcpy family and the framing moved"
    RESIDENT_COPIES = "resident_copies", Unit.COPIES, "places in RAM that hold the payload at the last callback"
    PAYLOAD_WRITTEN = "payload_bytes_written", Unit.BYTES, "payload bytes written after the application wrote them"
    DISTINCT_BUFFERS = "distinct_buffers", Unit.ADDRESSES, "different addresses handed to the readers of one sample"
    TRANSPORT_CALLS = "transport_calls_per_sample", Unit.CALLS, "transport writes, and reads that brought something"
    POLL_CALLS = "poll_calls_per_sample", Unit.CALLS, "transport reads that brought nothing"
    LOCK_CALLS = "lock_calls_per_sample", Unit.CALLS, "pairs of lock and unlock"
    WAIT_CALLS = "wait_calls_per_sample", Unit.CALLS, "sleeps and wake-ups asked of the OS or the port"
    ALLOCATION_CALLS = "allocation_calls_per_sample", Unit.CALLS, "allocations"
    LINK_BYTES = "link_bytes_per_sample", Unit.BYTES, "bytes on the link, both ways"
    LATENCY = "publish_to_callback", Unit.CLOCK, "message latency: publish call to the last reader's callback entry"
    LATENCY_LOADED = "publish_to_callback_loaded", Unit.CLOCK, "the same under the conditions of a covering array"
    LATENCY_FIRST = "publish_to_callback_first", Unit.CLOCK, "the same of the first sample after each start"
    LATENCY_AGED = "publish_to_callback_aged", Unit.CLOCK, "the same once so many samples went before in one session"
    SERIALISATION = "serialisation", Unit.CLOCK, "the application writes its payload into the loaned place"
    SAMPLES_DELIVERED = "samples_delivered", Unit.SAMPLES, "deliveries to readers of this MCU"
    SAMPLES_LOST = "samples_lost", Unit.SAMPLES, "deliveries that accepted samples still owe their readers"
    SAMPLES_OUT_OF_ORDER = "samples_out_of_order", Unit.SAMPLES, "deliveries that came after a later one"
    SAMPLES_REFUSED = "samples_refused", Unit.SAMPLES, "publish calls that returned an error, over the pool"
    SAMPLES_TORN = "samples_torn", Unit.SAMPLES, "deliveries with a wrong length or content"
    SAMPLES_DOUBLED = "samples_doubled", Unit.SAMPLES, "deliveries of a sample that its reader had already"
    SAMPLES_STRAY = "samples_stray", Unit.SAMPLES, "deliveries to a reader that is deleted"
    SAMPLES_SURPLUS = "samples_surplus", Unit.SAMPLES, "deliveries beyond one a sample and reader"
    PUBLISH_ERRORS = "publish_errors", Unit.SAMPLES, "publish calls that returned an error"
    LIFE_WRONG = (
        "long_life_wrong",
        Unit.SAMPLES,
        "callbacks, calls and leaks that are wrong over many rounds in one start",
    )
    PUBLISHED_INSIDE = "published_inside_a_spin", Unit.SAMPLES, "samples published into a call of another context"
    CONTEXTS_STUCK = "contexts_stuck", Unit.CONTEXTS, "contexts that a call of the middleware never gave back"
    LOCK_DEPTH = "lock_depth_in_callbacks", Unit.LOCKS, "how often a callback's own context held the lock, at most"
    LOCK_WAIT = "longest_lock_wait", Unit.CLOCK, "longest that a context was held off by the lock"
    WAKE_UP = (
        "publish_to_callback_asleep",
        Unit.CLOCK,
        "longest from a publisher elsewhere to a sleeping spin's callback",
    )
    WAKE_UPS_MISSED = "wake_ups_missed", Unit.SAMPLES, "samples for which a spin slept on to half its time-out or more"
    DATA_ECHOED = "data_echoed", Unit.SAMPLES, "DATA that the Agent sent to the board"
    DATA_SENT = "data_sent", Unit.SAMPLES, "WRITE_DATA that the board sent to the Agent"
    REMOTE_LOST = "remote_lost", Unit.SAMPLES, "samples that a reader elsewhere was owed and did not get"
    REMOTE_DOUBLED = "remote_doubled", Unit.SAMPLES, "samples that a reader elsewhere got more than once"
    PAIRS_TRIED = "pairs_tried", Unit.PAIRS, "pairs of endpoints that could be tried"
    PAIRS_WRONG = "pairs_wrong", Unit.PAIRS, "pairs that delivered and must not, or the other way round"
    PAIRS_UNKNOWN = "pairs_unknown", Unit.PAIRS, "pairs that could not be made, of which nothing is known"
    PAIRS_UNTRIED = "pairs_untried", Unit.PAIRS, "pairs that the middleware has no feature or no room for"
    PAIRS_MADE = "pairs_made", Unit.PAIRS, "pairs of endpoints that could be made at once"
    ENTITIES_LEAKED = "entities_leaked", Unit.ENTITIES, "entities that are left when all were deleted"
    BUFFERS_LEAKED = (
        "buffers_leaked",
        Unit.BUFFERS,
        "buffers that are not free when all entities were deleted, or nothing waits any more",
    )
    REPLIES_RECEIVED = "replies_received", Unit.REPLIES, "replies that came to their requester, each once"
    REPLIES_MISSING = "replies_missing", Unit.REPLIES, "requests that were sent and never answered"
    REPLIES_WRONG = "replies_wrong", Unit.REPLIES, "replies with an unknown id, twice, or with other bytes"
    REQUESTS_REFUSED = "requests_refused", Unit.REQUESTS, "requests that the middleware did not take"
    TEXT_BYTES = "text_bytes", Unit.BYTES, "code and constants of the image"
    DATA_BYTES = "data_bytes", Unit.BYTES, "initialised RAM of the image"
    BSS_BYTES = "bss_bytes", Unit.BYTES, "zeroed RAM of the image, the pool among it"
    MIDDLEWARE_RAM = "middleware_ram_bytes", Unit.BYTES, "RAM of the image that is not the bench's own"
    SEQUENCES_RUN = "sequences_run", Unit.SEQUENCES, "sequences of calls that the search drew and ran to their end"
    PROMISES_BROKEN = "promises_broken", Unit.PROMISES, "promises that the middleware broke in them"
    STACK_PEAK = "stack_peak_bytes", Unit.BYTES, "deepest stack since boot"
    STACK_WORK = "stack_of_work_bytes", Unit.BYTES, "deepest stack of start, creation, publishing and delivery"
    HEAP_PEAK = "heap_peak_bytes", Unit.BYTES, "most bytes of heap that were taken at once since boot"
    PUBLISHES_WATCHED = "publishes_watched", Unit.SAMPLES, "calls of publish that were watched from outside"
    TO_TRANSPORT = (
        "publish_to_transport",
        Unit.CLOCK,
        "publish call to the transport's callback, by shared memory where that is known, seen from outside",
    )
    TO_TRANSPORT_STEPPED = (
        "publish_to_transport_stepped",
        Unit.INSTRUCTIONS,
        "the same, counted instruction by instruction; to the application's callback where no transport is named",
    )
    PUBLISH_CALL = "publish_call", Unit.CLOCK, "publish call to its return, seen from outside"
    HALT_COST = "halt_cost", Unit.CLOCK, "what a halt at a breakpoint adds to a time that is seen from outside"
    CALLBACKS_LOCAL = "transport_callbacks_local", Unit.SAMPLES, "samples handed over by shared memory"
    CALLBACKS_LINK = "transport_callbacks_link", Unit.SAMPLES, "samples handed over that came over the link"
    CALLBACKS_UNKNOWN = "transport_callbacks_unknown", Unit.SAMPLES, "samples handed over by a way that is not known"
    CALLBACKS = "application_callbacks", Unit.SAMPLES, "calls of the application's callback"
    UNCONFIRMED = "publishes_unconfirmed", Unit.SAMPLES, "publish calls that reported failure and delivered locally"
    MESSAGES_SENT = "link_messages_to_agent", Unit.MESSAGES, "messages on the link to the Agent"
    MESSAGES_BACK = "link_messages_to_board", Unit.MESSAGES, "messages on the link from the Agent"
    LINK_SENT = "link_bytes_to_agent", Unit.BYTES, "bytes on the link to the Agent, framing included"
    LINK_BACK = "link_bytes_to_board", Unit.BYTES, "bytes on the link from the Agent, framing included"
    WITHHELD = "samples_withheld", Unit.SAMPLES, "samples that the Agent left to the Client's shared memory"
    SESSIONS = "sessions_opened", Unit.SESSIONS, "sessions that the firmware opened with its Agent"
    SESSIONS_ALIVE = "sessions_alive", Unit.SESSIONS, "sessions that the Agent had at the end"
    FALSE_STOPS = "false_stops", Unit.STOPS, "halts where none was asked for"
    FUNCTION_CALLS = "function_calls_per_sample", Unit.CALLS, "calls of a named function for each publish"
    MODULE_ROM = "module_text_bytes", Unit.BYTES, "code and constants of a module, by how its symbols are named"
    MODULE_RAM = "module_ram_bytes", Unit.BYTES, "RAM of a module, by how its symbols are named"

    @classmethod
    def named(cls, name: str) -> Metric | None:
        """The metric of this name; None if it is not known."""
        return next((member for member in cls if member == name), None)


CALLS = {
    "transport": Metric.TRANSPORT_CALLS,
    "lock": Metric.LOCK_CALLS,
    "wait": Metric.WAIT_CALLS,
    "allocation": Metric.ALLOCATION_CALLS,
}
"""The kinds of call that are counted for a sample, and added up."""


class Condition(StrEnum):
    """Under what a figure was measured: its name in every record, the type of its value, and its wording in tables.

    ``words``: the wording, with the value for ``{}``. ``usual``: the value that tables leave out. ``quiet``: all rows
    of a metric share the value, so that tables leave the condition out. ``label``: a Prometheus label of its own (the
    others share one).
    """

    kind: type
    meaning: str
    words: str
    usual: Scalar | None
    quiet: bool
    label: bool

    def __new__(
        cls,
        value: str,
        kind: type,
        meaning: str,
        words: str = "",
        usual: Scalar | None = None,
        quiet: bool = False,
        label: bool = False,
    ) -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.kind, member.meaning, member.words = kind, meaning, words or f"{value} {{}}"
        member.usual, member.quiet, member.label = usual, quiet, label
        return member

    PAYLOAD_BYTES = "payload_bytes", int, "length of a sample", "{:,} B", None, False, True
    READERS = "readers", int, "readers of a sample", "{} readers", None, False, True
    SPIN_TIMEOUT_MS = "spin_timeout_ms", int, "time-out handed to spin, ms", "spin {} ms", 10, False, True
    BURST = "burst", int, "samples between two spins", "burst of {}", None, False, True
    RELIABLE = "reliable", bool, "reliability of the writer and its readers", "", None, False, True
    BUFFERS = "buffers", int, "buffers of the pool", "", None, True
    SESSIONS = "sessions", int, "2: the readers are in another session", "{} sessions", 1
    PENDING = "pending", int, "samples that wait when the measured one is published", "{} pending", 0
    ALIGNMENT = "alignment", int, "largest power of 2, up to 16, that divides a buffer's length", "aligned to {}", 16
    OTHER_PAIRS = "other_pairs", int, "pairs of endpoints beside the measured one", "{} other pairs", 0
    BAUD = "baud", int, "rate of the line that the Agent's path is paced to", "", None, True
    MTU_BYTES = "mtu_bytes", int, "largest message on the link", "", None, True
    HISTORY = "history", int, "messages that a stream keeps", "", None, True
    LINK_MTU = "link_mtu", int, "largest message on the link, where it is varied", "MTU {}"
    LINK_HISTORY = "link_history", int, "messages that a stream keeps, where it is varied", "{} slots"
    LINK = "link", str, "cut, cut while samples wait for it, or none at all", "", None, True
    AGENT = "agent", str, "what the Agent does meanwhile"
    CASE = "case", str, "what comes and goes"
    ROUNDS = "rounds", int, "rounds of create and delete"
    SAMPLES = "samples", int, "samples published"
    PAIRS = "pairs", int, "pairs that are asked for"
    REQUESTERS = "requesters", int, "requesters of a service"
    OUTSTANDING = "outstanding", int, "requests between two looks for replies"
    SERVICES = "services", int, "services, each with a replier"
    CONTEXTS = "contexts", int, "contexts that publish, the spinning one among them", "{} contexts"
    WAKER = "waker", int, "the other context that publishes into a spin", "context {}"
    FUNCTION = "function", str, "a function of the firmware", "{}"
    MODULE = "module", str, "a part of the firmware", "{}"

    @classmethod
    def named(cls, name: str) -> Condition | None:
        """The condition of this name; None if it is not known."""
        return next((member for member in cls if member == name), None)

    def says(self, value: Scalar) -> str:
        """The condition in words, as a table has it."""
        match self:
            case Condition.READERS if value == 1:
                return "1 reader"
            case Condition.RELIABLE:
                return "reliable" if value else "best effort"
            case _:
                return self.words.format(value)


USUAL_SPIN_MS = 10
assert Condition.SPIN_TIMEOUT_MS.usual == USUAL_SPIN_MS


def check_conditions(conditions: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The conditions with plain names. An experiment may only use conditions of this vocabulary, each with a value of
    its type.

    :raises ValueError: a condition is unknown, or its value has another type.
    """
    for name, value in conditions.items():
        known = Condition.named(name)
        if known is None:
            raise ValueError(f"condition {name!r} is not in rig/records/vocabulary.py")
        if type(value) is not known.kind:
            raise ValueError(f"condition {name}: expected {known.kind.__name__}, found {value!r}")
    return {str(name): value for name, value in conditions.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Detail:
    """What explains a figure, or says why there is none. The reasons are in words, each empty if it does not apply:

    ``unsupported``: the middleware has no such feature; ``unavailable``: this board or middleware cannot measure it;
    ``missing``: the attempt gave no result. ``wire``: the network that a time over the Agent contains.
    """

    unsupported: str = ""
    unavailable: str = ""
    missing: str = ""
    wire: str = ""

    @classmethod
    def read(cls, plain: Mapping[str, object]) -> Self:
        """Read the detail of a record. Fields that an older record lacks get their defaults; unknown fields are
        ignored.

        :raises ValueError: a field without a default is missing, or a value has another type.
        """
        if "missing" not in plain and "fault" in plain:  # as records of version 0.1 have it
            plain = {**plain, "missing": plain["fault"]}
        return from_plain(cls, plain)

    def plain(self) -> dict[str, object]:
        """The detail as plain values, as a record holds it."""
        return {key: value for key, value in to_plain(self).items() if value != "" or key not in _WHY_NOT}


_WHY_NOT = ("unsupported", "unavailable", "missing", "wire")


@dataclass(frozen=True, kw_only=True, slots=True)
class Deliveries(Detail):
    """Of samples published without an Agent: deliveries ``expected``, publish calls ``refused``, the first error."""

    expected: int
    refused: int = 0
    first_error: str = "OK"


@dataclass(frozen=True, kw_only=True, slots=True)
class Startup(Detail):
    """Of a start without an Agent: deliveries ``expected``; whether ``entities`` were made, or what was ``refused``."""

    expected: int
    refused: str = ""
    entities: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Burst(Detail):
    """Of one burst: publish calls ``accepted`` and ``refused``; deliveries ``doubled``; ``order``: for each reader the
    samples in order of arrival, counted from the burst's first.
    """

    accepted: int
    refused: int
    first_error: str = "OK"
    doubled: int = 0
    order: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Contexts(Detail):
    """Of publishers in several contexts: samples to publish (``published``), samples ``accepted``, calls that found no
    buffer (``full``), the first other error; ``stuck``: the calls that never returned, or what ended the firmware.
    """

    accepted: int
    full: int = 0
    first_error: str
    published: int = 0
    stuck: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LongLife(Detail):
    """Of many rounds in one start: callbacks expected (``owed``) and made (``heard``), those ``damaged`` or
    ``misplaced`` (out of order, or a reply with another request's id); calls ``accepted`` and ``refused``; the first
    error as the middleware numbers it; what is not free, or is left over, at the end.
    """

    rounds: int
    owed: int
    heard: int
    damaged: int = 0
    misplaced: int = 0
    accepted: int = 0
    refused: int = 0
    first_error: int = 0
    buffers_leaked: int = 0
    entities_leaked: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Wakes(Detail):
    """Of spins that sleep: how many were ``tried``, their time-out and the longest of them, both in milliseconds;
    samples ``accepted`` and ``delivered``; samples published during the spin (``inside``), of which ``late`` took more
    than ``late_ms`` to their callback.
    """

    tried: int
    timeout_ms: int
    longest_ms: int
    accepted: int
    delivered: int
    inside: int
    late: int = 0
    late_ms: int = 0
    first_error: str = "OK"


@dataclass(frozen=True, kw_only=True, slots=True)
class Crossing(Detail):
    """Of samples published with an Agent on the link: publish calls ``accepted`` and ``refused``; deliveries that came
    ``late``; whether Client and Agent agreed on the rig_lo extension (``cooperative``); WRITE_DATA ``sent`` for a
    reader elsewhere, if there is one; how many of them came to it with other bytes (``damaged``).
    """

    accepted: int
    refused: int = 0
    late: int = 0
    cooperative: bool = False
    sent: int | None = None
    damaged: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes(Detail):
    """``tried``: size in bytes -> result; ``buffer_bytes``: message memory; ``stopped``: why the next was not tried."""

    buffer_bytes: int = 0
    stopped: str = ""
    tried: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows(Detail):
    """Of a covering array: how many ``levels`` each factor has; ``strength``: for any so many factors, each combination
    of their levels is in some row; ``left_out``: combinations that this board or middleware cannot hold, and why.
    """

    strength: int = 0
    levels: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Repeats(Detail):
    """How often it was measured; ``by_the_backend``: bytes per sample that the bench's backend copied, not the
    middleware behind it.
    """

    repeats: int = 0
    by_the_backend: float = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldPlace:
    """A place in RAM that holds ``bytes`` bytes of the payload, from the payload's byte ``offset`` on; the address in C
    notation.
    """

    symbol: str = ""
    address: str
    offset: int
    bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Held(Detail):
    """Where in RAM the payload was found."""

    places: tuple[HeldPlace, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """``bytes`` payload bytes that a function wrote again, for which ``caller``, and to which place."""

    function: str
    caller: str = ""
    address: str = ""
    symbol: str = ""
    offset: int = 0
    bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteTrace(Detail):
    """Of a trace of every write: number of ``writes`` of any bytes; payload bytes ``serialised`` by the application,
    which prove that the trace works; and who wrote payload bytes again.
    """

    writers: tuple[Written, ...] = ()
    serialised: int = 0
    writes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses(Detail):
    """For each sample the addresses that its readers were handed."""

    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Calls(Detail):
    """Number of calls by kind, over ``samples`` samples; each metric lists only its own kinds."""

    samples: int = 0
    writes: int | None = None
    reads: int | None = None
    locks: int | None = None
    waits: int | None = None
    allocations: int | None = None
    polls: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkUse(Detail):
    """DATA and WRITE_DATA submessages on the link, over ``samples`` samples; ``messages``: messages of any kind, if
    they were counted.
    """

    samples: int = 0
    messages: int = 0
    data_submessages: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How many samples were taken: at least ``floor`` and at most ``cap``, until the intervals' widths, as shares of
    their quantiles, are at most ``wanted``; the widths ``reached``; whether there were ``rests`` for the link in
    between.
    """

    floor: int
    cap: int
    wanted: Mapping[str, float]
    reached: Mapping[str, float]
    rests: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency(Detail):
    """What a latency is worth. ``publish_to_spin_return``: ``least`` and ``greatest`` time until the spin came back
    that made the callback. ``subtracted``: by name the instrument's own cost, taken off, in the clock's unit;
    ``units_per_ms``: of that clock; ``warm_up``: first samples of the start, which stand apart.
    """

    to: str = ""
    units_per_ms: float = 0
    subtracted: Mapping[str, float] = field(default_factory=dict)
    publish_to_spin_return: Mapping[str, float] = field(default_factory=dict)
    bench_between_publish_and_spin: Mapping[str, float] = field(default_factory=dict)
    warm_up: int = 0
    sampling: Sampling | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairs(Detail):
    """For each pair what was ``wrong``, why nothing is known (``unknown``), or why it does not apply here
    (``untried``).
    """

    wrong: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    untried: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Room(Detail):
    """Pairs ``made``, and the error of the next one; deliveries ``expected``; the middleware's reported ``limits`` by
    name, and the pairs for which they leave ``room``.
    """

    made: int = 0
    refusal: str
    expected: int = 0
    limits: Mapping[str, int] = field(default_factory=dict)
    room: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rounds(Detail):
    """The refusal that ended the rounds early; empty if none did."""

    refusal: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Left(Detail):
    """Deliveries ``before`` something was deleted, and those to the others afterwards: ``kept`` or ``after``."""

    before: int = 0
    kept: int | None = None
    after: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests(Detail):
    """Requests to send, requests sent (``asked``), and how often the bench had to wait for the link's acknowledgement
    (``rests``).
    """

    requests: int
    asked: int = 0
    rests: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory(Detail):
    """RAM by the middleware's own formula (0: it has none), and the ``largest`` objects by name; all in bytes."""

    formula_bytes: int = 0
    largest: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack(Detail):
    """Bytes ``reserved`` for the stack."""

    reserved: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched(Detail):
    """Of a search: the ``seed`` that draws the same sequences again; number of ``calls`` in all sequences; duration in
    ``seconds``; ``lacking``: call -> how many sequences ended there because the middleware does not have it;
    ``passing``: promise -> a breach that did not repeat.
    """

    seed: int = 0
    calls: int = 0
    seconds: float = 0
    lacking: Mapping[str, int] = field(default_factory=dict)
    passing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """One ``call`` of a sequence, its expected result and its actual one, in words."""

    call: str
    expected: tuple[str, ...] = ()
    came: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """A ``promise`` by its name (rig/model), what it says, what was ``expected`` and ``seen`` at call number ``at`` of
    the shortest sequence found. ``sequence``: as JSON for ``rig replay``; ``told``: call by call in words. ``repeats``
    of ``runs`` runs of it broke the promise. The search first saw the breach after ``seconds``, in its sequence
    ``number`` with ``calls_then`` calls. ``topics``: the topic names behind the topic numbers in the calls.
    ``evidence``: where the firmware died, the directory of what was kept, relative to the run's; ``place`` and
    ``backtrace``: where it stood, in words.
    """

    promise: str
    says: str
    family: str
    expected: str
    seen: str
    at: int
    told: tuple[Told, ...]
    topics: tuple[str, ...] = ()
    sequence: str
    repeats: int = 0
    runs: int = 0
    number: int = 0
    calls_then: int = 0
    seconds: float = 0
    evidence: str = ""
    place: str = ""
    backtrace: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenPromises(Detail):
    """The promises that a search found broken, each with the shortest sequence that breaks it."""

    findings: tuple[Broken, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside(Detail):
    """Of firmware that ``rig observe`` watched: ``functions``: callback of the application -> calls; ``burst``: the
    most samples published between two callbacks; publish calls ``watched``; ``silent``: samples lost although publish
    reported success (None: its result was not seen).
    """

    functions: Mapping[str, int] = field(default_factory=dict)
    burst: int = 0
    watched: int = 0
    silent: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldOutside(Held):
    """The same for firmware that ``rig observe`` watched; ``own``: how many of the places are the application's own
    (None: unknown).
    """

    own: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TraceOutside(WriteTrace):
    """The same for firmware that ``rig observe`` watched; ``first``: the function that wrote the payload into the
    middleware, if one did; ``doubtful``: bytes written that other samples have at that place as well, not counted.
    """

    first: Written | None = None
    doubtful: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Withheld(Detail):
    """Topic -> samples."""

    topics: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Metrics that one experiment yields under the same conditions and with the same kind of detail."""

    experiment: str
    metrics: tuple[Metric, ...]
    conditions: tuple[Condition, ...]
    detail: type[Detail] = Detail


_SHAPE = (Condition.PAYLOAD_BYTES, Condition.READERS)
_TIMED = (*_SHAPE, Condition.SPIN_TIMEOUT_MS, Condition.BAUD)
_ROW = (
    *_SHAPE,
    Condition.ALIGNMENT,
    Condition.RELIABLE,
    Condition.SESSIONS,
    Condition.PENDING,
    Condition.BUFFERS,
    Condition.OTHER_PAIRS,
    Condition.AGENT,
)  # of a covering array
_RECEIVED = (Metric.SAMPLES_DELIVERED, Metric.SAMPLES_LOST)

GROUPS = (
    Group(
        experiment="message-size",
        metrics=(Metric.LARGEST_MESSAGE,),
        conditions=(Condition.READERS, Condition.MTU_BYTES, Condition.HISTORY),
        detail=Sizes,
    ),
    Group(
        experiment="message-size",
        metrics=(Metric.LARGEST_VARIED,),
        conditions=(Condition.READERS, Condition.LINK_MTU, Condition.LINK_HISTORY),
        detail=Sizes,
    ),
    Group(experiment="message-size", metrics=(Metric.NOT_WHOLE,), conditions=_ROW),
    Group(experiment="message-size", metrics=(Metric.ROWS,), conditions=(), detail=Rows),
    Group(experiment="copies", metrics=(Metric.BYTES_COPIED,), conditions=_SHAPE, detail=Repeats),
    Group(experiment="copies", metrics=(Metric.RESIDENT_COPIES,), conditions=_SHAPE, detail=Held),
    Group(experiment="copies", metrics=(Metric.PAYLOAD_WRITTEN,), conditions=_SHAPE, detail=WriteTrace),
    Group(experiment="copies", metrics=(Metric.BYTES_COPIED,), conditions=_ROW, detail=Repeats),
    Group(experiment="copies", metrics=(Metric.RESIDENT_COPIES,), conditions=_ROW, detail=Held),
    Group(experiment="copies", metrics=(Metric.PAYLOAD_WRITTEN,), conditions=_ROW, detail=WriteTrace),
    Group(experiment="copies", metrics=(Metric.ROWS,), conditions=(), detail=Rows),
    Group(experiment="shared-buffer", metrics=(Metric.DISTINCT_BUFFERS,), conditions=_SHAPE, detail=Addresses),
    Group(experiment="shared-buffer", metrics=(Metric.DISTINCT_BUFFERS,), conditions=_ROW, detail=Addresses),
    Group(experiment="shared-buffer", metrics=(Metric.ROWS,), conditions=(), detail=Rows),
    Group(experiment="os-overhead", metrics=(*CALLS.values(), Metric.POLL_CALLS), conditions=_SHAPE, detail=Calls),
    Group(experiment="os-overhead", metrics=(*CALLS.values(), Metric.POLL_CALLS), conditions=_ROW, detail=Calls),
    Group(experiment="os-overhead", metrics=(Metric.ROWS,), conditions=(), detail=Rows),
    Group(experiment="os-overhead", metrics=(Metric.LINK_BYTES,), conditions=_SHAPE, detail=LinkUse),
    Group(experiment="latency", metrics=(Metric.LATENCY,), conditions=_TIMED, detail=Latency),
    Group(
        experiment="latency",
        metrics=(Metric.LATENCY_LOADED,),
        conditions=(*_ROW, Condition.SPIN_TIMEOUT_MS, Condition.BAUD),
        detail=Latency,
    ),
    Group(experiment="latency", metrics=(Metric.LATENCY_FIRST,), conditions=_TIMED, detail=Latency),
    Group(
        experiment="latency",
        metrics=(Metric.LATENCY_AGED,),
        conditions=(*_TIMED, Condition.SAMPLES),
        detail=Latency,
    ),
    Group(experiment="latency", metrics=(Metric.ROWS,), conditions=(), detail=Rows),
    Group(experiment="latency", metrics=(Metric.SERIALISATION,), conditions=_TIMED),
    Group(
        experiment="burst-order",
        metrics=(*_RECEIVED, Metric.SAMPLES_OUT_OF_ORDER, Metric.SAMPLES_REFUSED),
        conditions=(*_SHAPE, Condition.BURST, Condition.BUFFERS, Condition.SESSIONS),
        detail=Burst,
    ),
    Group(
        experiment="local-matching",
        metrics=(Metric.PAIRS_TRIED, Metric.PAIRS_WRONG, Metric.PAIRS_UNKNOWN, Metric.PAIRS_UNTRIED),
        conditions=(Condition.PAYLOAD_BYTES, Condition.SAMPLES),
        detail=Pairs,
    ),
    Group(
        experiment="entity-capacity",
        metrics=(Metric.PAIRS_MADE, Metric.SAMPLES_LOST, Metric.SAMPLES_SURPLUS),
        conditions=(Condition.PAYLOAD_BYTES, Condition.PAIRS),
        detail=Room,
    ),
    Group(
        experiment="lifecycle",
        metrics=(
            Metric.SAMPLES_LOST,
            Metric.SAMPLES_DOUBLED,
            Metric.ENTITIES_LEAKED,
            Metric.BUFFERS_LEAKED,
        ),
        conditions=(Condition.CASE, Condition.ROUNDS),
        detail=Rounds,
    ),
    Group(
        experiment="lifecycle",
        metrics=(Metric.SAMPLES_STRAY, Metric.SAMPLES_LOST, Metric.SAMPLES_DOUBLED),
        conditions=(Condition.CASE,),
        detail=Left,
    ),
    Group(
        experiment="services",
        metrics=(
            Metric.REPLIES_RECEIVED,
            Metric.REPLIES_MISSING,
            Metric.REPLIES_WRONG,
            Metric.REQUESTS_REFUSED,
        ),
        conditions=(
            Condition.PAYLOAD_BYTES,
            Condition.REQUESTERS,
            Condition.OUTSTANDING,
            Condition.SESSIONS,
            Condition.SERVICES,
        ),
        detail=Requests,
    ),
    Group(
        experiment="thread-safety",
        metrics=(
            Metric.SAMPLES_DELIVERED,
            Metric.SAMPLES_TORN,
            Metric.SAMPLES_OUT_OF_ORDER,
            Metric.PUBLISHED_INSIDE,
            Metric.CONTEXTS_STUCK,
            Metric.LOCK_DEPTH,
            Metric.LOCK_WAIT,
            Metric.BUFFERS_LEAKED,
        ),
        conditions=(*_SHAPE, Condition.SAMPLES, Condition.CONTEXTS, Condition.WAKER),
        detail=Contexts,
    ),
    *(
        Group(
            experiment=experiment,
            metrics=(Metric.LIFE_WRONG,),
            conditions=(Condition.CASE, Condition.ROUNDS) if experiment == "lifecycle" else (Condition.ROUNDS,),
            detail=LongLife,
        )
        for experiment in ("burst-order", "local-matching", "lifecycle", "services")
    ),
    Group(
        experiment="thread-safety",
        metrics=(Metric.WAKE_UP, Metric.WAKE_UPS_MISSED),
        conditions=(*_SHAPE, Condition.SAMPLES, Condition.WAKER),
        detail=Wakes,
    ),
    Group(
        experiment="agentless-operation",
        metrics=(*_RECEIVED, Metric.PUBLISH_ERRORS),
        conditions=(*_SHAPE, Condition.RELIABLE, Condition.LINK),
        detail=Deliveries,
    ),
    Group(
        experiment="agentless-startup",
        metrics=_RECEIVED,
        conditions=(*_SHAPE, Condition.AGENT, Condition.RELIABLE),
        detail=Startup,
    ),
    Group(
        experiment="agent-duplicates",
        metrics=(
            Metric.SAMPLES_DOUBLED,
            Metric.SAMPLES_LOST,
            Metric.DATA_ECHOED,
            Metric.DATA_SENT,
            Metric.REMOTE_LOST,
            Metric.REMOTE_DOUBLED,
        ),
        conditions=(*_SHAPE, Condition.AGENT, Condition.SESSIONS),
        detail=Crossing,
    ),
    Group(experiment="sequences", metrics=(Metric.SEQUENCES_RUN,), conditions=(), detail=Searched),
    Group(experiment="sequences", metrics=(Metric.PROMISES_BROKEN,), conditions=(), detail=BrokenPromises),
    Group(experiment="footprint", metrics=(Metric.TEXT_BYTES, Metric.DATA_BYTES, Metric.BSS_BYTES), conditions=()),
    Group(experiment="footprint", metrics=(Metric.MIDDLEWARE_RAM,), conditions=(), detail=Memory),
    Group(experiment="footprint", metrics=(Metric.STACK_PEAK, Metric.STACK_WORK), conditions=(), detail=Stack),
    Group(experiment="footprint", metrics=(Metric.HEAP_PEAK,), conditions=()),
    Group(
        experiment="observe",
        metrics=(
            Metric.PUBLISHES_WATCHED,
            Metric.CALLBACKS_LOCAL,
            Metric.CALLBACKS_LINK,
            Metric.CALLBACKS_UNKNOWN,
            Metric.CALLBACKS,
            Metric.PUBLISH_ERRORS,
            Metric.UNCONFIRMED,
            Metric.SAMPLES_LOST,
            Metric.SAMPLES_OUT_OF_ORDER,
            Metric.SAMPLES_DOUBLED,
        ),
        conditions=(Condition.LINK, Condition.PAYLOAD_BYTES, Condition.READERS),
        detail=Outside,
    ),
    Group(
        experiment="observe",
        metrics=(Metric.TO_TRANSPORT, Metric.TO_TRANSPORT_STEPPED, Metric.LATENCY, Metric.PUBLISH_CALL),
        conditions=_SHAPE,
        detail=Latency,
    ),
    Group(experiment="observe", metrics=(Metric.HALT_COST,), conditions=()),
    Group(experiment="observe", metrics=(Metric.RESIDENT_COPIES,), conditions=_SHAPE, detail=HeldOutside),
    Group(experiment="observe", metrics=(Metric.PAYLOAD_WRITTEN,), conditions=_SHAPE, detail=TraceOutside),
    Group(experiment="observe", metrics=(Metric.DISTINCT_BUFFERS,), conditions=_SHAPE, detail=Addresses),
    Group(experiment="observe", metrics=(Metric.LINK_BYTES,), conditions=_SHAPE, detail=LinkUse),
    Group(
        experiment="observe",
        metrics=(
            Metric.MESSAGES_SENT,
            Metric.MESSAGES_BACK,
            Metric.LINK_SENT,
            Metric.LINK_BACK,
            Metric.DATA_SENT,
            Metric.DATA_ECHOED,
            Metric.SESSIONS,
            Metric.SESSIONS_ALIVE,
            Metric.FALSE_STOPS,
        ),
        conditions=(),
    ),
    Group(experiment="observe", metrics=(Metric.WITHHELD,), conditions=(), detail=Withheld),
    Group(experiment="observe", metrics=(Metric.FUNCTION_CALLS,), conditions=(Condition.FUNCTION,)),
    Group(experiment="observe", metrics=(Metric.MODULE_ROM, Metric.MODULE_RAM), conditions=(Condition.MODULE,)),
    Group(experiment="observe", metrics=(Metric.TEXT_BYTES, Metric.DATA_BYTES, Metric.BSS_BYTES), conditions=()),
    Group(experiment="observe", metrics=(Metric.STACK_PEAK,), conditions=(), detail=Stack),
)
"""Which experiment yields which metrics: what the docs are made from."""
