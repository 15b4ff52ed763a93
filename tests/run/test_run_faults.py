"""A fault is never a refutation: whatever it strikes, a dead board, a hung firmware, a wedged probe, a spoilt link or a
full disk ends in *not run* or *inconclusive*, and the reason says who is at fault.

Here each experiment meets a dead board, and a few the rest; RIG_ALL_FAULTS=1 tries all of them.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from rig.claims import CLAIMS
from rig.experiments import EXPERIMENTS
from rig.records import ClaimResult, Event, RunRecord, Verdict, load
from rig.run import RunOptions, execute

pytestmark = [pytest.mark.firmware, pytest.mark.timeout(300)]

DECIDED = [id for id in EXPERIMENTS if id in CLAIMS]
ALL = bool(os.environ.get("RIG_ALL_FAULTS"))


def board_processes() -> list[psutil.Process]:
    """The boards that this process has started."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "qemu" in child.name() or "rig-bench" in child.name()]


def struck(root: Path, directory: Path, board: str, id: str, blow: signal.Signals) -> RunRecord:
    """A run of one experiment whose board gets a signal at the experiment's begin."""
    begin = f"shm: {EXPERIMENTS[id].title}"
    blows: list[int] = []

    def watch(event: Event) -> None:
        if event.kind == "step" and event.data["step"] == begin and not blows:
            for process in board_processes():
                process.send_signal(blow)
                blows.append(process.pid)

    record = execute(options(root, directory, board, id), run_id="struck", listeners=(watch,))
    assert len(blows) == 1
    assert not board_processes(), "nothing is left running"
    return record


def options(root: Path, directory: Path, board: str, id: str, **more: object) -> RunOptions:
    claims = (id,) if id in CLAIMS else ("lifecycle",)  # the search has no claim of its own
    return RunOptions(
        boards_file=root / "boards.yaml",
        boards=(board,),
        claims=claims,
        quick=True,
        directory=directory,
        search_seconds=1.0,
        **more,  # type: ignore[arg-type]
    )


def claim(record: RunRecord, id: str) -> ClaimResult:
    return next(result for result in record.claims if result.id == id)


def said_of(record: RunRecord, id: str, blame: str) -> None:
    result = claim(record, id)
    assert result.verdict in (Verdict.NOT_RUN, Verdict.INCONCLUSIVE), result.reason
    assert result.reason.startswith(f"{blame} fault: "), result.reason
    assert [fault.blame for fault in record.faults] == [blame]
    assert record.run.outcome == "fault"


@pytest.mark.parametrize("id", DECIDED)
def test_the_board_dies(project_root: Path, tmp_path: Path, id: str) -> None:
    record = struck(project_root, tmp_path, "native", id, signal.SIGKILL)
    said_of(record, id, "board")
    assert "SIGKILL" in claim(record, id).reason
    control = {m.variant for m in record.measurements}
    assert ("network" in control) is EXPERIMENTS[id].has_control, "the board came back for the rest"


def test_the_board_dies_in_the_search(project_root: Path, tmp_path: Path) -> None:
    record = struck(project_root, tmp_path, "native", "sequences", signal.SIGKILL)
    result = claim(record, "lifecycle")
    assert result.verdict is Verdict.INCONCLUSIVE, result.reason
    assert "the search for calls that break it did not end: board fault: " in result.reason
    assert [fault.blame for fault in record.faults] == ["board"]
    assert record.run.outcome == "fault"


@pytest.mark.parametrize("id", DECIDED if ALL else ("burst-order",))
def test_the_firmware_hangs(project_root: Path, tmp_path: Path, id: str) -> None:
    record = struck(project_root, tmp_path, "native", id, signal.SIGSTOP)
    said_of(record, id, "firmware")


@pytest.mark.qemu
@pytest.mark.parametrize("id", DECIDED if ALL else ("services",))
def test_the_probe_is_wedged(project_root: Path, tmp_path: Path, id: str) -> None:
    """The emulator stands still, and with it the probe and the core."""
    record = struck(project_root, tmp_path, "mps2-an385", id, signal.SIGSTOP)
    result = claim(record, id)
    assert result.verdict in (Verdict.NOT_RUN, Verdict.INCONCLUSIVE), result.reason
    assert result.reason.startswith(("probe fault: ", "board fault: ")), result.reason
    assert record.run.outcome == "fault"


@pytest.mark.parametrize("id", DECIDED if ALL else ("message-size", "agent-duplicates"))
def test_the_link_is_spoilt(project_root: Path, tmp_path: Path, id: str) -> None:
    """A third of all datagrams lost, another third doubled, another overtaken: nobody can measure an Agent's path."""
    record = execute(options(project_root, tmp_path, "native", id, noise=0.33), run_id="spoilt")
    result = claim(record, id)
    assert result.verdict is not Verdict.REFUTED, result.reason
    for fault in record.faults:
        assert fault.blame == "agent" and "the link spoilt" in fault.message


@pytest.mark.parametrize("id", DECIDED if ALL else ("burst-order", "agent-duplicates"))
def test_the_agent_is_stopped(project_root: Path, tmp_path: Path, external_agent: str, id: str) -> None:
    """It is there and answers nobody: no fault of the firmware that waits for it."""
    begin = f"shm: {EXPERIMENTS[id].title}"
    stopped: list[psutil.Process] = []

    def watch(event: Event) -> None:
        if event.kind == "step" and event.data["step"] == begin and not stopped:
            for process in psutil.Process().children(recursive=True):
                if external_agent in process.cmdline():
                    process.suspend()
                    stopped.append(process)

    record = execute(
        options(project_root, tmp_path, "native", id, agent="external"), run_id="stopped", listeners=(watch,)
    )
    assert len(stopped) == 1 and not stopped[0].is_running()
    said_of(record, id, "agent")
    assert "is stopped" in claim(record, id).reason


@pytest.mark.qemu
def test_the_agent_is_silent(project_root: Path, tmp_path: Path, external_agent: str) -> None:
    record = execute(options(project_root, tmp_path, "mps2-an385", "burst-order", agent="external"), run_id="silent")
    result = claim(record, "burst-order")
    assert result.reason.startswith("agent fault: "), result.reason
    assert "answered none" in result.reason
    assert {fault.blame for fault in record.faults} == {"agent"}


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.argv = ["rig", *sys.argv[2:]]
from rig.cli.__main__ import main
main()
"""


@pytest.mark.parametrize("id", DECIDED if ALL else ("burst-order",))
def test_the_disk_is_full(project_root: Path, tmp_path: Path, id: str) -> None:
    """A limit on the size of files stands in for the disk: the run ends at once, and what it had is readable."""
    out = tmp_path / "out"
    command = [sys.executable, "-c", LIMITED, "3000", "run", "--quick", "--board", "native", "--claims", id]
    done = subprocess.run(
        [*command, "--out", str(out)], cwd=project_root, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "cannot write" in done.stderr and "Traceback" not in done.stderr
    assert not [c for c in load(out).claims if c.verdict is Verdict.REFUTED]
