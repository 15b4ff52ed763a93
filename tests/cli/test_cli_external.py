"""The reference Client beside eProsima's Agent, where it is installed: a claim on the native firmware."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rig_process import Finished

from rig.agent import find_external

Rig = Callable[..., Finished]

PROGRAM = find_external()


@pytest.mark.firmware
@pytest.mark.skipif(PROGRAM is None, reason="neither MicroXRCEAgent nor micro_ros_agent is installed")
def test_a_claim_is_confirmed_beside_an_external_agent(rig: Rig, tmp_path: Path) -> None:
    """Session after session from one address, each with fragments both ways: none may stand in the next one's way."""
    assert PROGRAM is not None
    out = tmp_path / "out"
    options = ("--board", "native", "--claims", "message-size", "--agent", "external")
    done = rig("run", "--quick", *options, "--out", str(out))
    assert done.code == 0, done.out + done.err
    results = json.loads((out / "results.json").read_text())
    assert PROGRAM.name in results["environment"]["agent"]
    verdicts = {claim["id"]: claim["verdict"] for claim in results["claims"]}
    assert verdicts["message-size"] == "confirmed"
    assert results["faults"] == []
