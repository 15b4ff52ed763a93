"""firmware/bench in storeys: no include and no call goes up, and no files go round in a circle.

The calls are read from object files: a symbol that one object needs and another one has, so also a variable that two
files share.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from arrows import Arrows, circle
from arrows import calls as calls_of

BENCH = Path(__file__).resolve().parents[2] / "firmware" / "bench"
STOREYS = (  # lowest first; of the files of one storey none knows another
    ("rig_mailbox", "bench_payload", "bench_copy_hook"),
    ("bench_counters", "bench_mailbox", "bench_rtt"),
    ("bench_locks", "bench_ring", "bench_middleware"),
    ("bench_exchange", "bench_preempt", "bench_program", "bench_service"),
    ("bench_commands",),
    ("bench_main",),
)
LEVEL = {part: level for level, parts in enumerate(STOREYS) for part in parts}

pytestmark = pytest.mark.firmware


def wrong(arrows: Arrows) -> list[str]:
    """Arrows that do not go down."""
    return [f"{a} -> {b}" for a in sorted(arrows) for b in sorted(arrows[a]) if a != b and LEVEL[b] >= LEVEL[a]]


def includes(root: Path) -> Arrows:
    arrows: Arrows = {}
    for file in sorted(root.glob("*.[ch]")):
        found = re.findall(r'^\s*#\s*include "([^"]+)"', file.read_text(encoding="utf-8"), re.MULTILINE)
        ours = {name.removesuffix(".h") for name in found if (root / name).is_file()} - {file.stem}
        arrows.setdefault(file.stem, set()).update(ours)
    return arrows


def calls(root: Path, folder: Path) -> Arrows:
    """By part, which is NAME.c and NAME.h. Builds each source by itself, without optimisation: no call is lost to
    inlining.
    """
    firmware = BENCH.parent
    search = [root, firmware / "ports", firmware / "ports" / "posix", firmware / "middleware"]
    identity = ['-DBENCH_VARIANT="shm"', '-DRIG_PORT_OS="host"']  # as CMakeLists.txt defines them
    options = ["-std=gnu11", "-O0", *identity, *(f"-I{path}" for path in search)]
    objects = {}
    for source in sorted(root.glob("*.c")):
        objects[source.stem] = folder / f"{source.stem}.o"
        command = ["cc", *options, "-c", source, "-o", objects[source.stem]]
        subprocess.run(command, check=True, capture_output=True)
    return calls_of(objects)


def test_every_file_has_its_storey() -> None:
    assert {file.stem for file in BENCH.glob("*.[ch]")} == LEVEL.keys()


def test_no_include_goes_up_or_round() -> None:
    arrows = includes(BENCH)
    assert not wrong(arrows)
    assert not circle(arrows)


def test_no_call_goes_up_or_round(tmp_path: Path) -> None:
    arrows = calls(BENCH, tmp_path)
    assert sum(len(found) for found in arrows.values()) > 15  # or nothing was read
    assert not wrong(arrows)
    assert not circle(arrows)


def test_a_seeded_call_back_is_found(tmp_path: Path) -> None:
    copy = tmp_path / "bench"
    shutil.copytree(BENCH, copy)
    with (copy / "bench_ring.c").open("a", encoding="utf-8") as file:
        file.write("\nint bench_publish(const uint32_t *);\nint seeded(void) { return bench_publish(0); }\n")
    arrows = calls(copy, tmp_path)
    assert wrong(arrows) == ["bench_ring -> bench_exchange"]
    assert {"bench_ring", "bench_exchange"} <= set(circle(arrows))
