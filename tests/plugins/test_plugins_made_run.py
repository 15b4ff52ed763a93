"""Suites and acceptance cases judge a run that exists, instead of making one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run on the native board: two claims of it."""
    directory = tmp_path_factory.mktemp("run")
    command = ["-m", "rig.cli", "run", "--quick", "--board", "native", "--claims", "copies,burst-order", "--out", "r"]
    subprocess.run([sys.executable, *command, "--boards", ROOT / "boards.yaml"], cwd=directory, check=True, timeout=120)
    return directory / "r"


def suites(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def made_by_suites() -> set[Path]:
    """Their runs in this checkout; other runs may be made there meanwhile."""
    journals = (ROOT / "reports" / "runs").glob("*/events.jsonl")
    return {journal.parent for journal in journals if '"command": "pytest suites' in journal.read_text()}


@pytest.mark.firmware
def test_the_suites_judge_it(run: Path) -> None:
    chosen = ["suites/claims/test_copies.py", "suites/claims/test_burst_order.py", "suites/claims/test_latency.py"]
    before = made_by_suites()
    done = suites(*chosen, "--rig-board", "native", "--rig-run", str(run))
    assert done.returncode == 0, done.stdout
    assert "passed" in done.stdout and "skipped" in done.stdout  # latency was not asked of that run
    assert made_by_suites() == before


@pytest.mark.firmware
def test_what_it_refutes_fails(run: Path, tmp_path: Path) -> None:
    other = tmp_path / "refuted"
    shutil.copytree(run, other)
    file = other / "results.json"
    text = file.read_text()
    assert text.count('"verdict": "confirmed"') == 2
    file.write_text(text.replace('"verdict": "confirmed"', '"verdict": "refuted"'))
    done = suites("suites/claims/test_copies.py", "--rig-board", "native", "--rig-run", str(other))
    assert done.returncode == 1 and "1 failed" in done.stdout
    files = ["--output", "NONE", "--log", "NONE", "--report", "NONE"]
    robot = [sys.executable, "-m", "robot", *files, "--variable", "BOARD:native"]
    for directory, passed, failed in ((run, 2, 0), (other, 0, 2)):
        command = [*robot, "--variable", f"RUN:{directory}", "suites/acceptance/claims.robot"]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False).stdout
        assert f"16 tests, {passed} passed, {failed} failed, 14 skipped" in said


@pytest.mark.firmware
@pytest.mark.parametrize(
    ("board", "named", "said"),
    [("native", "no-such-run", "no run at no-such-run"), ("microbit", "", "says nothing of board microbit")],
)
def test_a_run_that_is_not_there_or_of_another_board_is_one_error(run: Path, board: str, named: str, said: str) -> None:
    done = suites("suites", "--rig-board", board, "--rig-run", named or str(run))
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stderr.count(said) == 1
