"""How large a message arrives whole: sizes dense around every limit that a transport might have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rig.bench import Command, Exchange, Refused, Status, Topology, Unsupported
from rig.errors import FirmwareFault
from rig.experiments._arrangement import told
from rig.experiments._experiment import Experiment
from rig.experiments._factors import covering, levels
from rig.experiments._refusals import raise_unanswered
from rig.experiments._row_program import impossible, run_row
from rig.records import Condition, Detail, Measurement, Metric
from rig.records.vocabulary import Sizes
from rig.station import Setting, again_if_late

# Around 8-bit and 16-bit length fields and the usual powers of two.
_EDGES = (1, 2, 3, 4, 8, 100, 255, 256, 257, 1000, 4096, 65_535, 65_536, 65_537, 100_000, 1 << 20, 8 << 20, 12 << 20)
_WIDE_EDGES = (65_535, 65_536, 65_537)
_READERS = 4
_PATIENCE = 10
_MOMENT = 0.3  # seconds without a byte after which a link is at rest: eProsima's Client waits 0.2 between HEARTBEATs
_FILLED = 2  # times that a pool is filled: what an exhausted one gives back shows in the second
_AGENT_BYTES_PER_SECOND = 4000  # far below what any link here carries: only a dead transfer runs into it


def sweep(ceiling: int, mtu: int, history: int) -> list[int]:
    """Sizes to try up to ``ceiling`` bytes, ascending: the edges, and +-1 around MTU and MTU x history."""
    sizes = {*_EDGES, ceiling - 1, ceiling}
    for edge in (mtu, mtu * history):
        sizes |= {edge - 1, edge, edge + 1}
    return sorted(size for size in sizes if 0 < size <= ceiling)


@dataclass(kw_only=True)
class _Sweep:
    """Sizes tried under one shape of the link and with so many readers, and what came of each."""

    setting: Setting
    mtu: int
    history: int
    readers: int
    outcomes: dict[int, str] = field(default_factory=dict)
    buffer_bytes: int = 0
    stopped: str = ""
    topology: Topology | None = None

    def begin(self) -> None:
        """One buffer as large as the pool.

        :raises Refused: the middleware does not start, or connect, in this shape.
        """
        again_if_late(self._connect)

    def _connect(self) -> None:
        setting = self.setting
        pool = setting.bench.start(buffers=1, mtu=self.mtu, history=self.history, link=setting.link is not None)
        self.buffer_bytes = pool.buffer_bytes
        self.topology = setting.connect(readers=self.readers)

    def works(self, size: int) -> bool:
        """Try one size; refused for want of room *now*, again after the link had time to acknowledge."""
        if self.stopped:
            return False
        outcome = ""
        for _ in range(_PATIENCE):
            try:
                outcome = self._publish(size, sequence=len(self.outcomes) + 1)
            except FirmwareFault as fault:
                if self.setting.path != "agent":
                    raise
                return self._hung(size, fault)
            if outcome != f"refused: {Status.NO_BUFFER.name}" or not self._carried(_MOMENT):
                break
        self.outcomes[size] = outcome
        if outcome not in ("intact", f"refused: {Status.TOO_LARGE.name}"):
            self._begin_again()
        return outcome == "intact"

    def _carried(self, seconds: float) -> bool:
        """Let the middleware work; whether the link carried anything meanwhile. If not, no room comes free either."""
        link = self.setting.link
        before = link.traffic().total_bytes if link is not None else 0
        self.setting.bench.spin(timeout=seconds)
        return link is not None and link.traffic().total_bytes != before

    def refused(self, size: int) -> bool:
        """Whether this size was refused, which takes no time, and not lost on the way."""
        return self.outcomes.get(size, "").startswith("refused")

    def _hung(self, size: int, fault: FirmwareFault) -> bool:
        """The control found its limit the hard way. Its board is brought back; what is between is not searched for."""
        self.outcomes[size] = f"the firmware did not come back: {fault.message}"
        self.stopped = f"at {size:,} bytes {self.outcomes[size]}"
        self.setting.renew()
        return False

    def _begin_again(self) -> None:
        """A transfer that failed may have left its stream stuck. What came of it counts, even if this fails as well."""
        try:
            self.begin()
        except Refused as error:
            raise_unanswered(error)
            self.stopped = str(error)

    def _publish(self, size: int, sequence: int) -> str:
        assert self.topology is not None
        seconds = 0.7 + size / _AGENT_BYTES_PER_SECOND if self.setting.path == "agent" else 5.0
        try:
            seen: Exchange = self.setting.bench.exchange(
                session=self.topology.session,
                writer=self.topology.writer,
                count=1,
                length=size,
                readers=self.readers,
                first=sequence,
                deadline=seconds,
                timeout=seconds + 30,
            )
        except Refused as error:
            return self._refused(error.status)
        if seen.refused:
            return self._refused(seen.status)
        if seen.damaged:
            record = next(r for r in seen.deliveries if not r.intact)
            where = f", wrong from byte {record.status:,}" if record.status >= 0 else ""
            return f"damaged: {record.length:,} bytes arrived{where}"
        if seen.whole:
            return "intact"
        return "lost" if seen.delivered == 0 else seen.shortfall

    def _refused(self, status: Status) -> str:
        if self.setting.path == "shm":
            raise_unanswered(Refused(Command.EXCHANGE, status))
        return f"refused: {status.name}"

    def detail(self) -> Sizes:
        """What was tried, against what memory."""
        return Sizes(
            buffer_bytes=self.buffer_bytes,
            stopped=self.stopped,
            tried={str(size): self.outcomes[size] for size in sorted(self.outcomes)},
        )


FACTORS = ("payload", "alignment", "readers", "reliable", "sessions", "buffers", "other_pairs")


def measure(setting: Setting) -> Iterator[Measurement]:
    """Every size of the sweep once; on the link, bisection to the exact limit; then other links and more readers."""
    sizes = _Sweep(setting=setting, mtu=setting.mtu, history=setting.history, readers=1)
    sizes.begin()
    largest = 0
    for size in sweep(sizes.buffer_bytes, setting.mtu, setting.history):
        if sizes.works(size):
            largest = size
        elif setting.path == "agent":
            largest = _bisect(sizes, largest, size)
            break
        if sizes.stopped:
            break
    yield setting.measurement(
        "message-size",
        Metric.LARGEST_MESSAGE,
        [largest],
        conditions={"readers": 1, "mtu_bytes": setting.mtu, "history": setting.history},
        detail=sizes.detail(),
    )
    if setting.path == "shm":
        yield from _varied(setting)


def _varied(setting: Setting) -> Iterator[Measurement]:
    """The 16-bit edge and the whole memory for several readers; the whole sweep for other MTUs and histories."""
    yield _one_variant(setting, setting.mtu, setting.history, _READERS, _WIDE_EDGES)
    yield from _pools(setting)
    if setting.quick:
        return
    for mtu in (setting.mtu // 2, setting.mtu * 2):
        for history in (setting.history // 2, setting.history * 2):
            yield _one_variant(setting, mtu, history, 1, None)


def _pools(setting: Setting) -> Iterator[Measurement]:
    """Pools of several buffers under a covering array: each filled to its last buffer, emptied, and filled again."""
    array = covering(setting, levels(setting, *FACTORS), filled=True)
    yield told(setting, "message-size", array)
    for row in array.rows:
        seen = run_row(setting, row, burst=row.buffers, rounds=_FILLED)
        owed = _FILLED * row.buffers * row.readers
        whole = {
            (heard.session, heard.reader, heard.sequence)
            for heard in seen.heard
            if heard.wrong < 0 and heard.length == row.payload_bytes
        }
        yield setting.measurement(
            "message-size",
            Metric.NOT_WHOLE,
            [owed - len(whole)] if seen.made else [],
            conditions={**row.conditions, Condition.PENDING: row.buffers - 1},
            detail=impossible(seen) or Detail(missing="" if seen.made else f"refused with {seen.refused.name}"),
        )


def _one_variant(setting: Setting, mtu: int, history: int, readers: int, edges: tuple[int, ...] | None) -> Measurement:
    sizes = _Sweep(setting=setting, mtu=mtu, history=history, readers=readers)
    whole: list[int] = []
    detail: Detail
    try:
        sizes.begin()
    except Unsupported as error:
        detail = Detail(unsupported=error.message)
    except Refused as error:
        # A small board has no room for its streams in every shape; for entities, entity-capacity is where it counts.
        if error.status not in (Status.TABLE_FULL, Status.TOO_LARGE):
            raise
        detail = Detail(unavailable=error.message)
    else:
        ceiling = sizes.buffer_bytes
        tried = sweep(ceiling, mtu, history) if edges is None else [*(s for s in edges if s < ceiling), ceiling]
        whole = [0, *(size for size in tried if not sizes.stopped and sizes.works(size))]
        detail = sizes.detail()
    return setting.measurement(
        "message-size",
        Metric.LARGEST_VARIED,
        whole[-1:],
        conditions={"readers": readers, "link_mtu": mtu, "link_history": history},
        detail=detail,
    )


def _bisect(sizes: _Sweep, low: int, high: int) -> int:
    """Largest size that works, knowing that ``low`` does and ``high`` does not.

    What works takes its time on the link, and a refusal takes none: where sizes are refused, it searches from above.
    """
    while high - low > 1:
        step = max(1, (high - low) // (8 if sizes.refused(high) else 2))
        if sizes.works(high - step):
            low = high - step
        else:
            high -= step
    return low


EXPERIMENT = Experiment(id="message-size", title="largest message that arrives whole", measure=measure)
