"""What the Agent reads out of XML, also out of XML that is not quite well formed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from agent_wire import Wire, new_core

from rig import xrce
from rig.agent import CED, FASTDDS, AgentCore, AgentLog, Personality, load_profiles
from rig.agent.builtin._profiles import parse_xml
from rig.errors import UsageError

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
        "<!DOCTYPE requester><requester service_name='sum' request_type='Q' reply_type='R'/>",
        "<!DOCTYPE x [<!ENTITY e 'sum'>]><requester service_name='&e;'request_type='Q'reply_type='R'/>",
        "<requester" + " a='b'" * 5 + "'" * 100_000,
        "",
    ],
    ids=range(7),
)
def test_what_is_no_xml_is_refused(text: str) -> None:
    assert parse_xml(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "<requester service_name='sum'request_type='Q'reply_type='R'><!-- --></requester>",
        "<!-- it's the sum --><requester service_name='sum' request_type='Q' reply_type='R'/>",
        "<dds><!-- <!DOCTYPE x> <a b='c'd='e'> --><replier service_name='sum'request_type='Q'reply_type='R'/></dds>",
        "<?xml version='1.0'?>\n<requester service_name='sum' request_type='Q' reply_type='R'/><!-- the end -->",
        "<requester xmlns='http://example.org/r' service_name='sum' request_type='Q' reply_type='R'/>",
    ],
    ids=range(5),
)
def test_what_is_xml_is_read(text: str) -> None:
    profile = parse_xml(text)
    assert profile is not None and profile.service == SERVICE


NAMED = "<topic profile_name='t'><name>rt/a</name><dataType>A_</dataType></topic>"
END = "<{0} profile_name='e'><topic><name>rt/a</name><dataType>A_</dataType></topic></{0}>"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (f"<profiles>{NAMED}</profiles>", {"t"}),
        (f"<dds><profiles>{NAMED}</profiles></dds>", {"t"}),
        (f"<dds xmlns='http://www.eprosima.com'><profiles>{NAMED}</profiles></dds>", {"t"}),
        (f"<dds><log/><profiles>{NAMED}</profiles><profiles>{END.format('data_reader')}</profiles></dds>", {"t", "e"}),
        (f"<profiles><transport_descriptors/><!-- x -->{END.format('publisher')}</profiles>", {"e"}),
        ("\ufeff<?xml version='1.0' encoding='UTF-8'?><profiles><participant profile_name='p'/></profiles>", set()),
    ],
    ids=range(6),
)
def test_profile_files_of_every_shape_are_read(tmp_path: Path, text: str, names: set[str]) -> None:
    file = tmp_path / "agent.refs"
    file.write_text(text, encoding="utf-8")
    assert set(load_profiles(file)) == names


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<profiles/>", "no profiles in its <profiles>"),
        ("<dds/>", "no profiles in its <dds>"),
        (f"<dds>{NAMED}</dds>", "no profiles in its <dds>"),
        (f"<config><profiles>{NAMED}</profiles></config>", "no profiles in its <config>"),
        ("<profiles><types/></profiles>", "no profiles"),
        ("<profiles><topic><name>rt/a</name></topic></profiles>", "has no profile_name"),
        ("<profiles><topic profile_name='t'><dataType>A_</dataType></topic></profiles>", "'t' lacks a topic"),
        ("<profiles><data_writer profile_name='w'/></profiles>", "'w' lacks a topic"),
        ("<profiles><requester profile_name='r' service_name='s'/></profiles>", "'r' lacks service_name"),
        (f"<profiles>{NAMED}{NAMED}</profiles>", "two profiles are called 't'"),
        (f"<!DOCTYPE profiles><profiles>{NAMED}</profiles>", "document type"),
        ("topics:\n  - rt/a\n", "syntax error"),
        ("", "no element found"),
    ],
)
def test_a_profile_file_is_never_taken_as_empty(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "agent.refs"
    file.write_text(text)
    with pytest.raises(UsageError, match=re.escape(why)) as refused:
        load_profiles(file)
    assert str(file) in refused.value.message and refused.value.hint


@pytest.mark.parametrize("personality", [CED, FASTDDS], ids=lambda each: each.name)
def test_a_refused_reference_is_named_in_the_log(personality: Personality) -> None:
    log: list[str] = []
    core = AgentCore(personality=personality, log=AgentLog(log.append))
    ref = xrce.RepresentationFormat.REF
    wire = Wire(core, 1).ground()
    refused = wire.status(wire.create(0x25, b"nobody_knows__dw", parent=0x13, form=ref))
    assert refused is not None and refused >= 0x80
    assert any("ERR_DDS_ERROR" in line and "reference='nobody_knows__dw'" in line for line in log)
    known = [line for line in log if "create OK" in line]
    assert known and not any("reference" in line for line in known)


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
