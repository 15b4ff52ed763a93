"""pyOCD's own command line on running emulated boards, unmodified."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from demo_firmware import TARGETS

from rig.errors import ProbeFault
from rig.probe import FirmwareImage, Probe, open_probe
from rig.probe.qemu import EmulatedMachine

pytestmark = pytest.mark.qemu
PYOCD = Path(sys.executable).with_name("pyocd")


def pyocd(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PYOCD, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_list_names_the_board(machine: EmulatedMachine) -> None:
    listing = pyocd("list")
    assert listing.returncode == 0
    assert machine.uid in listing.stdout
    assert f"{machine.machine.name} (emulated)" in listing.stdout
    assert machine.machine.target in listing.stdout


def test_load_programs_and_starts_the_board(machine: EmulatedMachine, image: FirmwareImage) -> None:
    target = machine.machine.target
    done = pyocd("load", "--no-wait", "--uid", machine.uid, "--target", target, image.path)
    assert done.returncode == 0, done.stderr
    with open_probe(machine.uid, target=target) as probe:
        assert probe.flash(image).skipped, "pyOCD wrote what we would have written"
        assert probe.state() == "running"
        assert probe.read_u32(image.find("demo_counter").address) > 0


def test_erase_leaves_a_board_that_can_be_programmed_again(
    images: dict[str, FirmwareImage],
) -> None:
    from rig.probe.qemu import launch

    with launch("microbit", name="microbit") as board:
        image = images["microbit"]
        for command in (("load", image.path), ("erase", "--chip"), ("load", image.path)):
            done = pyocd(command[0], "--no-wait", "--uid", board.uid, *command[1:])
            assert done.returncode == 0, done.stderr
            assert board.alive(), board.exit_reason()
        with open_probe(board.uid, target="nrf51") as probe:
            assert probe.flash(image).skipped


def test_commander_sees_registers_and_memory(machine: EmulatedMachine) -> None:
    done = pyocd(
        "commander", "--no-wait", "--uid", machine.uid, "-c", "status", "-c", "read32 0xe000ed00", "-c", "reg pc"
    )
    assert done.returncode == 0, done.stderr
    assert "Halted" in done.stdout
    assert {"cortex-m3": "410fc231", "cortex-m0": "410cc200"}[machine.machine.core] in done.stdout
    assert "pc = 0x00000000" in done.stdout


def test_gdbserver_has_the_board_to_itself(machine: EmulatedMachine, image: FirmwareImage) -> None:
    target = TARGETS[machine.machine.name]
    with open_probe(machine.uid, target=target) as probe:
        probe.flash(image)
    server = subprocess.Popen(
        [PYOCD, "gdbserver", "--no-wait", "--uid", machine.uid, "--port", "0", "--telnet-port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert server.stdout is not None
    try:
        lines = []
        for line in server.stdout:
            lines.append(line)
            if "GDB server listening" in line:
                break
        assert "GDB server listening" in lines[-1], lines
        with pytest.raises(ProbeFault, match=f"process {server.pid}"), open_probe(machine.uid, target=target):
            pass
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        server.stdout.close()
    with open_probe(machine.uid, target=target) as probe:
        assert probe.identity.core == machine.machine.core


def test_debugger_that_was_killed_leaves_a_usable_board(machine: EmulatedMachine, image: FirmwareImage) -> None:
    target = TARGETS[machine.machine.name]
    with open_probe(machine.uid, target=target) as probe:
        probe.flash(image)
        probe.reset()
    script = (
        "import sys, time\n"
        "from rig.probe import open_probe\n"
        "with open_probe(sys.argv[1], target=sys.argv[2]) as probe:\n"
        "    probe.set_breakpoint(int(sys.argv[3]))\n"
        "    probe.wait_halted(10)\n"
        "    print('halted', flush=True)\n"
        "    time.sleep(60)\n"
    )
    tick = image.find("demo_tick").address
    rival = subprocess.Popen(
        [sys.executable, "-c", script, machine.uid, target, str(tick)], stdout=subprocess.PIPE, text=True
    )
    assert rival.stdout is not None
    assert rival.stdout.readline() == "halted\n"
    os.kill(rival.pid, signal.SIGKILL)
    rival.wait(20)
    rival.stdout.close()
    with open_probe(machine.uid, target=target) as probe:
        assert probe.state() == "halted", "as it was left"
        probe.resume()
        counter = image.find("demo_counter").address
        first, deadline = probe.read_u32(counter), time.monotonic() + 10
        while probe.read_u32(counter) < first + 1000:  # past the breakpoint that was left behind
            assert time.monotonic() < deadline
        assert probe.state() == "running"


def test_one_board_runs_while_another_is_debugged(running: Probe, image: FirmwareImage) -> None:
    from rig.probe.qemu import launch

    with launch("microbit", name="other") as other, open_probe(other.uid, target="nrf51") as second:
        second.halt()
        counter = image.find("demo_counter").address
        first, deadline = running.read_u32(counter), time.monotonic() + 10
        while running.read_u32(counter) == first:
            assert time.monotonic() < deadline
