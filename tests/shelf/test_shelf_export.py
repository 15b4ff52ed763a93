"""A board behind pyOCD's server and an RFC 2217 line, as `rig shelf export` shares it, on loopback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml
from rig_process import RigProcess

from rig.bench import build
from rig.errors import EnvironmentFault, LeaseFault, ProbeFault, UsageError
from rig.experiments import EXPERIMENTS
from rig.inventory import BoardSpec, Inventory
from rig.lease import lease
from rig.probe import FirmwareImage, lease_remote, open_probe
from rig.probe._server import main as serve
from rig.records import RunRecord
from rig.run import RunOptions, execute
from rig.shelf import Exported, Shelf, boards_yaml, exporter_yaml
from rig.station import Station

pytestmark = [pytest.mark.qemu, pytest.mark.firmware, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def own(project_root: Path) -> Inventory:
    return Inventory.load(project_root / "boards.yaml")


@pytest.fixture(scope="module")
def shared(own: Inventory) -> Iterator[Exported]:
    with Shelf(own.select(["microbit"]), lines=True) as shelf:
        yield shelf.boards[0]
        assert shelf.ended() is None


@pytest.fixture(scope="module")
def far(shared: Exported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inventory of the other host: what the shelf says is to be written there."""
    file = tmp_path_factory.mktemp("far") / "boards.yaml"
    entry = "".join(f"  {line}\n" for line in boards_yaml(shared).splitlines())
    file.write_text(f"version: 1\ndefault: microbit\nboards:\n{entry}", encoding="utf-8")
    return file


def run(file: Path, directory: Path, *claims: str) -> RunRecord:
    directory.mkdir()
    options = RunOptions(
        boards_file=file, boards=("microbit",), claims=claims, quick=True, directory=directory, search_seconds=1.0
    )
    return execute(options, run_id=directory.name)


def test_a_board_far_away_counts_the_same(far: Path, own: Inventory, tmp_path: Path) -> None:
    counted = []
    for file in (far, own.path):
        (spec,) = Inventory.load(file).select(["microbit"])
        with Station(spec, agent="builtin", directory=tmp_path) as station:
            rows = list(EXPERIMENTS["latency"].measure(station.prepare("shm", quick=True)))
            counted.append({(m.metric, tuple(m.conditions.items())): m.samples for m in rows if m.exact})
            timed = next(iter(EXPERIMENTS["latency"].measure(station.prepare("network", quick=True))))
            link = station.describe().link
        assert not [m for m in rows if m.detail.get("wire")], "no sample of shared memory passed the network"
        assert timed.path == "agent" and timed.clock == "virtual"
        assert timed.detail.get("wire") == ("rfc2217 over TCP" if file == far else None)
        assert ("rfc2217 over the network" in link) is (file == far)
    assert any(metric == "publish_to_callback" for metric, _ in counted[0])
    assert counted[0] == counted[1], "instructions to the last digit"


def test_memory_of_any_length_and_place(shared: Exported) -> None:
    with open_probe(f"remote:127.0.0.1:{shared.probe_port}", target="nrf51") as probe:
        probe.halt()
        for address, length in ((0x2000_0000, 1), (0x2000_0003, 5), (0x2000_0100, 4096), (0x2000_0101, 7)):
            data = bytes((address + at) & 0xFF for at in range(length))
            probe.write(address, data)
            assert probe.read(address, length) == data
        assert probe.read(0x2000_0000, 0) == b""


_HOLDER = """
import sys, time
from rig.probe import lease_remote, open_probe
with lease_remote(sys.argv[1]), open_probe(sys.argv[1], target="nrf51") as probe:
    probe.session.probe.lock()
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_user_at_a_time_from_any_host(shared: Exported, tmp_path: Path) -> None:
    uid = f"remote:127.0.0.1:{shared.probe_port}"
    elsewhere = os.environ | {"RIG_STATE_DIR": str(tmp_path)}  # the leases of this host are not seen there
    holder = subprocess.Popen([sys.executable, "-c", _HOLDER, uid], stdout=subprocess.PIPE, env=elsewhere)
    assert holder.stdout is not None
    with holder, holder.stdout as said:
        assert said.readline() == b"held\n"
        who = rf"in use by process {holder.pid} of .+ on .+ since 20"
        with pytest.raises(LeaseFault, match=who), lease_remote(uid):
            pass
        with pytest.raises(ProbeFault, match=who), open_probe(uid, target="nrf51"):
            pass
        holder.kill()
        with lease_remote(uid, timeout=20), open_probe(uid, target="nrf51") as probe:
            probe.halt()
            assert len(probe.read(0x2000_0000, 64)) == 64, "what it had locked is free"
        with open_probe(uid, target="nrf51"), pytest.raises(LeaseFault, match="in use by a debugger"):
            lease_remote(uid).__enter__()


def test_what_is_exported_is_told(shared: Exported) -> None:
    groups = yaml.safe_load(exporter_yaml([shared]))["microbit"]
    address = {"address": "127.0.0.1", "port": shared.probe_port, "username": "pyocd"}
    assert groups["probe"] == {"cls": "NetworkService", **address}
    assert groups["line"]["cls"] == "NetworkSerialPort" and groups["line"]["port"] == shared.line_port
    listening = {c.laddr.ip for c in psutil.net_connections("tcp") if c.laddr.port in _ports(shared)}
    assert listening <= {"127.0.0.1"}, "nobody else gets at it"


def test_the_command_tells_how_a_board_becomes_a_place(project_root: Path, tmp_path: Path) -> None:
    written = tmp_path / "exporter.yaml"
    words = ("shelf", "export", "--board", "microbit", "--write", str(written))
    rig = RigProcess(words, {}, project_root, tmp_path / "log")
    try:
        rig.wait_for("Ctrl-C ends it.")
        rig.interrupt()
        assert rig.finish() == 130
    finally:
        rig.end()
    groups = yaml.safe_load(written.read_text(encoding="utf-8"))
    assert {name: each["cls"] for name, each in groups["microbit"].items()} == {
        "probe": "NetworkService",
        "line": "NetworkSerialPort",
    }
    said = rig.text()
    assert f"labgrid-exporter --isolated -c COORDINATOR:PORT {written}" in said
    assert "labgrid-client -p microbit set-tags board=microbit" in said
    entry = said.partition("of every host, below boards:\n")[2].partition("on another host")[0]
    file = tmp_path / "boards.yaml"
    file.write_text(f"version: 1\ndefault: microbit\nboards:\n{entry}", encoding="utf-8")
    board = Inventory.load(file).boards["microbit"]
    assert (board.kind, board.machine, board.link.baud) == ("place", "microbit", 115200)
    assert board.place is not None and board.place.tags == {"board": "microbit"}


def _ports(shared: Exported) -> set[int]:
    assert shared.line_port is not None
    return {shared.probe_port, shared.line_port}


def test_a_server_that_is_gone_is_told_at_once(own: Inventory) -> None:
    image = FirmwareImage.load(build("microbit")["shm"])
    with Shelf(own.select(["microbit"]), lines=False) as shelf:
        uid = f"remote:127.0.0.1:{shelf.boards[0].probe_port}"
        with open_probe(uid, target="nrf51") as probe:
            (server,) = (c for c in psutil.Process().children() if str(shelf.boards[0].probe_port) in c.cmdline())
            server.kill()
            server.wait(5)
            with pytest.raises(ProbeFault, match="is gone"):
                probe.flash(image)
        assert (shelf.ended() or "").startswith("the server of microbit ended")
    with pytest.raises(ProbeFault, match="no probe server at"), open_probe(uid, target="nrf51"):
        pass


def test_nobody_at_the_line(far: Path, tmp_path: Path) -> None:
    text = far.read_text(encoding="utf-8")
    line = next(word for word in text.split() if word.startswith("rfc2217://"))
    lost = tmp_path / "boards.yaml"
    lost.write_text(text.replace(line, "socket://127.0.0.1:9"), encoding="utf-8")
    record = run(lost, tmp_path / "run", "footprint")
    assert record.faults[0].blame == EnvironmentFault.blame
    assert record.faults[0].message.startswith("no serial line at socket://127.0.0.1:9: ")


def real(own: Inventory, tmp_path: Path, uid: str) -> BoardSpec:
    file = tmp_path / "boards.yaml"
    file.write_text(
        f'version: 1\ndefault: a\nboards:\n  a: {{kind: probe, target: nrf51, probe: {{uid: "{uid}"}},'
        " firmware: {preset: microbit}, link: {transport: serial, device: /dev/ttyACM99}}\n"
    )
    return Inventory.load(file).boards["a"]


def test_what_cannot_be_shared(own: Inventory, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a process of this host"):
        Shelf(own.select(["native"]), lines=False)
    with pytest.raises(UsageError, match="is another host's board"):
        Shelf([real(own, tmp_path, "remote:elsewhere:5555")], lines=False)
    with (
        lease("9900000037024e45"),
        pytest.raises(LeaseFault, match="is held by process"),
        Shelf([real(own, tmp_path, "9900000037024e45")], lines=False),
    ):
        pass


@pytest.mark.parametrize(
    ("board", "said"),
    [
        ('{kind: emulated, machine: microbit, probe: {uid: "abc"}, %s}', "remote:HOST:PORT"),
        ('{kind: emulated, machine: microbit, probe: {uid: "remote:nowhere"}, %s}', "remote:HOST:PORT of a probe"),
        ('{kind: emulated, machine: microbit, probe: {uid: "remote:a:1"}, firmware: {preset: p},'
         " link: {transport: serial}}", "a 'device' too"),
        ('{kind: probe, target: nrf51, probe: {uid: "remote:a:1"}, firmware: {preset: p},'
         ' link: {transport: serial, device: "telnet://a:1"}}', "rfc2217://HOST:PORT"),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_meant(tmp_path: Path, board: str, said: str) -> None:
    rest = 'firmware: {preset: p}, link: {transport: serial, device: "rfc2217://a:1"}'
    file = tmp_path / "boards.yaml"
    file.write_text(f"version: 1\ndefault: a\nboards:\n  a: {board.replace('%s', rest)}\n")
    with pytest.raises(UsageError, match=said):
        Inventory.load(file)


@pytest.mark.parametrize("arguments", [(), ("uid",), ("uid", "x"), ("uid", "0"), ("uid", "65536"), ("uid", "1", "2")])
def test_a_probe_server_says_how_it_is_called(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(list(arguments)) == 2
    assert "usage: python -m rig.probe UID PORT" in capsys.readouterr().out
