"""The shared wire rows, decoded and encoded by the Python codec. The C client's tests read the same rows."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from rig import xrce

ROWS = json.loads((Path(__file__).parent.parent / "data" / "xrce_vectors.json").read_text())
MESSAGES = {row["name"]: row for row in ROWS["messages"]}
FRAMES = {row["name"]: row for row in ROWS["frames"]}
LINES = {row["name"]: row for row in ROWS["frame_streams"]}


def masked(data: bytes, mask: bytes) -> bytes:
    return bytes(value & keep for value, keep in zip(data, mask, strict=True))


def snake(name: str) -> str:
    special = {"AckNack": "acknack"}
    return special.get(name) or re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def plain_create(value: xrce.Create) -> dict[str, Any]:
    out: dict[str, Any] = {
        "request_id": value.request_id,
        "object_id": value.object_id,
        "reuse": value.reuse,
        "replace": value.replace,
        "object_kind": value.object_kind,
        "format": value.representation.name.lower(),
        "body": value.body.hex() if value.representation is xrce.RepresentationFormat.BIN else value.text,
    }
    for name in ("domain_id", "parent_id"):
        if getattr(value, name) is not None:
            out[name] = getattr(value, name)
    return out


def plain(value: Any) -> Any:
    """A decoded value in the words of the data file."""
    if isinstance(value, xrce.Create):
        return plain_create(value)
    if dataclasses.is_dataclass(value):
        out = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        if isinstance(value, xrce.CreateClient):
            assert out.pop("cookie") == b"XRCE".hex()
        if isinstance(value, xrce.WriteData | xrce.Data):
            assert out.pop("data_format") == 0
        if isinstance(value, xrce.ReadData):
            out["format"] = out.pop("data_format")
        if isinstance(value, xrce.AckNack):
            del out["bitmap"]
            out["missing"] = list(value.missing)
        if isinstance(value, xrce.ReadData | xrce.Heartbeat | xrce.AckNack):
            out["stream"] = out.pop("stream_id")
        return out
    if isinstance(value, bytes):
        return value.hex()
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def without_padding(item: xrce.Submessage) -> xrce.Submessage:
    """BIN bodies keep their padding bytes."""
    return dataclasses.replace(item, body=b"") if isinstance(item, xrce.Create) else item


@pytest.mark.parametrize("name", MESSAGES)
def test_row_decodes_to_what_it_says(name: str) -> None:
    row = MESSAGES[name]
    message = xrce.decode_message(bytes.fromhex(row["hex"]))
    got = plain(message.header)
    got["submessages"] = [{"kind": snake(type(item).__name__)} | plain(item) for item in message.submessages]
    assert got == row["decoded"]


@pytest.mark.parametrize("name", MESSAGES)
def test_row_decodes_whatever_stands_in_its_padding(name: str) -> None:
    row = MESSAGES[name]
    data, mask = bytes.fromhex(row["hex"]), bytes.fromhex(row["mask"])
    noisy = bytes(value | (~keep & 0xA5) for value, keep in zip(data, mask, strict=True))
    first, second = xrce.decode_message(data), xrce.decode_message(noisy)
    assert [without_padding(item) for item in first.submessages] == [
        without_padding(item) for item in second.submessages
    ]


@pytest.mark.parametrize("name", [name for name, row in MESSAGES.items() if row["canonical"]])
def test_canonical_row_encodes_to_its_bytes(name: str) -> None:
    row = MESSAGES[name]
    data, mask = bytes.fromhex(row["hex"]), bytes.fromhex(row["mask"])
    assert masked(xrce.encode_message(xrce.decode_message(data)), mask) == masked(data, mask)


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("extra", [1, 2, 3])
def test_row_decodes_with_trailing_padding(name: str, extra: int) -> None:
    row = MESSAGES[name]
    if name == "write_data_without_length":
        pytest.skip("its body reaches to the end of the message by definition")
    data = bytes.fromhex(row["hex"])
    assert xrce.decode_message(data + bytes(extra)) == xrce.decode_message(data)


@pytest.mark.parametrize("name", MESSAGES)
def test_row_cut_short_is_refused_or_is_a_shorter_message(name: str) -> None:
    data = bytes.fromhex(MESSAGES[name]["hex"])
    whole = xrce.decode_message(data)
    for size in range(len(data)):
        try:
            part = xrce.decode_message(data[:size])
        except xrce.XrceDecodeError as error:
            assert 0 <= error.offset <= size
            assert error.reason
        else:
            if name != "write_data_without_length":
                assert part.submessages == whole.submessages[: len(part.submessages)]
                assert len(part.submessages) < len(whole.submessages) or len(data) - size <= 3


@pytest.mark.parametrize("name", MESSAGES)
def test_row_has_words(name: str) -> None:
    lines = xrce.describe(xrce.decode_message(bytes.fromhex(MESSAGES[name]["hex"])))
    assert len(lines) == len(MESSAGES[name]["decoded"]["submessages"])
    assert all(line and "\n" not in line for line in lines)


@pytest.mark.parametrize("row", ROWS["crc16_arc"], ids=lambda row: row["text"] or "empty")
def test_crc_row(row: dict[str, Any]) -> None:
    assert xrce.crc16_arc(row["text"].encode()) == row["value"]


@pytest.mark.parametrize("name", FRAMES)
def test_frame_row_encodes(name: str) -> None:
    row = FRAMES[name]
    frame = xrce.encode_frame(bytes.fromhex(row["payload"]), source=row["source"], destination=row["destination"])
    assert frame.hex() == row["frame"]


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("step", [1, 2, 3, 7, 10_000])
@pytest.mark.parametrize("tail", ["", "7e", "7d", "00", "7e01"])
def test_frame_row_decodes_in_any_pieces(name: str, step: int, tail: str) -> None:
    row = FRAMES[name]
    line = bytes.fromhex(row["frame"] + tail)
    decoder = xrce.FrameDecoder()
    events = [event for start in range(0, len(line), step) for event in decoder.feed(line[start : start + step])]
    frames = [event for event in events if isinstance(event, xrce.Frame)]
    assert frames == [
        xrce.Frame(
            source=row["source"],
            destination=row["destination"],
            payload=bytes.fromhex(row["payload"]),
            raw=bytes.fromhex(row["frame"]),
        )
    ]


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("step", [1, 5, 10_000])
def test_line_row_gives_its_payloads(name: str, step: int) -> None:
    row = LINES[name]
    line = bytes.fromhex(row["bytes"])
    decoder = xrce.FrameDecoder(address=0)
    payloads = [
        event.payload.hex()
        for start in range(0, len(line), step)
        for event in decoder.feed(line[start : start + step])
        if isinstance(event, xrce.Frame)
    ]
    assert payloads == row["payloads"]
