"""An emulated board from power-on to crash, and back."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import demo_firmware as demo
import pytest
import serial

from rig.board import Board, ConsoleRecorder, open_board
from rig.errors import BoardFault, EnvironmentFault, LeaseFault, ProbeFault, UsageError
from rig.inventory import BoardSpec
from rig.lease import lease
from rig.probe import FirmwareImage
from rig.probe.qemu import find_descriptor, qemu_version, running_descriptors

pytestmark = pytest.mark.qemu

Wait = Callable[..., bool]
HELLO = "hello from the demo\n"


@pytest.fixture(params=["mps2-an385", "microbit"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def image(name: str, images: dict[str, FirmwareImage]) -> FirmwareImage:
    return images[name]


@pytest.fixture
def board(name: str, specs: dict[str, BoardSpec]) -> Iterator[Board]:
    with open_board(specs[name]) as opened:
        yield opened


@pytest.fixture
def booted(board: Board, image: FirmwareImage, wait_until: Wait) -> Board:
    board.flash(image)
    board.boot()
    assert wait_until(lambda: board.console.text() == HELLO), board.console.text()
    return board


def order(board: Board, command: int) -> None:
    assert board.image is not None
    board.memory.write_u32(board.image.find("demo_command").address, command)


def kill_emulator(board: Board) -> None:
    descriptor = find_descriptor(board.identity.probe_uid or "")
    assert descriptor is not None
    os.kill(descriptor.pid, signal.SIGKILL)


def test_identity_says_what_was_found(board: Board, specs: dict[str, BoardSpec], name: str) -> None:
    identity = board.identity
    assert (identity.name, identity.kind, identity.core) == (name, "emulated", specs[name].core)
    assert identity.emulator == f"QEMU {qemu_version()}"
    assert identity.icount_shift == 7
    assert identity.probe_uid in [found.uid for found in running_descriptors()]


def test_link_is_a_terminal_at_the_configured_rate(board: Board, specs: dict[str, BoardSpec], name: str) -> None:
    assert board.link.kind == "serial"
    assert board.link.baud == specs[name].link.baud
    assert board.link.device is not None
    with serial.Serial(board.link.device, board.link.baud, timeout=0):
        pass


def test_halted_before_boot_is_no_fault(board: Board, image: FirmwareImage) -> None:
    assert board.alive()
    board.flash(image)
    assert board.why_dead() is None


def test_firmware_boots_logs_and_runs(booted: Board, image: FirmwareImage, wait_until: Wait) -> None:
    counter = image.find("demo_counter").address
    first = booted.memory.read_u32(counter)
    assert wait_until(lambda: booted.memory.read_u32(counter) > first)
    assert booted.alive()
    assert booted.why_dead() is None
    order(booted, demo.LOG)
    assert wait_until(lambda: booted.console.text() == HELLO + "obeyed\n")
    assert dict(booted.recoveries) == {}


def test_each_boot_logs_from_its_first_byte(booted: Board, wait_until: Wait) -> None:
    for times in range(2, 5):
        booted.boot()
        assert wait_until(lambda: booted.console.text() == HELLO * times)  # noqa: B023


def test_log_is_on_disk_at_once(
    name: str, specs: dict[str, BoardSpec], image: FirmwareImage, tmp_path: Path, wait_until: Wait
) -> None:
    recorder = ConsoleRecorder(tmp_path / "deep" / "console.log")
    with open_board(specs[name], recorder=recorder) as board:
        board.flash(image)
        board.boot()
        assert wait_until(lambda: (tmp_path / "deep" / "console.log").read_text() == HELLO)
    recorder.close()


def test_memory_is_scanned_while_running(booted: Board) -> None:
    regions = booted.ram_regions()
    start, length = regions[-1]
    booted.memory.write(start + length - 16, b"fingerprint here")
    found = [region for region in regions if b"fingerprint here" in booted.memory.read(*region)]
    assert found == [(start, length)]
    assert booted.alive()


def test_mailbox_is_found_by_its_symbol(board: Board, image: FirmwareImage) -> None:
    with pytest.raises(UsageError, match="no firmware yet"):
        _ = board.mailbox_address
    board.flash(image)
    with pytest.raises(UsageError, match="no symbol 'rig_mailbox'"):
        _ = board.mailbox_address


def test_boot_without_firmware_is_a_usage_error(board: Board) -> None:
    with pytest.raises(UsageError, match="no firmware yet"):
        board.boot()


def test_wrong_firmware_changes_nothing(booted: Board, name: str, images: dict[str, FirmwareImage]) -> None:
    other = images["microbit" if name == "mps2-an385" else "mps2-an385"]
    with pytest.raises(UsageError, match="built for"):
        booted.flash(other)
    assert booted.alive()
    assert booted.image is images[name]
    booted.boot()


def test_crash_is_named_by_symbol_and_mended_by_boot(booted: Board, wait_until: Wait) -> None:
    order(booted, demo.BAD_READ)
    assert wait_until(lambda: booted.why_dead() is not None)
    assert "HardFault" in (booted.why_dead() or "")
    assert "demo_crash" in (booted.why_dead() or "")
    assert not booted.alive()
    booted.boot()
    assert booted.alive()


def test_firmware_bkpt_is_named(booted: Board, wait_until: Wait) -> None:
    order(booted, demo.BKPT)
    assert wait_until(lambda: booted.why_dead() is not None)
    assert "halted at" in (booted.why_dead() or "")
    assert "main+" in (booted.why_dead() or "")


def test_memory_that_is_not_there_does_not_latch(booted: Board) -> None:
    with pytest.raises(ProbeFault, match="no memory"):
        booted.memory.read(0x3000_0000, 4)
    assert booted.alive()
    booted.boot()


def test_killed_emulator_is_a_board_fault_that_latches_until_power_cycle(
    booted: Board, image: FirmwareImage, wait_until: Wait
) -> None:
    kill_emulator(booted)
    with pytest.raises(BoardFault, match=r"is gone: QEMU was ended by signal 9 \(SIGKILL\)"):
        booted.memory.read(0x2000_0000, 16)
    assert "SIGKILL" in (booted.why_dead() or "")
    for refused in (booted.boot, lambda: booted.flash(image), lambda: booted.memory.read_u32(0x2000_0000)):
        with pytest.raises(BoardFault, match=r"out of use since: .*SIGKILL"):
            refused()
    logged = len(booted.console.text())
    booted.power_cycle()
    assert booted.why_dead() is None
    booted.boot()
    assert wait_until(lambda: booted.console.text()[logged:].endswith(HELLO))
    assert dict(booted.recoveries) == {"power-cycle": 1}
    assert len(running_descriptors()) == 1


@pytest.mark.parametrize("step", ["flash", "boot"])
def test_emulator_killed_before_a_step(booted: Board, image: FirmwareImage, step: str) -> None:
    kill_emulator(booted)
    with pytest.raises(BoardFault, match="SIGKILL"):
        booted.flash(image) if step == "flash" else booted.boot()


def test_lockup_is_explained(booted: Board, image: FirmwareImage, wait_until: Wait) -> None:
    """A fault in the HardFault handler: silicon locks up, QEMU ends."""
    probe = booted.probe
    assert probe is not None
    order(booted, demo.BAD_READ)
    probe.wait_halted(10)  # at the handler's first instruction
    probe.write_register("pc", image.find("demo_crash").address)
    probe.resume()
    assert wait_until(lambda: "QEMU gave up: Lockup" in (booted.why_dead() or "")), booted.why_dead()


def test_nothing_is_left_behind(name: str, specs: dict[str, BoardSpec], image: FirmwareImage) -> None:
    with open_board(specs[name]) as board:
        board.flash(image)
        board.boot()
        board.close()
        board.close()
        assert running_descriptors() == []
    assert running_descriptors() == []


def test_board_is_closed_when_its_user_fails(name: str, specs: dict[str, BoardSpec]) -> None:
    with pytest.raises(ZeroDivisionError), open_board(specs[name]):
        raise ZeroDivisionError
    assert running_descriptors() == []


def test_frozen_emulator_does_not_hang_teardown(specs: dict[str, BoardSpec]) -> None:
    with open_board(specs["microbit"]) as board:
        descriptor = find_descriptor(board.identity.probe_uid or "")
        assert descriptor is not None
        os.kill(descriptor.pid, signal.SIGSTOP)
    assert running_descriptors() == []


def test_missing_qemu_is_an_environment_fault(
    name: str, specs: dict[str, BoardSpec], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="qemu-system-arm") as caught, open_board(specs[name]):
        pass
    assert "apt-get install" in caught.value.hint


def test_missing_probe_of_a_real_board(specs: dict[str, BoardSpec]) -> None:
    with pytest.raises(ProbeFault, match="no probe with unique id 'no-such-probe'"), open_board(specs["lost"]):
        pass
    with lease("no-such-probe"):  # the lease is free again
        pass


def test_real_board_in_use_says_by_whom(specs: dict[str, BoardSpec]) -> None:
    with (
        lease("no-such-probe"),
        pytest.raises(LeaseFault, match=f"held by process {os.getpid()}"),
        open_board(specs["lost"]),
    ):
        pass


def test_instruction_counts_are_identical_whatever_the_rig_does(
    specs: dict[str, BoardSpec], images: dict[str, FirmwareImage], wait_until: Wait
) -> None:
    """The firmware times a loop by a 25 MHz timer; 128 ns each, so the ticks give the instructions exactly."""
    image = images["mps2-an385"]
    ticks = image.find("demo_measured").address
    counts = []
    for _ in range(2):
        with open_board(specs["mps2-an385"]) as board:
            board.flash(image)
            board.boot()
            assert board.console.wait_for("demo", 10)
            for _ in range(3):
                board.memory.write_u32(ticks, 0)
                order(board, demo.MEASURE)
                assert wait_until(lambda: board.memory.read(0x2100_0000, 1 << 20) and board.memory.read_u32(ticks))
                counts.append(round(board.memory.read_u32(ticks) * 40 / 128))
    assert len(set(counts)) == 1, counts
    assert counts[0] > 200_000


def test_console_survives_a_rig_that_is_killed(
    images: dict[str, FirmwareImage], tmp_path: Path, wait_until: Wait
) -> None:
    import sys

    boards = tmp_path / "boards.yaml"
    boards.write_text(
        "version: 1\ndefault: a\nboards:\n"
        "  a: {kind: emulated, machine: microbit, firmware: {preset: p}, link: {transport: serial}}\n"
    )
    script = (
        "import sys, time\nfrom pathlib import Path\n"
        "from rig.board import ConsoleRecorder, open_board\nfrom rig.inventory import Inventory\n"
        "from rig.probe import FirmwareImage\n"
        "boards, elf, log = map(Path, sys.argv[1:])\nrecorder = ConsoleRecorder(log)\n"
        "with open_board(Inventory.load(boards).boards['a'], recorder=recorder) as board:\n"
        "    board.flash(FirmwareImage.load(elf))\n    board.boot()\n"
        "    recorder.wait_for('demo', 20)\n    print('logged', flush=True)\n    time.sleep(60)\n"
    )
    log = tmp_path / "console.log"
    rig = subprocess.Popen(
        [sys.executable, "-c", script, boards, images["microbit"].path, log], stdout=subprocess.PIPE, text=True
    )
    assert rig.stdout is not None
    assert rig.stdout.readline() == "logged\n"
    rig.kill()
    rig.wait(20)
    rig.stdout.close()
    assert log.read_text() == HELLO
    assert wait_until(lambda: running_descriptors() == []), "the emulator ends with it, and is swept"
