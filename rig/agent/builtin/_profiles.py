"""XML and REF representations of entities.

Knows the XML that DDS-XRCE Clients send and that profile files hold. Must not know sessions, nor files.
Document type declarations are refused: nothing expands. One fault is forgiven, as Clients in use have it and other
Agents do not mind: no white space between attributes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from rig.xrce import EndpointQos, QosFlag, ServiceBody

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


def _root(text: str) -> ElementTree.Element:
    """Parse a document. :raises ElementTree.ParseError: it is none."""
    return ElementTree.fromstring(_TAG.sub(lambda tag: _VALUE.sub(r"\g<0> ", tag[0]), text))


def parse_xml(text: str, *, writer: bool = False) -> Profile | None:
    """Read the XML of a topic, endpoint or service; None if it is none of them or malformed."""
    if "<!" in text:
        return None
    try:
        root = _root(text)
    except ElementTree.ParseError:
        return None
    element = root[0] if root.tag == "dds" and len(root) else root
    return _profile(element, writer=writer)


def read_profiles(text: str) -> dict[str, Profile]:
    """Read the text of a profile file.

    :raises ValueError: it holds no XML profiles; the text says why.
    """
    if "<!" in text.replace("<!--", ""):
        raise ValueError("document type declarations are not read")
    try:
        root = _root(text)
    except ElementTree.ParseError as error:
        raise ValueError(f"{error}; it must be one <profiles> element") from error
    found: dict[str, Profile] = {}
    for element in root:
        name = element.get("profile_name")
        profile = _profile(element, writer=element.tag == "data_writer")
        if name and profile is not None:
            found[name] = profile
    return found


def _profile(element: ElementTree.Element, *, writer: bool) -> Profile | None:
    if element.tag in ("requester", "replier"):
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
