"""From the publish call to the reader's callback, on one clock of the MCU. REP-2014 calls it the publish-subscribe
delay inside one process; the payload write (serialisation) and the callbacks of earlier readers are not part of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from rig.experiments._experiment import READERS, Experiment
from rig.records import Measurement, Scalar
from rig.station import Setting

_SPIN_MS = 10
_SPIN_TIMEOUTS_MS = (0, 1, 10, 100)
_WARM_UP = 3


def measure(setting: Setting) -> Iterator[Measurement]:
    """By payload, then by readers, then by the time-out handed to spin."""
    agent = setting.path == "agent"
    if agent and setting.link is not None:
        setting.link.pace(setting.baud)
    try:
        # A fragmented sample takes the line for a good part of a second: the control stays below one message.
        payloads = [size for size in setting.payloads() if not agent or size <= setting.mtu - 64]
        for size in payloads:
            yield from _one(setting, payload_bytes=size, readers=1, spin_ms=_SPIN_MS)
        for readers in READERS[1:]:
            yield from _one(setting, payload_bytes=4, readers=readers, spin_ms=_SPIN_MS)
        for spin_ms in _SPIN_TIMEOUTS_MS:
            if spin_ms != _SPIN_MS and not (agent and setting.quick):
                yield from _one(setting, payload_bytes=4, readers=1, spin_ms=spin_ms)
    finally:
        if agent and setting.link is not None:
            setting.link.pace(None)


def _one(setting: Setting, *, payload_bytes: int, readers: int, spin_ms: int) -> Iterator[Measurement]:
    agent = setting.path == "agent"
    count = (10 if setting.quick else 30) if agent else (50 if setting.quick else 200)
    setting.start(buffers=4)
    topology = setting.connect(readers=readers)
    setting.settle()
    seen = setting.bench.exchange(
        session=topology.session,
        writer=topology.writer,
        count=count + _WARM_UP,
        length=payload_bytes,
        readers=readers,
        spin_ms=spin_ms,
        quiet=not agent,
        deadline=3.0,
        timeout=60.0,
    )
    deliveries = [record for record in seen.deliveries if record.sequence > _WARM_UP]
    latencies = setting.bench.latencies(deliveries)
    last = latencies[readers - 1 :: readers] if len(latencies) == count * readers else []
    conditions: dict[str, Scalar] = {
        "payload_bytes": payload_bytes,
        "readers": readers,
        "spin_timeout_ms": spin_ms,
    }
    if agent and setting.baud is not None:
        conditions["baud"] = setting.baud
    yield setting.measurement(
        "latency",
        "publish_to_callback",
        "",
        last,
        conditions=conditions,
        timed=True,
        detail={
            "to": "the last reader",
            "units_per_ms": setting.bench.clock.units_per_ms,
            "clock_cost_subtracted": setting.bench.clock.cost,
            "delivered": seen.delivered,
            "expected": (count + _WARM_UP) * readers,
            "warm_up": _WARM_UP,
        },
    )
    if readers == 1 and spin_ms == _SPIN_MS:
        yield setting.measurement(
            "latency",
            "serialisation",
            "",
            setting.bench.serialisations(deliveries),
            conditions=conditions,
            timed=True,
        )


EXPERIMENT = Experiment(id="latency", title="publish call to callback", measure=measure)
