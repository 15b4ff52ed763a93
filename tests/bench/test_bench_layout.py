"""The Python mirror of the mailbox against the C header itself."""

import dataclasses
import json
import re
import subprocess
from enum import IntEnum, IntFlag
from pathlib import Path

import pytest

from rig.bench import Statistics
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
    "doing": layout.OFFSET_DOING,
    "ring": layout.OFFSET_RING,
}
ENUMS: dict[str, tuple[str, type[IntEnum] | type[IntFlag]]] = {
    "rig_clock": ("RIG_CLOCK_", layout.ClockKind),
    "rig_command": ("RIG_CMD_", layout.Command),
    "rig_preempt_argument": ("RIG_PREEMPT_", layout.PreemptArgument),
    "rig_preempt_result": ("RIG_PREEMPTED_", layout.Preempted),
    "rig_wake_argument": ("RIG_WAKE_", layout.WakeArgument),
    "rig_wake_result": ("RIG_WOKEN_", layout.Woken),
    "rig_start_for": ("RIG_FOR_", layout.StartFor),
    "rig_doing": ("RIG_DOING_", layout.Doing),
    "rig_service_argument": ("RIG_SERVICE_", layout.ServiceArgument),
    "rig_service_result": ("RIG_SERVED_", layout.Served),
    "rig_exchange_argument": ("RIG_EXCHANGE_", layout.ExchangeArgument),
    "rig_exchange_flag": ("RIG_EXCHANGE_", layout.ExchangeFlag),
    "rig_exchange_result": ("RIG_EXCHANGED_", layout.Exchanged),
    "rig_counter": ("RIG_COUNT_", layout.Counter),
    "rig_record_kind": ("RIG_RECORD_", layout.EntryKind),
    "rig_step": ("RIG_STEP_", layout.Step),
    "rig_link_state": ("RIG_LINK_", layout.LinkState),
    "rig_context": ("RIG_CONTEXT_", layout.Context),
    "rig_record_flag": ("RIG_RECORD_", layout.EntryFlag),
}
NO_MEMBERS = {"RIG_COUNTERS"}  # the number of the others


def enums_of_the_header() -> dict[str, list[str]]:
    """The constants of each enum, as written."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(encoding="utf-8"), flags=re.DOTALL)
    return {
        name: [word for word in re.findall(r"\b(RIG_\w+)\s*=", body) if word not in NO_MEMBERS]
        for name, body in re.findall(r"enum (\w+) \{(.*?)\}", text, flags=re.DOTALL)
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
    assert found["record"] == layout.ENTRY.size


def test_every_enum_of_the_header_has_its_mirror_and_all_its_members() -> None:
    found = enums_of_the_header()
    assert found.keys() == ENUMS.keys()
    for name, (prefix, mirror) in ENUMS.items():
        assert found[name] == [f"{prefix}{member.name}" for member in mirror], name


@pytest.mark.parametrize("name", ENUMS)
def test_numbers_are_those_of_the_header(tmp_path: Path, name: str) -> None:
    prefix, mirror = ENUMS[name]
    names = [str(member.name) for member in mirror]
    found = compiled(tmp_path, "".join(f'printf("\\"{n}\\": %d, ", (int){prefix}{n});' for n in names))
    assert {name: found[name] for name in names} == {member.name: member.value for member in mirror}


def test_words_of_the_statistics_are_the_fields_of_the_structure(tmp_path: Path) -> None:
    words = list(layout.StatisticsWord)
    body = "".join(
        f'printf("\\"{w.name}\\": %d, ", (int)(offsetof(rig_mw_statistics_t, {w.name.lower()}) / 4));' for w in words
    )
    size = 'printf("\\"words\\": %d, ", (int)(sizeof(rig_mw_statistics_t) / 4));'
    found = compiled(tmp_path, body + size)
    assert found == {**{w.name: w.value for w in words}, "words": len(words), "end": 0}
    assert [w.name.lower() for w in words] == [field.name for field in dataclasses.fields(Statistics)]


def test_a_command_has_a_word_in_every_slot() -> None:
    slots = {slot: 10 + slot for slot in reversed(layout.PreemptArgument)}
    assert layout.arguments(slots) == (10, 11, 12, 13, 14, 15, 16, 17, 18, 19)
    del slots[layout.PreemptArgument.COUNT]
    with pytest.raises(ValueError, match="PreemptArgument: no COUNT"):
        layout.arguments(slots)


def test_status_and_capabilities_are_those_of_the_middleware_header(tmp_path: Path) -> None:
    errors = [member for member in layout.Status if member is not layout.Status.OK]
    body = "".join(f'printf("\\"{m.name}\\": %d, ", (int)RIG_MW_ERR_{m.name});' for m in errors)
    assert compiled(tmp_path, body) == {**{m.name: m.value for m in errors}, "end": 0}
    flags = list(layout.Capability)
    body = "".join(f'printf("\\"{m.name}\\": %d, ", (int)RIG_MW_CAP_{m.name});' for m in flags)
    assert compiled(tmp_path, body) == {**{str(m.name): m.value for m in flags}, "end": 0}
