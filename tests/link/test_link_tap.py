"""The link tap between a Client and the built-in Agent, over real sockets and ptys."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import serial
from agent_testclient import BoardPty, Client, UdpLink
from pcapng import FileScanner, blocks

from rig import xrce
from rig.agent import BuiltinAgent
from rig.errors import AgentFault, EnvironmentFault, UsageError
from rig.link import Direction, LinkTap, NoisePlan, SerialTap, UdpTap

pytestmark = pytest.mark.filterwarnings("ignore:Field type should not be:DeprecationWarning")


def pair(client: Client) -> None:
    client.pair()
    client.read(0x0016)
    assert client.settled()


@contextmanager
def tapped(kind: str, **options: Any) -> Iterator[tuple[Client, LinkTap]]:
    """A Client behind a tap behind an Agent."""
    with ExitStack() as stack:
        if kind == "udp":
            agent = stack.enter_context(BuiltinAgent.udp4())
            tap: LinkTap = stack.enter_context(UdpTap(agent.port, **options))
            assert isinstance(tap, UdpTap)
            link = UdpLink(tap.board_port)
            stack.callback(link.close)
            yield Client(link), tap
        else:
            board = stack.enter_context(BoardPty())
            tap = stack.enter_context(SerialTap(board.device, **options))
            assert isinstance(tap, SerialTap)
            stack.enter_context(BuiltinAgent.serial(tap.agent_device))
            yield Client(board.link()), tap
        tap.check()


@pytest.mark.parametrize("kind", ["udp", "serial"])
def test_counts_samples_and_bytes(kind: str) -> None:
    with tapped(kind) as (client, tap):
        pair(client)
        before = tap.counters()
        for index in range(10):
            client.write(0x0015, bytes((index,)) * 24)
        assert client.pump(lambda: len(client.samples) == 10)
        assert client.settled()
        # Ten WRITE_DATA and the ACKNACKs for ten DATA.
        tap_done(tap, lambda: (tap.counters() - before).to_agent.messages >= 20)
        got = tap.counters() - before
        assert got.to_agent.data_messages == 10
        assert got.to_agent.data_bytes == 240
        assert got.to_board.data_messages == 10
        assert got.to_board.data_bytes == 240
        assert got.data_bytes == 480
        overhead = 7 if kind == "serial" else 0  # flag, addresses, length, CRC
        assert got.to_agent.bytes >= 10 * (36 + overhead) + 10 * (13 + overhead)


@pytest.mark.parametrize("kind", ["udp", "serial"])
def test_counts_fragmented_samples_once(kind: str) -> None:
    with tapped(kind) as (client, tap):
        pair(client)
        before = tap.counters()
        client.write(0x0015, bytes(5000))
        assert client.pump(lambda: len(client.samples) == 1)
        got = tap.counters() - before
        assert (got.to_agent.data_messages, got.to_agent.data_bytes) == (1, 5000)
        assert (got.to_board.data_messages, got.to_board.data_bytes) == (1, 5000)
        assert got.to_agent.messages >= 10


@pytest.mark.parametrize("kind", ["udp", "serial"])
def test_cut_link_passes_nothing_until_restored(kind: str) -> None:
    with tapped(kind) as (client, tap):
        pair(client)
        tap.cut()
        assert tap.is_cut
        before = tap.counters()
        client.write(0x0015, b"while cut")
        client.spin(0.3)
        got = tap.counters() - before
        assert client.samples == []
        assert got.bytes == 0 and got.data_bytes == 0
        assert got.to_agent.dropped_bytes > 0 and got.to_agent.dropped_messages > 0
        tap.restore()
        assert client.pump(lambda: len(client.samples) == 1), "the reliable stream repeats it"


@pytest.mark.parametrize("kind", ["udp", "serial"])
def test_faults_do_not_hurt_reliable_streams(kind: str) -> None:
    with tapped(kind) as (client, tap):
        pair(client)
        tap.inject(NoisePlan(drop=0.1, corrupt=0.05 if kind == "serial" else 0.0, duplicate=0.1, reorder=0.1, seed=7))
        bodies = [index.to_bytes(4, "little") * 4 for index in range(100)]
        for body in bodies:
            client.write(0x0015, body)
        assert client.pump(lambda: len(client.samples) == len(bodies), 60)
        assert [body for _, body in client.samples] == bodies
        counters = tap.counters()
        for way in (counters.to_agent, counters.to_board):
            assert way.dropped_messages > 0 and way.duplicated > 0 and way.reordered > 0
            assert (way.corrupted > 0) == (kind == "serial")
        tap.inject(None)
        before = tap.counters()
        client.write(0x0015, b"clean")
        assert client.pump(lambda: len(client.samples) == 101)
        assert (tap.counters() - before).to_agent.dropped_messages == 0


def test_same_seed_spoils_the_same_units() -> None:
    def run(seed: int) -> list[bytes]:
        got: list[bytes] = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
            sink.bind(("127.0.0.1", 0))
            sink.settimeout(10)
            with UdpTap(sink.getsockname()[1]) as tap, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as board:
                tap.inject(NoisePlan(drop=0.3, corrupt=0.2, duplicate=0.2, reorder=0.2, seed=seed))
                for index in range(200):
                    board.sendto(b"%04d" % index, ("127.0.0.1", tap.board_port))
                tap_done(tap, lambda: settled(tap, 200))
                tap.inject(None)
                board.sendto(b"\x7fend", ("127.0.0.1", tap.board_port))
                while not got or got[-1] != b"\x7fend":
                    got.append(sink.recv(100))
        return got

    def settled(tap: UdpTap, sent: int) -> bool:
        way = tap.counters().to_agent
        return way.messages - way.duplicated + way.dropped_messages == sent

    first = run(3)
    assert first == run(3)
    assert first != run(4)


def tap_done(tap: LinkTap, ready: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not ready():
        assert time.monotonic() < end, tap.counters()
        time.sleep(0.005)


def test_pacing_keeps_the_rate() -> None:
    """Bytes cannot arrive earlier than a line of this rate allows; no upper bound on a busy host."""
    with BoardPty() as board, SerialTap(board.device, baud=115200) as tap:
        got = bytearray()
        os.set_blocking(board.master, False)
        with serial.Serial(tap.agent_device, 115200, timeout=0.05) as far:
            data = bytes(range(256)) * 12
            start = time.monotonic()
            sent = 0
            while len(got) < len(data):
                with suppress(BlockingIOError):
                    sent += os.write(board.master, data[sent : sent + 512])
                got += far.read(4096)
                assert time.monotonic() - start < 20
            elapsed = time.monotonic() - start
        assert bytes(got) == data
        assert elapsed >= len(data) * 10 / 115200 * 0.99


def test_capture_of_datagrams_opens_as_ip(tmp_path: Path) -> None:
    path = tmp_path / "link.pcapng"
    with tapped("udp", capture=path) as (client, tap):
        assert isinstance(tap, UdpTap)
        client.login()
        client.logout()
        port = tap.agent_port
    with path.open("rb") as file:
        found = list(FileScanner(file))
    interface = next(block for block in found if isinstance(block, blocks.InterfaceDescription))
    packets = [block for block in found if isinstance(block, blocks.EnhancedPacket)]
    assert interface.link_type == 101
    assert len(packets) == 4
    for packet in packets:
        data = packet.packet_data
        assert data[0] == 0x45 and data[9] == 17
        assert sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, 20, 2)) % 0xFFFF == 0
        inbound = packet.options["epb_flags"].inout == "inbound"
        assert int.from_bytes(data[22:24] if inbound else data[20:22], "big") == port
        xrce.decode_message(data[28:])
    assert [packet.options["epb_flags"].inout for packet in packets] == ["inbound", "outbound"] * 2
    stamps = [packet.timestamp for packet in packets]
    assert stamps == sorted(stamps) and abs(stamps[0] - time.time()) < 600


def test_a_capture_that_goes_on_keeps_what_it_had(tmp_path: Path) -> None:
    """A board that is flashed anew gets a new tap; what crossed before is still evidence."""
    path = tmp_path / "link.pcapng"
    for round in (1, 2):
        with tapped("udp", capture=path) as (client, _):
            client.login()
            client.logout()
        with path.open("rb") as file:
            found = list(FileScanner(file))
        assert sum(isinstance(block, blocks.SectionHeader) for block in found) == round
        assert sum(isinstance(block, blocks.EnhancedPacket) for block in found) == 4 * round


def test_capture_of_a_serial_line_holds_frames(tmp_path: Path) -> None:
    path = tmp_path / "link.pcapng"
    with tapped("serial", capture=path) as (client, _):
        client.login()
        client.logout()
    with path.open("rb") as file:
        packets = [block for block in FileScanner(file) if isinstance(block, blocks.EnhancedPacket)]
    assert packets[0].interface.link_type == 147
    frames = [event for packet in packets for event in xrce.FrameDecoder().feed(packet.packet_data)]
    assert len(frames) == 4 and all(isinstance(frame, xrce.Frame) for frame in frames)


def test_observer_sees_messages() -> None:
    seen: list[tuple[Direction, bytes]] = []
    with tapped("udp", observer=lambda way, message, _: seen.append((way, message))) as (client, _):
        client.login()
    assert [way for way, _ in seen] == [Direction.TO_AGENT, Direction.TO_BOARD]
    assert isinstance(xrce.decode_message(seen[0][1]).submessages[0], xrce.CreateClient)


def test_board_goes_on_when_no_agent_listens() -> None:
    with BoardPty() as board, SerialTap(board.device) as tap:
        link = board.link()
        for _ in range(200):
            link.send(bytes(500))
        tap_done(tap, lambda: tap.counters().to_agent.messages == 200)
        assert tap.counters().to_agent.dropped_bytes > 0


def test_agent_restarts_behind_a_serial_tap() -> None:
    with BoardPty() as board, SerialTap(board.device) as tap:
        for _ in range(3):
            with BuiltinAgent.serial(tap.agent_device):
                client = Client(board.link())
                pair(client)
                client.write(0x0015, b"again")
                assert client.pump(lambda client=client: len(client.samples) == 1)


def test_board_that_vanishes_is_seen() -> None:
    board = BoardPty()
    with SerialTap(board.device) as tap:
        assert tap.board_present
        board.hang_up()
        tap_done(tap, lambda: not tap.board_present)
        tap.check()


def test_stop_twice_and_faults_of_use(tmp_path: Path) -> None:
    tap = UdpTap(1)
    with pytest.raises(AgentFault):
        tap.check()
    tap.start()
    with pytest.raises(AgentFault, match="in use"):
        UdpTap(1, board_port=tap.board_port).start()
    with pytest.raises(AgentFault, match="before"):
        tap.start()
    tap.stop()
    tap.stop()
    with pytest.raises(EnvironmentFault, match="no serial device"):
        SerialTap("/dev/no-such-uart").start()
    with pytest.raises(EnvironmentFault, match="cannot write"):
        UdpTap(1, capture=tmp_path / "missing" / "x.pcapng").start()
    with pytest.raises(UsageError, match="drop is 2"):
        NoisePlan(drop=2)
