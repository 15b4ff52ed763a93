"""Every write of an emulated core is traced: by whom, where, which bytes; and the machine is none the worse for it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import demo_firmware as demo
import pytest

from rig.errors import ProbeFault
from rig.probe import FirmwareImage, MemoryWrite, Probe, ProbeLost
from rig.probe.qemu import EmulatedMachine
from rig.probe.qemu._thumb import instruction_bytes, store_target

NARROW = [4, 1, 2, 4, 1, 2, 16, 16, 4]  # bytes stored by demo_stores, in order: the kinds that every core has
WIDE = [4, 4, 4, 4, 1, 2, 4, 8, 8, 8, 8, 8, 4, 1, 20]


@pytest.fixture
def traced(running: Probe, image: FirmwareImage) -> Callable[..., list[MemoryWrite]]:
    """Traces from the begin of a function of the demo, by default one that stores in every way there is."""

    def trace(
        command: int = demo.STORES, begin: str = "demo_stores", until: str = "demo_done", timeout: float = 20
    ) -> list[MemoryWrite]:
        running.write_u32(image.find("demo_hold").address, 1)
        return running.trace_writes(
            begin=image.find(begin).address,
            until={image.find(until).address},
            start=lambda: running.write_u32(image.find("demo_command").address, command),
            timeout=timeout,
        )

    return trace


def runs_freely(probe: Probe, image: FirmwareImage) -> bool:
    """Whether the demo counts on, past places that a trace would have stopped at."""
    probe.write_u32(image.find("demo_hold").address, 0)
    counter = image.find("demo_counter").address
    before = probe.read_u32(counter)
    while probe.read_u32(counter) - before < 10_000:
        if probe.state() != "running":
            return False
    return True


def stored(probe: Probe, image: FirmwareImage) -> bytes:
    symbol = image.find("demo_stored")
    return probe.read(symbol.address, symbol.size)


@pytest.mark.qemu
def test_every_store_is_seen_with_its_bytes(
    traced: Callable[..., list[MemoryWrite]], running: Probe, image: FirmwareImage
) -> None:
    writes = traced()
    assert (image.symbol_at(writes[-1].address), writes[-1].data) == ("demo_done", b"\1\0\0\0")
    assert {(image.symbol_at(write.pc) or "").split("+")[0] for write in writes} == {"demo_stores"}
    asked = NARROW if image.architecture == "armv6-m" else NARROW + WIDE
    sizes = [len(write.data) for write in writes[:-1]]
    assert sizes[-len(asked) :] == asked, "what comes before is the function saving its registers"
    replayed = bytearray(image.find("demo_stored").size)
    base = image.find("demo_stored").address
    for write in writes:
        if base <= write.address < base + len(replayed):
            replayed[write.address - base : write.address - base + len(write.data)] = write.data
    assert bytes(replayed) == stored(running, image), "a store was missed, or not where it was said to be"
    assert sum(1 for byte in replayed if byte) > 20


@pytest.mark.qemu
def test_a_trace_repeats_exactly_and_leaves_nothing_behind(
    traced: Callable[..., list[MemoryWrite]], running: Probe, image: FirmwareImage
) -> None:
    first = traced()
    assert runs_freely(running, image)
    assert traced() == first
    assert runs_freely(running, image)


@pytest.mark.qemu
def test_a_trace_that_does_not_begin_or_end_is_a_fault_of_the_probe_and_the_board_runs(
    traced: Callable[..., list[MemoryWrite]], running: Probe, image: FirmwareImage
) -> None:
    with pytest.raises(ProbeFault, match=r"did not begin within 0\.2 s"):
        traced(command=demo.LOG, timeout=0.2)
    assert runs_freely(running, image)
    with pytest.raises(ProbeFault, match=r"did not come to its end within 0\.2 s; it has [1-9]"):
        traced(until="demo_initialised", timeout=0.2)
    assert runs_freely(running, image)
    with pytest.raises(ProbeFault, match="has 3 writes and is not at its end"):
        running.trace_writes(begin=image.find("demo_tick").address, until=set(), start=lambda: None, timeout=20, most=3)
    assert runs_freely(running, image)


@pytest.mark.qemu
def test_a_crash_in_the_window_is_the_firmwares(
    traced: Callable[..., list[MemoryWrite]], running: Probe, image: FirmwareImage
) -> None:
    running.catch_faults()
    with pytest.raises(ProbeFault, match="for a reason of its own"):
        traced(command=demo.STORES_CRASH, begin="demo_stores_crash")
    halted = running.wait_halted(10)
    assert (halted.reason, image.symbol_at(halted.pc)) == ("vector-catch", "HardFault_Handler")


@pytest.mark.qemu
def test_a_halted_core_is_not_traced_and_stays_halted(traced: Callable[..., list[MemoryWrite]], running: Probe) -> None:
    running.halt()
    with pytest.raises(ProbeFault, match="the core is halted"):
        traced()
    assert running.state() == "halted"


@pytest.mark.qemu
def test_an_emulator_that_dies_in_the_window_is_lost(
    running: Probe, image: FirmwareImage, machine: EmulatedMachine
) -> None:
    with pytest.raises(ProbeLost):
        running.trace_writes(begin=image.find("demo_stores").address, until=set(), start=machine.stop, timeout=20)


# What an assembler makes of stores that the demo's cores may not have, and of some that are none. Registers hold
# 0x1000 times their number, 0x1000 less for pc.
ROWS = {
    "str r1, [r2, #20]": (0x2014, 4),
    "str r1, [sp, #8]": (0xD008, 4),
    "strb r1, [r2, #31]": (0x201F, 1),
    "strh r1, [r2, r3]": (0x5000, 2),
    "push {r0, r7, lr}": (0xCFF4, 12),
    "stmia r2!, {r0, r1, r5}": (0x2000, 12),
    "strb.w r1, [r2, #-5]": (0x1FFB, 1),
    "strh.w r1, [r9, #4000]": (0x9FA0, 2),
    "str.w r1, [r9, #-8]!": (0x8FF8, 4),
    "str.w r1, [r9], #-8": (0x9000, 4),
    "str.w r1, [r9, r10, lsl #2]": (0x31000, 4),
    "strd r1, r3, [r9, #-16]": (0x8FF0, 8),
    "strd r1, r3, [r9], #16": (0x9000, 8),
    "stmdb r9!, {r1, r2, r8}": (0x8FF4, 12),
    "strex r1, r2, [r3, #8]": (0x3008, 4),
    "strexh r1, r2, [r3]": (0x3000, 2),
    "vstr s3, [r4, #-12]": (0x3FF4, 4),
    "vstr d3, [r4, #16]": (0x4010, 8),
    "vpush {d8-d11}": (0xCFE0, 32),
    "vstmia r4!, {s1-s5}": (0x4000, 20),
    "vstmdb r4!, {s1-s5}": (0x3FEC, 20),
    "ldr r1, [r2, #20]": None,
    "ldm r2!, {r0, r1}": None,
    "pop {r0, pc}": None,
    "ldrd r1, r3, [r9]": None,
    "ldrex r1, [r3]": None,
    "vldr d3, [r4, #16]": None,
    "vldmia r4!, {s1-s5}": None,
    "vmov d3, r1, r2": None,
    "vmov r1, r2, d3": None,
    "tbb [r1, r2]": None,
    "adds r1, #3": None,
    "bl .": None,
    "movw r1, #1234": None,
}


def test_what_a_store_will_write_is_known_from_its_encoding(tmp_path: Path) -> None:
    source, output, binary = tmp_path / "rows.s", tmp_path / "rows.o", tmp_path / "rows.bin"
    lines = [".syntax unified", ".thumb", ".fpu fpv4-sp-d16", *(f"{row}\n .balign 8, 0" for row in ROWS)]
    source.write_text("\n".join(lines) + "\n", encoding="ascii")
    subprocess.run(["arm-none-eabi-as", "-mcpu=cortex-m4", source, "-o", output], check=True, timeout=60)
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", output, binary], check=True, timeout=60)
    code = binary.read_bytes()
    assert len(code) == 8 * len(ROWS)
    registers = [0x1000 * number for number in range(15)] + [0xE000]
    found = {}
    for index, row in enumerate(ROWS):
        first, second = (int.from_bytes(code[8 * index + at :][:2], "little") for at in (0, 2))
        found[row] = store_target(first, second, registers)
        assert (instruction_bytes(first) == 2) == (second == 0), row
    assert found == ROWS
