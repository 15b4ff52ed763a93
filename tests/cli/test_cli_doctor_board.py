"""`rig doctor --board`: red where a run of this board would fail, with what mends it."""

import os
import pty
from collections.abc import Callable
from pathlib import Path

import pytest
from rig_process import Finished

from rig.lease import lease

Rig = Callable[..., Finished]

BOARDS = """\
version: 1
default: dk
boards:
  dk: {{kind: probe, probe: {{uid: "001050012345"}}, target: {target}, firmware: {{shm: {shm}}},
       link: {{transport: serial, device: {device}}}}}
"""


def asked(
    rig: Rig, directory: Path, *, target: str = "nrf51", shm: str = "no.elf", device: str = "/dev/ttyNONE"
) -> Finished:
    file = directory / "boards.yaml"
    file.write_text(BOARDS.format(target=target, shm=shm, device=device))
    return rig("doctor", "--boards", str(file), "--board", "dk")


def test_a_board_that_is_not_there(rig: Rig, tmp_path: Path) -> None:
    done = asked(rig, tmp_path)
    assert done.code == 3
    for words in ("x firmware: firmware ", "+ target: pyOCD knows nrf51", "x probe 001050012345: not connected",
                  "x line /dev/ttyNONE: not there", "3 thing(s) to mend"):  # fmt: skip
        assert words in done.out, done.out
    assert "core:" not in done.out, "it is not looked for behind a probe that is not there"


def test_a_target_that_pyocd_does_not_know(rig: Rig, tmp_path: Path) -> None:
    done = asked(rig, tmp_path, target="no-such-chip")
    assert "x target: pyOCD knows no target 'no-such-chip'" in done.out and "pyocd pack install" in done.out


def test_a_board_and_a_line_that_somebody_holds(
    rig: Rig, tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_STATE_DIR", str(state))
    master, slave = pty.openpty()
    try:
        with lease("001050012345"):
            done = asked(rig, tmp_path, device=os.ttyname(slave))
            assert f"x probe 001050012345: held by process {os.getpid()} (" in done.out
            assert f"kill {os.getpid()}" in done.out
            assert f"+ line {os.ttyname(slave)}: there and free, 115200 baud" in done.out
            shown = rig("boards", "--boards", str(tmp_path / "boards.yaml")).out
            assert f"process {os.getpid()}" in " ".join(shown.split())
    finally:
        os.close(master)
        os.close(slave)


@pytest.mark.qemu
@pytest.mark.firmware
def test_a_board_that_is_well(rig: Rig, project_root: Path) -> None:
    done = rig("doctor", "--board", "microbit")
    assert done.code == 0, done.out
    assert "+ core: cortex-m0 behind microbit (emulated)" in done.out
    assert "everything that a run of microbit needs is here" in done.out


def test_find_and_udev(rig: Rig) -> None:
    assert rig("boards", "find").code == 0
    rules = rig("boards", "udev").out
    assert 'SUBSYSTEM=="usb", ATTR{product}=="*CMSIS-DAP*"' in rules
    assert all(line.startswith(("#", "SUBSYSTEM==")) for line in rules.splitlines())
