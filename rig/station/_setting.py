"""What an experiment works with: a bench, a tapped link, access to RAM.

Knows no board kind, no Agent and no process; a station fills it in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from rig.bench import MOST_BLOCKS, Bench, Place, Pool, Topology, Trace, one_writer
from rig.errors import RigError
from rig.evidence import Bundle
from rig.records import Detail, Measurement, Metric, Scalar
from rig.records.vocabulary import check_conditions
from rig.station._late import again_if_late

_SETTLE_SECONDS = 2.0  # at most: some links are never quiet, as heartbeats come for ever
_SHORTEST_QUIET, _LONGEST_QUIET = 0.03, 0.5  # seconds
_SHORTEST_SPIN = 0.005
_ANSWERS, _AN_ANSWER = 3, 0.0125  # how many times the time of an answer; seconds until one is known
_ENTITIES = 6  # of a session with a writer: the Client, participant, topic, publisher, subscriber, writer
SMALL_BOARD_BYTES = 64 * 1024
PAYLOADS = (4, 64, 256, 1024, 4096)


class Traffic(Protocol):
    """What has crossed the link so far, in both directions."""

    @property
    def total_bytes(self) -> int:
        """Bytes on the line."""
        ...

    @property
    def bytes_received(self) -> int:
        """Bytes on the line, Agent to board."""
        ...

    @property
    def total_data(self) -> int:
        """WRITE_DATA and DATA submessages."""
        ...

    @property
    def data_sent(self) -> int:
        """WRITE_DATA submessages, board to Agent."""
        ...

    @property
    def data_received(self) -> int:
        """DATA submessages, Agent to board."""
        ...


class Scan(Protocol):
    """Looks for a payload in the board's RAM."""

    def __call__(self, wanted: bytes, *, most: int = MOST_BLOCKS) -> list[Place]:
        """Every place that holds payload bytes; ``most``: blocks of it that are looked for, evenly spread."""
        ...


class RemoteReader(Protocol):
    """A reader elsewhere, at the same Agent; a context manager that begins and does not wait."""

    def __enter__(self) -> RemoteReader: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def ready(self) -> bool:
        """Whether the Agent has confirmed it. :raises AgentFault: the Agent refused it, or does not answer."""
        ...

    def samples(self) -> list[bytes]:
        """The samples so far, in order of arrival."""
        ...


class RemoteEnds(Protocol):
    """Reliable readers and writers elsewhere, at the same Agent, which come and go. A topic is a name and a type."""

    def come(self, topic: tuple[str, str], *, writes: bool) -> None:
        """Create a reader or writer, unless it exists. :raises AgentFault: the Agent refuses or does not answer."""
        ...

    def go(self, topic: tuple[str, str], *, writes: bool) -> None:
        """Delete a reader or writer, if it exists. :raises AgentFault: the Agent refuses or does not answer."""
        ...

    def publish(self, topic: tuple[str, str], samples: Sequence[bytes]) -> None:
        """The writer publishes, if it exists. :raises AgentFault: the Agent does not acknowledge it."""
        ...

    def close(self) -> None:
        """Close the socket, without logging out."""
        ...


class Link(Protocol):
    """The tapped link between board and Agent."""

    def traffic(self) -> Traffic:
        """A snapshot of the counters."""
        ...

    def cut(self) -> None:
        """From now on nothing passes."""
        ...

    def restore(self) -> None:
        """Let traffic pass again."""
        ...

    def restart_agent(self, *, reticent: bool = False) -> None:
        """Restart the Agent; the new one knows no Client.

        ``reticent``: the rig's own Agent then does not tell Clients who reads. (No other Agent tells it at all.)
        """
        ...

    @property
    def cooperative(self) -> bool:
        """Whether board and Agent have agreed on rig_lo: a sample crosses the link only if a reader elsewhere
        needs it.
        """
        ...

    @property
    def unheard(self) -> int:
        """How many readers the Agent confirmed before every cooperating Client, the board's included, knew of them."""
        ...

    def withheld(self) -> dict[str, int]:
        """Topic -> samples that the Agent did not send so far, because their Client delivers them by shared memory."""
        ...

    def remote_reader(self, topic: tuple[str, str], *, reliable: bool = True) -> RemoteReader | None:
        """A reader of a topic (name, type) beside the board, at the same Agent; None if this Agent serves the board's
        line and nobody else.
        """
        ...

    @property
    def ours(self) -> bool:
        """Whether the Agent is the rig's own."""
        ...

    @property
    def has_room_for_others(self) -> bool:
        """Whether this Agent also serves Clients elsewhere."""
        ...

    def remote_ends(self) -> RemoteEnds | None:
        """Readers and writers elsewhere, at the same Agent; None if it serves only the board's line.

        :raises AgentFault: it does not answer.
        """
        ...

    def pace(self, baud: int | None) -> None:
        """Pace the line to a rate in bit/s; None: no pacing."""
        ...


def _cannot_renew() -> Bench:
    raise RuntimeError("nobody said how to bring this board back")


@dataclass(kw_only=True)
class Setting:
    """One flashed and booted board, its link and its firmware, as an experiment sees them.

    ``link`` is None where no Agent takes part. ``baud``: the line's rate where it is a serial line. ``wire``: the
    network between the line and the Agent, in words; empty if there is none. ``scan``: finds every place in RAM that
    holds payload bytes, by symbol. ``sections``: sizes of the image's sections, in bytes; ``ram``: bytes of RAM by
    ``source file:object``. ``trace``: runs an exchange and returns every write of payload bytes to RAM, from the
    payload's first byte until the firmware holds or finishes. Takes the payload and a function that starts the
    exchange. None where the board cannot trace; ``untraceable`` says why. ``seed``: of the search's random numbers;
    ``search_seconds``: how long to search, None for the usual time. ``renew``: restarts the board after its firmware
    died, and replaces ``bench``. ``keep``: keeps the evidence of what was seen during a step, and returns what it is;
    None if nothing can be written. The core is halted: ``renew`` is next. ``crash``: returns how the firmware crashed,
    in words, or None.
    """

    board: str
    variant: str
    bench: Bench
    link: Link | None
    baud: int | None
    scan: Scan
    sections: Mapping[str, int]
    ram: Callable[[], Mapping[str, int]]
    trace: Callable[[bytes, Callable[[], None]], Trace] | None = None
    untraceable: str = ""
    wire: str = ""
    crash: Callable[[], str | None] = lambda: None
    quick: bool = False
    seed: int = 1
    search_seconds: float | None = None
    renew: Callable[[], Bench] = field(default=_cannot_renew)
    keep: Callable[[RigError, str], Bundle | None] = lambda _error, _step: None
    _keys: int = 0x5A000000
    _sequences: int = 0x10000  # beyond those of ordinary exchanges
    _withheld: dict[str, int] = field(default_factory=dict)  # by the Agent, until the last case
    _case: tuple[str, dict[str, Scalar]] | None = None  # experiment and conditions of the last measurement
    _kept: str = ""  # of that case
    _answer_took: float = _AN_ANSWER  # seconds, on average in the last session
    _quiet_at: int = -1  # bytes that the link had carried when it was last found quiet

    @property
    def path(self) -> str:
        """The path of samples in this variant: ``shm`` or ``agent``."""
        return "shm" if self.variant == "shm" else "agent"

    @property
    def small(self) -> bool:
        """Whether the board's message memory is that of a small MCU."""
        return self.bench.hello.memory_bytes < SMALL_BOARD_BYTES

    @property
    def mtu(self) -> int:
        """Largest message on the link, bytes."""
        return 256 if self.small else 512

    @property
    def history(self) -> int:
        """Number of slots of a reliable stream, in each direction."""
        return 4 if self.small else 16

    @property
    def answer_timeout(self) -> float:
        """How long to wait for the Agent at each step, seconds of the board's clock; 0 where there is no link.

        This is much longer than an Agent needs. The clock of a busy emulated board runs ahead of the host's, which the
        Agent uses: on a loaded host two seconds of the board passed in less than one of the host.
        """
        return 10.0 if self.link is not None else 0.0

    def next_key(self) -> int:
        """A client key that no session of this boot had before."""
        self._keys += 1
        return self._keys

    def fresh_sequence(self) -> int:
        """A sequence number that no other sample of this setting has, so that its payload is nowhere in RAM yet."""
        return self.fresh_sequences(1)

    def fresh_sequences(self, count: int) -> int:
        """The first of ``count`` consecutive numbers of this kind."""
        self._sequences += count
        return self._sequences - count + 1

    def payloads(self) -> list[int]:
        """The usual payload sizes that this board can hold."""
        return [size for size in PAYLOADS if size <= self.bench.hello.memory_bytes // 4]

    def start(self, *, buffers: int, buffer_bytes: int = 0) -> Pool:
        """Restart the middleware, with this board's MTU and history."""
        self._quiet_at = -1
        return self.bench.start(
            buffers=buffers,
            buffer_bytes=buffer_bytes,
            mtu=self.mtu,
            history=self.history,
            link=self.link is not None,
        )

    def begin(
        self, *, buffers: int, readers: int, reliable: bool = True, sessions: int = 1, buffer_bytes: int = 0
    ) -> tuple[Pool, Topology]:
        """Restart the middleware and connect; from the start again if the Agent's answers come too late for it.

        :param sessions: 1, or 2: the readers are in another session than the writer.
        :raises Refused: what the middleware refused, and no late answer explains.
        """
        connect = self.connect if sessions == 1 else self.connect_across

        def attempt() -> tuple[Pool, Topology]:
            return self.start(buffers=buffers, buffer_bytes=buffer_bytes), connect(readers=readers, reliable=reliable)

        return again_if_late(attempt)

    def connect(self, *, readers: int, reliable: bool = True) -> Topology:
        """Open a session with one writer and some readers; each call uses a new client key."""
        timeout, begin = self.answer_timeout, time.monotonic()
        topology = one_writer(
            self.bench, readers=readers, reliable=reliable, key=self.next_key(), timeout=timeout, request=timeout > 0
        )
        self._quiet_at, self._answer_took = -1, (time.monotonic() - begin) / (_ENTITIES + readers)
        return topology

    def connect_across(self, *, readers: int, reliable: bool = True) -> Topology:
        """Open a session with a writer, and another session with the readers of its topic.

        :raises Refused: the middleware has no second session, or no room for it.
        """
        writing, reading = (self.connect(readers=count, reliable=reliable) for count in (0, readers))
        return Topology(session=writing.session, writer=writing.writer, readers=reading.readers)

    def settle(self) -> None:
        """Wait until the link is quiet, so that traffic of earlier samples is not counted with the next one.

        How long quiet is: some times what an answer of the Agent took, for on a busy host all comes late. A link that
        carried nothing since it was found quiet still is.
        """
        if self.link is None:
            return
        quiet = min(max(_ANSWERS * self._answer_took, _SHORTEST_QUIET), _LONGEST_QUIET)
        before, last = self._quiet_at, time.monotonic() + _SETTLE_SECONDS
        while (now := self.link.traffic().total_bytes) != before and time.monotonic() < last:
            before, end = now, time.monotonic() + quiet
            while (left := end - time.monotonic()) > 0:  # of the host's clock: a busy board's runs ahead of it
                self.bench.spin(timeout=max(left, _SHORTEST_SPIN))
        self._quiet_at = before

    def measurement(
        self,
        experiment: str,
        metric: Metric,
        samples: list[int] | list[float] | tuple[float, ...],
        *,
        conditions: Mapping[str, Scalar],
        detail: Detail | None = None,
        exact: bool | None = None,
    ) -> Measurement:
        """A measurement of this board and variant. By default it is ``exact`` if nothing of it went through the Agent.

        :raises ValueError: a condition is not one of rig/records/vocabulary.py.
        """
        clock = self.bench.clock
        repeatable = self.path == "shm" and (not metric.timed or clock.name == "virtual")
        return Measurement(
            experiment=experiment,
            board=self.board,
            variant=self.variant,
            path=self.path,
            metric=metric.value,
            unit=clock.unit if metric.timed else metric.unit.value,
            samples=tuple(samples),
            clock=clock.name if metric.timed else None,
            exact=repeatable if exact is None else exact,
            conditions=check_conditions(conditions),
            detail=self._with_what_the_agent_kept((experiment, dict(conditions)), detail) | self._passed(metric),
        )

    def _passed(self, metric: Metric) -> dict[str, object]:
        """Time over the Agent contains that of a network wire, if there is one, and says so."""
        return {"wire": self.wire} if self.wire and metric.timed and self.path == "agent" else {}

    def _with_what_the_agent_kept(self, case: tuple[str, dict[str, Scalar]], about: Detail | None) -> dict[str, object]:
        """Say beside a missing delivery what the Agent did not send: what it kept, the Client was to deliver.

        Several measurements of one case are of one exchange.
        """
        detail = about.plain() if about is not None else {}
        if self.link is None:
            return detail
        now = self.link.withheld() if case != self._case else self._withheld
        if case != self._case:
            more = {topic: count - self._withheld.get(topic, 0) for topic, count in now.items()}
            self._kept = ", ".join(f"{count} on {topic}" for topic, count in sorted(more.items()) if count > 0)
            self._case, self._withheld = case, now
        if not detail.get("missing") or not self._kept:
            return detail
        said = f"{detail['missing']}; the Agent left to the Client's shared memory: {self._kept}"
        return {**detail, "missing": said}
