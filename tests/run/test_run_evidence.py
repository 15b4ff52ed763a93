"""Every fault of a run leaves a bundle, and report, JUnit and record name it."""

import html
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from test_run_faults import board_processes, options

from rig.bench import build_defect, one_writer
from rig.errors import RigError
from rig.evidence import Circumstances
from rig.experiments import EXPERIMENTS
from rig.inventory import Inventory
from rig.publish import publish
from rig.records import Event, Fault, Metric, RunRecord, Verdict
from rig.records.vocabulary import BrokenPromises
from rig.run import RunOptions, execute, replay
from rig.search import read_sequence
from rig.station import Station

pytestmark = [pytest.mark.firmware, pytest.mark.qemu, pytest.mark.timeout(300)]

ID = "burst-order"


def first_fault(options: RunOptions, blow: Callable[[], None], *, at: str) -> RunRecord:
    """A run that ends with its first fault; ``blow`` strikes at the first event that is told as ``at``."""
    struck: list[Event] = []

    def watch(event: Event) -> None:
        if at in (event.kind, event.data.get("step")) and not struck:
            struck.append(event)
            blow()
        if event.kind == "fault":
            raise KeyboardInterrupt  # as with Ctrl-C: what follows is not looked at here

    return execute(options, run_id="struck", listeners=(watch,))


def kill_board() -> None:
    for process in board_processes():
        process.kill()


def kill_agent() -> None:
    for process in agents():
        process.kill()


def agents() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [child for child in children if any("MicroXRCEAgent" in word for word in child.cmdline())]


def named(record: RunRecord, directory: Path) -> tuple[Fault, str]:
    """The first fault and the text of its bundle; every output names it."""
    fault = record.faults[0]
    publish(record, directory)
    for name in ("report.html", "junit.xml", "results.json"):
        assert fault.evidence in (directory / name).read_text(encoding="utf-8"), name
    text = (directory / fault.evidence / "fault.txt").read_text(encoding="utf-8")
    assert "what the rig was doing:" in text and "rig/experiments/" in text, text
    return fault, text


def test_a_killed_emulator(project_root: Path, tmp_path: Path) -> None:
    fault, text = named(
        first_fault(options(project_root, tmp_path, "mps2-an385", ID), kill_board, at="measurement"), tmp_path
    )
    assert fault.blame == "board" and "SIGKILL" in fault.message
    assert "rig/experiments/burst_order.py:" in text, "the line of the experiment that was at work"
    assert "registers, backtrace and memory: " in text and not fault.backtrace
    assert "create OK" in text and "STATUS request" in text, "the Agent's log and the last frames in words"


def test_a_killed_agent(project_root: Path, tmp_path: Path, external_agent: str) -> None:
    asked = options(project_root, tmp_path, "mps2-an385", ID, agent="external")
    fault, _ = named(first_fault(asked, kill_agent, at=f"shm: {EXPERIMENTS[ID].title}"), tmp_path)
    assert fault.blame == "agent"
    assert fault.place and ".c:" in fault.place, "the firmware goes on, and the bundle says where it was"
    assert "main (" in " ".join(fault.backtrace)
    assert "bench_main.c" in bt(tmp_path / fault.evidence)


def test_a_dead_link(project_root: Path, tmp_path: Path) -> None:
    (spec,) = Inventory.load(project_root / "boards.yaml").select(["mps2-an385"])
    with Station(spec, agent="builtin", directory=tmp_path) as station:
        setting = station.prepare("shm", quick=True)
        assert setting.link is not None
        setting.start(buffers=2)
        setting.link.cut()
        with pytest.raises(RigError) as seen:
            one_writer(setting.bench, readers=1, reliable=True, key=setting.next_key(), timeout=0.5, request=True)
        about = Circumstances(
            blame="agent", message=seen.value.message, hint="", board=spec.name, step="connect", trace=seen.tb
        )
        bundle = station.keep_evidence(tmp_path / "faults" / "1", about)
    text = (bundle.directory / "fault.txt").read_text(encoding="utf-8")
    assert ".c:" in bundle.place and "bench_main.c" in bt(bundle.directory)
    assert "rig/bench/_topology.py:" in text, "what the rig was doing"


def test_firmware_that_the_search_kills_leaves_a_bundle(project_root: Path, tmp_path: Path) -> None:
    images = build_defect("mps2-an385", "wild_reader")
    entry = {"kind": "emulated", "machine": "mps2-an385", "target": "mps2_an385", "link": {"transport": "serial"}}
    entry["firmware"] = {variant: str(path) for variant, path in images.items()}
    boards = tmp_path / "boards.yaml"
    boards.write_text(json.dumps({"version": 1, "default": "b", "boards": {"b": entry}}), encoding="utf-8")
    directory = tmp_path / "run"
    directory.mkdir()
    asked = replace(options(project_root, directory, "b", "lifecycle"), boards_file=boards, search_seconds=8.0)
    record = execute(asked, run_id="killed")
    (claim,) = (claim for claim in record.claims if claim.id == "lifecycle")
    assert claim.verdict is Verdict.REFUTED, claim.reason
    rows = (m for m in record.measurements if m.metric == Metric.PROMISES_BROKEN)
    found = [finding for m in rows for finding in m.read(BrokenPromises).findings]
    (dead,) = (finding for finding in found if finding.promise == "ALIVE")
    source = (project_root / "firmware" / "defects" / "wild_reader.c").read_text(encoding="utf-8")
    line = next(number for number, text in enumerate(source.splitlines(), 1) if "marked: here it dies" in text)
    assert f"wild_reader.c:{line})" in dead.place, dead.place
    assert len(dead.told) <= 8 and any("main (" in frame for frame in dead.backtrace)
    assert f"wild_reader.c:{line}" in bt(directory / dead.evidence)
    publish(record, directory)
    page = (directory / "report.html").read_text(encoding="utf-8")
    assert f'href="{dead.evidence}/fault.txt"' in page and html.escape(dead.place) in page
    (file,) = (directory / "sequences").iterdir()
    again = replay(read_sequence(file), Inventory.load(boards).select(["b"])[0], times=1)
    assert (again.broken, again.place) == (1, dead.place)


def bt(bundle: Path) -> str:
    done = subprocess.run(
        [shutil.which("gdb-multiarch") or "gdb-multiarch", "-batch", "-nx", "-ex", "bt", "firmware.elf", "core.elf"],
        cwd=bundle,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout
