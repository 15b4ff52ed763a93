"""A new port: what is made, what it says, and that nothing else changes."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from rig.bench import build_port, open_points
from rig.errors import UsageError
from rig.inventory import CORES, Inventory
from rig.places import firmware_root
from rig.porting import Memory, NewPort, new_port
from rig.probe import FirmwareImage, target_memory
from rig.station import load_images

ROOT = Path(__file__).resolve().parents[2]
KIB = 1024
FLASH = (0x0800_0000, 512 * KIB)


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    """As much of firmware/ as a port is made in."""
    copy = tmp_path / "checkout" / "firmware"
    shutil.copytree(firmware_root() / "ports", copy / "ports")
    shutil.copy(firmware_root() / "CMakePresets.json", copy)
    shutil.copy(ROOT / "boards.yaml", copy.parent)
    return copy


def made(folder: Path, firmware: Path, **other: object) -> NewPort:
    wanted: dict[str, object] = {
        "folder": folder,
        "boards_file": folder.parent / "boards.yaml",
        "firmware": firmware,
        "core": "cortex-m4",
        "target": "stm32f446re",
        "memory": Memory(code=FLASH, ram=(0x2000_0000, 128 * KIB)),
    }
    return new_port(folder.name, **(wanted | other))  # type: ignore[arg-type]


def test_elsewhere_the_folder_and_a_fresh_inventory_with_its_path(tmp_path: Path, firmware: Path) -> None:
    port = made(tmp_path / "mine", firmware)
    assert {path.name for path in port.files} == {"port.c", "port.cmake", "link.ld", "rig_port_clock.h", "boards.yaml"}
    board = Inventory.load(tmp_path / "boards.yaml").boards["mine"]
    assert (board.kind, board.core, board.target) == ("probe", "cortex-m4", "stm32f446re")
    assert board.firmware.port == tmp_path / "mine"
    assert not any("@" in path.read_text(encoding="utf-8") for path in port.files)
    assert "LENGTH = 512K" in (tmp_path / "mine" / "link.ld").read_text(encoding="utf-8")


def test_in_a_checkout_a_preset_too_and_every_other_line_stays(firmware: Path) -> None:
    presets, boards = firmware / "CMakePresets.json", firmware.parent / "boards.yaml"
    before = {path: path.read_text(encoding="utf-8") for path in (presets, boards)}
    port = made(firmware / "ports" / "mine", firmware, boards_file=boards)
    assert presets in port.files
    for path, old in before.items():
        new = path.read_text(encoding="utf-8").splitlines()
        left = iter(new)
        assert all(any(line.rstrip(",") == other.rstrip(",") for other in left) for line in old.splitlines()), path
    document = json.loads(presets.read_text(encoding="utf-8"))
    assert document["configurePresets"][-1]["cacheVariables"] == {"RIG_BOARD": "mine"}
    assert document["buildPresets"][-1] == {"name": "mine", "configurePreset": "mine"}
    inventory = Inventory.load(boards)
    assert inventory.boards["mine"].firmware.preset == "mine"
    assert list(inventory.boards) == [*Inventory.load(ROOT / "boards.yaml").boards, "mine"]


ENTRY = "{kind: native, firmware: {preset: posix}, link: {transport: udp4}}"


@pytest.mark.parametrize(
    "text",
    [
        f"version: 1\ndefault: a\nboards:\n  a: {ENTRY}",
        f"version: 1\nboards:\n      a: {ENTRY}   # here\n# end of boards\n\ndefault: a\n",
        "boards:\n  a:\n    kind: native\n    capabilities:\n      - shm\n    firmware:\n      preset: posix\n"
        "    link:\n      transport: udp4\n\n  # b: not yet\nversion: 1\ndefault: a\n",
    ],
)
def test_an_entry_fits_into_inventories_of_any_layout(tmp_path: Path, firmware: Path, text: str) -> None:
    (tmp_path / "boards.yaml").write_text(text, encoding="utf-8")
    made(tmp_path / "one", firmware)
    made(tmp_path / "two", firmware)
    after = (tmp_path / "boards.yaml").read_text(encoding="utf-8")
    assert set(text.splitlines()) <= set(after.splitlines())
    assert list(yaml.safe_load(after)["boards"]) == ["a", "one", "two"]


def test_an_inventory_that_cannot_be_added_to_is_left_alone(tmp_path: Path, firmware: Path) -> None:
    text = f"version: 1\ndefault: a\nboards: {{a: {ENTRY}}}\n"
    (tmp_path / "boards.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"boards\.yaml"):
        made(tmp_path / "one", firmware)
    assert (tmp_path / "boards.yaml").read_text(encoding="utf-8") == text
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize(
    ("name", "other", "told"),
    [
        ("a b", {}, "got port name 'a b'"),
        ("mine", {"like": "mps3"}, "no port 'mps3' to begin with"),
        ("mine", {"memory": Memory(code=FLASH, ram=(0, 8 * KIB))}, "8192 bytes of RAM are too few"),
        ("ports", {}, "is there already"),
    ],
)
def test_what_cannot_be_made_is_refused(firmware: Path, name: str, other: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        made(firmware / name, firmware, **other)


def test_a_name_that_is_taken_is_refused_whole(firmware: Path) -> None:
    boards = firmware.parent / "boards.yaml"
    before = boards.read_text(encoding="utf-8")
    for name, told in (("native", "has a board 'native'"), ("posix-2", "")):
        folder = firmware / "ports" / name
        if told:
            with pytest.raises(UsageError, match=told):
                made(folder, firmware, boards_file=boards)
            assert boards.read_text(encoding="utf-8") == before
            assert not folder.exists()


def test_a_port_that_is_not_finished_is_refused(tmp_path: Path, firmware: Path) -> None:
    made(tmp_path / "mine", firmware)
    points = open_points(tmp_path / "mine")
    assert len(points) >= 8
    assert all(re.match(r"[\w.]+:\d+: \w", point) for point in points)
    with pytest.raises(UsageError, match=rf"{len(points)} points are open, first {re.escape(points[0])}"):
        load_images(Inventory.load(tmp_path / "boards.yaml").boards["mine"])


@pytest.mark.firmware
def test_a_skeleton_builds_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the smallest RAM; where it lies is not in what is built."""
    sources = tmp_path / "rig" / "firmware"
    shutil.copytree(firmware_root(), sources, ignore=shutil.ignore_patterns("build"))
    monkeypatch.setenv("RIG_FIRMWARE", str(sources))
    made(tmp_path / "mine", sources, core="cortex-m0", memory=Memory(code=FLASH, ram=(0x2000_0000, 16 * KIB)))
    images = build_port(tmp_path / "mine")
    assert set(images) == {"shm", "network"}
    assert {FirmwareImage.load(path).architecture for path in images.values()} == {"armv6-m"}
    assert str(tmp_path).encode() not in images["shm"].read_bytes()


def test_a_copy_of_another_port_says_what_to_compare(tmp_path: Path, firmware: Path) -> None:
    made(tmp_path / "mine", firmware, like="stm32f405")
    (point,) = open_points(tmp_path / "mine")
    assert point.startswith("port.cmake:1: compare every address")
    assert (tmp_path / "mine" / "port.c").read_bytes() == (firmware / "ports" / "stm32f405" / "port.c").read_bytes()


def test_a_chip_that_pyocd_knows_brings_its_memory() -> None:
    assert target_memory("nrf52840") == ((0, 0x10_0000), (0x2000_0000, 0x4_0000))
    assert target_memory("no-such-chip") is None


def test_the_finished_ports_have_no_open_points() -> None:
    ports = [path.parent for path in (firmware_root() / "ports").glob("*/port.cmake")]
    assert {port.name for port in ports} >= {"stm32f405", "microbit", "posix"}
    assert [open_points(port) for port in ports] == [[]] * len(ports)


def test_the_command_says_what_it_wrote_and_what_comes_next(tmp_path: Path) -> None:
    rig = (sys.executable, "-m", "rig.cli")
    environment = {**os.environ, "RIG_STATE_DIR": str(tmp_path / "state")}

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [*rig, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        return done.returncode, done.stdout + done.stderr

    code, said = run("new-port", "mine", "--target", "nrf52840")
    assert code == 0, said
    assert "mine/port.c\n" in said and "9 points to fill in" in said and "next: rig build mine" in said
    code, said = run("run", "--board", "mine", "--quick")
    assert code == 2 and "is not finished: 9 points are open" in said
    code, said = run("doctor")
    assert code == 3 and "mine: /dev/serial/by-id/TODO-mine: not there" in said and "9 open points" in said
    code, said = run("new-port", "other", "--ram", "0x20000000:64K")
    assert code == 2 and "--ram without the other one" in said
    assert set(CORES) >= {"cortex-m4"}
