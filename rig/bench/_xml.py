"""The DDS XML of topics and endpoints, as an application hands it to its Client.

Default values are left out: the mailbox's text field has no room for them.
"""

from __future__ import annotations

from rig.bench._topology import DATAWRITER, REQUESTER


def topic_xml(name: str, type_name: str) -> str:
    """A topic."""
    return f"<dds>{_topic(name, type_name)}</dds>"


def endpoint_xml(kind: int, name: str, type_name: str, *, reliable: bool, transient_local: bool) -> str:
    """A data writer or a data reader, by its object kind of DDS-XRCE, on a topic."""
    tag = "data_writer" if kind == DATAWRITER else "data_reader"
    reliability = "RELIABLE" if reliable else "BEST_EFFORT"
    durability = "<durability><kind>TRANSIENT_LOCAL</kind></durability>" if transient_local else ""
    quality = f"<qos><reliability><kind>{reliability}</kind></reliability>{durability}</qos>"
    return f"<dds><{tag}>{_topic(name, type_name)}{quality}</{tag}></dds>"


def service_xml(kind: int, name: str, request_type: str, reply_type: str) -> str:
    """A requester or a replier, by its object kind of DDS-XRCE, of a service."""
    tag = "requester" if kind == REQUESTER else "replier"
    attributes = f'service_name="{name}" request_type="{request_type}" reply_type="{reply_type}"'
    return f'<dds><{tag} profile_name="p" {attributes}></{tag}></dds>'


def _topic(name: str, type_name: str) -> str:
    return f"<topic><name>{name}</name><dataType>{type_name}</dataType></topic>"
