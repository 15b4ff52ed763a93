"""Message latency, as REP-2014 calls it: from publishing a message to the callback that gets it; one clock of the MCU.

In REP-2014's terms a non-functional, black-box test: the bench takes the place of the application above the layer of
interest, and the probes are in the bench. The payload write (serialisation) and the callbacks of earlier readers are
not part of it, and what the instrument adds is measured in the same run and taken off.
"""

from __future__ import annotations

from collections.abc import Iterator

from rig.bench import DATAREADER, DATAWRITER, TOPIC, Entity, Qos, Refused, Topology
from rig.experiments._experiment import READERS, Experiment
from rig.experiments._refusals import raise_unanswered
from rig.experiments._sampling import PRECISION, WARM_UP, Gathered, Shape, gather, plan
from rig.records import Measurement, Metric, Scalar
from rig.records.vocabulary import Latency, Sampling
from rig.station import Setting

_SPIN_MS = 10
_SPIN_TIMEOUTS_MS = (0, 1, 10, 100)
_PENDING = (1, 3, 7)
_OTHER_PAIRS = (2, 6)
_FIRST_OTHER = 0x101  # ids far from those of the pair that is measured


def measure(setting: Setting) -> Iterator[Measurement]:
    """By payload, by readers, by the time-out handed to spin, then under load."""
    agent = setting.path == "agent"
    if agent and setting.link is not None:
        setting.link.pace(setting.baud)
    try:
        # A fragmented sample takes the line for a good part of a second: the control stays below one message.
        payloads = [size for size in setting.payloads() if not agent or size <= setting.mtu - 64]
        for size in payloads:
            yield from _one(setting, Shape(payload_bytes=size, readers=1, spin_ms=_SPIN_MS), serialisation=True)
        for readers in READERS[1:]:
            yield from _one(setting, Shape(payload_bytes=4, readers=readers, spin_ms=_SPIN_MS))
        for spin_ms in _SPIN_TIMEOUTS_MS:
            if spin_ms != _SPIN_MS and not (agent and setting.quick):
                yield from _one(setting, Shape(payload_bytes=4, readers=1, spin_ms=spin_ms))
        if not (agent and setting.quick):
            yield from _under_load(setting)
    finally:
        if agent and setting.link is not None:
            setting.link.pace(None)


def _under_load(setting: Setting) -> Iterator[Measurement]:
    """What an MCU has to carry beside the sample that is measured: samples that wait, and other endpoints."""
    for pending in _PENDING[1:2] if setting.quick else _PENDING:
        shape = Shape(payload_bytes=4, readers=1, spin_ms=_SPIN_MS, pending=pending)
        yield from _one(setting, shape, load={"pending": pending, "other_pairs": 0})
    for pairs in _OTHER_PAIRS[-1:] if setting.quick else _OTHER_PAIRS:
        shape = Shape(payload_bytes=4, readers=1, spin_ms=_SPIN_MS)
        yield from _one(setting, shape, load={"pending": 0, "other_pairs": pairs})


def _one(
    setting: Setting, shape: Shape, *, load: dict[str, Scalar] | None = None, serialisation: bool = False
) -> Iterator[Measurement]:
    setting.start(buffers=max(4, shape.burst))
    topology = setting.connect(readers=shape.readers)
    if load is not None and load["other_pairs"]:
        load = {**load, "other_pairs": _add_pairs(setting, topology, int(load["other_pairs"]))}
    setting.settle()
    gathered = gather(setting, topology, shape)
    conditions: dict[str, Scalar] = {
        "payload_bytes": shape.payload_bytes,
        "readers": shape.readers,
        "spin_timeout_ms": shape.spin_ms,
        **(load or {}),
    }
    if setting.path == "agent" and setting.baud is not None:
        conditions["baud"] = setting.baud
    yield setting.measurement(
        "latency",
        Metric.LATENCY if load is None else Metric.LATENCY_LOADED,
        gathered.latencies,
        conditions=conditions,
        exact=False if gathered.settled else None,
        detail=_detail(setting, gathered),
    )
    if serialisation:
        yield setting.measurement("latency", Metric.SERIALISATION, gathered.serialisations, conditions=conditions)


def _detail(setting: Setting, gathered: Gathered) -> Latency:
    """What the figure is worth: the instrument's own cost, and how the number of samples came about."""
    clock = setting.bench.clock
    wanted = plan(setting)
    return Latency(
        to="the last reader",
        units_per_ms=clock.units_per_ms,
        subtracted={
            "a reading of the clock": clock.cost,
            "the bench between publish and spin": gathered.own[0],
            "recording an earlier delivery": clock.recording,
        },
        publish_to_spin_return={"least": gathered.returned[0], "greatest": gathered.returned[1]},
        bench_between_publish_and_spin={"least": gathered.own[0], "greatest": gathered.own[1]},
        warm_up=WARM_UP,
        sampling=Sampling(
            floor=wanted.floor,
            cap=wanted.cap,
            wanted={f"p{fraction * 100:.0f}": width for fraction, width in PRECISION.items()},
            reached=gathered.precision(),
            rests=gathered.settled,
        ),
        missing=gathered.missing,
    )


def _add_pairs(setting: Setting, topology: Topology, wanted: int) -> int:
    """Writers and readers on topics of their own beside the measured ones; returns how many there was room for."""
    timeout = setting.answer_timeout
    for pair in range(wanted):
        id = _FIRST_OTHER + pair
        topic = Entity(kind=TOPIC, id=id, parent=1, name=f"rt/other_{pair}", type="std_msgs::msg::dds_::Int32_")
        try:
            setting.bench.create(topology.session, topic, timeout=timeout)
            for kind in (DATAWRITER, DATAREADER):
                entity = Entity(kind=kind, id=id, parent=1, topic=id, qos=Qos(), reliable_stream=True)
                setting.bench.create(topology.session, entity, timeout=timeout)
        except Refused as error:
            raise_unanswered(error)
            return pair  # whatever the error: entity-capacity is where it counts
    return wanted


EXPERIMENT = Experiment(id="latency", title="message latency, publish call to callback", measure=measure)
