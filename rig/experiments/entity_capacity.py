"""How many writer/reader pairs work at once, and whether one pair too many is refused with an error.

The limits are those that the middleware reports it was built with. One that reports none must make at least one pair.
Raised limits are another build: see ``rig explain entity-capacity``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rig.bench import PARTICIPANT, PUBLISHER, SUBSCRIBER, Capability, Entity, Refused, pair
from rig.experiments._experiment import Experiment
from rig.experiments._refusals import raise_unanswered, whole_numbers
from rig.records import Measurement, Metric, Scalar
from rig.records.vocabulary import Room
from rig.station import Setting

_PAIRS = (1, 2, 5, 10, 20)
_BEYOND = 40  # more than tables usually have, so that the refusal itself is seen; or one more than is told
_SAMPLES = 2
_PAYLOAD = 16
_PARTICIPANT = "rig"
_TYPE = "std_msgs::msg::dds_::Int32_"
# What a pair on a topic of its own takes of a table that a middleware tells of, and what all pairs share.
_TAKES = {"shm_entities": (3, 3), "entities": (3, 3), "shm_pairs": (1, 0), "names": (1, 1)}
_TAKES |= {"publishers": (1, 0), "subscriptions": (1, 0)}  # of a middleware that has a table for each


def _topic(pair: int) -> str:
    return f"rt/topic_{pair}"


def room(limits: Mapping[str, int]) -> int:
    """Pairs that the middleware's reported limits leave room for; 1 if it reports none of them."""
    found = [max(0, limits[name] - shared) // each for name, (each, shared) in _TAKES.items() if name in limits]
    if "name_bytes" in limits:
        left, fit = limits["name_bytes"] - len(_PARTICIPANT) - 1, 0
        while left >= (text := len(_topic(fit + 1)) + len(_TYPE) + 2):
            left, fit = left - text, fit + 1
        found.append(fit)
    return min(found, default=1)


def measure(setting: Setting) -> Iterator[Measurement]:
    """Pairs on topics of their own; each made pair must deliver."""
    limits = whole_numbers(setting.bench.configuration())
    beyond = max(_BEYOND, room(limits) + 1)
    for wanted in _PAIRS if setting.quick else (*_PAIRS, beyond):
        made, refusal = _make(setting, wanted)
        delivered = [_deliveries(setting, pair) for pair in range(1, made + 1)]
        lost = sum(max(0, _SAMPLES - got) for got in delivered)
        surplus = sum(max(0, got - _SAMPLES) for got in delivered)
        conditions: dict[str, Scalar] = {"payload_bytes": _PAYLOAD, "pairs": wanted}
        detail = Room(
            made=made,
            refusal=refusal,
            expected=made * _SAMPLES,
            limits=limits,
            room=max(1, min(wanted, room(limits))),
        )
        for metric, value in (
            (Metric.PAIRS_MADE, made),
            (Metric.SAMPLES_LOST, lost),
            (Metric.SAMPLES_SURPLUS, surplus),
        ):
            yield setting.measurement("entity-capacity", metric, [value], conditions=conditions, detail=detail)


def _deliveries(setting: Setting, pair: int) -> int:
    """Whole samples that came out of a pair's reader."""
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
    return seen.local - seen.damaged


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
            bench.create(session, Entity(kind=kind, id=1, parent=1, name=_PARTICIPANT), timeout=timeout)
        for number in range(1, wanted + 1):
            bench.create_all(session, pair(number, name=_topic(number), type_name=_TYPE), timeout=timeout)
            made = number
    except Refused as error:
        raise_unanswered(error)
        return made, error.status.name
    return made, ""


EXPERIMENT = Experiment(id="entity-capacity", title="pairs that work at once", measure=measure, has_control=False)
