"""A small application of our own, watched on the emulated board: every behaviour that a run has to tell apart is found.

``MICROROS_APP`` names an ELF of a real micro-ROS application for mps2-an385 that publishes and subscribes one topic.
"""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from observed_app import build_application

from rig.board import open_board
from rig.errors import FirmwareFault, UsageError
from rig.inventory import BoardSpec, Inventory
from rig.observe import (
    Expression,
    Observation,
    Observer,
    Plan,
    Point,
    Profile,
    check_firmware,
    shipped_profile,
    start_cycle_counter,
)
from rig.probe import FirmwareImage

ROOT = Path(__file__).resolve().parents[2]


def board(name: str) -> BoardSpec:
    (spec,) = Inventory.load(ROOT / "boards.yaml").select([name])
    return spec


def application(folder: Path, *options: str) -> FirmwareImage:
    return FirmwareImage.load(build_application(folder, *options))


def profile() -> Profile:
    mine = shipped_profile("micro-ros")
    return replace(
        mine,
        publish=replace(mine.publish, counter=Expression("[r1]"), payload=Expression("r1"), length=Expression("64")),
        callbacks=(Point(function="app_callback", counter=Expression("[r0]")),),
    )


def watch(image: FirmwareImage, folder: Path, plan: Plan) -> Observation:
    with Observer(board("mps2-an385"), folder) as observer:
        return observer.observe(image, profile(), plan)


def test_deliveries_their_way_and_what_publish_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    mine = replace(profile(), calls=("app_callback", "rcl_publish"))
    with Observer(board("mps2-an385"), tmp_path) as observer:
        seen = observer.observe(application(tmp_path), mine, Plan(publishes=32, stepped=2, idle=10.0))
    of = seen.figures
    assert (of.published, of.transport_local, of.transport_link, of.callbacks) == (32, 24, 4, 28)
    assert (of.failed, of.failed_delivered) == (4, 4)
    assert (of.out_of_order, of.repeated, of.lost, of.lost_in_silence) == (0, 0, 4, 4)
    assert seen.places is not None
    assert {place.symbol.partition("+")[0]: place.length for place in seen.places} == {"message.0": 64, "kept": 64}
    assert seen.false_stops == 0 and not seen.session_alive
    # Board time leaves out the halts, so it is what counting instruction by instruction gives.
    assert len(seen.steps) == 2 and {seen.units(ticks) for ticks in of.to_transport} == set(seen.steps)
    assert {seen.units(ticks) for ticks in seen.halt_cost} == {0}
    assert seen.traced.unknown == "" and seen.traced.serialised is not None
    assert (seen.traced.serialised.symbol.partition("+")[0], seen.traced.serialised.bytes) == ("kept", 64)
    assert seen.traced.copies == ()
    assert seen.calls["app_callback"] == pytest.approx(0.9) and seen.calls["rcl_publish"] == 0
    assert seen.severed is not None and seen.severed.transport_local > 0
    assert seen.startup is not None and seen.startup.published > 0
    assert 0 < seen.stack.peak < 512 and 4096 <= seen.stack.reserved <= 4104


def test_a_swapped_pair_is_out_of_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    seen = watch(
        application(tmp_path, "-DSWAP"), tmp_path, Plan(publishes=16, idle=10.0, trace=False, cut=False, startup=False)
    )
    assert (seen.figures.out_of_order, seen.figures.lost) == (2, 2)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("-DSILENT", "app.elf never came to rcl_publish in 0.5 s; it opened no session"),
        ("-DCRASH", r"the firmware crashed \(HardFault\) at spin"),
    ],
)
def test_firmware_that_cannot_be_watched_is_at_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, said: str
) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    with pytest.raises(FirmwareFault, match=said):
        watch(application(tmp_path, option), tmp_path, Plan(publishes=16, idle=0.5))


def test_what_cannot_be_watched_is_said_before_anything_is_touched(tmp_path: Path) -> None:
    image = application(tmp_path)
    with pytest.raises(UsageError, match="native cannot be observed"):
        check_firmware(board("native"), image, profile())
    with pytest.raises(UsageError, match="no symbol 'app_callbac'") as error:
        check_firmware(board("mps2-an385"), image, replace(profile(), callbacks=(Point(function="app_callbac"),)))
    assert "app_callback" in error.value.hint
    with pytest.raises(UsageError, match=r"waiting of app\.elf is a variable"):
        check_firmware(board("mps2-an385"), image, replace(profile(), calls=("waiting",)))
    subprocess.run(["arm-none-eabi-strip", str(image.path)], check=True, timeout=60)
    with pytest.raises(UsageError, match=r"app\.elf has no symbols: it was stripped"):
        check_firmware(board("mps2-an385"), FirmwareImage.load(image.path), profile())


def test_a_core_without_a_cycle_counter_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    with open_board(board("mps2-an385")) as one:
        assert one.probe is not None
        assert start_cycle_counter(one.probe) == (None, "this core has no cycle counter (DWT CYCCNT)")


def test_a_real_application(tmp_path: Path) -> None:
    named = os.environ.get("MICROROS_APP")
    if named is None:
        pytest.skip("MICROROS_APP names no application")
    mine = shipped_profile("micro-ros")
    with Observer(board("mps2-an385"), tmp_path) as observer:
        seen = observer.observe(FirmwareImage.load(Path(named)), mine, Plan(publishes=20))
    assert seen.figures.published == 20 and seen.false_stops == 0
    assert seen.session_alive and seen.sessions == 1
    assert seen.link.to_agent.data_messages >= 20
