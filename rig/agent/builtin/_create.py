"""Builds entities from CREATE requests: resolves a representation against the objects that exist.

Knows BIN, XML and REF, which parents an object needs, and when an existing object matches a request. Must not know
streams or replies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from rig.agent.builtin._client import AgentClient
from rig.agent.builtin._entities import (
    Channel,
    Entity,
    Group,
    Participant,
    Placeholder,
    Reader,
    Replier,
    Requester,
    Topic,
    Writer,
)
from rig.agent.builtin._owned import Owned
from rig.agent.builtin._personality import Personality
from rig.agent.builtin._profiles import Profile, parse_xml, strip_suffix
from rig.xrce import (
    Create,
    EndpointQos,
    ObjectKind,
    QosFlag,
    RepresentationFormat,
    ServiceBody,
    StatusCode,
    decode_endpoint,
    decode_group,
    decode_participant,
    decode_service,
    decode_topic,
)

MAX_OBJECTS = 4096
_CED_DEPTH = 16
_WRITER_QOS = EndpointQos(flags=QosFlag.RELIABLE | QosFlag.KEEP_LAST)
_READER_QOS = EndpointQos(flags=QosFlag.KEEP_LAST)
_SERVICE_QOS = EndpointQos(flags=QosFlag.RELIABLE)
_T = TypeVar("_T")


class Refused(Exception):
    """The object cannot be created; ``status`` goes back to the Client."""

    def __init__(self, status: StatusCode) -> None:
        super().__init__(status.name)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Resolved:
    """An endpoint's topic, QoS and whether a shared-memory Client could know them too."""

    topic: Topic
    qos: EndpointQos
    binary: bool


class Factory:
    """Builds entities for CREATE requests.

    :param refs: profiles by name, for REF representations.
    """

    def __init__(self, personality: Personality, refs: Mapping[str, Profile]) -> None:
        self._personality = personality
        self._refs = refs
        self._guids = 0

    def build(self, owned: Owned, object_id: int, item: Create) -> Entity:
        """Build the entity that a CREATE describes.

        :raises Refused: it cannot be created; the error has the status for the Client.
        :raises XrceDecodeError: the BIN body is malformed.
        """
        if len(owned.objects) >= MAX_OBJECTS:
            raise Refused(StatusCode.ERR_RESOURCES)
        kind = item.object_kind
        if kind == ObjectKind.PARTICIPANT:
            return self._participant(item)
        if kind == ObjectKind.TOPIC:
            return self._topic(owned, item)
        if kind in (ObjectKind.PUBLISHER, ObjectKind.SUBSCRIBER):
            return self._group(owned, item)
        if kind in (ObjectKind.DATAWRITER, ObjectKind.DATAREADER):
            return self._data_endpoint(owned, object_id, item)
        if kind in (ObjectKind.REQUESTER, ObjectKind.REPLIER):
            return self._service(owned, object_id, item)
        return Placeholder(item)

    def matches(self, owned: Owned, old: Entity, item: Create) -> bool:
        """Whether an existing object matches a CREATE with reuse, by its effect, not by its representation.

        Groups always match and parents are not compared, as at eProsima's Agent; Clients rely on it.

        :raises XrceDecodeError: the BIN body is malformed.
        """
        exact = self._personality.types_and_qos
        same = True
        try:
            match old:
                case Participant():
                    same = old.domain == (item.domain_id or 0)
                case Topic():
                    name, type_name = self._topic_names(item)
                    same = old.name == name and (old.type_name == type_name or not exact)
                case Writer() | Reader():
                    name, qos = self._endpoint_terms(owned, item, writer=isinstance(old, Writer))
                    same = old.channel.name == name and (old.qos == qos or not exact)
                case Requester() | Replier():
                    same = old.body == self._service_body(item)
                case Placeholder():
                    same = (old.request.representation, old.request.body) == (item.representation, item.body)
        except Refused:
            same = False
        return same

    def _data_endpoint(self, owned: Owned, object_id: int, item: Create) -> Writer | Reader:
        writer = item.object_kind == ObjectKind.DATAWRITER
        group = _parent(owned, item, ObjectKind.PUBLISHER if writer else ObjectKind.SUBSCRIBER, Group)
        found = self._endpoint(owned, item, group.participant, writer=writer)
        channel = Channel(found.topic.participant.domain, found.topic.name)
        type_name, qos, binary = found.topic.type_name, found.qos, found.binary
        if writer:
            return Writer(owned.client, object_id, channel, type_name, qos, binary=binary)
        depth = None if self._personality.types_and_qos else _CED_DEPTH
        return Reader(owned.client, object_id, channel, type_name, qos, binary=binary, depth=depth)

    def _participant(self, item: Create) -> Participant:
        if item.representation is RepresentationFormat.BIN:
            decode_participant(item.body, little_endian=item.little_endian)
        return Participant(item.domain_id or 0)

    def _topic(self, owned: Owned, item: Create) -> Topic:
        participant = _parent(owned, item, ObjectKind.PARTICIPANT, Participant)
        name, type_name = self._topic_names(item)
        if not name:
            raise Refused(StatusCode.ERR_DDS_ERROR)
        return Topic(participant, name, type_name)

    def _topic_names(self, item: Create) -> tuple[str, str | None]:
        if item.representation is RepresentationFormat.BIN:
            body = decode_topic(item.body, little_endian=item.little_endian)
            return body.name, body.type_name
        profile = self._described(item)
        if profile is not None:
            return profile.topic, profile.type_name
        if item.representation is RepresentationFormat.XML:
            if self._personality.xml:
                raise Refused(StatusCode.ERR_DDS_ERROR)
            return item.text, None
        if not self._personality.any_ref:
            raise Refused(StatusCode.ERR_DDS_ERROR)
        return strip_suffix(item.text), None

    def _described(self, item: Create, *, writer: bool = False) -> Profile | None:
        if item.representation is RepresentationFormat.REF:
            return self._refs.get(item.text)
        return parse_xml(item.text, writer=writer) if self._personality.xml else None

    def _group(self, owned: Owned, item: Create) -> Group:
        if item.representation is RepresentationFormat.REF:
            raise Refused(StatusCode.ERR_DDS_ERROR)
        participant = _parent(owned, item, ObjectKind.PARTICIPANT, Participant)
        if item.representation is RepresentationFormat.BIN:
            decode_group(item.body, little_endian=item.little_endian)
        return Group(participant)

    def _endpoint(self, owned: Owned, item: Create, participant: Participant, *, writer: bool) -> _Resolved:
        name, qos = self._endpoint_terms(owned, item, writer=writer)
        binary = item.representation is RepresentationFormat.BIN
        topic = _topic_of(owned, item) if binary else participant.topics.get(name)
        if topic is None or topic.participant is not participant:  # another participant's may be in another domain
            raise Refused(StatusCode.ERR_DDS_ERROR)
        return _Resolved(topic, qos, binary=binary)

    def _endpoint_terms(self, owned: Owned, item: Create, *, writer: bool) -> tuple[str, EndpointQos]:
        """Return the topic's name and the QoS that a representation asks for."""
        default = _WRITER_QOS if writer else _READER_QOS
        if item.representation is RepresentationFormat.BIN:
            body = decode_endpoint(item.body, little_endian=item.little_endian)
            return _topic_of(owned, item).name, body.qos or default
        profile = self._described(item, writer=writer)
        if profile is None:
            return strip_suffix(item.text), default
        return profile.topic, profile.qos if profile.qos is not None else default

    def _service(self, owned: Owned, object_id: int, item: Create) -> Requester | Replier:
        if not self._personality.services:
            raise Refused(StatusCode.ERR_DDS_ERROR)
        participant = _parent(owned, item, ObjectKind.PARTICIPANT, Participant)
        binary = item.representation is RepresentationFormat.BIN
        body = self._service_body(item)
        asks = Channel(participant.domain, body.request_topic or f"{body.service}_Request")
        answers = Channel(participant.domain, body.reply_topic or f"{body.service}_Reply")
        out, into = asks, answers
        out_type, into_type = body.request_type, body.reply_type
        if item.object_kind == ObjectKind.REPLIER:
            out, into, out_type, into_type = into, out, into_type, out_type
        writer = Writer(owned.client, object_id, out, out_type, _SERVICE_QOS, binary=binary)
        reader = Reader(owned.client, object_id, into, into_type, _SERVICE_QOS, binary=binary)
        if item.object_kind == ObjectKind.REPLIER:
            return Replier(writer, reader, body)
        requester = Requester(writer, reader, self._guid(owned.client, object_id), body)
        writer.requester = requester
        return requester

    def _service_body(self, item: Create) -> ServiceBody:
        if item.representation is RepresentationFormat.BIN:
            return decode_service(item.body, little_endian=item.little_endian)
        profile = self._described(item)
        if profile is None or profile.service is None:
            raise Refused(StatusCode.ERR_DDS_ERROR)
        return profile.service

    def _guid(self, client: AgentClient, object_id: int) -> bytes:
        """Return a writer's GUID that no other writer of this Agent has had."""
        self._guids += 1
        prefix = b"\x01\x0f" + client.key + self._guids.to_bytes(4, "little") + b"\0\0"
        return prefix + (object_id >> 4).to_bytes(3, "big") + b"\x03"


def _topic_of(owned: Owned, item: Create) -> Topic:
    body = decode_endpoint(item.body, little_endian=item.little_endian)
    topic = owned.objects.get(body.topic_id & 0xFFF0 | ObjectKind.TOPIC)
    if not isinstance(topic, Topic):
        raise Refused(StatusCode.ERR_DDS_ERROR)
    return topic


def _parent(owned: Owned, item: Create, kind: ObjectKind, wanted: type[_T]) -> _T:
    if item.parent_id is None:
        raise Refused(StatusCode.ERR_UNKNOWN_REFERENCE)
    found = owned.objects.get(item.parent_id & 0xFFF0 | kind)
    if not isinstance(found, wanted):
        raise Refused(StatusCode.ERR_UNKNOWN_REFERENCE)
    return found
