"""Whether bursts between two spins arrive in order, and whether every loss is reported to the publisher."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from rig.bench import Exchange, Refused, Topology
from rig.experiments import _long_life
from rig.experiments._experiment import Experiment
from rig.experiments._refusals import NO_SECOND
from rig.records import Detail, Measurement, Metric, Scalar
from rig.records.vocabulary import Burst
from rig.station import Setting

_BUFFERS = 8
_READERS = 2
_PAYLOAD = 32
_ACROSS = (2, 8, 9)  # bursts from one session to another


def measure(setting: Setting) -> Iterator[Measurement]:
    """Bursts of 1 to twice the pool, then some from one session to another; each reader's numbers as they came."""
    bursts = range(1, 2 * _BUFFERS + 1) if setting.path == "shm" and not setting.quick else (1, 2, 4, 8, 9, 16)
    _, topology = setting.begin(buffers=_BUFFERS, readers=_READERS)
    yield from _bursts(setting, topology, bursts, sessions=1)
    if setting.path != "shm":
        return
    try:
        _, topology = setting.begin(buffers=_BUFFERS, readers=_READERS, sessions=2)
    except Refused as error:
        if error.status not in NO_SECOND:
            raise
        conditions = _conditions(_ACROSS[0], sessions=2)
        detail = Detail(unsupported=error.message)
        yield setting.measurement("burst-order", Metric.SAMPLES_LOST, [], conditions=conditions, detail=detail)
    else:
        yield from _bursts(setting, topology, _ACROSS, sessions=2)
    yield from _long_life.live(setting, "burst-order", _long_life.samples)


def _conditions(burst: int, *, sessions: int) -> dict[str, Scalar]:
    return {
        "payload_bytes": _PAYLOAD,
        "readers": _READERS,
        "burst": burst,
        "buffers": _BUFFERS,
        "sessions": sessions,
    }


def _bursts(setting: Setting, topology: Topology, bursts: Iterable[int], *, sessions: int) -> Iterator[Measurement]:
    setting.settle()
    first = 1
    for burst in bursts:
        seen = setting.bench.exchange(
            session=topology.session,
            writer=topology.writer,
            count=burst,
            burst=burst,
            length=_PAYLOAD,
            readers=_READERS,
            first=first,
            deadline=3.0,
        )
        yield from _judge(setting, seen, first, _conditions(burst, sessions=sessions))
        first += burst


def _judge(setting: Setting, seen: Exchange, first: int, conditions: Mapping[str, Scalar]) -> Iterator[Measurement]:
    burst = int(conditions["burst"])
    refused = {record.sequence for record in seen.refusals}
    accepted = [sequence for sequence in range(first, first + burst) if sequence not in refused]
    out_of_order = lost = doubled = 0
    orders: dict[str, tuple[int, ...]] = {}
    for reader in {record.reader for record in seen.deliveries}:
        got = [record.sequence for record in seen.deliveries if record.reader == reader]
        orders[str(reader)] = tuple(sequence - first for sequence in got)
        out_of_order += sum(1 for a, b in pairwise(got) if b < a)
        doubled += len(got) - len(set(got))
        lost += len(set(accepted) - set(got))
    lost += len(accepted) * (_READERS - len(orders))
    detail = Burst(
        accepted=len(accepted),
        refused=seen.refused,
        first_error=seen.status.name,
        doubled=doubled,
        order=orders,
    )
    for metric, value in (
        (Metric.SAMPLES_DELIVERED, seen.delivered),
        (Metric.SAMPLES_LOST, lost),
        (Metric.SAMPLES_OUT_OF_ORDER, out_of_order),
        (Metric.SAMPLES_REFUSED, seen.refused),
    ):
        yield setting.measurement("burst-order", metric, [value], conditions=conditions, detail=detail)


EXPERIMENT = Experiment(id="burst-order", title="order and losses of bursts", measure=measure)
