"""How many writer/reader pairs work at once, and whether the one too many is refused with an error."""

from __future__ import annotations

from collections.abc import Iterator

from rig.bench import (
    DATAREADER,
    DATAWRITER,
    PARTICIPANT,
    PUBLISHER,
    SUBSCRIBER,
    TOPIC,
    Capability,
    Entity,
    Qos,
    Refused,
)
from rig.experiments._experiment import Experiment
from rig.records import Measurement, Scalar
from rig.station import Setting

_PAIRS = (1, 2, 5, 10, 20)
_BEYOND = 40  # more than tables usually have, so that the refusal itself is seen
_SAMPLES = 2
_PAYLOAD = 16
_TYPE = "std_msgs::msg::dds_::Int32_"


def measure(setting: Setting) -> Iterator[Measurement]:
    """Pairs on topics of their own; each made pair must deliver."""
    limits = {name: value for name, value in setting.bench.configuration().items() if isinstance(value, int)}
    for wanted in _PAIRS if setting.quick else (*_PAIRS, _BEYOND):
        made, refusal = _make(setting, wanted)
        delivered = 0
        for pair in range(1, made + 1):
            seen = setting.bench.exchange(
                session=0,
                writer=pair,
                count=_SAMPLES,
                length=_PAYLOAD,
                readers=1,
                first=pair * 10,
                record=False,
                deadline=0.2,
            )
            delivered += seen.local - seen.damaged
        conditions: dict[str, Scalar] = {"payload_bytes": _PAYLOAD, "pairs": wanted}
        detail = {"made": made, "refusal": refusal, "expected": made * _SAMPLES, "limits": limits}
        for metric, value in (("pairs_made", made), ("samples_lost", made * _SAMPLES - delivered)):
            unit = "pairs" if metric == "pairs_made" else "samples"
            yield setting.measurement("entity-capacity", metric, unit, [value], conditions=conditions, detail=detail)


def _make(setting: Setting, wanted: int) -> tuple[int, str]:
    """Pairs that could be made, and the error that the next one met."""
    bench = setting.bench
    offline = bench.has(Capability.OFFLINE)
    timeout = 0.0 if offline else setting.answer_timeout
    bench.start(buffers=4, mtu=setting.mtu, history=setting.history, link=not offline and setting.link is not None)
    session = bench.open_session(setting.next_key(), timeout=timeout)
    made = 0
    try:
        for kind in (PARTICIPANT, PUBLISHER, SUBSCRIBER):
            bench.create(session, Entity(kind=kind, id=1, parent=1, name="rig"), timeout=timeout)
        for pair in range(1, wanted + 1):
            topic = Entity(kind=TOPIC, id=pair, parent=1, name=f"rt/topic_{pair}", type=_TYPE)
            bench.create(session, topic, timeout=timeout)
            for kind in (DATAWRITER, DATAREADER):
                bench.create(
                    session,
                    Entity(kind=kind, id=pair, parent=1, topic=pair, qos=Qos(), reliable_stream=True),
                    timeout=timeout,
                )
            made = pair
    except Refused as error:
        return made, error.status.name
    return made, ""


EXPERIMENT = Experiment(id="entity-capacity", title="pairs that work at once", measure=measure, has_control=False)
