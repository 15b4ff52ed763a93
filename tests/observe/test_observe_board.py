"""A small application of our own, watched on the emulated board: every behaviour that a run has to tell apart is found.

``MICROROS_APP`` names an ELF of a real micro-ROS application for mps2-an385 that publishes and subscribes one topic.
"""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rig.errors import UsageError
from rig.inventory import BoardSpec, Inventory
from rig.observe import Expression, Observation, Point, Profile, observe, shipped_profile
from rig.probe import FirmwareImage

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).parent / "firmware"


def board(name: str) -> BoardSpec:
    (spec,) = Inventory.load(ROOT / "boards.yaml").select([name])
    return spec


def application(folder: Path, *options: str) -> FirmwareImage:
    elf = folder / "app.elf"
    flags = ["-mcpu=cortex-m3", "-mthumb", "-O2", "-g", "-ffreestanding", "-nostdlib", "-Wall", "-Wextra", "-Werror"]
    files = ["-T", str(SOURCES / "app.ld"), str(SOURCES / "app.c"), "-o", str(elf)]
    subprocess.run(["arm-none-eabi-gcc", *flags, *options, *files], check=True, timeout=60)
    return FirmwareImage.load(elf)


def profile() -> Profile:
    mine = shipped_profile("micro-ros")
    return replace(
        mine,
        publish=replace(mine.publish, counter=Expression("[r1]"), payload=Expression("r1"), length=Expression("64")),
        callback=Point(function="app_callback", counter=Expression("[r0]")),
    )


def watch(image: FirmwareImage, folder: Path, *, publishes: int, stepped: int = 0) -> Observation:
    return observe(
        board("mps2-an385"), image, profile(), publishes=publishes, stepped=stepped, idle=10.0, directory=folder
    )


def test_deliveries_their_way_and_what_publish_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    image = application(tmp_path)
    seen = watch(image, tmp_path, publishes=32, stepped=2)
    of = seen.figures
    assert (of.published, of.transport_local, of.transport_link, of.callbacks) == (32, 24, 4, 28)
    assert (of.failed, of.failed_delivered) == (4, 4)
    assert (of.out_of_order, of.repeated, of.lost) == (0, 0, 4)
    assert seen.places is not None
    assert {place.symbol.partition("+")[0]: place.length for place in seen.places} == {"message.0": 64, "kept": 64}
    assert seen.false_stops == 0 and not seen.session_alive
    assert len(seen.steps) == 2 and len(set(seen.steps)) == 1  # instruction by instruction: nothing of the rig in it
    assert all(ticks * 40 // 128 >= seen.steps[0] for ticks in of.to_transport)


def test_a_swapped_pair_is_out_of_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    seen = watch(application(tmp_path, "-DSWAP"), tmp_path, publishes=16)
    assert (seen.figures.out_of_order, seen.figures.lost) == (2, 2)


def test_what_cannot_be_watched_is_said(tmp_path: Path) -> None:
    image = application(tmp_path)
    with pytest.raises(UsageError, match="native cannot be observed"):
        observe(board("native"), image, profile(), publishes=1, idle=1.0, directory=tmp_path)


def test_a_real_application(tmp_path: Path) -> None:
    named = os.environ.get("MICROROS_APP")
    if named is None:
        pytest.skip("MICROROS_APP names no application")
    image = FirmwareImage.load(Path(named))
    mine = shipped_profile("micro-ros")
    seen = observe(board("mps2-an385"), image, mine, publishes=20, idle=20.0, directory=tmp_path)
    assert seen.figures.published == 20 and seen.false_stops == 0
    assert seen.session_alive and seen.sessions == 1
    assert seen.data_sent >= 20
