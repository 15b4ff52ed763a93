"""boards.yaml: what is read, and what is said of a broken one: file, line, key, found, expected."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from rig.errors import UsageError
from rig.inventory import Inventory, PlaceSpec

ROOT = Path(__file__).parents[2]

GOOD = """\
version: 1
default: emu
boards:
  emu:
    kind: emulated
    machine: mps2-an385
    capabilities: [shm, rtt]
    firmware: {preset: mps2-an385}
    link: {transport: serial}
  dk:
    kind: probe
    probe: {uid: "0123", frequency: 4000000}
    target: nrf52840
    core: cortex-m4
    firmware:
      shm: build/shm.elf
      network: build/network.elf
    link: {transport: serial, device: /dev/ttyACM0, baud: 921600}
    expect:
      nuttx: {verdict: not_run, why: no NuttX here, until: 2030-12-31}
  here:
    kind: native
    firmware: {preset: posix}
    link: {transport: udp4}
"""


@pytest.fixture
def write(tmp_path: Path) -> object:
    def write(text: str) -> Path:
        path = tmp_path / "boards.yaml"
        path.write_text(text)
        return path

    return write


def test_shipped_file_loads() -> None:
    inventory = Inventory.load(ROOT / "boards.yaml")
    assert inventory.default == "mps2-an385"
    assert {"mps2-an385", "microbit", "native"} <= set(inventory.boards)


def test_shipped_examples_of_real_boards_load_once_uncommented(tmp_path: Path) -> None:
    lines = (ROOT / "boards.yaml").read_text().splitlines()
    examples = lines.index("  # nrf52840-dk:")
    text = "\n".join(lines[:examples] + [line.replace("# ", "", 1) for line in lines[examples:]])
    for comment in ("A real micro:bit", "A board that a labgrid"):
        text = text.replace(f"  {comment}", f"  # {comment}")
    text = text.replace("  #\n", "\n")
    path = tmp_path / "boards.yaml"
    path.write_text(text)
    boards = Inventory.load(path).boards
    assert boards["nrf52840-dk"].kind == "probe"
    assert boards["lab-dk"].place == PlaceSpec(coordinator="", tags={"board": "nrf52840dk"})
    assert boards["my-microbit"].expect["message-size"].verdict == "inconclusive"


def test_the_operating_system_below_the_firmware(write: object) -> None:
    text = GOOD.replace("core: cortex-m4", "core: cortex-m4\n    os: nuttx")
    boards = Inventory.load(write(text)).boards  # type: ignore[operator]
    assert [boards[name].os for name in ("emu", "dk", "here")] == ["none", "nuttx", "linux"]
    with pytest.raises(UsageError, match=r"boards\.dk\.os: got 'NuttX 12', expected an operating system in lower case"):
        Inventory.load(write(text.replace("os: nuttx", "os: NuttX 12")))  # type: ignore[operator]


def test_all_fields_are_read(write: object, tmp_path: Path) -> None:
    boards = Inventory.load(write(GOOD)).boards  # type: ignore[operator]
    emu, dk, here = boards["emu"], boards["dk"], boards["here"]
    assert (emu.kind, emu.machine, emu.target, emu.core) == ("emulated", "mps2-an385", "mps2_an385", "cortex-m3")
    assert emu.capabilities == {"shm", "rtt"}
    assert (emu.link.transport, emu.link.baud, emu.link.device) == ("serial", 115200, None)
    assert emu.where == "boards.yaml:4"
    assert dk.probe is not None
    assert (dk.probe.uid, dk.probe.frequency) == ("0123", 4_000_000)
    assert dk.firmware.images["network"] == tmp_path / "build/network.elf"
    assert dk.firmware.preset is None
    expectation = dk.expect["nuttx"]
    assert (expectation.verdict, expectation.until) == ("not_run", date(2030, 12, 31))
    assert (here.kind, here.target, here.core, here.link.transport) == ("native", None, "host", "udp4")


def broken(change: tuple[str, str]) -> str:
    old, new = change
    assert GOOD.count(old) >= 1
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        (("kind: emulated", "kind: emulatd"), "yaml:5: boards.emu.kind: got 'emulatd', expected one of", "emulated"),
        (("machine: mps2-an385", "machine: mps2"), r"yaml:6: boards.emu.machine: got 'mps2', expected one of", ""),
        (("    machine: mps2-an385\n", ""), r"yaml:4: boards.emu: key 'machine' is missing", ""),
        (("    capabilities", "    capabilites"), "yaml:7: boards.emu.capabilites: unknown key", "'capabilities'"),
        (("[shm, rtt]", "shm"), "yaml:7: boards.emu.capabilities: got 'shm', expected a list", ""),
        (("[shm, rtt]", "[shm, [rtt]]"), r"yaml:7: boards.emu.capabilities\[1\]: got a list, expected", ""),
        (("[shm, rtt]", "[SHM]"), r"capabilities\[0\]: got 'SHM', expected a capability in lower case", ""),
        (("{preset: mps2-an385}", "{}"), "yaml:8: boards.emu.firmware: got a mapping, expected either", ""),
        (("{preset: mps2-an385}", "{preset: a, shm: b}"), "yaml:8: .*not both", ""),
        (("{preset: mps2-an385}", ""), "yaml:8: boards.emu.firmware: got nothing, expected a mapping", ""),
        (("{transport: serial}", "{transport: udp4}"), "yaml:9: boards.emu.link.transport: got 'udp4'", ""),
        (("{transport: serial}", "{transport: serial, device: /d}"), "link.device: got '/d', expected no device", ""),
        (("uid: \"0123\"", "uid: 0123"), "yaml:12: boards.dk.probe.uid: got '0123', .*quoted", "quote it"),
        (("4000000", "fast"), "boards.dk.probe.frequency: got 'fast', expected a whole number of Hz", ""),
        (("4000000", "12"), "boards.dk.probe.frequency: got '12'", ""),
        (("baud: 921600", "baud: true"), "yaml:18: boards.dk.link.baud: got 'true', expected a whole number", ""),
        (("    target: nrf52840\n", ""), "yaml:10: boards.dk: key 'target' is missing", ""),
        (("device: /dev/ttyACM0, ", ""), "yaml:18: boards.dk.link: got a mapping, expected a 'device' too", "by-id"),
        (("/dev/ttyACM0", "ttyACM0"), "link.device: got 'ttyACM0', expected an absolute path", ""),
        (("2030-12-31", "someday"), "yaml:20: boards.dk.expect.nuttx.until: got 'someday', expected a day", ""),
        (("why: no NuttX here, ", ""), "yaml:20: boards.dk.expect.nuttx: key 'why' is missing", ""),
        (("verdict: not_run", "verdict: broken"), "expect.nuttx.verdict: got 'broken', expected one of", ""),
        (("  here:\n", "  emu:\n"), "yaml:21: boards.emu: given twice, first at boards.yaml:4", "remove"),
        (("  here:\n", "  'he re':\n"), "got board name 'he re'", ""),
        (("default: emu", "default: emo"), "yaml:2: default: got 'emo', expected one of emu, dk, here", "'emu'"),
        (("default: emu\n", ""), "key 'default' is missing", ""),
        (("version: 1", "version: 2"), "yaml:1: version: got '2', expected 1", "update"),
        (("version: 1\n", ""), "key 'version' is missing", ""),
        (("version: 1", "version: 1\nbords: {}"), "yaml:2: bords: unknown key 'bords'", "'boards'"),
        (("kind: native", "kind: native\n    machine: x"), "boards.here.machine: unknown key 'machine'", ""),
        (("  here:", "  here: ["), r"yaml:\d+: not YAML", ""),
        (("    kind: native", "\tkind: native"), r"yaml:\d+: not YAML", ""),
        (("core: cortex-m4", "core: m4"), "boards.dk.core: got 'm4', expected one of cortex-m0, ", ""),
        (("core: cortex-m4", "core: cortex-m4f"), "boards.dk.core: got 'cortex-m4f', expected one of", "'cortex-m4'"),
        (("core: cortex-m4", "core: cortex-m99"), "boards.dk.core: got 'cortex-m99', expected one of", ""),
        (("      nuttx:", "      nutx:"), "yaml:20: boards.dk.expect.nutx: unknown key .*of agent-", "'nuttx'"),
        (("      nuttx:", "      warp-drive:"), "yaml:20: boards.dk.expect.warp-drive: unknown key", ""),
    ],
)  # fmt: skip
def test_broken_file_says_where_what_and_what_instead(
    write: object, change: tuple[str, str], message: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        Inventory.load(write(broken(change)))  # type: ignore[operator]
    assert hint in caught.value.hint
    assert caught.value.exit_code == 2


def test_two_boards_on_one_probe_are_refused(write: object) -> None:
    twin = GOOD[GOOD.index("  dk:") : GOOD.index("  here:")].replace("  dk:", "  twin:")
    with pytest.raises(UsageError, match=r"boards\.twin\.probe\.uid: got '0123', .* board 'dk' .*has the same"):
        Inventory.load(write(GOOD + twin))  # type: ignore[operator]


def test_two_names_of_one_probe_are_one_probe(write: object) -> None:
    twin = GOOD[GOOD.index("  dk:") : GOOD.index("  here:")].replace("  dk:", "  twin:").replace("0123", "AB")
    text = GOOD.replace('"0123"', '"ab"') + twin.replace("ttyACM0", "ttyACM1")
    with pytest.raises(UsageError, match=r"boards\.twin\.probe\.uid: got 'AB', .* board 'dk' .*has the same"):
        Inventory.load(write(text))  # type: ignore[operator]


PLACE = """\
version: 1
default: dk
shelf: {coordinator: "lab:20408"}
boards:
  dk: {kind: place, match: {board: dk}, target: nrf52840, firmware: {preset: p}, link: {transport: serial},
       power: {labgrid: relay}}
  emu: {kind: place, place: lab-2, machine: microbit, firmware: {preset: p}, link: {transport: serial, baud: 9600}}
"""
MATCH = "kind: place, match: {board: dk}"


def test_places(write: Callable[[str], Path]) -> None:
    boards = Inventory.load(write(PLACE)).boards
    dk, emulated = boards["dk"], boards["emu"]
    assert dk.kind == "place" and dk.place == PlaceSpec(coordinator="lab:20408", tags={"board": "dk"})
    assert dk.probe is None and dk.link.device is None and dk.power is not None and dk.power.resource == "relay"
    assert emulated.place == PlaceSpec(coordinator="lab:20408", tags={"name": "lab-2"})
    assert (emulated.target, emulated.core, emulated.link.baud) == ("nrf51", "cortex-m0", 9600)
    without = PLACE.replace('shelf: {coordinator: "lab:20408"}\n', "")
    place = Inventory.load(write(without)).boards["dk"].place
    assert place is not None and place.coordinator == "", "the environment says"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("match: {board: dk}, ", ""), "boards.dk: got a mapping, expected either place: NAME, or match:"),
        ((MATCH, f"{MATCH}, place: a"), "expected either place: NAME, or match:"),
        (("{board: dk}", "{}"), "match: got a mapping, expected at least one tag"),
        (("{board: dk}", "{Board: dk}"), "match.Board: got 'dk', expected a tag in lower case such as board"),
        (("{board: dk}", "{board: 3}"), "match.board: got '3', expected the value of a tag, quoted"),
        (("target: nrf52840, ", ""), "key 'target' is missing"),
        (("{transport: serial},", "{transport: serial, device: /x},"), "link.device: got '/x', expected no device"),
        (("{transport: serial},", "{transport: udp4},"), "expected serial"),
        ((MATCH, f"{MATCH}, probe: {{uid: a}}"), "unknown key 'probe'"),
        (("lab:20408", "http://lab"), "yaml:3: shelf.coordinator: got 'http://lab', expected HOST:PORT"),
        (('{coordinator: "lab:20408"}', "{}"), "shelf: key 'coordinator' is missing"),
        (("{labgrid: relay}", "{labgrid: relay, switch_on: a}"), "expected either uhubctl"),
        ((MATCH, 'kind: probe, probe: {uid: "1"}'), "link: got a mapping, expected a 'device' too"),
    ],
)
def test_places_that_cannot_be_meant(write: Callable[[str], Path], change: tuple[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        Inventory.load(write(PLACE.replace(*change)))


def test_only_a_place_has_power_of_labgrid(write: Callable[[str], Path]) -> None:
    real = 'kind: probe, probe: {uid: "1"}, target: nrf51, firmware: {preset: p}, link: {transport: serial, device: /x}'
    text = f"version: 1\ndefault: a\nboards:\n  a: {{{real}, power: {{labgrid: relay}}}}\n"
    with pytest.raises(
        UsageError, match=r"power\.labgrid: got 'relay', expected no labgrid: only a board of kind place"
    ):
        Inventory.load(write(text))


@pytest.mark.parametrize("other", ["same", "link", "dots", "native"])
def test_two_boards_on_one_serial_device_are_refused(write: object, tmp_path: Path, other: str) -> None:
    device = tmp_path / "ttyACM0"
    device.touch()
    (tmp_path / "by-id").mkdir()
    link = tmp_path / "by-id" / "usb-probe-if02"
    link.symlink_to(device)
    named = {"link": str(link), "dots": f"{tmp_path}/by-id/../ttyACM0"}.get(other, str(device))
    twin = GOOD[GOOD.index("  dk:") : GOOD.index("  here:")].replace("  dk:", "  twin:").replace("0123", "4567")
    if other == "native":
        twin = "  twin:\n    kind: native\n    firmware: {preset: posix}\n    link: {transport: serial, device: /d}\n"
    text = GOOD.replace("/dev/ttyACM0", str(device)) + twin.replace("/dev/ttyACM0", named).replace("/d}", f"{named}}}")
    with pytest.raises(UsageError, match=r"boards\.twin\.link\.device: got .* board 'dk' .*has the same"):
        Inventory.load(write(text))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "boards.yaml is empty"),
        ("# only a comment\n", "boards.yaml is empty"),
        ("- a\n- b\n", "boards.yaml:1: document: got a list, expected a mapping"),
        ("just text", "got 'just text', expected a mapping"),
        ("version: 1\ndefault: a\nboards: {}\n", "boards.yaml:3: boards: got a mapping, expected at least one board"),
        ("version: 1\ndefault: a\nboards: {a: }\n", "boards.a: got nothing, expected a mapping"),
        ("? [1, 2]\n: x\n", "expected a name as key"),
        ("1: x\n", "got '1', expected a name as key"),
    ],
)
def test_file_without_boards(write: object, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Inventory.load(write(text))  # type: ignore[operator]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        Inventory.load(tmp_path / "boards.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        Inventory.load(binary)
    binary.write_bytes(b"a: \x01")
    with pytest.raises(UsageError, match="not YAML"):
        Inventory.load(binary)


def test_messages_are_one_line(write: object) -> None:
    for change in (("kind: emulated", "kind: |\n      two\n      lines"), ("  here:", "  here: [")):
        with pytest.raises(UsageError) as caught:
            Inventory.load(write(broken(change)))  # type: ignore[operator]
        assert "\n" not in caught.value.message
