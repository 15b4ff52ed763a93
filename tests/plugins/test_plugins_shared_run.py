"""`pytest -n` makes one run and shares it, whatever the scheduler; a test that is run again measures anew."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rig.records import load

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.firmware

TEST = """
import pytest
pytestmark = pytest.mark.rig_claim("{claim}")
def test_confirmed(rig_verdict):
    assert rig_verdict.verdict == "confirmed", rig_verdict.reason
def test_has_figures(rig_figures, rig_record):
    assert rig_figures is not None
    assert {{c.id for c in rig_record.claims if c.verdict == "confirmed"}} == {{"footprint", "shared-buffer"}}
"""
AGAIN = """
import pytest
seen = []
@pytest.mark.rig_claim("footprint")
def test_is_run_again(rig_record):
    seen.append(rig_record.run.id)
    assert len(set(seen)) == 2
"""


def pytest_in(directory: Path, *options: str) -> str:
    (directory / "reports").mkdir(exist_ok=True)
    plain = ("-q", "-p", "no:cacheprovider", "--rootdir", str(directory), "--rig-boards", str(ROOT / "boards.yaml"))
    command = [sys.executable, "-m", "pytest", *plain, "--rig-board", "native", *options]
    environment = os.environ | {"RIG_SEARCH_SECONDS": "0.3"}
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_two_files_in_two_processes_make_one_run(tmp_path: Path) -> None:
    for name, claim in (("a", "footprint"), ("b", "shared-buffer")):
        (tmp_path / f"test_{name}.py").write_text(TEST.format(claim=claim))
    said = pytest_in(tmp_path, "-n", "2", "--dist", "load")
    assert "4 passed" in said
    (run,) = (tmp_path / "reports" / "runs").iterdir()
    assert load(run).run.outcome == "passed"


def test_a_rerun_measures_anew(tmp_path: Path) -> None:
    (tmp_path / "test_again.py").write_text(AGAIN)
    assert "1 rerun" in pytest_in(tmp_path, "--reruns", "1")
    assert len(list((tmp_path / "reports" / "runs").iterdir())) == 2
