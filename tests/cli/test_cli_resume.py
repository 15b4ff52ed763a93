"""`rig run --resume`: what a run had finished is kept, the rest is measured, and two firmwares never mix."""

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from rig_process import Finished, RigProcess, nothing_left

from rig.bench import build
from rig.records import load, read_events, schema

pytestmark = pytest.mark.firmware

Rig = Callable[..., Finished]
Start = Callable[..., RigProcess]
CLAIMS = "shared-buffer,burst-order,agentless-operation"
LAST = "shm: samples delivered while the link is cut"


def finished(out: Path) -> list[tuple[object, object]]:
    """Variant and experiment of the steps that came to their end, in order."""
    return [
        (event.data["variant"], event.data["experiment"])
        for event in read_events(out / "events.jsonl")
        if event.kind == "finished" and event.data["experiment"]
    ]


def kill(process: RigProcess, words: str) -> None:
    process.wait_for(words)
    children = process.children()
    process.process.kill()
    process.finish()
    for child in children:
        child.wait(60)


def test_a_killed_run_goes_on(start: Start, rig: Rig, tmp_path: Path, state: Path) -> None:
    out = tmp_path / "out"
    kill(start("run", "--board", "native", "--quick", "--out", str(out), "--claims", CLAIMS), LAST)
    with (out / "events.jsonl").open("a") as log:
        log.write('{"seconds": 1.0, "kind": "measu')  # where a crash can cut a line
    before = finished(out)
    assert ("shm", "burst-order") in before and ("network", "burst-order") not in before
    kept = load(out).measurements
    done = rig("run", "--resume", str(out))
    assert done.code == 0, done.out + done.err
    assert len(finished(out)) == len(set(finished(out))) == 7, "nothing that was finished is made again"
    raw = json.loads((out / "results.json").read_text())
    jsonschema.validate(raw, schema())
    record = load(out)
    assert record.run.outcome == "passed" and len(record.run.resumed) == 1
    assert [m for m in record.measurements if (m.variant, m.experiment) in before] == [
        m for m in kept if (m.variant, m.experiment) in before
    ]
    conditions = [(m.variant, m.metric, tuple(sorted(m.conditions.items()))) for m in record.measurements]
    assert len(conditions) == len(set(conditions)), "a half-made experiment left nothing behind"
    times = [event.seconds for event in read_events(out / "events.jsonl")]
    assert times == sorted(times)
    assert {firmware.variant for firmware in record.boards[0].firmware} == {"shm", "network"}
    again = rig("run", "--resume", str(out))
    assert again.code == 2 and "complete" in again.err
    nothing_left(state)


@pytest.mark.qemu
def test_a_fault_is_mended(start: Start, rig: Rig, tmp_path: Path, state: Path) -> None:
    out = tmp_path / "out"
    process = start("run", "--quick", "--out", str(out), "--claims", "shared-buffer,thread-safety")
    process.wait_for("shm: publishers in several contexts")
    (qemu,) = (child for child in process.children() if "qemu" in child.name())
    qemu.send_signal(signal.SIGKILL)
    assert process.finish() == 3
    assert f"rig run --resume {out}" in process.text()
    done = rig("run", "--resume", str(out))
    assert done.code == 0, done.out + done.err
    record = load(out)
    assert [(fault.blame, fault.mended) for fault in record.faults] == [("board", True)]
    assert "mended" in done.out and "mended" in (out / "report.html").read_text()
    assert {c.id for c in record.claims if c.verdict == "confirmed"} == {"shared-buffer", "thread-safety"}
    nothing_left(state)


def test_another_firmware_is_refused(start: Start, rig: Rig, tmp_path: Path) -> None:
    images = {variant: shutil.copy(path, tmp_path / f"{variant}.elf") for variant, path in build("posix").items()}
    inventory = tmp_path / "boards.yaml"
    named = ", ".join(f"{variant}: {path}" for variant, path in images.items())
    inventory.write_text(
        "version: 1\ndefault: b\nboards:\n"
        f"  b: {{kind: native, firmware: {{{named}}}, link: {{transport: udp4}}, capabilities: [shm]}}\n"
    )
    out = tmp_path / "out"
    kill(start("run", "--boards", str(inventory), "--quick", "--out", str(out), "--claims", CLAIMS), LAST)
    log = (out / "events.jsonl").read_text()
    with Path(images["shm"]).open("ab") as image:
        image.write(b"another")
    done = rig("run", "--resume", str(out))
    assert done.code == 2
    assert "the shm firmware of b was" in done.err and "must not mix" in done.err
    assert (out / "events.jsonl").read_text() == log, "nothing is touched"


def test_one_writer_at_a_time(start: Start, rig: Rig, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start("run", "--board", "native", "--quick", "--out", str(out), "--claims", CLAIMS)
    process.wait_for("shm:")
    process.process.send_signal(signal.SIGSTOP)  # so that it cannot come to its end meanwhile
    done = rig("run", "--resume", str(out))
    assert done.code == 2 and "still writing" in done.err
    process.process.send_signal(signal.SIGCONT)
    process.interrupt()
    assert process.finish() == 130


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--resume", "nowhere"), "no run at nowhere"),
        (("--resume", "."), "no events.jsonl"),
        (("--resume", ".", "--quick"), "--resume takes no other options, and --quick was given"),
    ],
)
def test_what_cannot_be_resumed(rig: Rig, arguments: tuple[str, ...], said: str) -> None:
    done = rig("run", *arguments)
    assert done.code == 2
    assert said in done.err
