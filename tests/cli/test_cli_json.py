"""``--json``: one document on standard output, and nothing else there; the exit code stays what it is."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rig_process import Finished

from rig.claims import CLAIMS

Rig = Callable[..., Finished]


def test_boards_claims_and_doctor_answer_in_json(rig: Rig) -> None:
    boards = json.loads(rig("boards", "--json").out)
    assert boards["default"] == "mps2-an385"
    native = next(board for board in boards["boards"] if board["name"] == "native")
    assert native["link"]["transport"] == "udp4"
    assert sorted(native["capabilities"]) == native["capabilities"]
    claims = json.loads(rig("claims", "--json").out)
    assert [claim["id"] for claim in claims] == list(CLAIMS)
    doctor = rig("doctor", "--json")
    found = json.loads(doctor.out)
    assert (doctor.code == 0) == (found["to_mend"] == 0)
    assert {"what", "found", "mend", "needed"} <= set(found["findings"][0])


@pytest.mark.firmware
def test_a_run_and_its_report_answer_in_json(rig: Rig, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = rig("run", "--quick", "--board", "native", "--claims", "footprint", "--out", str(out), "--json")
    assert run.code == 0, run.err
    told = json.loads(run.out)
    assert (told["exit_code"], told["run"]["outcome"]) == (0, "passed")
    assert [(claim["id"], claim["verdict"]) for claim in told["claims"]] == [("footprint", "confirmed")]
    assert str(out / "report.html") in told["files"]
    assert "flash and boot" in run.err, "progress goes where it is in nobody's way"
    assert json.loads(rig("report", str(out), "--json").out)["claims"] == told["claims"]


def test_completion_offers_commands_and_options(project_root: Path) -> None:
    def offered(words: str, number: int) -> str:
        environment = {"_RIG_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(number)}
        program = Path(sys.executable).with_name("rig")
        done = subprocess.run([program], env=environment, capture_output=True, text=True, check=False, cwd=project_root)
        return done.stdout

    assert "plain,compare" in offered("rig com", 1)
    assert "plain,--claims" in offered("rig run --cl", 2)
