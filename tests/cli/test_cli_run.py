"""`rig run` on the emulated board: what it leaves, and what becomes of it when something dies."""

import json
import os
import signal
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from cli_records import explained
from rig_process import Finished, RigProcess, nothing_left

from rig.records import load, schema

pytestmark = [pytest.mark.qemu, pytest.mark.firmware]

Rig = Callable[..., Finished]
Start = Callable[..., RigProcess]
FILES = {
    "results.json",
    "report.html",
    "junit.xml",
    "metrics.prom",
    "events.jsonl",
    "console.log",
    "link.pcapng",
    "agent.log",
}


def test_a_run_is_confirmed_and_leaves_everything(rig: Rig, tmp_path: Path, state: Path) -> None:
    out = tmp_path / "out"
    done = rig("run", "--quick", "--out", str(out), "--claims", "shared-buffer,burst-order,footprint")
    assert done.code == 0, done.out + done.err
    assert {file.name for file in out.iterdir()} == FILES
    raw = json.loads((out / "results.json").read_text())
    jsonschema.validate(raw, schema())
    assert {c["id"] for c in raw["claims"] if c["verdict"] == "confirmed"} == {
        "shared-buffer",
        "burst-order",
        "footprint",
    }
    assert {m["variant"] for m in raw["measurements"]} == {"shm", "network"}
    assert "report:" in done.out
    explained(out)
    nothing_left(state)


@pytest.mark.parametrize("words", ["take the board", "flash and boot", "largest message", "network: largest"])
def test_interrupted(start: Start, tmp_path: Path, state: Path, words: str) -> None:
    out = tmp_path / "out"
    process = start("run", "--quick", "--out", str(out), "--claims", "message-size")
    process.wait_for(words)
    process.interrupt()
    assert process.finish() == 130
    record = load(out)
    assert record.run.outcome == "interrupted"
    (claim,) = (c for c in record.claims if c.id == "message-size")
    assert claim.verdict in ("not_run", "inconclusive")
    assert "interrupted" in claim.reason
    assert (out / "report.html").exists()
    nothing_left(state)


def test_qemu_is_killed_in_mid_run(start: Start, tmp_path: Path, state: Path) -> None:
    out = tmp_path / "out"
    process = start("run", "--quick", "--out", str(out), "--claims", "message-size,copies")
    process.wait_for("copies resident in RAM")
    (qemu,) = (child for child in process.children() if "qemu" in child.name())
    qemu.send_signal(signal.SIGKILL)
    assert process.finish() == 3
    record = load(out)
    assert [fault.blame for fault in record.faults] == ["board"]
    assert "SIGKILL" in record.faults[0].message
    verdicts = {claim.id: claim.verdict for claim in record.claims}
    assert verdicts["message-size"] == "confirmed"  # measured before, and after the board came back
    assert verdicts["copies"] == "inconclusive"
    nothing_left(state)


def test_the_agent_is_killed_in_mid_run(start: Start, tmp_path: Path, state: Path) -> None:
    """An external Agent, played by the built-in one as a process of its own under the name that is looked for."""
    tools = tmp_path / "bin"
    tools.mkdir()
    agent = tools / "MicroXRCEAgent"
    agent.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rig.cli agent "$@"\n')
    agent.chmod(agent.stat().st_mode | stat.S_IXUSR)
    out = tmp_path / "out"
    path = f"{tools}:{os.environ['PATH']}"
    process = start("run", "--quick", "--agent", "external", "--out", str(out), "--claims", "latency", PATH=path)
    process.wait_for("network: message latency")
    (victim,) = (child for child in process.children() if "agent" in child.cmdline())
    victim.send_signal(signal.SIGKILL)
    assert process.finish() == 3
    record = load(out)
    assert record.faults[0].blame == "agent", record.faults
    (claim,) = (c for c in record.claims if c.id == "latency")
    assert claim.verdict == "inconclusive"
    assert "agent fault" in claim.reason
    nothing_left(state)


def test_a_killed_run_can_be_read_back(start: Start, rig: Rig, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start("run", "--quick", "--out", str(out), "--claims", "message-size,copies")
    process.wait_for("copies resident in RAM")
    children = process.children()
    process.process.kill()
    process.finish()
    for child in children:
        child.wait(10)  # the emulator never outlives the rig
    done = rig("report", str(out), "-v")
    assert done.code == 0
    assert "16,777,216" in done.out
    assert (out / "report.html").exists()


@pytest.mark.parametrize("command", [("matrix", "--board", "native", "--defect", "late_echo"), ("soak", "--runs", "9")])
def test_what_makes_several_runs_ends_with_one_interrupt(
    start: Start, state: Path, project_root: Path, command: tuple[str, ...]
) -> None:
    boards = () if command[0] == "matrix" else ("--board", "native")
    process = start(*command, *boards)
    until = time.monotonic() + 60
    while not any("rig-bench" in name for name in process.names()):
        assert process.process.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    process.interrupt()
    assert process.finish() == 130
    nothing_left(state)
