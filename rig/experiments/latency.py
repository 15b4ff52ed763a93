"""Message latency, as REP-2014 calls it: from publishing a message to the callback that gets it; one clock of the MCU.

In REP-2014's terms a non-functional, black-box test: the bench takes the place of the application above the layer of
interest, and the probes are in the bench. The payload write (serialisation) and the callbacks of earlier readers are
not part of it. The cost of the instrument is measured in the same run and subtracted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rig.bench import Capability, Topology
from rig.experiments._arrangement import Arranged, arranged, told
from rig.experiments._experiment import READERS, Experiment
from rig.experiments._factors import READERS as ROW_READERS
from rig.experiments._factors import Payload, covering, levels
from rig.experiments._sampling import PRECISION, Gathered, Plan, Shape, gather, plan, plan_of_row
from rig.experiments._wakes import wakes
from rig.records import Measurement, Metric, Scalar
from rig.records.vocabulary import Latency, Sampling
from rig.station import Setting

_SPIN_MS = 10
_SPIN_TIMEOUTS_MS = (0, 1, 10, 100)
_AGE_QUICK, _AGE = 2_000, 70_000  # samples in one session; the latter is past the wrap of 16 bits

FACTORS = ("payload", "readers", "reliable", "sessions", "pending", "buffers", "other_pairs", "silent", "reticent")


def measure(setting: Setting) -> Iterator[Measurement]:
    """By payload, by readers, by the time-out handed to spin, after many samples; then under a covering array."""
    agent = setting.path == "agent"
    # A fragmented sample takes the line for a good part of a second: the control stays below one message.
    payloads = [size for size in setting.payloads() if not agent or size <= setting.mtu - 64]
    for size in payloads:
        yield from _one(setting, Shape(payload_bytes=size, readers=1, spin_ms=_SPIN_MS), serialisation=True)
    brief = agent and setting.quick
    for readers in READERS[-1:] if brief else READERS[1:]:
        yield from _one(setting, Shape(payload_bytes=4, readers=readers, spin_ms=_SPIN_MS))
    for spin_ms in _SPIN_TIMEOUTS_MS:
        if spin_ms != _SPIN_MS and not brief:
            yield from _one(setting, Shape(payload_bytes=4, readers=1, spin_ms=spin_ms))
    if not agent:
        yield from _array(setting)
    if not agent and setting.bench.has(Capability.THREADS):
        yield from wakes(setting, "latency", 1)


@contextmanager
def _paced(setting: Setting) -> Iterator[None]:
    """While it lasts, the line of the Agent path is no faster than a real one of its rate."""
    if setting.path != "agent" or setting.link is None:
        yield
        return
    setting.link.pace(setting.baud)
    try:
        yield
    finally:
        setting.link.pace(None)


def _array(setting: Setting) -> Iterator[Measurement]:
    """What an MCU has to carry beside the sample that is measured, in combination. Nothing is left out as a warm-up."""
    own: dict[str, Sequence[object]] = {"pending": (0, 1, 7, 15), "readers": ROW_READERS}
    if setting.quick:
        own = {
            "payload": (Payload.TINY, Payload.ODD, Payload.WORDS, Payload.MTU),
            "readers": (1, 2, 9),
            "pending": (0, 3, 12),
            "buffers": (1, 4, 16),
        }
    array = covering(setting, levels(setting, *FACTORS, **own))
    yield told(setting, "latency", array)
    for row in array.rows:
        with arranged(setting, row) as state:
            yield _row(setting, state)


def _row(setting: Setting, state: Arranged) -> Measurement:
    row = state.row
    conditions: dict[str, Scalar] = {**row.conditions, "spin_timeout_ms": _SPIN_MS}
    if state.impossible is not None or state.topology is None:
        return setting.measurement("latency", Metric.LATENCY_LOADED, [], conditions=conditions, detail=state.impossible)
    shape = Shape(payload_bytes=row.payload_bytes, readers=row.readers, spin_ms=_SPIN_MS, pending=row.pending)
    wanted = plan_of_row(setting)
    gathered = gather(setting, state.topology, shape, wanted=wanted, started=False)
    return setting.measurement(
        "latency",
        Metric.LATENCY_LOADED,
        gathered.latencies,
        conditions=conditions,
        # An Agent that tells nothing is sent the samples, and its answers come when this host lets them.
        exact=False if gathered.settled or row.reticent else None,
        detail=_detail(setting, gathered, wanted),
    )


def _one(setting: Setting, shape: Shape, *, serialisation: bool = False) -> Iterator[Measurement]:
    _, topology = setting.begin(buffers=4, readers=shape.readers)
    setting.settle()
    with _paced(setting):
        gathered = gather(setting, topology, shape)
    conditions: dict[str, Scalar] = {
        "payload_bytes": shape.payload_bytes,
        "readers": shape.readers,
        "spin_timeout_ms": shape.spin_ms,
    }
    if setting.path == "agent" and setting.baud is not None:
        conditions["baud"] = setting.baud
    detail = _detail(setting, gathered, plan(setting))
    exact = False if gathered.settled else None
    for metric, samples in ((Metric.LATENCY, gathered.latencies), (Metric.LATENCY_FIRST, gathered.first)):
        yield setting.measurement("latency", metric, samples, conditions=conditions, exact=exact, detail=detail)
    if serialisation:
        yield setting.measurement("latency", Metric.SERIALISATION, gathered.serialisations, conditions=conditions)
        if setting.path == "shm" and shape.payload_bytes == setting.payloads()[0]:
            yield _aged(setting, topology, shape, conditions)


def _aged(setting: Setting, topology: Topology, shape: Shape, conditions: Mapping[str, Scalar]) -> Measurement:
    """The same session, once it had many samples more."""
    age = _AGE_QUICK if setting.quick else _AGE
    lived = setting.bench.exchange(
        session=topology.session,
        writer=topology.writer,
        count=age,
        length=shape.payload_bytes,
        readers=shape.readers,
        record=False,
        deadline=3.0,
        timeout=120.0,
    )
    gathered = gather(setting, topology, shape, started=False) if lived.complete else Gathered(missing=lived.shortfall)
    return setting.measurement(
        "latency",
        Metric.LATENCY_AGED,
        gathered.latencies,
        conditions={**conditions, "samples": age},
        exact=False if gathered.settled else None,
        detail=_detail(setting, gathered, plan(setting)),
    )


def _detail(setting: Setting, gathered: Gathered, wanted: Plan) -> Latency:
    """What the figure is worth: the instrument's own cost, and how the number of samples came about."""
    clock = setting.bench.clock
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
        warm_up=len(gathered.first),
        sampling=Sampling(
            floor=wanted.floor,
            cap=wanted.cap,
            wanted={f"p{fraction * 100:.0f}": width for fraction, width in PRECISION.items()},
            reached=gathered.precision(),
            rests=gathered.settled,
        ),
        missing=gathered.missing,
    )


EXPERIMENT = Experiment(id="latency", title="message latency, publish call to callback", measure=measure)
