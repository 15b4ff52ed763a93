"""Each patch of ``firmware/defects`` fits the sources, says what it breaks, and does break it.

``firmware/tests/proof_defects.c`` has a test on public calls for each defect that a call can show: it passes on clean
sources and fails on patched ones. A few are built here; all of them with RIG_ALL_DEFECTS=1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rig.matrix import DEFECTS

CHOSEN = ("copy_odd", "first_gone", "wake_lost", "name_hash")
# What only a clock, a memory map, an Agent or two threads can show: a run of the rig is their proof.
SHOWN_BY_A_RUN = {
    "cold_first",
    "deep_stack",
    "far_tail",
    "growing_old",
    "heap64k",
    "heap_a_reader",
    "loaded_backoff",
    "lock_a_reader",
    "login_drops",
    "nap_after",
    "ram_elsewhere",
    "read_once",
    "requester_256",
    "slow_two_sessions",
    "stack_a_reader",
    "told_too_soon",
    "unlocked_cancel",
    "unlocked_publish",
    "unlocked_release",
}
ALL = {file.stem for file in (Path(__file__).parents[2] / "firmware" / "defects").glob("*.patch")}
NAMES = sorted(ALL - SHOWN_BY_A_RUN) if os.environ.get("RIG_ALL_DEFECTS") else CHOSEN
HEADS = ("# ", "# Breaks: ", "# Counts against: ")


def sources(project_root: Path, directory: Path) -> Path:
    """A copy of what the proofs are built from."""
    for folder in ("xrce", "middleware", "tests"):
        shutil.copytree(project_root / "firmware" / folder, directory / "firmware" / folder)
    return directory / "firmware"


def apply(patch: Path, root: Path) -> subprocess.CompletedProcess[str]:
    command = ["patch", "--strip=2", "--fuzz=0", "--batch", "--forward", f"--input={patch}"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def build_proof(root: Path) -> Path:
    clean = [file for file in sorted((root / "xrce").glob("*/*.c")) if file.parent.name != "network"]
    tests = [root / "tests" / name for name in ("proof_defects.c", "rig.c", "small_agent.c")]
    program = root / "proof"
    options = "-std=c99 -D_POSIX_C_SOURCE=200809L -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all"
    options += " -Wall -Wextra -DXRCE_SHM=1 -Ixrce -Ixrce/include -Itests"
    subprocess.run(["gcc", *options.split(), *map(str, [*tests, *clean]), "-o", str(program)], cwd=root, check=True)
    return program


def prove(program: Path, name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, name], capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def clean_proof(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_proof(sources(project_root, tmp_path_factory.mktemp("clean")))


def patches(project_root: Path) -> dict[str, Path]:
    return {file.stem: file for file in sorted((project_root / "firmware" / "defects").glob("*.patch"))}


def test_a_patch_says_what_it_breaks_and_the_table_agrees(project_root: Path) -> None:
    for name, patch in patches(project_root).items():
        lines = patch.read_text().splitlines()[:3]
        assert [line[: len(head)] for line, head in zip(lines, HEADS, strict=True)] == list(HEADS), name
        assert set(lines[2].removeprefix(HEADS[2]).split(", ")) == DEFECTS[name].breaks, name


def test_every_patch_fits_the_sources(project_root: Path, tmp_path: Path) -> None:
    root = sources(project_root, tmp_path)
    for name, patch in patches(project_root).items():
        command = ["patch", "--dry-run", "--strip=2", "--fuzz=0", "--batch", "--forward", f"--input={patch}"]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stdout}"


@pytest.mark.firmware
@pytest.mark.timeout(300)
def test_clean_sources_keep_every_promise(clean_proof: Path, project_root: Path) -> None:
    names = subprocess.run([clean_proof], capture_output=True, text=True, check=True).stdout.split()
    assert set(names) == set(patches(project_root)) - SHOWN_BY_A_RUN
    for name in names:
        done = prove(clean_proof, name)
        assert done.returncode == 0, f"{name}: {done.stderr}"


@pytest.mark.firmware
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMES)
def test_a_defect_breaks_its_promise(project_root: Path, tmp_path: Path, name: str) -> None:
    root = sources(project_root, tmp_path)
    assert apply(patches(project_root)[name], root).returncode == 0
    done = prove(build_proof(root), name)
    assert done.returncode not in (0, 2), f"the defect breaks nothing: {done.stdout}"
