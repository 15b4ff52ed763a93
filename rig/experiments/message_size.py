"""How large a message arrives whole: sizes dense around every limit that a transport might have."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rig.bench import Exchange, Refused, Status, Topology
from rig.experiments._experiment import Experiment
from rig.records import Measurement
from rig.station import Setting

# Around 8-bit and 16-bit length fields and the usual powers of two.
_EDGES = (1, 2, 3, 4, 8, 100, 255, 256, 257, 1000, 4096, 65_535, 65_536, 65_537, 100_000, 1 << 20, 8 << 20, 12 << 20)
_PATIENCE = 10
_AGENT_BYTES_PER_SECOND = 4000  # far below what any link here carries: only a dead transfer runs into it


def sweep(ceiling: int, mtu: int, history: int) -> list[int]:
    """Sizes to try up to ``ceiling`` bytes, ascending: the edges, and +-1 around MTU and MTU x history."""
    sizes = {*_EDGES, ceiling - 1, ceiling}
    for edge in (mtu, mtu * history):
        sizes |= {edge - 1, edge, edge + 1}
    return sorted(size for size in sizes if 0 < size <= ceiling)


def _attempt(setting: Setting, topology: Topology, size: int, sequence: int) -> str:
    """One sample; refused for want of room *now*, it is tried again after the link had time to acknowledge."""
    outcome = ""
    for _ in range(_PATIENCE):
        outcome = _publish(setting, topology, size, sequence)
        if outcome != f"refused: {Status.NO_BUFFER.name}":
            break
        setting.bench.spin(timeout=0.1)
    return outcome


def _publish(setting: Setting, topology: Topology, size: int, sequence: int) -> str:
    seconds = 0.7 + size / _AGENT_BYTES_PER_SECOND if setting.path == "agent" else 5.0
    try:
        seen: Exchange = setting.bench.exchange(
            session=topology.session,
            writer=topology.writer,
            count=1,
            length=size,
            readers=1,
            first=sequence,
            deadline=seconds,
            timeout=seconds + 30,
        )
    except Refused as error:
        return f"refused: {error.status.name}"
    if seen.refused:
        return f"refused: {seen.status.name}"
    if seen.damaged:
        record = seen.deliveries[0]
        return f"damaged: {record.length} bytes arrived, wrong from byte {record.status}"
    return "intact" if seen.delivered == 1 else "lost" if seen.delivered == 0 else f"delivered {seen.delivered} times"


def measure(setting: Setting) -> Iterator[Measurement]:
    """One buffer as large as the pool; every size of the sweep once; on the link, bisection to the exact limit."""
    outcomes: dict[int, str] = {}
    buffer_bytes = setting.start(buffers=1).buffer_bytes
    topology = setting.connect(readers=1)

    def works(size: int) -> bool:
        nonlocal topology
        outcomes[size] = _attempt(setting, topology, size, sequence=len(outcomes) + 1)
        if outcomes[size] != "intact":
            setting.start(buffers=1)  # a transfer that failed may have left its stream stuck
            topology = setting.connect(readers=1)
        return outcomes[size] == "intact"

    largest = 0
    for size in sweep(buffer_bytes, setting.mtu, setting.history):
        if works(size):
            largest = size
        elif setting.path == "agent":
            largest = _bisect(works, largest, size)
            break
    yield setting.measurement(
        "message-size",
        "largest_message_bytes",
        "bytes",
        [largest],
        conditions={"readers": 1, "mtu_bytes": setting.mtu, "history": setting.history},
        detail={
            "buffer_bytes": buffer_bytes,
            "tried": {str(size): outcomes[size] for size in sorted(outcomes)},
        },
    )


def _bisect(works: Callable[[int], bool], low: int, high: int) -> int:
    """Largest size that works, knowing that ``low`` does and ``high`` does not."""
    while high - low > 1:
        middle = (low + high) // 2
        if works(middle):
            low = middle
        else:
            high = middle
    return low


EXPERIMENT = Experiment(id="message-size", title="largest message that arrives whole", measure=measure)
