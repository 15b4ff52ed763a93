"""What ``examples/`` shows works as its READMEs say: each is built and run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rig.bench import build
from rig.records import RunRecord, Verdict, load

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def python(*arguments: object, cwd: Path = ROOT, codes: tuple[int, ...] = (0,), **environment: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode in codes, done.stdout + done.stderr
    return done.stdout


def build_with(folder: Path, *options: str) -> None:
    for command in (
        ["cmake", "-S", ROOT / "firmware", "-B", folder, "-G", "Ninja", *options],
        ["cmake", "--build", folder],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def verdicts(record: RunRecord) -> dict[str, Verdict]:
    return {claim.id: claim.verdict for claim in record.claims}


@pytest.mark.firmware
def test_a_claim_of_ones_own(tmp_path: Path) -> None:
    """In a copy of the rig, step by step as the README has it."""
    tree, out = tmp_path / "tree", tmp_path / "out"
    build("posix")  # the copy takes the firmware of this checkout
    shutil.copytree(ROOT / "rig", tree / "rig", ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("docs/make_figures.py", "boards.yaml"):
        (tree / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, tree / file)
    example = EXAMPLES / "claim"
    shutil.copy(example / "pool_use.py", tree / "rig" / "experiments")
    shutil.copy(example / "_pool_use.py", tree / "rig" / "claims")
    shutil.copy(example / "test_pool_use.py", tree)
    patch = ["git", "apply", str(example / "tables.patch")]
    subprocess.run(
        patch, cwd=tree, check=True, timeout=20, env={**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    )
    own = {"PYTHONPATH": tree, "RIG_FIRMWARE": ROOT / "firmware", "RIG_STATE_DIR": tmp_path / "state"}

    python("docs/make_figures.py", cwd=tree, **own)
    assert "`buffers_taken`" in (tree / "docs" / "figures.md").read_text(encoding="utf-8")
    assert "4 passed" in python("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_pool_use.py", cwd=tree, **own)
    run = ("-m", "rig.cli", "run", "--board", "native", "--quick", "--agent", "none", "--claims", "pool-use")
    python(*run, "--out", out, cwd=tree, **own)

    record = json.loads((out / "results.json").read_text(encoding="utf-8"))
    taken = {m["conditions"]["readers"]: m["samples"] for m in record["measurements"] if m["metric"] == "buffers_taken"}
    assert taken == {1: [1], 2: [1], 4: [1], 8: [1]}
    assert [c["verdict"] for c in record["claims"] if c["id"] == "pool-use"] == ["confirmed"]
    assert "rig_buffers_taken{" in (out / "metrics.prom").read_text(encoding="utf-8")


@pytest.mark.firmware
@pytest.mark.qemu
def test_a_board_of_ones_own(tmp_path: Path) -> None:
    boards = (EXAMPLES / "board" / "boards.yaml").read_text(encoding="utf-8")
    network = ", network: build/rig-bench-network.elf"
    assert network in boards
    (tmp_path / "boards.yaml").write_text(
        boards.replace(network, ""), encoding="utf-8"
    )  # built is what the claim needs
    build_with(
        tmp_path / "build",
        f"-DRIG_BOARD={EXAMPLES / 'board' / 'port'}",
        "-DCMAKE_TOOLCHAIN_FILE=cmake/arm-none-eabi.cmake",
        "-DRIG_VARIANTS=shm",
    )
    run = ("-m", "rig.cli", "run", "--boards", tmp_path / "boards.yaml", "--quick", "--claims", "entity-capacity")
    python(*run, "--out", tmp_path / "out", RIG_STATE_DIR=tmp_path / "state")

    record = load(tmp_path / "out" / "results.json")
    (board,) = record.boards
    assert (board.name, board.core, board.target) == ("mps2-an386", "cortex-m4", "mps2_an386")
    assert verdicts(record)["entity-capacity"] is Verdict.CONFIRMED
    assert not record.faults


@pytest.mark.firmware
def test_a_backend_of_ones_own(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "backend" / "boards.yaml", tmp_path)
    build_with(tmp_path / "build", "-DRIG_BOARD=posix", f"-DRIG_MIDDLEWARE={EXAMPLES / 'backend'}")
    run = ("-m", "rig.cli", "run", "--boards", tmp_path / "boards.yaml", "--quick", "--agent", "none")
    python(*run, "--out", tmp_path / "out", codes=(1,), RIG_STATE_DIR=tmp_path / "state")

    record = load(tmp_path / "out" / "results.json")
    assert {(f.middleware, f.middleware_version) for board in record.boards for f in board.firmware} == {
        ("mine", "0.0.1")
    }
    assert not record.faults
    found = verdicts(record)
    assert [id for id, verdict in found.items() if verdict is Verdict.REFUTED] == ["agentless-startup"]
    assert [id for id, verdict in found.items() if verdict is Verdict.CONFIRMED] == []
    (copies,) = (claim for claim in record.claims if claim.id == "copies")
    assert (copies.verdict, copies.reason) == (Verdict.NOT_RUN, "the middleware does not support session_open")


@pytest.mark.parametrize("option", ["RIG_BOARD", "RIG_MIDDLEWARE"])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, option: str) -> None:
    command = ["cmake", "-S", ROOT / "firmware", "-B", tmp_path / "build", "-G", "Ninja", f"-D{option}={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert f"{option}: no" in done.stderr and "at that path" in " ".join(done.stderr.split())
