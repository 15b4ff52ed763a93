"""Commands of boards.yaml: hooks at points of a run, and the power of a board; each has a limit, and is recorded."""

from pathlib import Path

import pytest

from rig.bench import build
from rig.board import open_board
from rig.errors import UsageError
from rig.inventory import Inventory
from rig.probe import FirmwareImage
from rig.records import Event, RunRecord
from rig.run import RunOptions, execute
from rig.shelf import Shelf

pytestmark = [pytest.mark.firmware, pytest.mark.timeout(120)]

LOOK = 'test -z "$RIG_EVIDENCE" || ls $RIG_DIRECTORY/$RIG_EVIDENCE'
SAY = f"sh -c 'echo $RIG_HOOK $RIG_BOARD $RIG_VARIANT $RIG_BLAME; {LOOK}'"


def inventory(directory: Path, hooks: str) -> Path:
    file = directory / "boards.yaml"
    file.write_text(
        "version: 1\ndefault: n\nboards:\n  n:\n    kind: native\n    firmware: {preset: posix}\n"
        f"    link: {{transport: udp4}}\n    hooks:\n{hooks}"
    )
    return file


def run(file: Path, directory: Path, *, interrupt: bool = False) -> RunRecord:
    directory.mkdir()

    def watch(event: Event) -> None:
        if interrupt and event.kind == "fault":
            raise KeyboardInterrupt

    options = RunOptions(
        boards_file=file, claims=("footprint",), quick=True, directory=directory, search_seconds=0.5, agent="none"
    )
    return execute(options, run_id="hooks", listeners=(watch,))


def test_hooks_are_run_and_recorded(tmp_path: Path) -> None:
    say = f'"{SAY.replace(chr(34), chr(92) + chr(34))}"'
    file = inventory(tmp_path, f"      before_flash: {say}\n      after_run: {say}\n")
    (board,) = run(file, tmp_path / "out").boards
    assert [(c.name, c.code, c.output.split()) for c in board.commands] == [
        ("before_flash", 0, ["before_flash", "n", "shm"]),
        ("before_flash", 0, ["before_flash", "n", "network"]),
        ("after_run", 0, ["after_run", "n"]),
    ]


@pytest.mark.parametrize(
    ("hook", "said"), [("sh -c 'echo no bench; exit 7'", "ended with exit code 7"), ("sleep 60", "took too long")]
)
def test_a_hook_before_the_flash_that_fails_is_a_fault(tmp_path: Path, hook: str, said: str) -> None:
    say = f'"{SAY.replace(chr(34), chr(92) + chr(34))}"'
    file = inventory(tmp_path, f'      before_flash: "{hook}"\n      on_fault: {say}\n      seconds: 1\n')
    record = run(file, tmp_path / "out")
    fault = record.faults[0]
    assert fault.blame == "environment" and said in fault.message
    assert record.run.outcome == "fault"
    assert not record.measurements, "nothing was flashed"
    told = [command for board in record.boards for command in board.commands if command.name == "on_fault"]
    assert "fault.txt" in told[0].output and "on_fault n environment" in told[0].output


@pytest.mark.qemu
def test_a_board_is_switched_by_its_commands(project_root: Path, tmp_path: Path) -> None:
    """The board of a shelf stands in for a real one: its power is a file here."""
    switch = tmp_path / "power"
    with Shelf(Inventory.load(project_root / "boards.yaml").select(["microbit"]), lines=False) as shelf:
        file = tmp_path / "boards.yaml"
        file.write_text(
            "version: 1\ndefault: far\nboards:\n  far:\n    kind: probe\n    target: nrf51\n"
            f'    probe: {{uid: "remote:127.0.0.1:{shelf.boards[0].probe_port}"}}\n'
            "    firmware: {preset: microbit}\n    link: {transport: serial, device: /dev/ttyNONE}\n"
            f"    power: {{switch_on: \"sh -c 'echo on >>{switch}'\","
            f" switch_off: \"sh -c 'echo off >>{switch}'\", settle: 0}}\n"
        )
        spec = Inventory.load(file).boards["far"]
        image = FirmwareImage.load(build("microbit")["shm"])
        with open_board(spec) as board:
            board.flash(image)
            board.power_cycle()
            board.boot()
            assert board.alive()
            assert [(c.name, c.code) for c in board.commands] == [("power off", 0), ("power on", 0)]
        assert switch.read_text().split() == ["off", "on"], "it stays on"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("power: {}", "either uhubctl"),
        ("power: {switch_on: a}", "the command that switches the board off"),
        ("power: {switch_on: a, switch_off: b, uhubctl: {location: '1-1', port: 1}}", "either uhubctl"),
        ("power: {uhubctl: {location: 'hub', port: 1}}", "a hub such as 1-1.4"),
        ("hooks: {before_boot: x}", "unknown key 'before_boot'"),
        ('hooks: {after_run: "it\'s"}', "a command whose quotes are closed"),
    ],
)
def test_entries_that_cannot_be_meant(tmp_path: Path, entry: str, said: str) -> None:
    file = tmp_path / "boards.yaml"
    file.write_text(
        'version: 1\ndefault: a\nboards:\n  a:\n    kind: probe\n    target: nrf51\n    probe: {uid: "x"}\n'
        f"    firmware: {{preset: p}}\n    link: {{transport: serial, device: /dev/ttyA}}\n    {entry}\n"
    )
    with pytest.raises(UsageError, match=said):
        Inventory.load(file)
