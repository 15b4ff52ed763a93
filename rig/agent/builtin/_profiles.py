"""XML and REF representations of entities.

Knows the XML that DDS-XRCE Clients send and that profile files hold. Must not know sessions, nor files. Document type
declarations are refused, so that nothing expands. Missing white space between attributes is accepted: Clients in use
send such XML, and other Agents accept it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from rig.xrce import EndpointQos, QosFlag, ServiceBody

_WRITERS = ("data_writer", "publisher")
_SERVICES = ("requester", "replier")
_ENTITIES = ("participant", "topic", *_WRITERS, "data_reader", "subscriber", *_SERVICES)
"""What may be referred to; publisher and subscriber are what Fast DDS calls the endpoints in its own files."""
_SUFFIXES = ("__t", "__dw", "__dr")
_TAG = re.compile(r"""<[^<>"'\s!?/](?:[^<>"']|"[^"<]*+"|'[^'<]*+')*+>""")
_VALUE = re.compile(r"""=\s*(?:"[^"]*"|'[^']*')""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A topic, endpoint or service as XML describes it."""

    topic: str = ""
    type_name: str | None = None
    qos: EndpointQos | None = None
    service: ServiceBody | None = None


SHAPES: Mapping[str, Profile] = {
    "shapetype_topic": Profile(topic="Square", type_name="ShapeType"),
    "shapetype_data_writer": Profile(topic="Square", type_name="ShapeType"),
    "shapetype_data_reader": Profile(topic="Square", type_name="ShapeType"),
    "shapetype_requester": Profile(
        service=ServiceBody(service="shapetype_service", request_type="request_type", reply_type="reply_type")
    ),
    "shapetype_replier": Profile(
        service=ServiceBody(service="shapetype_service", request_type="request_type", reply_type="reply_type")
    ),
}
"""The profiles that examples of eProsima's Client refer to."""


def strip_suffix(ref: str) -> str:
    """Return the topic that a REF name stands for by its own spelling: ``shapetype__dw`` is ``shapetype``."""
    for suffix in _SUFFIXES:
        position = ref.find(suffix)
        if position >= 0:
            return ref[:position]
    return ref


class _Builder(ElementTree.TreeBuilder):
    """Builds trees without namespaces, and none of a document that declares its type."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ElementTree.ParseError("document type declarations are not read")

    def start(self, tag: str, attrs: dict[str, str]) -> ElementTree.Element:
        return super().start(tag.rpartition("}")[2], attrs)

    def end(self, tag: str) -> ElementTree.Element:
        return super().end(tag.rpartition("}")[2])


def _root(text: str) -> ElementTree.Element:
    """Parse a document; comments are passed over. :raises ElementTree.ParseError: it is none, or declares its type."""
    parser = ElementTree.XMLParser(target=_Builder())
    parser.feed(_TAG.sub(lambda tag: _VALUE.sub(r"\g<0> ", tag[0]), text))
    root: ElementTree.Element = parser.close()
    return root


def parse_xml(text: str, *, writer: bool = False) -> Profile | None:
    """Read the XML of a topic, endpoint or service; None if it is none of them or malformed."""
    try:
        root = _root(text)
    except ElementTree.ParseError:
        return None
    element = root[0] if root.tag == "dds" and len(root) else root
    return _profile(element, writer=writer)


def read_profiles(text: str) -> dict[str, Profile]:
    """Read the text of a profile file: a ``<profiles>`` element, or a ``<dds>`` one around it.

    Participants have a name and nothing else that matters here: they are accepted and not returned. Elements that are
    no entities, such as descriptions of transports or types, are skipped.

    :raises ValueError: it holds no profiles, or one that cannot be read; the text says which and why.
    """
    try:
        root = _root(text)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    found: dict[str, Profile] = {}
    entities = [element for holder in _holders(root) for element in holder if element.tag in _ENTITIES]
    for element in entities:
        name = element.get("profile_name")
        if not name:
            raise ValueError(f"a <{element.tag}> has no profile_name, by which Clients refer to it")
        if element.tag == "participant":
            continue
        profile = _profile(element, writer=element.tag in _WRITERS)
        if profile is None:
            lacks = "service_name, request_type and reply_type" if element.tag in _SERVICES else "a topic with a name"
            raise ValueError(f"<{element.tag}> {name!r} lacks {lacks}")
        if name in found:
            raise ValueError(f"two profiles are called {name!r}")
        found[name] = profile
    if not entities:
        raise ValueError(f"no profiles in its <{root.tag}>")
    return found


def _holders(root: ElementTree.Element) -> list[ElementTree.Element]:
    """The elements whose children are profiles."""
    return root.findall("profiles") if root.tag == "dds" else [root] if root.tag == "profiles" else []


def _profile(element: ElementTree.Element, *, writer: bool) -> Profile | None:
    if element.tag in _SERVICES:
        return _service(element)
    topic = element if element.tag == "topic" else element.find("topic")
    if topic is None:
        return None
    name = (topic.findtext("name") or "").strip()
    if not name:
        return None
    type_name = (topic.findtext("dataType") or "").strip() or None
    return Profile(topic=name, type_name=type_name, qos=_qos(element, topic, writer=writer))


def _service(element: ElementTree.Element) -> Profile | None:
    service = element.get("service_name")
    request, reply = element.get("request_type"), element.get("reply_type")
    if not (service and request and reply):
        return None
    return Profile(
        service=ServiceBody(
            service=service,
            request_type=request,
            reply_type=reply,
            request_topic=element.findtext("request_topic_name"),
            reply_topic=element.findtext("reply_topic_name"),
        )
    )


def _qos(element: ElementTree.Element, topic: ElementTree.Element, *, writer: bool) -> EndpointQos:
    """QoS of an endpoint; what is absent has the defaults of DDS writers and readers."""
    reliability = (element.findtext("qos/reliability/kind") or ("RELIABLE" if writer else "BEST_EFFORT")).strip()
    durability = (element.findtext("qos/durability/kind") or "").strip()
    if not durability:
        durability = "TRANSIENT_LOCAL" if writer else "VOLATILE"
    history = (topic.findtext("historyQos/kind") or "KEEP_LAST").strip()
    depth_text = (topic.findtext("historyQos/depth") or "").strip()
    flags = QosFlag.RELIABLE if reliability == "RELIABLE" else 0
    if history == "KEEP_LAST":
        flags |= QosFlag.KEEP_LAST
    flags |= {
        "TRANSIENT_LOCAL": QosFlag.TRANSIENT_LOCAL,
        "TRANSIENT": QosFlag.TRANSIENT,
        "PERSISTENT": QosFlag.PERSISTENT,
    }.get(durability, 0)
    return EndpointQos(flags=int(flags), depth=int(depth_text) if depth_text.isdigit() else None)
