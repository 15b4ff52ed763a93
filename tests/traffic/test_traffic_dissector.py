"""The dissector for Wireshark in a real tshark: it must read every message as the rig's codec does."""

from __future__ import annotations

import json
import random
import shutil
import struct
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from test_traffic_captures import AGENT, CLIENT, LOGIN, Sent, pcapng, segment

from rig import xrce
from rig.traffic import wireshark_dissector

DATA = Path(__file__).parent.parent / "data"
TSHARK = shutil.which("tshark")
pytestmark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
LOOPBACK = 101
USER0 = 147
BETWEEN = "\x1f"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lua") / "xrce.lua"
    path.write_text(wireshark_dissector(), encoding="utf-8")
    return path


def tshark(script: Path, capture: Path, *arguments: str) -> str:
    assert TSHARK is not None
    command = [TSHARK, "-n", "-X", f"lua_script:{script}", "-r", str(capture), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="backslashreplace", timeout=100, check=True)
    for said in (done.stdout, done.stderr):
        assert "Lua Error" not in said and "xrce.lua:" not in said, said
    return done.stdout


def column(script: Path, capture: Path, name: str = "_ws.col.Info") -> list[str]:
    return tshark(script, capture, "-T", "fields", "-e", name).splitlines()


# every field of every message

BIG_ENDIAN = (
    "02000800 000a fffd 00000003",  # GET_INFO
    "0b000500 0001 0102 80",  # HEARTBEAT
    "0a000500 0102 8001 80",  # ACKNACK: the bits of what is missing are high first in either order
    "0e000800 fffffffe 00000005",  # TIMESTAMP
    "01000f00 000a 0012 02 02 0000 00000003 616200",  # CREATE without a parent
)


def leaves(layout: Iterable[xrce.Field]) -> Iterator[xrce.Field]:
    for field in layout:
        if field.type is not xrce.FieldType.CHOICE:
            yield field
        for parts in (field.parts, *field.choices.values()):
            yield from leaves(parts)


FIELDS = {field.name: field for layout in xrce.LAYOUTS.values() for field in leaves(layout)}


def shown(field: xrce.Field) -> str:
    return f"xrce.{field.name}_count" if field.type is xrce.FieldType.REPEATED else f"xrce.{field.name}"


def messages() -> list[bytes]:
    """What was recorded, the rows that the codec is tested with, and what neither holds."""
    found = []
    for path in sorted((DATA / "transcripts").glob("*.jsonl")):
        for line in path.read_text().splitlines():
            data = bytes.fromhex(json.loads(line)["hex"])
            frames = [event for event in xrce.FrameDecoder().feed(data) if isinstance(event, xrce.Frame)]
            found += [frame.payload for frame in frames] if data[0] == 0x7E else [data]
    rows = json.loads((DATA / "xrce_vectors.json").read_text())["messages"]
    found += [bytes.fromhex(row["hex"]) for row in rows]
    found += [bytes.fromhex(f"81800100 {body}") for body in BIG_ENDIAN]
    more: list[xrce.Submessage] = [
        xrce.ReadData(
            request_id=1,
            object_id=0x16,
            stream_id=0x80,
            content_filter="x > 1",
            delivery=xrce.DeliveryControl(max_samples=7, max_elapsed=8, max_bytes_per_second=9, min_pace=10),
        ),
        xrce.Info(
            request_id=2,
            object_id=xrce.OBJECT_AGENT,
            status=0,
            implementation_status=1,
            config=xrce.AgentConfig(properties=(("a", "b"), ("cc", ""))),
            activity=xrce.AgentActivity(
                availability=-5,
                locators=((0, b"\1\2\3"), (1, b"\x7f\0\0\1\xb8\x22"), (2, bytes(range(20))), (3, b"/dev/tty")),
            ),
        ),
        xrce.Info(request_id=3, object_id=0x15, activity=xrce.WriterActivity(remote_readers=300)),
        xrce.TimestampReply(transmit=(-1, 2), receive=(3, 4), originate=(5, 6)),
        xrce.Timestamp(transmit=(1_700_000_000, 999_999_999)),
        xrce.Reset(),
        xrce.Data(request_id=4, object_id=0x16, data=b""),
        xrce.Unknown(submessage_id=0x55, flags=1, data=b"1234"),
    ]
    header = xrce.Header(session_id=0x01, stream_id=3, sequence=0x1234, client_key=b"\xaa\xbb\xcc\xdd")
    found += [xrce.encode_message(xrce.Message(header=header, submessages=(item,))) for item in more]
    found.append(xrce.encode_message(xrce.Message(header=header, submessages=tuple(more[:5]))))
    readable = []
    for data in found:
        try:
            readable += [data] if xrce.decode_message(data).submessages else []
        except xrce.XrceDecodeError:
            continue
    return readable


def time(name: str, value: tuple[int, int]) -> dict[str, Any]:
    return {f"{name}_seconds": value[0], f"{name}_nanoseconds": value[1]}


def identity(version: tuple[int, int], vendor: tuple[int, int]) -> dict[str, Any]:
    return {"cookie": xrce.COOKIE, "version": bytes(version), "vendor": bytes(vendor)}


def properties(of: xrce.Properties) -> dict[str, Any]:
    out: dict[str, Any] = {"properties": bool(of)}
    if of:
        out |= {"property": len(of), "property_name": [a for a, _ in of], "property_value": [b for _, b in of]}
    return out


def result(item: Any) -> dict[str, Any]:
    return {"status": int(item.status), "implementation_status": item.implementation_status}


def request(item: Any) -> dict[str, Any]:
    return {"request_id": item.request_id, "object_id": item.object_id}


def info(item: xrce.Info) -> dict[str, Any]:
    out = request(item) | result(item) | {"config": item.config is not None, "activity": item.activity is not None}
    kinds = []
    if item.config is not None:
        kinds.append(item.config.kind)
        out |= identity(item.config.version, item.config.vendor) | properties(item.config.properties)
    if item.activity is not None:
        kinds.append(item.activity.kind)
    if isinstance(item.activity, xrce.WriterActivity):
        out["remote_readers"] = item.activity.remote_readers
    elif isinstance(item.activity, xrce.AgentActivity):
        locators = item.activity.locators
        out |= {"availability": item.activity.availability, "locator": len(locators)}
        out["locator_format"] = [form for form, _ in locators]
        for form, raw in locators:
            parts: dict[str, Any] = {
                0: {"locator_small": raw},
                1: {"locator_ipv4": raw[:4], "locator_port": int.from_bytes(raw[4:], "little")},
                2: {"locator_ipv6": raw[:16], "locator_port_long": int.from_bytes(raw[16:], "little")},
                3: {"locator_text": raw.decode(errors="replace")},
            }[form]
            out |= {name: [*out.get(name, []), value] for name, value in parts.items()}
    return out | {"info_kind": [int(kind) for kind in kinds]}


def create(item: xrce.Create) -> dict[str, Any]:
    out = request(item) | {"object_kind": int(item.object_kind), "representation": int(item.representation)}
    binary = item.representation is xrce.RepresentationFormat.BIN
    out["body" if binary else "text"] = (item.body or None) if binary else item.text
    return out | {"domain_id": item.domain_id, "parent_id": item.parent_id}


def facts(item: xrce.Submessage) -> dict[str, Any]:  # noqa: PLR0911, PLR0912 - one branch a submessage
    """What the codec read, by the names of the table."""
    match item:
        case xrce.CreateClient():
            ours = {"create_client_key": item.client_key, "create_session_id": item.session_id, "mtu": item.mtu}
            return identity(item.version, item.vendor) | {"cookie": item.cookie} | ours | properties(item.properties)
        case xrce.Create():
            return create(item)
        case xrce.GetInfo():
            return request(item) | {"info_mask": item.mask}
        case xrce.Delete():
            return request(item)
        case xrce.StatusAgent():
            return result(item) | identity(item.version, item.vendor) | properties(item.properties)
        case xrce.Status():
            return request(item) | result(item)
        case xrce.Info():
            return info(item)
        case xrce.WriteData() | xrce.Data():
            return request(item) | {"data": item.data or None}
        case xrce.ReadData():
            out = request(item) | {"read_stream_id": item.stream_id, "data_format": item.data_format}
            out |= {"filtered": item.content_filter is not None, "content_filter": item.content_filter}
            out["delivery"] = item.delivery is not None
            names = ("max_samples", "max_elapsed", "max_bytes_per_second", "min_pace")
            return out | {name: getattr(item.delivery, name) for name in names if item.delivery is not None}
        case xrce.AckNack():
            ack = {"first_unacked": item.first_unacked, "missing": item.bitmap}
            return ack | {"acked_stream_id": item.stream_id}
        case xrce.Heartbeat():
            beat = {"first_unacked": item.first_unacked, "last_sent": item.last}
            return beat | {"acked_stream_id": item.stream_id}
        case xrce.Fragment():
            return {"fragment": item.data}
        case xrce.Timestamp():
            return time("transmit", item.transmit)
        case xrce.TimestampReply():
            return time("transmit", item.transmit) | time("receive", item.receive) | time("originate", item.originate)
    return {}


def expected(message: bytes) -> dict[str, list[str]]:
    out: dict[str, list[str]] = defaultdict(list)
    decoded = xrce.decode_message(message)
    head = decoded.header
    out["xrce.session_id"] = [str(head.session_id)]
    out["xrce.stream_id"] = [str(head.stream_id)]
    out["xrce.sequence"] = [str(head.sequence)]
    out["xrce.client_key"] = [head.client_key.hex()] if head.client_key is not None else []
    for item in decoded.submessages:
        for name, value in facts(item).items():
            for each in value if isinstance(value, list) else [value]:
                if each is not None:
                    text = each.hex() if isinstance(each, bytes) else str(int(each)) if isinstance(each, int) else each
                    out[shown(FIELDS[name])].append(text)
    return {name: values for name, values in out.items() if any(values)}  # an empty text leaves its cell empty


def read(text: str) -> list[str]:
    """Values of one cell, numbers in decimal."""
    words = {"True": "1", "False": "0"}
    values = [words.get(value, value) for value in text.split(BETWEEN)]
    return [str(int(value, 16)) if value.startswith("0x") else value for value in values]


def test_every_field_of_every_message_is_read_as_the_codec_reads_it(tmp_path: Path, script: Path) -> None:
    sent = messages()
    capture = pcapng(tmp_path / "all.pcapng", [Sent(message).packet() for message in sent], LOOPBACK)
    heads = ["xrce.session_id", "xrce.stream_id", "xrce.sequence", "xrce.client_key"]
    names = [*heads, *dict.fromkeys(map(shown, FIELDS.values()))]
    arguments = [argument for name in names for argument in ("-e", name)]
    output = tshark(script, capture, "-T", "fields", "-E", f"aggregator={BETWEEN}", "-E", "separator=/t", *arguments)
    rows = output.rstrip("\n").split("\n")
    assert len(rows) == len(sent) > 300
    met: set[str] = set()
    for row, message in zip(rows, sent, strict=True):
        got = {name: read(cell) for name, cell in zip(names, row.split("\t"), strict=True) if cell}
        wanted = expected(message)
        assert got == wanted, message.hex()
        met |= set(wanted)
    assert met == set(names), "a field that no message showed"


def test_the_tables_are_those_of_the_codec(script: Path) -> None:
    assert set(xrce.LAYOUTS) == set(xrce.SubmessageKind)
    text = script.read_text()
    for kind in (xrce.SubmessageKind, xrce.StatusCode, xrce.RepresentationFormat):
        for each in kind:
            assert f'[{int(each)}] = "{each.name}"' in text


# how messages are carried


def test_the_column_of_a_login_and_a_sample(tmp_path: Path, script: Path) -> None:
    sample = xrce.WriteData(request_id=1, object_id=0x15, data=bytes(5))
    refusal = xrce.Status(request_id=1, object_id=0x16, status=xrce.StatusCode.ERR_DDS_ERROR)
    header = xrce.Header(session_id=0x81, stream_id=0x80, sequence=7)
    both = xrce.encode_message(xrce.Message(header=header, submessages=(refusal, sample)))
    capture = pcapng(tmp_path / "x.pcapng", [Sent(LOGIN).packet(), Sent(both).packet()], LOOPBACK)
    assert column(script, capture) == [
        "session 0x80 stream 0x00: CREATE_CLIENT",
        "session 0x81 stream 0x80 seq=7: STATUS datareader 0x001 ERR_DDS_ERROR, WRITE_DATA datawriter 0x001",
    ]
    assert column(script, capture, "_ws.col.Protocol") == ["DDS-XRCE"] * 2


def other_port(message: bytes, *, to_agent: bool = True) -> bytes:
    ports = (CLIENT, 2019) if to_agent else (2019, CLIENT)
    head = struct.pack(">HHHH", *ports, 8 + len(message), 0)
    return Sent(message, to_agent=to_agent, head=head).packet()


def test_a_conversation_that_begins_with_a_login_on_any_port(tmp_path: Path, script: Path) -> None:
    answer = xrce.encode_message(
        xrce.Message(header=xrce.Header(session_id=0x81), submessages=(xrce.StatusAgent(status=0),))
    )
    packets = [other_port(b"\x81\1\0\0nothing yet"), other_port(LOGIN), other_port(answer, to_agent=False)]
    capture = pcapng(tmp_path / "x.pcapng", packets, LOOPBACK)
    first, *rest = column(script, capture)
    assert "session" not in first
    assert [line.split(": ")[1] for line in rest] == ["CREATE_CLIENT", "STATUS_AGENT OK"]


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_over_tcp_in_any_pieces(tmp_path: Path, script: Path, step: int) -> None:
    sent = [LOGIN, *[each for each in messages() if len(xrce.decode_message(each).submessages) == 1][:9]]
    stream = b"".join(struct.pack("<H", len(message)) + message for message in sent)
    pieces = [segment(999, flags=2)]
    pieces += [segment(1000 + at, stream[at : at + step]) for at in range(0, len(stream), step)]
    capture = pcapng(tmp_path / "x.pcapng", [piece.packet() for piece in pieces], LOOPBACK)
    output = tshark(script, capture, "-T", "fields", "-E", f"aggregator={BETWEEN}", "-e", "xrce.submessage")
    kinds = [int(value) for line in output.splitlines() if line for value in line.split(BETWEEN)]
    wanted = [message[4 if message[0] >= 0x80 else 8] for message in sent]
    assert kinds == wanted


def test_serial_frames(tmp_path: Path, script: Path) -> None:
    stuffed = xrce.encode_message(
        xrce.Message(
            header=xrce.Header(session_id=0x81, stream_id=1, sequence=0x7E7D),
            submessages=(xrce.WriteData(request_id=1, object_id=0x15, data=b"\x7e\x7d\x5e\x5d\x20"),),
        )
    )
    frame = xrce.encode_frame(stuffed, source=1, destination=0)
    wrong = frame[:-1] + bytes([frame[-1] ^ 1 if frame[-1] ^ 1 not in (0x7D, 0x7E) else frame[-1] ^ 2])
    capture = pcapng(tmp_path / "x.pcapng", [frame, wrong, frame[:9], b"boot"], USER0)
    lines = column(script, capture)
    assert lines[0] == f"session 0x81 stream 0x01 seq={0x7E7D}: WRITE_DATA datawriter 0x001"
    assert lines[1].endswith("[wrong CRC]")
    assert lines[2:] == ["no frame", "no frame"]
    assert column(script, capture, "xrce.data")[0] == "7e7d5e5d20"


def damaged(sent: Sequence[bytes]) -> Iterator[bytes]:
    chance = random.Random(11)
    for message in sent:
        yield message[: chance.randrange(len(message))]
        spoilt = bytearray(message)
        for _ in range(3):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        yield bytes(spoilt)
    for size in range(1, 60):
        yield chance.randbytes(size)


def test_damage_is_said_and_breaks_nothing(tmp_path: Path, script: Path) -> None:
    spoilt = [message for message in damaged(messages()) if message]
    capture = pcapng(tmp_path / "x.pcapng", [Sent(message).packet() for message in spoilt], LOOPBACK)
    assert len(column(script, capture)) == len(spoilt)
    header = b"\x81\x01\x00\x00"
    cases = [header + b"\x07\x01\xff\x00", header + b"\x05\x01\x02\x00\x00\x01", b"\x01\x00\x00"]
    capture = pcapng(tmp_path / "y.pcapng", [Sent(message).packet() for message in cases], LOOPBACK)
    assert all("[malformed]" in line for line in column(script, capture))
    assert AGENT == 8888
