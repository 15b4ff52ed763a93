"""Turns the wire rows and transcripts of tests/data into C tables for the unit tests.

Knows the JSON of tests/data and where DDS-XRCE puts padding, whose bytes a recorded Client left uninitialised.
Must not know the C client: what it should send is in the recordings.

    make_rows.py DATA_FOLDER OUTPUT.h
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CREATE_CLIENT, CREATE, BIN = 0, 1, 3
TIMESTAMP = 14
TOPIC, WRITER, READER, REQUESTER, REPLIER = 2, 5, 6, 7, 8

# Recordings that the C client plays again, and the test program's scenario for each; behind a slash the only variant
# that does what the recorded Client did.
SCENARIOS = {
    "udp_session": "session",
    "udp_create_bin_ced": "create",
    "udp_create_bin_dds": "create",
    "udp_create_xml_ced": "xml",
    "udp_create_xml_dds": "xml",
    "udp_create_ref_ced": "ref_ced",
    "udp_create_ref_dds": "ref_dds",
    "udp_delete_entity_ced": "delete",
    "udp_errors_ced": "errors",
    "udp_ping_ced": "ping",
    "serial_ping_ced": "ping",
    "udp_write_reliable_ced": "write4",
    "udp_write_reliable_tail_loss_ced": "write4",
    "udp_read_reliable_ced": "read",
    "udp_read_reliable_dds": "read",
    "udp_read_reliable_tail_loss_ced": "read",
    "udp_read_best_effort_ced": "read_best_effort",
    "udp_fragment_reliable_ced": "fragment",
    "serial_session": "session",
    "serial_create_bin_ced": "create",
    "serial_crc_error_c2a_ced": "write3",
    "serial_fragment_reliable_ced": "fragment",
    "udp_time_sync_ced": "time",
    "serial_time_sync_ced": "time",
    "udp_shm_session_ced": "loopback_bin/shm",
    "udp_shm_session_dds": "loopback_bin/shm",
    "serial_shm_session_ced": "loopback_bin/shm",
    "udp_xml_loopback_noshm_dds": "loopback_xml/network",
    "udp_ref_loopback_noshm_dds": "loopback_ref/network",
    "udp_ref_loopback_shm_dds": "loopback_ref/shm",
    "udp_three_readers_noshm_dds": "readers/network",
    "udp_three_readers_shm_ced": "readers/shm",
    "udp_reqrep_bin_ced_unsupported": "services/network",
    "udp_shm_reqrep_bin_ced": "services/shm",
}

# Recordings that cannot be played, and why.
NOT_PLAYED = {
    "udp_reqrep_bin_dds": "puts a reply and the next request into one message: ours gives each a message of its own",
    "udp_shm_reqrep_bin_dds": "sends the Agent requests that a replier of the same MCU answers: ours keeps them",
}


def c_bytes(data: bytes) -> str:
    """The bytes as a C string literal's inside."""
    return "".join(f"\\x{byte:02x}" for byte in data)


def unframe(frame: bytes) -> bytes:
    """The payload of one recorded serial frame."""
    plain = bytearray()
    escaped = False
    for byte in frame[1:]:
        if byte == 0x7D:
            escaped = True
        else:
            plain.append(byte ^ 0x20 if escaped else byte)
            escaped = False
    return bytes(plain[4 : 4 + int.from_bytes(plain[2:4], "little")])


def submessages(message: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (kind, payload offset, payload length)."""
    at = 4 if message[0] & 0x80 else 8
    while at + 4 <= len(message):
        length = int.from_bytes(message[at + 2 : at + 4], "little")
        yield message[at], at + 4, length
        at = (at + 4 + length + 3) & ~3


def string_end(payload: bytes, at: int) -> int:
    """Offset behind a string."""
    return at + 4 + int.from_bytes(payload[at : at + 4], "little")


def service_padding(payload: bytes, body: int) -> Iterator[int]:
    """Yield offsets of padding in a requester or replier: three strings, two optional ones."""
    at = body
    for part in range(5):
        if part >= 3:
            present = payload[at]
            at += 1
            if not present:
                continue
        while (at - body) % 4:
            yield at
            at += 1
        at = string_end(payload, at)


def create_padding(payload: bytes) -> list[int]:
    """Offsets of padding in the payload of a CREATE."""
    kind, form = payload[4], payload[5]
    padding = [6, 7]
    if form != BIN:
        return padding
    body = 12
    if kind == TOPIC:
        at = string_end(payload, body) + 2
        while (at - body) % 4:
            padding.append(at)
            at += 1
    elif kind in (WRITER, READER):
        padding += [body + 3, body + 7]
    elif kind in (REQUESTER, REPLIER):
        padding += service_padding(payload, body)
    return padding


def mask_of(message: bytes) -> bytes:
    """0xFF where a byte means something."""
    mask = bytearray(b"\xff" * len(message))
    end = 0
    for kind, at, length in submessages(message):
        for pad in range(end, at - 4):
            if end:
                mask[pad] = 0
        if kind == CREATE:
            for pad in create_padding(message[at : at + length]):
                mask[at + pad] = 0
        elif kind == TIMESTAMP:
            mask[at : at + length] = bytes(length)
        end = at + length
        if kind == CREATE_CLIENT:
            return bytes(mask)
    if 0 < end < len(message):
        mask[end:] = bytes(len(message) - end)
    return bytes(mask)


def transcript_rows(path: Path) -> Iterator[str]:
    """Yield a C initialiser for each record."""
    serial = path.name.startswith("serial")
    for line in path.read_text(encoding="utf-8").splitlines():
        record: dict[str, Any] = json.loads(line)
        data = bytes.fromhex(record["hex"])
        if serial:
            data = unframe(data)
        mask = mask_of(data) if record["dir"] == "c2a" else b"\xff" * len(data)
        dropped = bool(record.get("dropped")) or "fwd" in record
        yield (
            f'    {{{int(record["dir"] == "c2a")}, {int(dropped)}, {len(data)}, "{c_bytes(data)}", "{c_bytes(mask)}"}},'
        )


def vector_tables(vectors: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the tables of messages, frames and checksums."""
    yield "static const row_t rows[] = {"
    for row in vectors["messages"]:
        data, mask = bytes.fromhex(row["hex"]), bytes.fromhex(row["mask"])
        yield f'    {{"{row["name"]}", {len(data)}, "{c_bytes(data)}", "{c_bytes(mask)}"}},'
    yield "};\nstatic const frame_row_t frame_rows[] = {"
    for row in vectors["frames"]:
        payload, frame = bytes.fromhex(row["payload"]), bytes.fromhex(row["frame"])
        yield (
            f'    {{"{row["name"]}", {row["source"]}, {row["destination"]}, {len(payload)}, "{c_bytes(payload)}", '
            f'{len(frame)}, "{c_bytes(frame)}"}},'
        )
    yield "};\nstatic const crc_row_t crc_rows[] = {"
    for row in vectors["crc16_arc"]:
        yield f"    {{{json.dumps(row['text'])}, {row['value']}}},"
    yield "};"


HEAD = """\
/* Made by make_rows.py from tests/data: do not edit. */
typedef struct { const char *name; unsigned length; const char *bytes; const char *mask; } row_t;
typedef struct { const char *name; unsigned source; unsigned destination; unsigned length; const char *payload;
                 unsigned frame_length; const char *frame; } frame_row_t;
typedef struct { const char *text; unsigned value; } crc_row_t;
typedef struct { int from_client; int dropped; unsigned length; const char *bytes; const char *mask; } record_t;
typedef struct { const char *name; const char *scenario; const char *variant; const record_t *records;
                 unsigned count; } transcript_t;
"""


def main(arguments: list[str]) -> int:
    """Write the header."""
    data, output = Path(arguments[0]), Path(arguments[1])
    lines = [HEAD]
    lines += vector_tables(json.loads((data / "xrce_vectors.json").read_text(encoding="utf-8")))
    index = []
    recordings = {path.stem for path in (data / "transcripts").glob("*.jsonl")}
    if recordings != SCENARIOS.keys() | NOT_PLAYED.keys():
        print(f"neither played nor excused: {recordings ^ (SCENARIOS.keys() | NOT_PLAYED.keys())}", file=sys.stderr)
        return 1
    for name, scenario_and_variant in SCENARIOS.items():
        scenario, _, variant = scenario_and_variant.partition("/")
        records = list(transcript_rows(data / "transcripts" / f"{name}.jsonl"))
        lines += [f"static const record_t records_{name}[] = {{", *records, "};"]
        index.append(f'    {{"{name}", "{scenario}", "{variant}", records_{name}, {len(records)}}},')
    lines += ["static const transcript_t transcripts[] = {", *index, "};", ""]
    output.write_text("\n".join(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
