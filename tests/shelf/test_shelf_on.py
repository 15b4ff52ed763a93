"""`rig run --on HOST` through a real sshd on loopback: the record comes back, and the run ends with the connection."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from own_sshd import Sshd

from rig.errors import EnvironmentFault, UsageError
from rig.records import load
from rig.shelf import run_on

pytestmark = [pytest.mark.firmware, pytest.mark.timeout(120)]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The words for RIG_SSH that lead to a host of our own."""
    with Sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield " ".join(["ssh -F none", f"-p {server.port}", *(f"-o {option}" for option in server.options[1:])])


def rig(ssh: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rig.cli", "run", "--on", f"127.0.0.1:{ROOT}", *arguments]
    environment = os.environ | {"RIG_SSH": ssh}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_the_record_comes_back(ssh: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ("--board", "native", "--quick", "--claims", "footprint", "--search-seconds", "1", "--out", str(out))
    said, complained = rig(ssh, *asked).communicate(timeout=100)
    assert load(out).run.outcome == "passed", complained
    assert f"here:    {out}/report.html" in said
    assert (out / "report.html").exists() and "footprint" in complained, "its console is shown here"
    assert {claim.id for claim in load(out).claims if claim.verdict == "confirmed"} == {"footprint"}


def test_ctrl_c_lets_the_board_go_and_keeps_what_was_measured(ssh: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = rig(ssh, "--board", "native", "--quick", "--out", str(out))
    assert process.stderr is not None
    while "shm: " not in (line := process.stderr.readline()):
        assert line, "it ended"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert load(out).run.outcome == "interrupted"


def test_the_other_run_ends_with_a_killed_one(ssh: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = rig(ssh, "--board", "native", "--quick", "--out", str(out))
    assert process.stderr is not None
    while "shm: " not in (line := process.stderr.readline()):
        assert line, "it ended"
    far = [p for p in psutil.process_iter() if _is_run(p) and p.pid != process.pid]
    assert far
    for child in psutil.Process(process.pid).children(recursive=True):
        child.kill()  # ssh goes with its rig when a job is cancelled
    process.kill()
    process.communicate(timeout=30)
    assert not psutil.wait_procs(far, timeout=30)[1], "nobody holds the board any more"


def _is_run(process: psutil.Process) -> bool:
    try:
        words = process.cmdline()
    except psutil.Error:
        return False
    return "--out" in words and "run" in words and any(word.endswith("/run") for word in words) and "sh" not in words


def test_what_cannot_be_reached(ssh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no host can be called"):
        run_on("-oProxyCommand=id", [], tmp_path)
    monkeypatch.setenv("RIG_SSH", ssh.replace(" -p ", " -p 1 -o Port="))
    with pytest.raises(EnvironmentFault, match="cannot be reached through ssh"):
        run_on("127.0.0.1", [], tmp_path)
    monkeypatch.setenv("RIG_SSH", "no-such-ssh")
    with pytest.raises(EnvironmentFault, match="no-such-ssh cannot be started"):
        run_on("127.0.0.1", [], tmp_path)


def test_options_that_are_wrong_are_told_by_the_other_rig(ssh: str, tmp_path: Path) -> None:
    process = rig(ssh, "--board", "no-such-board", "--out", str(tmp_path / "out"))
    _, complained = process.communicate(timeout=60)
    assert process.returncode == 2 and "unknown board 'no-such-board'" in complained
    assert not (tmp_path / "out").exists()
