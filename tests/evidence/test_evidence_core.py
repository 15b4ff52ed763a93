"""What a wrecked core leaves: the bundle points at the line, and so does gdb with nothing but the bundle's files."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from rig.board import Board, open_board
from rig.evidence import Bundle, Circumstances, collect
from rig.inventory import BoardSpec
from rig.probe import FirmwareImage

pytestmark = pytest.mark.qemu

SOURCE = Path(__file__).parent / "firmware" / "wrecks.c"
WAYS = ("RUN", "HARD_FAULT", "STACK_OVERFLOW", "ENDLESS_LOOP", "IN_INTERRUPT", "JUMP_NOWHERE")
GDB = shutil.which("gdb-multiarch") or "gdb-multiarch"
FAULT_ADDRESS = "bus error on a data access; address 0xa0000000"


def marked(way: str) -> int:
    """The line of the sources where this way to go wrong ends."""
    lines = SOURCE.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if line.endswith(f"/* marked: {way} */"))


def gdb(bundle: Bundle, *commands: str) -> str:
    """What gdb prints about a bundle's core file."""
    asked = [word for command in commands for word in ("-ex", command)]
    done = subprocess.run(
        [GDB, "-batch", "-nx", *asked, "firmware.elf", "core.elf"],
        cwd=bundle.directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def wreck(board: Board, image: FirmwareImage, way: str) -> None:
    """Bring the firmware up and send it to where it goes wrong."""
    board.flash(image)
    board.boot()
    alive, command, depth = (image.find(f"wreck_{name}").address for name in ("alive", "command", "depth"))
    deadline = time.monotonic() + 10
    while board.memory.read_u32(alive) == 0:
        assert time.monotonic() < deadline, "it does not start"
    board.memory.write_u32(command, WAYS.index(way))
    same, before = 0, (-1, -1)
    while same < 5:  # its loop took the command and stands still; a busy host may not let it run for a moment
        assert time.monotonic() < deadline, f"{way} has no effect"
        now = board.memory.read_u32(alive), board.memory.read_u32(depth)
        same = same + 1 if now == before and board.memory.read_u32(command) == 0 else 0
        before = now
        time.sleep(0.02)


@pytest.mark.parametrize("name", ["mps2-an385", "microbit"])
@pytest.mark.parametrize("way", WAYS[1:])
def test_bundle_and_gdb_point_at_the_line(
    specs: dict[str, BoardSpec], wrecks: dict[str, FirmwareImage], tmp_path: Path, name: str, way: str
) -> None:
    about = Circumstances(blame="firmware", message="it stands still", hint="look", board=name, step=f"make {way}")
    with open_board(specs[name]) as board:
        wreck(board, wrecks[name], way)
        bundle = collect(tmp_path / "bundle", about, board=board)
    line = marked("HARD_FAULT" if way == "IN_INTERRUPT" else way)
    places = [place for place in bundle.backtrace if "wrecks.c:" in place]
    near = 6 if way == "STACK_OVERFLOW" else 0  # anywhere in the function that goes deeper and deeper
    assert abs(int(bundle.place.rpartition(":")[2].rstrip(")")) - line) <= near, bundle.place
    if way != "STACK_OVERFLOW":
        assert any("main (" in place for place in places), places
    text = (bundle.directory / "fault.txt").read_text(encoding="utf-8")
    assert f"firmware fault on {name} during make {way}: it stands still" in text
    if way == "STACK_OVERFLOW":
        assert "stack overflow: the stack pointer is" in text
        (told,) = [place for place in bundle.backtrace if place.startswith("... ")]
        left_out = [line for line in text.splitlines() if line.strip() not in bundle.backtrace and "wrecks.c:" in line]
        assert told == f"... {len(left_out)} lines of the backtrace are in fault.txt alone"
    if way in ("HARD_FAULT", "IN_INTERRUPT") and name == "mps2-an385":
        assert FAULT_ADDRESS in text

    said = gdb(bundle, "bt 8", "print/x wreck_kept[0]", "info registers pc")
    first = next(part for part in said.splitlines() if part.startswith("#0"))
    assert abs(int(first.rpartition("wrecks.c:")[2]) - line) <= near, said
    assert "0x600dda7a" in said, said
    registers = json.loads((bundle.directory / "fault.json").read_text(encoding="utf-8"))["registers"]
    assert hex(int(registers["pc"], 16)) in gdb(
        bundle, f"thread {1 if '[New LWP 2]' not in said else 2}", "info registers pc"
    )


def test_an_interrupted_function_stands_behind_the_interrupt(
    specs: dict[str, BoardSpec], wrecks: dict[str, FirmwareImage], tmp_path: Path
) -> None:
    about = Circumstances(blame="firmware", message="m", hint="", board="mps2-an385", step="s")
    with open_board(specs["mps2-an385"]) as board:
        wreck(board, wrecks["mps2-an385"], "IN_INTERRUPT")
        bundle = collect(tmp_path / "bundle", about, board=board)
    functions = [line.split()[2] for line in bundle.backtrace]
    assert functions[:2] == ["read_word", "svc"]
    assert functions[2:4] == ["obey", "main"]
    assert "signal handler called" in gdb(bundle, "bt")


def test_pyocd_reads_the_core_file(
    specs: dict[str, BoardSpec], wrecks: dict[str, FirmwareImage], tmp_path: Path
) -> None:
    """pyOCD's own ELF reader finds the memory in it, by address."""
    from pyocd.debug.elf.elf import ELFBinaryFile

    image = wrecks["mps2-an385"]
    with open_board(specs["mps2-an385"]) as board:
        wreck(board, image, "ENDLESS_LOOP")
        about = Circumstances(blame="firmware", message="m", hint="", board="mps2-an385", step="s")
        bundle = collect(tmp_path / "bundle", about, board=board)
    core = ELFBinaryFile(str(bundle.directory / "core.elf"))
    try:
        address = image.find("wreck_kept").address
        (memory,) = (part for part in core.sections if part.start <= address < part.start + part.length)
        offset = address - memory.start
        assert memory.data[offset : offset + 4] == (0x600DDA7A).to_bytes(4, "little")
    finally:
        core.close()


def test_a_board_that_is_gone_leaves_what_is_known_without_it(
    specs: dict[str, BoardSpec], wrecks: dict[str, FirmwareImage], tmp_path: Path
) -> None:
    log = tmp_path / "agent.log"
    log.write_text("it began\nit ended\n", encoding="utf-8")
    about = Circumstances(blame="board", message="gone", hint="", board="mps2-an385", step="s")
    with open_board(specs["mps2-an385"]) as board:
        board.flash(wrecks["mps2-an385"])
        board.boot()
        board.close()
        bundle = collect(tmp_path / "bundle", about, board=board, logs={"agent.log": log})
    text = (bundle.directory / "fault.txt").read_text(encoding="utf-8")
    assert "registers, backtrace and memory:" in text
    assert (bundle.directory / "agent.txt").read_text(encoding="utf-8") == "it began\nit ended\n"
    assert not (bundle.directory / "core.elf").exists() and bundle.place == ""
