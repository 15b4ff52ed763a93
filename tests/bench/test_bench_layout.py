"""The Python mirror of the mailbox against the C header itself."""

import json
import subprocess
from enum import IntEnum
from pathlib import Path

import pytest

from rig.bench import _layout as layout

HEADER = Path(__file__).resolve().parents[2] / "firmware" / "bench" / "rig_mailbox.h"
MIDDLEWARE = HEADER.parents[1] / "middleware" / "rig_middleware.h"

OFFSETS = {
    "magic": layout.OFFSET_MAGIC,
    "middleware": layout.OFFSET_MIDDLEWARE,
    "heartbeat": layout.OFFSET_HEARTBEAT,
    "hold": layout.OFFSET_HOLD,
    "hold_release": layout.OFFSET_HOLD_RELEASE,
    "cancel": layout.OFFSET_CANCEL,
    "command_serial": layout.OFFSET_COMMAND_SERIAL,
    "command": layout.OFFSET_COMMAND,
    "arguments": layout.OFFSET_ARGUMENTS,
    "reply_serial": layout.OFFSET_REPLY_SERIAL,
    "status": layout.OFFSET_STATUS,
    "results": layout.OFFSET_RESULTS,
    "text": layout.OFFSET_TEXT,
    "ring_records": layout.OFFSET_RING_RECORDS,
    "head": layout.OFFSET_HEAD,
    "tail": layout.OFFSET_TAIL,
    "program_words": layout.OFFSET_PROGRAM_WORDS,
    "ring": layout.OFFSET_RING,
}
ENUMS: dict[str, type[IntEnum]] = {
    "RIG_CMD_": layout.Command,
    "RIG_COUNT_": layout.Counter,
    "RIG_RECORD_": layout.RecordKind,
    "RIG_CLOCK_": layout.ClockKind,
}


def compiled(tmp_path: Path, body: str) -> dict[str, int]:
    source = tmp_path / "print.c"
    source.write_text(
        f'#include <stdio.h>\n#include "{HEADER}"\n#include "{MIDDLEWARE}"\n'
        f'int main(void) {{ printf("{{"); {body} printf("\\"end\\": 0}}"); return 0; }}\n'
    )
    program = tmp_path / "print"
    subprocess.run(["gcc", "-std=c99", "-o", program, source], check=True)
    found: dict[str, int] = json.loads(subprocess.run([program], check=True, capture_output=True, text=True).stdout)
    return found


def test_offsets_are_those_of_the_header(tmp_path: Path) -> None:
    body = (
        "".join(f'printf("\\"{name}\\": %d, ", (int)offsetof(rig_mailbox_t, {name}));' for name in OFFSETS)
        + 'printf("\\"record\\": %d, ", (int)sizeof(rig_record_t));'
    )
    found = compiled(tmp_path, body)
    assert {name: found[name] for name in OFFSETS} == OFFSETS
    assert found["record"] == layout.RECORD.size


@pytest.mark.parametrize("prefix", ENUMS)
def test_numbers_are_those_of_the_header(tmp_path: Path, prefix: str) -> None:
    names = [member.name for member in ENUMS[prefix]]
    found = compiled(tmp_path, "".join(f'printf("\\"{n}\\": %d, ", (int){prefix}{n});' for n in names))
    assert {name: found[name] for name in names} == {member.name: member.value for member in ENUMS[prefix]}


def test_status_and_capabilities_are_those_of_the_middleware_header(tmp_path: Path) -> None:
    errors = [member for member in layout.Status if member is not layout.Status.OK]
    body = "".join(f'printf("\\"{m.name}\\": %d, ", (int)RIG_MW_ERR_{m.name});' for m in errors)
    assert compiled(tmp_path, body) == {**{m.name: m.value for m in errors}, "end": 0}
    flags = list(layout.Capability)
    body = "".join(f'printf("\\"{m.name}\\": %d, ", (int)RIG_MW_CAP_{m.name});' for m in flags)
    assert compiled(tmp_path, body) == {**{str(m.name): m.value for m in flags}, "end": 0}
