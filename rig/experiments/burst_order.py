"""Whether bursts between two spins arrive in order, and whether every loss is told to the publisher."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from rig.bench import Exchange
from rig.experiments._experiment import Experiment
from rig.records import Measurement, Scalar
from rig.station import Setting

_BUFFERS = 8
_READERS = 2
_PAYLOAD = 32


def measure(setting: Setting) -> Iterator[Measurement]:
    """Bursts of 1 to twice the pool; each reader's sequence numbers as they came."""
    bursts = range(1, 2 * _BUFFERS + 1) if setting.path == "shm" and not setting.quick else (1, 2, 4, 8, 9, 16)
    setting.start(buffers=_BUFFERS)
    topology = setting.connect(readers=_READERS)
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
        yield from _judge(setting, seen, burst, first)
        first += burst


def _judge(setting: Setting, seen: Exchange, burst: int, first: int) -> Iterator[Measurement]:
    refused = {record.sequence for record in seen.refusals}
    accepted = [sequence for sequence in range(first, first + burst) if sequence not in refused]
    out_of_order = lost = doubled = 0
    orders: dict[str, list[int]] = {}
    for reader in {record.reader for record in seen.deliveries}:
        got = [record.sequence for record in seen.deliveries if record.reader == reader]
        orders[str(reader)] = [sequence - first for sequence in got]
        out_of_order += sum(1 for a, b in pairwise(got) if b < a)
        doubled += len(got) - len(set(got))
        lost += len(set(accepted) - set(got))
    lost += len(accepted) * (_READERS - len(orders))
    conditions: dict[str, Scalar] = {
        "payload_bytes": _PAYLOAD,
        "readers": _READERS,
        "burst": burst,
        "buffers": _BUFFERS,
    }
    detail = {
        "accepted": len(accepted),
        "refused": seen.refused,
        "first_error": seen.status.name,
        "doubled": doubled,
        "order": orders,
    }
    for metric, value in (
        ("samples_delivered", seen.delivered),
        ("samples_lost", lost),
        ("samples_out_of_order", out_of_order),
        ("samples_refused", seen.refused),
    ):
        yield setting.measurement("burst-order", metric, "samples", [value], conditions=conditions, detail=detail)


EXPERIMENT = Experiment(id="burst-order", title="order and losses of bursts", measure=measure)
