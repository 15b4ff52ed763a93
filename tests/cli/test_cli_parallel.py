"""Several boards at once: one run, one record, and each board as if it were alone."""

import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from rig_process import Finished, RigProcess, nothing_left

from rig.records import RunRecord, load

pytestmark = [pytest.mark.qemu, pytest.mark.firmware, pytest.mark.timeout(300)]

Rig = Callable[..., Finished]
Start = Callable[..., RigProcess]

BOARDS = """\
version: 1
default: one
boards:
  one: {kind: emulated, machine: mps2-an385, capabilities: [shm], firmware: {preset: mps2-an385},
        link: {transport: serial}}
  host: {kind: native, capabilities: [shm, quick], firmware: {preset: posix}, link: {transport: udp4}}
  other: {kind: native, capabilities: [shm, quick], firmware: {preset: posix}, link: {transport: udp4}}
  unbuilt: {kind: native, capabilities: [shm], firmware: {shm: nowhere.elf}, link: {transport: udp4}}
"""


@pytest.fixture
def boards(tmp_path: Path) -> str:
    path = tmp_path / "boards.yaml"
    path.write_text(BOARDS)
    return str(path)


def exact(record: RunRecord, board: str) -> dict[object, object]:
    return {
        (m.experiment, m.variant, m.metric, tuple(sorted(m.conditions.items()))): m.samples
        for m in record.measurements
        if m.exact and m.board == board
    }


def test_boards_at_once_are_as_alone(rig: Rig, boards: str, tmp_path: Path, state: Path) -> None:
    options = ("run", "--boards", boards, "--quick", "--claims", "os-overhead,footprint", "--search-seconds", "0.5")
    done = rig(*options, "--board", "all", "--out", str(tmp_path / "all"))
    assert done.code == 0, done.out + done.err
    assert "unbuilt is left out: its firmware is not there (nowhere.elf)" in done.err
    assert rig(*options, "--out", str(tmp_path / "alone")).code == 0
    together, alone = load(tmp_path / "all"), load(tmp_path / "alone")
    assert [board.name for board in together.boards] == ["one", "host", "other"], "in the order of the file"
    verdicts = {(claim.board, claim.id): claim.verdict for claim in together.claims}
    assert {verdicts["one", claim.id] == claim.verdict for claim in alone.claims} == {True}
    figures = exact(alone, "one")
    assert figures and exact(together, "one") == figures
    assert not list((tmp_path / "all").glob("*worker.log")), "nobody had anything to complain of"
    nothing_left(state)


def test_a_board_whose_process_is_killed_does_not_end_the_others(
    start: Start, boards: str, tmp_path: Path, state: Path
) -> None:
    out = tmp_path / "out"
    asked = ("--board", "one", "--board", "host", "--claims", "os-overhead,footprint")
    process = start("run", "--boards", boards, "--quick", *asked, "--out", str(out))
    process.wait_for("one  shm: calls and link bytes")
    (victim,) = (child for child in process.children() if board_of(child) == "one")
    victim.send_signal(signal.SIGKILL)
    assert process.finish() == 3
    record = load(out)
    (fault,) = record.faults
    assert (fault.blame, fault.board) == ("rig", "one")
    assert fault.message == "the process of board one was ended by SIGKILL"
    assert (out / fault.evidence / "fault.txt").exists()
    verdicts = {(claim.board, claim.id): claim.verdict.value for claim in record.claims}
    assert verdicts["host", "os-overhead"] == verdicts["host", "footprint"] == "confirmed"
    assert verdicts["one", "footprint"] == "not_run"
    assert not [child for child in psutil.process_iter() if str(state) in " ".join(_command(child))]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def board_of(process: psutil.Process) -> str:
    """The board whose process this is, by the emulator that it has started."""
    words = process.cmdline()
    emulated = any("qemu" in child.name() for child in process.children())
    return "one" if "rig.run" in words and emulated else ""


def test_ctrl_c_lets_all_boards_go(start: Start, boards: str, tmp_path: Path, state: Path) -> None:
    out = tmp_path / "out"
    process = start("run", "--boards", boards, "--quick", "--board", "one", "--board", "host", "--out", str(out))
    process.wait_for("one  shm: ")
    process.interrupt()
    assert process.finish() == 130
    assert load(out).run.outcome == "interrupted"
    nothing_left(state)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--any", "quick", "--count", "3"), "3 boards with quick are asked for, and boards.yaml has 2: host, other"),
        (("--any", "nothing"), "no board matches"),
        (("--count", "2"), "--count says how many boards --any takes"),
        (("--any", "quick", "--board", "one"), "--any chooses boards by what they can do"),
    ],
)
def test_a_choice_that_cannot_be_made(rig: Rig, boards: str, options: tuple[str, ...], said: str) -> None:
    done = rig("run", "--boards", boards, *options, "--dry-run")
    assert done.code == 2 and said in done.err


def test_any_takes_so_many(rig: Rig, boards: str) -> None:
    done = rig("run", "--boards", boards, "--any", "shm", "--count", "2", "--claims", "copies", "--dry-run")
    assert [line.split()[0] for line in done.out.splitlines() if not line.startswith((" ", "then"))] == ["one", "host"]
