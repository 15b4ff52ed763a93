"""The same run again and again: what differs or is refuted is counted and said."""

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from rig.bench import build, build_defect
from rig.matrix import Soak, cpu_load, soak
from rig.records import load
from rig.run import RunOptions


def inventory(directory: Path, shm: Path, network: Path) -> Path:
    file = directory / "boards.yaml"
    file.write_text(
        "version: 1\ndefault: b\nboards:\n"
        f"  b: {{kind: native, firmware: {{shm: {shm}, network: {network}}}, link: {{transport: udp4}}}}\n"
    )
    return file


def options(boards: Path, *claims: str) -> RunOptions:
    return RunOptions(boards_file=boards, claims=claims, quick=True, directory=Path(), noise=0.02)


@pytest.mark.firmware
def test_a_clean_build_stays_clean(tmp_path: Path) -> None:
    images = build("posix")
    boards = inventory(tmp_path, images["shm"], images["network"])
    kept = tmp_path / "kept"
    *_, found = soak(options(boards, "burst-order", "services"), runs=2, load=1, keep=kept)
    assert found.sequences > 0 and not found.kept and not kept.exists()
    assert (found.runs, found.refuted, found.differing, found.faults) == (2, [], [], [])
    assert found.clean
    assert {id: dict(counts)["confirmed"] for id, counts in found.verdicts.items() if "confirmed" in counts} == {
        "burst-order": 2,
        "services": 2,
    }
    assert found.exact > 0
    assert not [child for child in psutil.Process().children() if "while True" in " ".join(child.cmdline())]


@pytest.mark.firmware
def test_a_refutation_and_another_figure_are_seen(tmp_path: Path) -> None:
    images = build_defect("posix", "reverse_order")
    boards = inventory(tmp_path, images["shm"], images["network"])
    runs = soak(options(boards, "burst-order"), runs=1, keep=tmp_path / "kept")
    (found,) = runs
    (kept,) = found.kept
    assert load(kept).claims and (kept / "report.html").exists(), "what refutes a claim is not thrown away"
    assert not found.clean and found.refuted[0].startswith("run 1: burst-order: ")
    record = found.first
    assert record is not None
    exact = next(m for m in record.measurements if m.exact)
    other = replace(exact, samples=tuple(value + 1 for value in exact.samples))
    two = Soak()
    two.add(replace(record, claims=()))
    two.add(replace(record, claims=(), measurements=(other,)))
    assert len(two.differing) == 1 and exact.metric in two.differing[0]
    assert not two.clean


def test_load_ends_with_its_block() -> None:
    before = set(psutil.Process().children())
    with cpu_load(2):
        busy = set(psutil.Process().children()) - before
        assert len(busy) == 2 and all(child.is_running() for child in busy)
    assert all(not child.is_running() or child.status() == psutil.STATUS_ZOMBIE for child in busy)
