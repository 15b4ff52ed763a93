"""A run on firmware that is not the bench: its record, its verdicts with a control, and how it ends."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from observed_app import SOURCES

from rig.cli._observe import observe_command
from rig.errors import UsageError
from rig.records import RunRecord, Verdict, load
from tests.observe.test_observe_board import application

OPTIONS = [
    "--callback",
    "app_callback",
    "--counter",
    "[r0]",
    "--published",
    "[r1]",
    "--payload",
    "r1",
    "--length",
    "64",
    "--handed",
    "r0",
    "--calls",
    "on_topic",
]


def observe(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rig.cli", "observe", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"RIG_STATE_DIR": str(folder / "state"), "PATH": "/usr/bin:/bin"},
    )


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A stand-in with shared memory and without."""
    folders = [tmp_path_factory.mktemp(name) for name in ("with", "without")]
    return application(folders[0]).path, application(folders[1], "-DNETWORK").path


def verdicts(record: RunRecord) -> dict[str, Verdict]:
    return {claim.id: claim.verdict for claim in record.claims if claim.verdict is not Verdict.NOT_RUN}


def test_two_firmwares_make_a_run_with_verdicts(tmp_path: Path, images: tuple[Path, Path]) -> None:
    out = tmp_path / "run"
    arguments = [str(images[0]), "--beside", str(images[1]), *OPTIONS, "--publishes", "24", "--no-live"]
    done = observe(tmp_path, *arguments, "--out", str(out), "--idle", "10")
    assert done.returncode == 1, done.stderr
    record = load(out)
    assert record.run.outcome == "refuted" and record.run.command.startswith("rig observe")
    assert [firmware.variant for firmware in record.boards[0].firmware] == ["shm", "network"]
    found = verdicts(record)
    # The stand-in loses samples that publish reported as delivered, and reports failure for others that came.
    assert found["burst-order"] is Verdict.REFUTED and found["agentless-operation"] is Verdict.REFUTED
    assert found["copies"] is Verdict.CONFIRMED and found["footprint"] is Verdict.CONFIRMED
    reasons = {claim.id: claim.reason for claim in record.claims if claim.verdict is Verdict.NOT_RUN}
    assert all(reasons.values()) and "the bench" in reasons["message-size"]
    for name in ("report.html", "junit.xml", "metrics.prom", "events.jsonl", "link.pcapng", "network-link.pcapng"):
        assert (out / name).stat().st_size, name
    assert "rig_transport_callbacks_local{" in (out / "metrics.prom").read_text(encoding="utf-8")


def test_one_firmware_as_json(tmp_path: Path, images: tuple[Path, Path]) -> None:
    arguments = [str(images[1]), "--publishes", "8", "--no-cut", "--idle", "10", "--out", str(tmp_path / "run")]
    done = observe(tmp_path, *arguments, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == told["exit_code"] == 0 and told["run"]["outcome"] == "passed", done.stderr
    assert {claim["verdict"] for claim in told["claims"]} == {"not_run"}
    record = load(tmp_path / "run")
    assert [firmware.variant for firmware in record.boards[0].firmware] == ["network"]


def test_firmware_that_crashes_leaves_a_bundle(tmp_path: Path) -> None:
    out = tmp_path / "run"
    image = application(tmp_path, "-DCRASH").path
    done = observe(tmp_path, str(image), *OPTIONS, "--publishes", "24", "--no-live", "--out", str(out), "--idle", "10")
    assert done.returncode == 3, done.stderr
    (fault,) = load(out).faults
    text = (SOURCES / "app.c").read_text(encoding="utf-8")
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "udf" in line)
    assert fault.blame == "firmware" and fault.evidence == "faults/mps2-an385-1"
    assert f"app.c:{line})" in fault.place and any("reset (" in frame for frame in fault.backtrace), fault
    assert (out / fault.evidence / "core.elf").stat().st_size
    assert fault.evidence in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{off}", "--beside", "{on}"], "has no uxr_prepare_shared_memory, and was named as the one with"),
        (["{on}", "--beside", "{on}"], "has uxr_prepare_shared_memory, and was named as the one without"),
        (["{on}", "--profile", "nothing.yaml"], "profile nothing.yaml cannot be read"),
        (["{on}", "--profile", "/dev"], "is no file"),
        (["{on}", "--callback", "app_callbac"], "has no symbol 'app_callbac'"),
        (["{on}", "--payload", "r1"], "--payload and --length are given together"),
        (["{on}", "--handed", "[r0]"], "the profile has no callback"),
        (["{on}", "--board", "native"], "native cannot be observed"),
        (["nothing.elf"], "nothing.elf cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(
    tmp_path: Path, images: tuple[Path, Path], arguments: list[str], said: str
) -> None:
    places = {"on": str(images[0]), "off": str(images[1])}
    given = [*(each.format(**places) for each in arguments), "--out", str(tmp_path / "run")]
    with pytest.raises(UsageError, match=re.escape(said)):
        observe_command.main(given, standalone_mode=False)
    assert not (tmp_path / "run").exists()


def test_an_interrupted_run_keeps_its_record_and_leaves_nothing_running(
    tmp_path: Path, images: tuple[Path, Path]
) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "rig.cli", "observe", str(images[0]), "--publishes", "9999", "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"RIG_STATE_DIR": str(tmp_path / "state"), "PATH": "/usr/bin:/bin"},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "publish" in line and "rcl_publish" in line:
            break
    process.send_signal(signal.SIGINT)
    rest, error = process.communicate(timeout=30)
    assert process.returncode == 130, (rest, error)
    assert load(out).run.outcome == "interrupted" and (out / "report.html").is_file()
    deadline = time.monotonic() + 10
    while list((tmp_path / "state").rglob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not list((tmp_path / "state").rglob("*.json"))  # an emulated board's descriptor goes with it
