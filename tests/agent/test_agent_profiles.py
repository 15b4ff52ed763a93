"""What the Agent reads out of XML, also out of XML that is not quite well formed."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_wire import Wire, new_core

from rig import xrce
from rig.agent import load_profiles
from rig.agent.builtin._profiles import parse_xml

SERVICE = xrce.ServiceBody(service="sum", request_type="Q", reply_type="R")


@pytest.mark.parametrize(
    "text",
    [
        '<dds><requester profile_name="p" service_name="sum" request_type="Q" reply_type="R"></requester></dds>',
        '<dds><requester profile_name="p"service_name="sum"request_type="Q"reply_type="R"></requester></dds>',
        "<dds><replier profile_name='p'service_name='sum'request_type='Q'reply_type='R'></replier></dds>",
        "<requester service_name = 'sum'request_type\t=\n\"Q\"reply_type='R'/>",
        "<replier service_name='sum'request_type='Q'reply_type='R'note='>\"x\"y'/>",
    ],
)
def test_service_with_and_without_white_space_between_attributes(text: str) -> None:
    profile = parse_xml(text)
    assert profile is not None and profile.service == SERVICE


@pytest.mark.parametrize(
    "value",
    ['="x"y', "a='b'c", "1 > 0", "=' '", 'a="b"c="d"'],
    ids=range(5),  # whatever the text looks like
)
def test_values_and_text_stay_as_they_are(value: str) -> None:
    quote = "'" if '"' in value else '"'
    profile = parse_xml(f"<requester service_name={quote}{value}{quote} request_type='Q'reply_type='R'/>")
    assert profile is not None and profile.service is not None and profile.service.service == value
    profile = parse_xml(f"<dds><topic a='1'b='2'><name>{value}</name><dataType>T</dataType></topic></dds>")
    assert profile is not None and profile.topic == value


@pytest.mark.parametrize(
    "text",
    [
        "<requester service_name='sum'request_type='Q'reply_type=R/>",
        "<requester service_name='sum'request_type='Q'request_type='Q'reply_type='R'/>",
        "<requester service_name='sum'request_type='Q'reply_type='R'",
        "<requester service_name='sum'request_type='Q'reply_type='R'><!-- --></requester>",
        "<!DOCTYPE x [<!ENTITY e 'sum'>]><requester service_name='&e;'request_type='Q'reply_type='R'/>",
        "<requester" + " a='b'" * 5 + "'" * 100_000,
        "",
    ],
    ids=range(7),
)
def test_what_is_no_xml_is_refused(text: str) -> None:
    assert parse_xml(text) is None


def test_profile_file_is_read_alike(tmp_path: Path) -> None:
    file = tmp_path / "profiles.xml"
    file.write_text(
        "<profiles><requester profile_name='p'service_name='sum'request_type='Q'reply_type='R'/></profiles>"
    )
    assert load_profiles(file)["p"].service == SERVICE


def test_service_by_such_xml_works() -> None:
    core = new_core()
    server, asker = Wire(core, 1).ground(), Wire(core, 2).ground()
    form = xrce.RepresentationFormat.XML
    for wire, kind, object_id in ((server, "replier", 0x18), (asker, "requester", 0x17)):
        text = f'<dds><{kind} profile_name="p"service_name="sum"request_type="Q"reply_type="R"></{kind}></dds>'
        assert wire.status(wire.create(object_id, text.encode(), parent=0x11, form=form)) == xrce.StatusCode.OK
        wire.read(object_id)
    request = asker.write(b"1 + 1", 0x17)
    ((_, sample),) = server.samples
    server.write(sample[:24] + b"2", 0x18)
    assert asker.samples == [(0x17, request.to_bytes(2, "big") + b"\0\x172")]
