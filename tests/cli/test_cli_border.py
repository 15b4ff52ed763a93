"""Whatever is no error of the rig's own: said in one line, exit 3, never a traceback; and what was measured is kept."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rig_process import Finished, RigProcess
from sample_record import sample

from rig.errors import ResultsFault, UsageError
from rig.inventory import Inventory
from rig.probe import FirmwareImage
from rig.publish import publish
from rig.records import Event, RunRecord, Verdict, from_json, load, to_json
from rig.run import RunOptions, execute

Rig = Callable[..., Finished]
ESCAPE = "\x1b[31m\x07\x9b2J"


def plain() -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(json.dumps(to_json(sample())))
    return raw


def stored(directory: Path, text: str) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "results.json").write_text(text, encoding="utf-8")
    return directory


# ---- records


def changed(where: list[str | int], value: object) -> str:
    raw = plain()
    at: Any = raw
    for key in where[:-1]:
        at = at[key]
    at[where[-1]] = value
    return json.dumps(raw)


HOSTILE = {
    "nan": (["measurements", 5, "samples"], [float("nan")] * 3),
    "infinite": (["measurements", 5, "samples"], [float("inf"), 1.0]),
    "huge number": (["measurements", 5, "samples"], [10**400]),
    "sample is text": (["measurements", 5, "samples"], ["a"]),
    "sample is a list": (["measurements", 5, "samples"], [[1]]),
    "no samples": (["measurements", 5, "samples"], None),
    "measurements are lists": (["measurements"], [[1, 2]]),
    "measurements are text": (["measurements"], "abc"),
    "conditions are a list": (["measurements", 5, "conditions"], [1]),
    "metric is a number": (["measurements", 5, "metric"], 5),
    "metric with a line break": (["measurements", 5, "metric"], "a b\n# TYPE x"),
    "no unit": (["measurements", 5, "unit"], None),
    "detail of another form": (["measurements", 0, "detail"], {"tried": 5}),
    "board is a number": (["boards", 0, "name"], 7),
    "seconds are text": (["run", "seconds"], "abc"),
    "begun yesterday": (["run", "started"], "yesterday"),
    "begun at a number": (["run", "started"], 5),
    "outcome is a list": (["run", "outcome"], ["x"]),
    "evidence is text": (["claims", 0, "evidence"], "abc"),
    "claim is a list": (["claims", 0, "id"], [1]),
    "faults are nothing": (["faults"], None),
    "console of numbers": (["faults", 0, "console"], [5]),
    "nobody's blame": (["faults", 0, "blame"], "zz"),
    "more of an environment": (["environment", "evil"], 1),
    "half a character": (["run", "command"], "\ud800"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_record_is_refused_before_it_is_used(tmp_path: Path, name: str) -> None:
    where, value = HOSTILE[name]
    with pytest.raises(UsageError) as caught:
        load(stored(tmp_path, changed(list(where), value)))
    assert "\n" not in caught.value.message and len(caught.value.message) < 300


@pytest.mark.parametrize("text", ["[" * 200_000 + "]" * 200_000, '{"a":' * 20_000 + "1" + "}" * 20_000])
def test_a_record_that_is_too_deep_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        load(stored(tmp_path, text))
    whole = json.dumps(plain())[:-1] + f',"x":{text}}}'
    with pytest.raises(UsageError):
        load(stored(tmp_path, whole))


@pytest.mark.parametrize(
    "line",
    [
        '{"seconds":1,"kind":"measurement","measurement":[1]}',
        '{"seconds":1,"kind":"measurement"}',
        '{"seconds":"x","kind":"foo"}',
        '{"seconds":1,"kind":"finished","board":[1],"variant":{},"experiment":7}',
        '{"seconds":1,"kind":"finished"}',
        "[" * 100_000 + "]" * 100_000,
        "[1]",
        "garbage",
    ],
)
@pytest.mark.parametrize("command", [("report",), ("run", "--resume")])
def test_a_hostile_journal_is_refused(here: Rig, tmp_path: Path, line: str, command: tuple[str, ...]) -> None:
    raw = plain()
    begin = json.dumps(
        {"seconds": 0, "kind": "run", "run": {**raw["run"], "outcome": None}, "environment": raw["environment"]}
    )
    (tmp_path / "events.jsonl").write_text(f"{begin}\n{line}\n", encoding="utf-8")
    done = here(*command, str(tmp_path), cwd=tmp_path)
    assert done.code == 2 and done.err.startswith("rig: "), done


@pytest.mark.parametrize("command", [("report",), ("boards", "--boards"), ("flash", "native")])
def test_a_device_is_no_record_and_no_inventory_and_no_firmware(
    here: Rig, project_root: Path, command: tuple[str, ...]
) -> None:
    assert here(*command, "/dev/zero", cwd=project_root).code == 2


def test_an_inventory_that_is_too_deep_is_refused(here: Rig, tmp_path: Path) -> None:
    file = tmp_path / "boards.yaml"
    file.write_text("[" * 20_000 + "]" * 20_000)
    done = here("boards", "--boards", str(file), cwd=tmp_path)
    assert (done.code, "nested too deeply" in done.err) == (2, True), done.err


def test_an_elf_file_of_gigabytes_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "huge.elf"
    with file.open("wb") as sparse:
        sparse.write(b"\x7fELF")
        sparse.truncate(3 << 30)
    with pytest.raises(UsageError, match="at most"):
        FirmwareImage.load(file)


def test_a_detail_that_is_of_a_later_version_does_no_harm() -> None:
    raw = plain()
    raw["measurements"][0]["detail"]["of a later version"] = {"a": [1]}
    assert from_json(raw).measurements[0].metric == sample().measurements[0].metric


@pytest.mark.parametrize("command", [("report",), ("compare",)])
def test_control_characters_of_a_record_never_reach_the_terminal(
    here: Rig, tmp_path: Path, command: tuple[str, ...]
) -> None:
    raw = plain()
    for claim in raw["claims"]:
        claim["reason"] = f"{ESCAPE}[red]{claim['reason']}"
        claim["expected"] = ESCAPE
    for fault in raw["faults"]:
        fault |= {"message": ESCAPE, "hint": f"[link]{ESCAPE}", "step": ESCAPE}
    for m in raw["measurements"]:
        m["conditions"]["case"] = ESCAPE
    raw["run"]["outcome"] = ESCAPE
    one = stored(tmp_path / "one", json.dumps(raw))
    raw["measurements"][0]["samples"] = [1]
    raw["run"]["id"] += "-2"
    two = stored(tmp_path / "two", json.dumps(raw))
    both = [str(one), str(two)] if command == ("compare",) else [str(one)]
    done = here(*command, *both, cwd=tmp_path, RIG_HISTORY="off")
    assert not [c for c in "\x1b\x07\x9b" if c in done.out + done.err]
    assert "\ufffd" in done.out


# ---- outputs


def test_one_output_that_fails_takes_no_other_with_it(tmp_path: Path) -> None:
    (tmp_path / ".metrics.prom.partial").symlink_to("/dev/full")
    with pytest.raises(ResultsFault, match=r"metrics\.prom"):
        publish(sample(), tmp_path)
    assert {"results.json", "junit.xml", "report.html"} <= {file.name for file in tmp_path.iterdir()}


def test_an_output_that_cannot_be_made_takes_no_other_with_it(tmp_path: Path) -> None:
    """A record of one's own making, which nobody has checked."""
    broken = replace(sample(), run=replace(sample().run, started="yesterday"))
    with pytest.raises(ResultsFault, match=r"cannot make metrics\.prom: ValueError"):
        publish(broken, tmp_path)
    assert {"results.json", "junit.xml", "report.html"} <= {file.name for file in tmp_path.iterdir()}


# ---- runs


def struck(root: Path, directory: Path, error: Exception) -> RunRecord:
    """A run in which something is raised that nobody has foreseen, at the first figure's recording."""

    def watch(event: Event) -> None:
        if event.kind == "measurement":
            raise error

    return execute(
        RunOptions(
            boards_file=root / "boards.yaml", boards=("native",), claims=("footprint",), quick=True, directory=directory
        ),
        run_id="struck",
        listeners=(watch,),
    )


@pytest.mark.firmware
@pytest.mark.parametrize(
    ("error", "blame"),
    [
        (RuntimeError("dictionary changed size"), "rig"),
        (MemoryError(), "environment"),
        (OSError(28, "No space left on device", "/somewhere"), "environment"),
        (UsageError("firmware preset posix cannot be built"), "usage"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_an_error_in_mid_run_is_a_fault_and_what_was_measured_is_kept(
    project_root: Path, tmp_path: Path, error: Exception, blame: str
) -> None:
    record = struck(project_root, tmp_path, error)
    assert [fault.blame for fault in record.faults] == [blame]
    assert record.run.outcome == "fault"
    assert len(record.measurements) == 1
    (claim,) = [claim for claim in record.claims if claim.id == "footprint"]
    assert claim.verdict is Verdict.INCONCLUSIVE and claim.reason.startswith(f"{blame} fault: ")
    assert load(tmp_path / "events.jsonl".replace("events.jsonl", "")) == record
    if blame == "rig":
        assert "report it" in record.faults[0].hint
        assert any("Traceback" in line for line in record.faults[0].console)


@pytest.mark.firmware
def test_a_usage_error_in_mid_run_keeps_the_figures(
    start: Callable[..., RigProcess], project_root: Path, tmp_path: Path
) -> None:
    """The second board's firmware is gone by the time its turn comes."""
    (spec,) = Inventory.load(project_root / "boards.yaml").select(["native"])
    from rig.bench import build

    assert spec.firmware.preset is not None
    images = {variant: str(path) for variant, path in build(spec.firmware.preset).items()}
    going = {variant: shutil.copy(path, tmp_path / f"{variant}.elf") for variant, path in images.items()}
    entry = {"kind": "native", "firmware": images, "link": {"transport": "udp4"}}
    second = {**entry, "firmware": {variant: str(path) for variant, path in going.items()}}
    file = tmp_path / "boards.yaml"
    file.write_text(json.dumps({"version": 1, "default": "a", "boards": {"a": entry, "b": second}}))
    out = tmp_path / "out"
    boards = ("--boards", str(file), "--board", "a", "--board", "b", "--jobs", "1")
    process = start("run", "--quick", *boards, "--claims", "footprint", "--out", str(out))
    process.wait_for("shm: flash and boot")
    for path in going.values():
        Path(path).unlink()
    code = process.finish()
    record = load(out)
    assert code == 3 and record.measurements
    assert [(fault.blame, fault.board) for fault in record.faults] == [("usage", "b")]
    assert {claim.verdict for claim in record.claims if claim.board == "a" and claim.id == "footprint"} == {
        Verdict.CONFIRMED
    }
    assert (out / "report.html").exists()


@pytest.mark.firmware
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_again_and_again_it_still_finishes(
    start: Callable[..., RigProcess], tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    process = start("run", "--quick", "--board", "native", "--out", str(out))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if (out / "events.jsonl").exists() and "measurement" in (out / "events.jsonl").read_text():
            break
        time.sleep(0.05)
    for _ in range(4):
        os.kill(process.process.pid, number)
        time.sleep(0.04)
    assert process.process.wait(60) == 130
    assert load(out).run.outcome == "interrupted"
    assert {"results.json", "junit.xml", "metrics.prom", "report.html"} <= {file.name for file in out.iterdir()}


@pytest.mark.firmware
def test_a_full_state_directory_is_the_hosts_fault(rig: Rig, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k,mode=700", "none", small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        out = tmp_path / "out"
        done = rig(
            "run", "--quick", "--board", "native", "--claims", "footprint", "--out", str(out), RIG_STATE_DIR=str(small)
        )
    finally:
        subprocess.run(["umount", "-l", small], check=True)
    assert done.code == 3, done
    assert {fault.blame for fault in load(out).faults} == {"environment"}


# ---- the state directory


def refused(here: Rig, root: Path, out: Path, state: Path) -> Finished:
    """A run that is to end before it begins."""
    run = ("run", "--quick", "--board", "native", "--out", str(out))
    return here(*run, cwd=root, RIG_STATE_DIR=str(state), RIG_HISTORY="off")


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_state_directory_that_others_may_write_to_is_not_believed(
    here: Rig, project_root: Path, tmp_path: Path, mode: int
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(mode)
    done = refused(here, project_root, tmp_path / "out", shared)
    assert done.code == 3 and "may be written to by others" in done.err + done.out, done


@pytest.mark.skipif(os.geteuid() != 0, reason="needs the right to give a directory away")
def test_a_state_directory_of_somebody_else_is_not_believed(here: Rig, project_root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    os.chown(other, 12345, 12345)
    done = refused(here, project_root, tmp_path / "out", other)
    assert done.code == 3 and "belongs to user 12345" in done.err + done.out, done
