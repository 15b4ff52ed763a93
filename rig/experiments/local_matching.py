"""Which writers and readers of one MCU find each other, over a matrix of what DDS says must and must not match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rig.bench import (
    DATAREADER,
    DATAWRITER,
    PARTICIPANT,
    PUBLISHER,
    SUBSCRIBER,
    TOPIC,
    Bench,
    Capability,
    Entity,
    Qos,
    Refused,
)
from rig.experiments._experiment import Experiment
from rig.records import Measurement, Scalar
from rig.station import Setting

_SAMPLES = 3
_PAYLOAD = 32
_BIN, _XML, _REF = 3, 2, 1
_NAME, _TYPE = "rt/chatter", "std_msgs::msg::dds_::String_"

_RELIABLE, _BEST_EFFORT = Qos(reliable=True), Qos(reliable=False)
_QOS = (
    (_RELIABLE, _RELIABLE),
    (_RELIABLE, _BEST_EFFORT),
    (_BEST_EFFORT, _BEST_EFFORT),
    (_BEST_EFFORT, _RELIABLE),
    (Qos(transient_local=True), Qos(transient_local=True)),
    (Qos(transient_local=True), Qos()),
    (Qos(), Qos(transient_local=True)),
)
# Names that differ where a careless comparison would not look: last letter, length, swapped letters, case.
_OTHER_NAMES = ("rt/chatteR", "rt/chatte", "rt/chatterr", "rt/hcatter", "rt/Chatter")
_OTHER_TYPES = ("std_msgs::msg::dds_::Strinh_", "std_msgs::msg::dds_::Int32_")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One writer and one reader, and how they come to be."""

    offered: Qos = _RELIABLE
    requested: Qos = _RELIABLE
    form: int = _BIN
    reader_name: str = _NAME
    reader_type: str = _TYPE
    reader_first: bool = False
    sessions: int = 1

    @property
    def compatible(self) -> bool:
        """DDS: same topic and type, and the reader requests no more than the writer offers."""
        return (
            self.reader_name == _NAME
            and self.reader_type == _TYPE
            and (self.offered.reliable or not self.requested.reliable)
            and (self.offered.transient_local or not self.requested.transient_local)
        )

    def __str__(self) -> str:
        words = [{_BIN: "BIN", _XML: "XML", _REF: "REF"}[self.form], f"{_qos(self.offered)}->{_qos(self.requested)}"]
        words += [f"topic {self.reader_name}"] if self.reader_name != _NAME else []
        words += [f"type {self.reader_type}"] if self.reader_type != _TYPE else []
        words += ["reader first"] if self.reader_first else []
        words += ["two sessions"] if self.sessions == 2 else []
        return ", ".join(words)


def _qos(qos: Qos) -> str:
    return ("reliable" if qos.reliable else "best effort") + (" transient-local" if qos.transient_local else "")


def pairs(bench: Bench) -> Iterator[Pair]:
    """The matrix, as far as the middleware has the features."""
    for reader_first in (False, True):
        for sessions in (1, 2):
            for offered, requested in _QOS:
                yield Pair(offered=offered, requested=requested, reader_first=reader_first, sessions=sessions)
    for name in _OTHER_NAMES:
        yield Pair(reader_name=name)
    for type_name in _OTHER_TYPES:
        yield Pair(reader_type=type_name)
    for form, capability in ((_XML, Capability.XML), (_REF, Capability.REF)):
        if bench.has(capability):
            yield Pair(form=form)
            yield Pair(form=form, reader_first=True)
            yield Pair(form=form, reader_name="rt/other")


def measure(setting: Setting) -> Iterator[Measurement]:
    """Each pair alone: what reached the reader, against what must."""
    wrong: dict[str, str] = {}
    unsupported: dict[str, str] = {}
    tried = 0
    for pair in pairs(setting.bench):
        try:
            got = _try(setting, pair)
        except Refused as error:
            unsupported[str(pair)] = str(error)
            continue
        tried += 1
        must = _SAMPLES if pair.compatible else 0
        if got != must:
            wrong[str(pair)] = f"{got} deliveries, must be {must}"
    conditions: dict[str, Scalar] = {"payload_bytes": _PAYLOAD, "samples": _SAMPLES}
    detail = {"wrong": wrong, "refused": unsupported}
    for metric, value in (("pairs_tried", tried), ("pairs_wrong", len(wrong)), ("pairs_refused", len(unsupported))):
        yield setting.measurement("local-matching", metric, "pairs", [value], conditions=conditions, detail=detail)


def _try(setting: Setting, pair: Pair) -> int:
    """Deliveries to the one reader."""
    bench = setting.bench
    offline = bench.has(Capability.OFFLINE)
    timeout = 0.0 if offline else setting.answer_timeout
    bench.start(buffers=4, mtu=setting.mtu, history=setting.history, link=not offline and setting.link is not None)
    sessions = [bench.open_session(setting.next_key(), timeout=timeout) for _ in range(pair.sessions)]
    steps = [(_writer, sessions[0]), (_reader, sessions[-1])]
    made: set[int] = set()
    for make, session in reversed(steps) if pair.reader_first else steps:
        if session not in made:
            bench.create(session, Entity(kind=PARTICIPANT, id=1, name="rig"), timeout=timeout)
            made.add(session)
        make(bench, session, pair, timeout)
    seen = bench.exchange(
        session=sessions[0],
        writer=1,
        count=_SAMPLES,
        length=_PAYLOAD,
        readers=1 if pair.compatible else 0,
        record=False,
        deadline=0.2,
    )
    return seen.local + (0 if offline else bench.spin(timeout=0.05))


def _writer(bench: Bench, session: int, pair: Pair, timeout: float) -> None:
    bench.create(session, Entity(kind=PUBLISHER, id=1, parent=1), timeout=timeout)
    name = _topic(bench, session, 1, (pair.form, _NAME, _TYPE), timeout)
    writer = Entity(
        kind=DATAWRITER, id=1, parent=1, topic=1, qos=pair.offered, form=pair.form, name=name, reliable_stream=True
    )
    bench.create(session, writer, timeout=timeout)


def _reader(bench: Bench, session: int, pair: Pair, timeout: float) -> None:
    bench.create(session, Entity(kind=SUBSCRIBER, id=1, parent=1), timeout=timeout)
    name = _topic(bench, session, 2, (pair.form, pair.reader_name, pair.reader_type), timeout)
    reader = Entity(
        kind=DATAREADER, id=1, parent=1, topic=2, qos=pair.requested, form=pair.form, name=name, reliable_stream=True
    )
    bench.create(session, reader, timeout=timeout)


def _topic(bench: Bench, session: int, id: int, topic: tuple[int, str, str], timeout: float) -> str:
    """Make the topic in its form; returns what the endpoint of that form is created with."""
    form, name, type_name = topic
    if form == _XML:
        body = f"<topic><kind>NO_KEY</kind><name>{name}</name><dataType>{type_name}</dataType></topic>"
        kind = "data_writer" if id == 1 else "data_reader"
        bench.create(
            session, Entity(kind=TOPIC, id=id, parent=1, form=_XML, name=f"<dds>{body}</dds>"), timeout=timeout
        )
        return f"<dds><{kind}>{body}</{kind}></dds>"
    if form == _REF:
        bench.create(session, Entity(kind=TOPIC, id=id, parent=1, form=_REF, name=f"{name}__t"), timeout=timeout)
        return f"{name}__t"
    bench.create(session, Entity(kind=TOPIC, id=id, parent=1, name=name, type=type_name), timeout=timeout)
    return ""


EXPERIMENT = Experiment(
    id="local-matching", title="which writers and readers match", measure=measure, has_control=False
)
