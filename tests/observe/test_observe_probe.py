"""A board that is only a debug probe and a serial port, as real ones are: of the emulator only its probe is used."""

import shutil
from pathlib import Path

import pytest
from observed_app import build_client_application

from rig.errors import LeaseFault
from rig.inventory import BoardSpec, Inventory
from rig.lease import lease
from rig.observe import Observer, Plan, measurements, shipped_profile
from rig.probe import FirmwareImage
from rig.probe.qemu import launch
from rig.records import Metric


def board(folder: Path, uid: str, device: str) -> BoardSpec:
    file = folder / "boards.yaml"
    file.write_text(
        "version: 1\ndefault: real\nboards:\n"
        f"  real: {{kind: probe, probe: {{uid: {uid}}}, target: mps2_an385, firmware: {{shm: none.elf}}, "
        f"link: {{transport: serial, device: {device}, baud: 115200}}}}\n",
        encoding="utf-8",
    )
    (spec,) = Inventory.load(file).select([])
    return spec


def test_all_but_time_comes_over_a_plain_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "its-own"))
    image = FirmwareImage.load(build_client_application(tmp_path, "shm"))
    with launch("mps2-an385", name="bench") as machine:
        # Who started it holds it: what follows sees the probe from a directory where nobody does.
        leases = shutil.ignore_patterns("*.lease")
        shutil.copytree(tmp_path / "its-own", tmp_path / "state", ignore=leases)
        monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
        spec = board(tmp_path, machine.uid, machine.uart or "")
        with lease(machine.uid), pytest.raises(LeaseFault, match="is held by process"), Observer(spec, tmp_path):
            pass
        with Observer(spec, tmp_path) as observer:
            plan = Plan(publishes=10, idle=5.0, trace=False, cut=False, startup=False)
            seen = observer.observe(image, shipped_profile("bare-client"), plan)
    assert (seen.figures.published, seen.figures.transport_local, seen.false_stops) == (10, 10, 0)
    assert seen.session_alive and seen.places is not None and seen.stack.peak > 0
    assert seen.clock is None and seen.no_clock == "this core has no cycle counter (DWT CYCCNT)"
    (time,) = [m for m in measurements(seen, "shm") if m.metric == Metric.TO_TRANSPORT]
    assert time.samples == () and time.gap.unavailable == seen.no_clock
