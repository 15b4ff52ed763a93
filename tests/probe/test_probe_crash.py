"""Watchpoints, the firmware's own BKPT, and crashes: what halts a core, and what the probe says of it."""

import time

import demo_firmware as demo
import pytest

from rig.errors import BoardFault, ProbeFault, UsageError
from rig.probe import FirmwareImage, Probe, decode_crash
from rig.probe.qemu import EmulatedMachine

pytestmark = pytest.mark.qemu


def order(probe: Probe, image: FirmwareImage, command: int) -> None:
    probe.write_u32(image.find("demo_command").address, command)


def wait_for_word(probe: Probe, address: int, value: int) -> bool:
    deadline = time.monotonic() + 10
    while probe.read_u32(address) != value:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


@pytest.mark.parametrize("kind", ["write", "access"])
def test_write_watchpoint_names_the_writer(running: Probe, image: FirmwareImage, kind: str) -> None:
    target = image.find("demo_target").address
    running.set_watchpoint(target, 16, kind)  # type: ignore[arg-type]
    order(running, image, demo.WRITE)
    halted = running.wait_halted(10)
    assert (halted.reason, halted.watch_address) == ("watchpoint", target)
    assert (image.symbol_at(halted.pc) or "").startswith("demo_write")
    running.remove_watchpoint(target)
    running.resume()
    order(running, image, demo.WRITE)
    with pytest.raises(BoardFault, match="did not halt"):
        running.wait_halted(0.2)


def test_read_watchpoint_is_not_hit_by_writes(running: Probe, image: FirmwareImage) -> None:
    target = image.find("demo_target").address
    running.set_watchpoint(target, 16, "read")
    order(running, image, demo.WRITE)
    with pytest.raises(BoardFault):
        running.wait_halted(0.2)
    running.set_watchpoint(image.find("demo_command").address, 4, "read")
    assert running.wait_halted(10).watch_address == image.find("demo_command").address


def test_watchpoint_next_to_the_access_is_not_hit(running: Probe, image: FirmwareImage) -> None:
    running.set_watchpoint(image.find("demo_target").address, 8, "write")  # the demo writes behind these 8 bytes
    order(running, image, demo.WRITE)
    with pytest.raises(BoardFault):
        running.wait_halted(0.2)


def test_debugger_accesses_do_not_hit_watchpoints(running: Probe, image: FirmwareImage) -> None:
    target = image.find("demo_target").address
    running.set_watchpoint(target, 16, "access")
    running.write(target, b"x" * 16)
    running.read(target, 16)
    assert running.state() == "running"


@pytest.mark.parametrize(("offset", "size"), [(0, 3), (0, 0), (2, 4), (0, -4)])
def test_range_that_cannot_be_watched_is_a_usage_error(
    running: Probe, image: FirmwareImage, offset: int, size: int
) -> None:
    with pytest.raises(UsageError, match="cannot watch"):
        running.set_watchpoint(image.find("demo_target").address + offset, size, "write")


def test_watchpoints_run_out(running: Probe, image: FirmwareImage) -> None:
    with pytest.raises(ProbeFault, match="no watchpoint left"):
        for number in range(8):
            running.set_watchpoint(image.find("demo_target").address + 4 * number, 4, "write")


@pytest.mark.parametrize("command", [demo.BKPT, demo.BKPT_PSP])
def test_bkpt_of_the_firmware_halts_at_it_and_can_be_passed(running: Probe, image: FirmwareImage, command: int) -> None:
    passed = image.find("demo_passed_bkpt").address
    for times in (1, 2):
        order(running, image, command)
        halted = running.wait_halted(10)
        assert halted.reason == "breakpoint"
        assert running.read(halted.pc, 2)[1] == 0xBE
        assert running.registers()["xpsr"] & 0x1FF == 0, "no exception is active"
        running.write_register("pc", halted.pc + 2)
        running.resume()
        assert wait_for_word(running, passed, times)


def test_bus_fault_is_caught_and_decoded(running: Probe, image: FirmwareImage) -> None:
    running.catch_faults()
    order(running, image, demo.BAD_READ)
    assert running.wait_halted(10).reason == "vector-catch"
    crash = decode_crash(running, image)
    assert crash is not None
    assert crash.exception == "HardFault"
    assert crash.where.startswith("demo_crash")
    assert crash.caller.startswith("main")
    if running.core != "cortex-m0":  # which does not record why
        assert "bus error on a data access" in crash.causes
        assert "address 0xa0000000" in crash.causes
        assert "0xa0000000" in str(crash)


def test_undefined_instruction_is_decoded_by_cause(running: Probe, image: FirmwareImage) -> None:
    running.catch_faults()
    order(running, image, demo.UNDEFINED)
    running.wait_halted(10)
    crash = decode_crash(running, image)
    assert crash is not None
    assert crash.where.startswith("main")
    assert crash.causes == (() if running.core == "cortex-m0" else ("undefined instruction",))


def test_a_healthy_core_has_no_crash(running: Probe, image: FirmwareImage) -> None:
    running.halt()
    assert decode_crash(running, image) is None


def test_uncaught_fault_runs_the_firmware_handler(running: Probe, image: FirmwareImage) -> None:
    running.catch_faults(False)
    order(running, image, demo.BAD_READ)
    time.sleep(0.1)
    assert running.state() == "running"
    running.halt()
    assert image.symbol_at(running.registers()["pc"]) == "HardFault_Handler"
    demo.start_demo(running, image)
    running.catch_faults()
    order(running, image, demo.BAD_READ)
    assert running.wait_halted(10).reason == "vector-catch", "a reset arms it again"


def test_lockup_ends_the_emulator_with_its_reason(
    running: Probe, image: FirmwareImage, machine: EmulatedMachine
) -> None:
    """QEMU ends itself where silicon would lock up; the reason is in its log."""
    running.write(image.find("demo_command").address, demo.LOCKUP.to_bytes(4, "little"))
    running.set_breakpoint(image.find("HardFault_Handler").address)
    running.wait_halted(10)
    running.remove_breakpoint(image.find("HardFault_Handler").address)
    running.write_register("pc", 0x3000_0001 if running.core == "cortex-m0" else 0x3000_0000)
    running.resume()
    deadline = time.monotonic() + 10
    while machine.alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not machine.alive()
    assert "Lockup" in (machine.exit_reason() or "")
    with pytest.raises(ProbeFault, match="gone"):
        running.read_u32(0x2000_0000)
