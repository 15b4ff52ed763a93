"""The DDS XML of topics and endpoints, as an application hands it to its Client.

Default values are left out: the mailbox's text field has no room for them.
"""

from __future__ import annotations

from rig.bench._topology import DATAWRITER, REQUESTER
from rig.model import Qos


def topic_xml(name: str, type_name: str) -> str:
    """A topic."""
    return f"<dds>{_topic(name, type_name)}</dds>"


def endpoint_xml(kind: int, name: str, type_name: str, qos: Qos) -> str:
    """A data writer or a data reader, by its object kind of DDS-XRCE, on a topic."""
    tag = "data_writer" if kind == DATAWRITER else "data_reader"
    reliability = "RELIABLE" if qos.reliable else "BEST_EFFORT"
    durability = "<durability><kind>TRANSIENT_LOCAL</kind></durability>" if qos.transient_local else ""
    quality = f"<qos><reliability><kind>{reliability}</kind></reliability>{durability}</qos>"
    return f"<dds><{tag}>{_topic(name, type_name, _history(qos))}{quality}</{tag}></dds>"


def _history(qos: Qos) -> str:
    if qos.keep_all:
        return "<historyQos><kind>KEEP_ALL</kind></historyQos>"
    return f"<historyQos><kind>KEEP_LAST</kind><depth>{qos.depth}</depth></historyQos>" if qos.depth else ""


def service_xml(kind: int, name: str, request_type: str, reply_type: str) -> str:
    """A requester or a replier, by its object kind of DDS-XRCE, of a service."""
    tag = "requester" if kind == REQUESTER else "replier"
    attributes = f'service_name="{name}" request_type="{request_type}" reply_type="{reply_type}"'
    return f'<dds><{tag} profile_name="p" {attributes}></{tag}></dds>'


def _topic(name: str, type_name: str, history: str = "") -> str:
    return f"<topic><name>{name}</name><dataType>{type_name}</dataType>{history}</topic>"
