"""Identity, memory access while running, run control: the same on a Cortex-M3 and a Cortex-M0."""

import os
import signal
import struct
import subprocess
import sys
import threading
import time

import pytest
from demo_firmware import TARGETS

from rig.errors import ProbeFault, UsageError
from rig.probe import FirmwareImage, Probe, ProbeLost, list_probes, open_probe
from rig.probe.qemu import MACHINES, EmulatedMachine

pytestmark = pytest.mark.qemu


def wait_until(condition: object, timeout: float = 10.0) -> bool:
    deadline = time.monotonic() + timeout
    while not condition():  # type: ignore[operator]
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def test_identity_comes_from_the_core(probe: Probe, machine: EmulatedMachine) -> None:
    assert probe.identity.uid == machine.uid
    assert probe.identity.core == machine.machine.core
    assert probe.identity.dpidr != 0
    assert "emulated" in probe.identity.product


def test_emulated_board_is_listed_as_a_probe(machine: EmulatedMachine) -> None:
    listed = {found.uid: found for found in list_probes()}
    assert listed[machine.uid].emulated
    assert listed[machine.uid].target == machine.machine.target


def test_blank_board_is_halted_and_stays_so(probe: Probe) -> None:
    assert probe.state() == "halted"
    assert probe.registers()["r0"] == 0


def test_resuming_a_blank_board_reports_lockup_and_keeps_it_alive(probe: Probe, machine: EmulatedMachine) -> None:
    probe.resume()
    assert probe.state() == "lockup"
    assert machine.alive()


def test_memory_is_read_and_written_while_the_core_runs(running: Probe, image: FirmwareImage) -> None:
    counter = image.find("demo_counter").address
    first = running.read_u32(counter)
    assert wait_until(lambda: running.read_u32(counter) > first)
    target = image.find("demo_target").address
    running.write(target, bytes(range(16)))
    assert running.read(target, 16) == bytes(range(16))
    assert running.read(target + 1, 5) == bytes(range(1, 6)), "unaligned"
    running.write_u32(target, 0xFFFF_FFFF_1234)
    assert running.read_u32(target) == 0xFFFF_1234
    assert running.read(target, 0) == b""
    assert running.state() == "running"


def test_initialised_data_and_bss_are_set_up(running: Probe, image: FirmwareImage) -> None:
    assert wait_until(lambda: running.read_u32(image.find("demo_counter").address) > 0)
    assert running.read_u32(image.find("demo_initialised").address) == 0x600DDA7A


def test_all_of_ram_is_scanned_while_running(running: Probe, machine: EmulatedMachine) -> None:
    regions = running.ram_regions()
    assert regions == [(memory.start, memory.length) for memory in machine.machine.ram]
    for start, length in regions:
        running.write(start + length - 8, b"END-MARK")
        assert running.read(start, length).endswith(b"END-MARK")
    assert running.state() == "running"


def test_large_reads_are_the_same_bytes_by_either_way(probe: Probe, machine: EmulatedMachine) -> None:
    import random

    memory = machine.machine.ram[-1]
    length = min(memory.length, 1 << 20)
    written = random.Random(1).randbytes(length)
    probe.write(memory.end - length, written)
    assert probe.read(memory.end - length, length) == written
    probe.session.probe.bus._direct.close()  # as where the host forbids the shortcut
    assert probe.read(memory.end - length, length) == written


@pytest.mark.parametrize("address", [0x0800_0000, 0x3000_0000, 0x2FFF_FFFF])
def test_memory_that_is_not_there_is_a_fault_and_not_zeroes(probe: Probe, address: int) -> None:
    with pytest.raises(ProbeFault, match=f"{address:#010x}"):
        probe.read(address, 4)
    with pytest.raises(ProbeFault):
        probe.write(address, b"1234")
    assert probe.state() == "halted", "the probe works on"


def test_a_range_that_leaves_memory_is_a_fault(probe: Probe, machine: EmulatedMachine) -> None:
    last = machine.machine.ram[-1]
    with pytest.raises(ProbeFault, match="no memory"):
        probe.read(last.end - 4, 8)


def test_halt_registers_resume(running: Probe, image: FirmwareImage) -> None:
    with pytest.raises(ProbeFault, match="runs"):
        running.registers()
    running.halt()
    registers = running.registers()
    assert image.symbol_at(registers["pc"]) is not None
    assert registers["sp"] == registers["msp"]
    running.write_register("r5", 0x1234_5678)
    assert running.registers()["r5"] == 0x1234_5678
    running.resume()
    assert running.state() == "running"


def test_special_registers_are_written_and_nothing_else_changes(probe: Probe, image: FirmwareImage) -> None:
    probe.flash(image)
    before = probe.registers()
    probe.write_register("psp", 0x2000_1230)
    assert probe.registers() == before | {"psp": 0x2000_1230}


def test_breakpoint_halts_each_time_round(running: Probe, image: FirmwareImage) -> None:
    tick, counter = image.find("demo_tick").address, image.find("demo_counter").address
    running.set_breakpoint(tick)
    first = running.wait_halted(10)
    assert (first.reason, first.pc) == ("breakpoint", tick)
    seen = running.read_u32(counter)
    running.resume()
    assert running.wait_halted(10).pc == tick
    assert running.read_u32(counter) == seen + 1
    running.remove_breakpoint(tick)
    running.resume()
    assert wait_until(lambda: running.read_u32(counter) > seen + 100)


def test_single_steps(running: Probe, image: FirmwareImage) -> None:
    running.set_breakpoint(image.find("demo_tick").address)
    running.wait_halted(10)
    pcs = []
    for _ in range(3):
        running.step()
        pcs.append(running.registers()["pc"])
    assert len(set(pcs)) == 3
    assert running.state() == "halted"


def test_breakpoints_run_out_with_a_clear_fault(running: Probe, image: FirmwareImage) -> None:
    running.halt()
    base = image.find("main").address
    with pytest.raises(ProbeFault, match="no breakpoint left"):
        for number in range(20):
            running.set_breakpoint(base + 2 * number)


def test_reset_starts_over(running: Probe, image: FirmwareImage) -> None:
    counter = image.find("demo_counter").address
    assert wait_until(lambda: running.read_u32(counter) > 10)
    running.reset(halt=True)
    assert running.state() == "halted"
    assert running.registers()["pc"] == image.find("Reset_Handler").address
    assert running.read_u32(counter) > 10, "RAM outlives a reset"


def test_session_leaves_a_running_board_running(machine: EmulatedMachine, images: dict[str, FirmwareImage]) -> None:
    name = machine.machine.name
    with open_probe(machine.uid, target=TARGETS[name]) as probe:
        probe.flash(images[name])
        probe.reset()
    counter = images[name].find("demo_counter").address
    with open_probe(machine.uid, target=TARGETS[name]) as probe:
        first = probe.read_u32(counter)
        assert wait_until(lambda: probe.read_u32(counter) > first)
    with open_probe(machine.uid, target=TARGETS[name], attach=False) as probe:
        assert probe.state() == "halted"


def test_second_debugger_is_told_at_once(probe: Probe, machine: EmulatedMachine) -> None:
    with (
        pytest.raises(ProbeFault, match=r"in use by another debugger \(process \d+\)"),
        open_probe(machine.uid, target=TARGETS[machine.machine.name]),
    ):
        pass
    assert probe.state() == "halted", "the first one is not disturbed"


def test_wrong_uid_names_what_is_connected(machine: EmulatedMachine) -> None:
    for wrong in ("no-such-probe", machine.uid[:-1]):  # a part of a uid is none
        with (
            pytest.raises(ProbeFault, match=f"no probe with unique id '{wrong}'; connected: .*{machine.uid}"),
            open_probe(wrong, target="cortex_m"),
        ):
            pass


def test_unknown_target_is_a_usage_error(machine: EmulatedMachine) -> None:
    with pytest.raises(UsageError, match="mps2_an3850"), open_probe(machine.uid, target="mps2_an3850"):
        pass


def test_dead_emulator_is_noticed_at_once(running: Probe, machine: EmulatedMachine) -> None:
    machine.stop()
    with pytest.raises(ProbeFault, match="gone"):
        running.read_u32(0x2000_0000)
    with pytest.raises(ProbeFault):
        running.reset()


@pytest.mark.parametrize("name", ["mps2-an386", "mps2-an500"])
def test_other_machines_answer_too(name: str) -> None:
    from rig.probe.qemu import launch

    spec = MACHINES[name]
    with launch(name, name=name) as machine, open_probe(machine.uid, target=spec.target) as probe:
        assert probe.identity.core == spec.core
        psram = spec.memories[-1].start
        probe.write(psram, b"psram")
        assert probe.read(psram, 5) == b"psram"
        probe.write_register("psp", 0x2000_0008)
        assert probe.registers()["psp"] == 0x2000_0008


def test_flash_without_a_controller_is_written_by_the_back_door_alone() -> None:
    """The core of an STM32F405 cannot write its flash, the debugger can, also while it runs; and it is no RAM."""
    from rig.probe.qemu import launch

    flash, ram = 0x0800_0000, 0x2000_0000
    vectors = struct.pack("<II", ram + 0x1000, flash + 9)
    store_then_spin = bytes.fromhex("08600138fde7")  # str r0, [r1]; loop: subs r0, #1; b loop
    with launch("netduinoplus2", name="f405") as machine, open_probe(machine.uid, target="netduinoplus2") as probe:
        assert probe.ram_regions() == [(ram, 0x2_0000)]
        probe.write(flash, vectors + store_then_spin)
        assert probe.read(0, 8) == vectors  # it shows at 0 as well
        probe.reset(halt=True)
        probe.write_register("r1", flash + 0x100)
        probe.resume()
        assert probe.state() == "running"
        pattern = bytes(range(256)) * 20  # more than one packet
        probe.write(flash + 0x1000, pattern)
        assert probe.read(flash + 0x1000, len(pattern)) == pattern
        assert probe.state() == "running"
        assert probe.read_u32(flash + 0x100) == 0


def test_interrupted_exchange_never_gives_a_wrong_answer_later(running: Probe, machine: EmulatedMachine) -> None:
    """Ctrl-C while QEMU is silent; its late answer must not be taken for that of the next read."""
    running.write(0x2000_0800, b"other")
    os.kill(machine.pid, signal.SIGSTOP)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            running.read_u32(0x2000_0000)
    finally:
        timer.join()
        os.kill(machine.pid, signal.SIGCONT)
    with pytest.raises(ProbeLost):
        running.read(0x2000_0800, 5)


def test_room_does_not_load_pyocd_until_it_is_needed() -> None:
    script = "import sys, rig.board, rig.probe, rig.probe.qemu; assert 'pyocd' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize("first", ["rig.probe.qemu", "rig.probe", "pyocd", "pyocd.probe.aggregator"])
def test_import_order_does_not_matter(first: str) -> None:
    script = (
        f"import {first}; from rig.probe import list_probes; from rig.probe.qemu import QemuProbePlugin; list_probes()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
