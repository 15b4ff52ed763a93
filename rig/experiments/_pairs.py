"""The pairs of ``local-matching``: writer and reader, requester and replier, and whether DDS lets them match.

Knows the rules of DDS and how a pair is made by each form. Must not know what a pair proves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from rig.bench import (
    DATAREADER,
    DATAWRITER,
    PARTICIPANT,
    PUBLISHER,
    REPLIER,
    REQUESTER,
    SUBSCRIBER,
    TOPIC,
    Bench,
    Capability,
    Entity,
    endpoint_xml,
    service_xml,
    topic_xml,
)
from rig.model import Qos

BIN, XML, REF = 3, 2, 1
_FORMS = {BIN: "BIN", XML: "XML", REF: "REF"}
_NAME, _TYPE = "rt/chatter", "std_msgs::msg::dds_::String_"
_SERVICE = ("add_two_ints", "example::AddTwoInts_Request_", "example::AddTwoInts_Response_")

_RELIABLE, _BEST_EFFORT = Qos(reliable=True), Qos(reliable=False)
_KEPT = Qos(transient_local=True)
_QOS = (
    (_RELIABLE, _RELIABLE),
    (_RELIABLE, _BEST_EFFORT),
    (_BEST_EFFORT, _BEST_EFFORT),
    (_BEST_EFFORT, _RELIABLE),
    (_KEPT, _KEPT),
    (_KEPT, _RELIABLE),
    (_RELIABLE, _KEPT),
)
_LONG = "rt/robot_one/sensors/front/left/range_scan_"
# Topics that differ where a careless comparison would not look: the last letter, one more or less, swapped letters,
# case, a long common beginning, and where the name ends and the type begins.
_OTHER_TOPICS = (
    ((_NAME, _TYPE), ("rt/chatteR", _TYPE)),
    ((_NAME, _TYPE), ("rt/chatte", _TYPE)),
    ((_NAME, _TYPE), ("rt/chatterr", _TYPE)),
    ((_NAME, _TYPE), ("rt/hcatter", _TYPE)),
    ((_NAME, _TYPE), ("rt/Chatter", _TYPE)),
    ((_LONG + "0", _TYPE), (_LONG + "1", _TYPE)),
    ((_LONG + "0", _TYPE), (_LONG, _TYPE)),
    ((_NAME, _TYPE), ("rt/chatters", _TYPE[1:])),
    ((_NAME, _TYPE), (_NAME, "std_msgs::msg::dds_::Strinh_")),
    ((_NAME, _TYPE), (_NAME, "std_msgs::msg::dds_::Int32_")),
    ((_NAME, _TYPE), (_NAME, _TYPE + "_")),
    ((_NAME, _TYPE), (_NAME, "std_msgs::msg::dds_::String")),
)
# Domains of the two sessions: the same one; next to each other; apart in the highest bit that a domain can have.
_DOMAINS = ((42, 42), (0, 1), (1, 129), (100, 36))
_OTHER_SERVICES = (
    ("add_two_intS", *_SERVICE[1:]),
    ("add_two_int", *_SERVICE[1:]),
    ("add_two_ints_", *_SERVICE[1:]),
    (_SERVICE[0], "example::AddTwoInts_RequesT_", _SERVICE[2]),
    (_SERVICE[0], _SERVICE[1], "example::AddTwoInts_Respons_"),
)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One writer and one reader, each with a topic (name, type) and a representation (BIN, XML, REF), and how they are
    created.
    """

    offered: Qos = _RELIABLE
    requested: Qos = _RELIABLE
    forms: tuple[int, int] = (BIN, BIN)
    written: tuple[str, str] = (_NAME, _TYPE)
    read: tuple[str, str] = (_NAME, _TYPE)
    second_first: bool = False
    sessions: int = 1
    domains: tuple[int, int] = (0, 0)

    @property
    def compatible(self) -> bool:
        """DDS: same domain, topic and type, and the reader requests no more than the writer offers."""
        return (
            self.written == self.read
            and self.domains[0] == self.domains[1]
            and (self.offered.reliable or not self.requested.reliable)
            and (self.offered.transient_local or not self.requested.transient_local)
        )

    @property
    def makers(self) -> tuple[tuple[Entity, ...], tuple[Entity, ...]]:
        """The entities of the writer and of the reader, each in the order of creation."""
        return (
            _side(PUBLISHER, DATAWRITER, self.forms[0], self.written, self.offered),
            _side(SUBSCRIBER, DATAREADER, self.forms[1], self.read, self.requested),
        )

    def __str__(self) -> str:
        forms = dict.fromkeys(_FORMS[form] for form in self.forms)
        words = ["->".join(forms), f"{_qos(self.offered)}->{_qos(self.requested)}"]
        for what, written, read in zip(("topic", "type"), self.written, self.read, strict=True):
            words += [f"{what} {written} against {read}"] if written != read else []
        words += _apart(self.domains)
        words += ["reader first"] if self.second_first else []
        words += ["two sessions"] if self.sessions == 2 else []
        return ", ".join(words)


@dataclass(frozen=True, kw_only=True)
class ServicePair:
    """One requester and one replier, each with a service (name, request type, reply type), and how they are created."""

    form: int = BIN
    asked: tuple[str, str, str] = _SERVICE
    offered: tuple[str, str, str] = _SERVICE
    second_first: bool = False
    sessions: int = 1
    domains: tuple[int, int] = (0, 0)

    @property
    def compatible(self) -> bool:
        """Whether both have the same service, in the same domain."""
        return self.asked == self.offered and self.domains[0] == self.domains[1]

    @property
    def makers(self) -> tuple[tuple[Entity, ...], tuple[Entity, ...]]:
        """The requester and the replier."""
        return (_service(REQUESTER, self.form, self.asked),), (_service(REPLIER, self.form, self.offered),)

    def __str__(self) -> str:
        words = [f"service, {_FORMS[self.form]}"]
        for what, asked, offered in zip(("name", "request type", "reply type"), self.asked, self.offered, strict=True):
            words += [f"{what} {asked} against {offered}"] if asked != offered else []
        words += _apart(self.domains)
        words += ["replier first"] if self.second_first else []
        words += ["two sessions"] if self.sessions == 2 else []
        return ", ".join(words)


AnyPair = Pair | ServicePair


def _apart(domains: tuple[int, int]) -> list[str]:
    return [f"domain {domains[0]} against {domains[1]}"] if any(domains) else []


def _qos(qos: Qos) -> str:
    return ("reliable" if qos.reliable else "best effort") + (" transient-local" if qos.transient_local else "")


def pairs(bench: Bench, *, quick: bool) -> Iterator[AnyPair]:
    """All pairs for which the middleware has the features; a quick run has each rule, but not each combination."""
    ways = list(product((False, True), (1, 2)))
    for (second_first, sessions), (offered, requested) in product(ways, _QOS):
        yield Pair(offered=offered, requested=requested, second_first=second_first, sessions=sessions)
    for written, read in _OTHER_TOPICS:
        yield Pair(written=written, read=read)
        if not quick:
            yield Pair(written=read, read=written, second_first=True, sessions=2)
    for domains in _DOMAINS:
        yield Pair(domains=domains, sessions=2)
        if bench.has(Capability.SERVICES):
            yield ServicePair(domains=domains, sessions=2)
    yield from _by_text(bench, quick=quick)
    if bench.has(Capability.SERVICES):
        yield from _services(bench, quick=quick)


def _by_text(bench: Bench, *, quick: bool) -> Iterator[Pair]:
    """Forms other than BIN; XML with BIN too. REF only with itself: only the Agent knows what a reference means."""
    mixed: list[tuple[int, int]] = []
    mixed += [(XML, XML), (XML, BIN), (BIN, XML)] if bench.has(Capability.XML) else []
    mixed += [(REF, REF)] if bench.has(Capability.REF) else []
    ways = ((False, 1), (True, 2)) if quick else tuple(product((False, True), (1, 2)))
    rules = (_QOS[0], _QOS[3], _QOS[6]) if quick else _QOS
    for forms in mixed:
        for second_first, sessions in ways:
            for offered, requested in rules:
                yield Pair(
                    forms=forms, offered=offered, requested=requested, second_first=second_first, sessions=sessions
                )
        others = _OTHER_TOPICS[5:6] if quick else _OTHER_TOPICS
        for written, read in others:
            if REF not in forms or written[0] != read[0]:  # a REF says no type
                yield Pair(forms=forms, written=written, read=read)


def _services(bench: Bench, *, quick: bool) -> Iterator[ServicePair]:
    for form in (BIN, XML) if bench.has(Capability.XML) else (BIN,):
        ways = ((False, 1), (True, 2)) if quick else product((False, True), (1, 2))
        for second_first, sessions in ways:
            yield ServicePair(form=form, second_first=second_first, sessions=sessions)
        for other in _OTHER_SERVICES[:1] if quick and form == XML else _OTHER_SERVICES:
            yield ServicePair(form=form, offered=other)


def texts(pair: AnyPair) -> int:
    """Bytes of all different names, types and texts of a pair, each with its NUL."""
    entities = [*pair.makers[0], *pair.makers[1]]
    return sum(len(text) + 1 for text in {t for e in entities for t in (e.name, e.type, e.reply_type) if t})


def make(bench: Bench, pair: AnyPair, sessions: list[int], *, timeout: float) -> None:
    """Create both sides, in the pair's order; each session has a participant of its own.

    :raises Refused: the middleware does not make one of them.
    """
    sides = list(zip(pair.makers, (sessions[0], sessions[-1]), pair.domains, strict=True))
    made: set[int] = set()
    for entities, session, domain in reversed(sides) if pair.second_first else sides:
        first = () if session in made else (Entity(kind=PARTICIPANT, id=1, topic=domain, name="rig"),)
        made.add(session)
        bench.create_all(session, [*first, *entities], timeout=timeout)


def _side(group: int, kind: int, form: int, topic: tuple[str, str], qos: Qos) -> tuple[Entity, ...]:
    """Publisher or subscriber, topic, endpoint. The two topics have ids of their own, as both may be in a session."""
    name, type_name = topic
    id = 1 if kind == DATAWRITER else 2
    made_of, endpoint = Entity(kind=TOPIC, id=id, parent=1, name=name, type=type_name), ""
    if form == XML:
        made_of = Entity(kind=TOPIC, id=id, parent=1, form=XML, name=topic_xml(name, type_name))
        endpoint, qos = endpoint_xml(kind, name, type_name, qos), _RELIABLE  # the text says it, and nothing else
    elif form == REF:
        made_of = Entity(kind=TOPIC, id=id, parent=1, form=REF, name=f"{name}__t")
        endpoint = made_of.name
    return (
        Entity(kind=group, id=1, parent=1),
        made_of,
        Entity(kind=kind, id=1, parent=1, topic=id, qos=qos, form=form, name=endpoint, reliable_stream=True),
    )


def _service(kind: int, form: int, service: tuple[str, str, str]) -> Entity:
    name, request, reply = service
    if form == BIN:
        return Entity(kind=kind, id=1, parent=1, name=name, type=request, reply_type=reply)
    return Entity(kind=kind, id=1, parent=1, form=form, name=service_xml(kind, name, request, reply))
