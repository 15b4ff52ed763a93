"""The built-in Agent over real sockets and ptys."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from agent_testclient import BoardPty, Client, Link, TcpLink, UdpLink

from rig import xrce
from rig.agent import BuiltinAgent, DiscoveryTransport, LogLevel, SerialTransport, TcpTransport, UdpTransport
from rig.errors import AgentFault, EnvironmentFault


@pytest.fixture
def udp() -> Iterator[BuiltinAgent]:
    with BuiltinAgent.udp4() as agent:
        yield agent
        agent.check()


def echo(client: Client, count: int = 20, *, size: int = 40) -> None:
    client.read(0x0016)
    bodies = [index.to_bytes(4, "little") * (size // 4) for index in range(count)]
    for body in bodies:
        client.write(0x0015, body)
    assert client.pump(lambda: len(client.samples) == count)
    assert client.samples == [(0x0016, body) for body in bodies]


def test_an_agent_that_looks_before_it_sleeps_serves_and_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    with BoardPty() as board, BuiltinAgent([UdpTransport(), SerialTransport(board.device)], busy_poll=0.02) as agent:
        select = agent._selector.select
        monkeypatch.setattr(agent._selector, "select", lambda timeout: looks.append(timeout) or select(timeout))
        for link in (UdpLink(agent.port), board.link()):
            client = Client(link)
            client.pair()
            echo(client)
            assert client.logout() == 0
            link.close()
        assert 0 in looks
        end = time.monotonic() + 5
        while looks[-1] == 0 and time.monotonic() < end:
            time.sleep(0.01)
        assert looks[-1] > 0, "nothing comes any more, so it sleeps"
        agent.check()


def test_a_device_is_opened_while_another_transport_has_steady_traffic(tmp_path: Path) -> None:
    device = tmp_path / "ttyACM0"
    lines: list[str] = []
    with (
        BoardPty() as board,
        BuiltinAgent([UdpTransport(), SerialTransport(device, wait=True)], busy_poll=0.2, log=lines.append) as agent,
    ):
        client = Client(UdpLink(agent.port))
        client.pair()
        device.symlink_to(board.device)
        end = time.monotonic() + 5
        while not any("serial device is there" in line for line in lines) and time.monotonic() < end:
            echo(client, 1)
            client.samples.clear()
        client.link.close()
        assert any("serial device is there" in line for line in lines)


@pytest.mark.parametrize("kind", ["udp", "tcp", "serial"])
def test_session_echo_and_farewell(kind: str) -> None:
    with BoardPty() as board:
        agents = {
            "udp": BuiltinAgent.udp4,
            "tcp": BuiltinAgent.tcp4,
            "serial": lambda: BuiltinAgent.serial(board.device),
        }
        with agents[kind]() as agent:
            links: dict[str, object] = {"udp": UdpLink, "tcp": TcpLink}
            link: Link = board.link() if kind == "serial" else links[kind](agent.port)  # type: ignore[operator]
            client = Client(link)
            client.pair()
            echo(client)
            assert agent.statistics.clients == 1
            assert agent.statistics.entities == 6
            assert agent.statistics.samples_out == 20
            assert client.logout() == 0
            assert agent.statistics.clients == 0
            assert agent.statistics.entities == 0
            link.close()


def test_keyed_session_works(udp: BuiltinAgent) -> None:
    client = Client(UdpLink(udp.port), session_id=0x01)
    client.pair()
    echo(client)
    assert client.logout() == 0


def test_fragmented_samples_of_100_000_bytes_come_back(udp: BuiltinAgent) -> None:
    client = Client(UdpLink(udp.port))
    client.pair()
    echo(client, 3, size=100_000)


@pytest.mark.parametrize("session_id", [0x81, 0x01])
@pytest.mark.parametrize("mtu", [63, 128, 512, 1472, 65_507])
def test_every_mtu_carries_every_size(udp: BuiltinAgent, mtu: int, session_id: int) -> None:
    client = Client(UdpLink(udp.port), mtu=mtu, session_id=session_id)
    client.pair()
    client.read(0x0016)
    bodies = [bytes(index % 251 for index in range(size)) for size in (1, 51, 1000, 20_000)]
    for body in bodies:
        client.write(0x0015, body)
    assert client.pump(lambda: len(client.samples) == len(bodies))
    assert [data for _, data in client.samples] == bodies
    assert client.logout() == 0


def test_several_transports_meet_on_one_topic() -> None:
    with BoardPty() as board:
        transports = [UdpTransport(), TcpTransport(), SerialTransport(board.device)]
        with BuiltinAgent(transports):
            links: list[Link] = [
                UdpLink(transports[0].port),  # type: ignore[union-attr]
                TcpLink(transports[1].port),  # type: ignore[union-attr]
                board.link(),
            ]
            clients = [Client(link, bytes((1, 2, 3, index))) for index, link in enumerate(links)]
            for client in clients:
                client.pair()
                client.read(0x0016)
                assert client.settled()
            for index, client in enumerate(clients):
                client.write(0x0015, bytes((index,)) * 8)
            expected = {bytes((index,)) * 8 for index in range(3)}
            for client in clients:
                assert client.pump(lambda client=client: len(client.samples) == 3)
                assert {data for _, data in client.samples} == expected
            for link in links:
                link.close()


def test_hundred_clients_at_once(udp: BuiltinAgent) -> None:
    """In a ring, each in a thread of its own: all log in at once, and all write at once while they read."""
    clients = [Client(UdpLink(udp.port), (0xA000 + index).to_bytes(4, "big")) for index in range(100)]
    count = 20

    def join(index: int) -> None:
        client = clients[index]
        client.login()
        client.participant()
        client.topic(name=f"rt/ring{index}")
        client.topic(2, name=f"rt/ring{(index + 1) % 100}")
        assert client.wait(client.writer(topic=1)) == 0
        assert client.wait(client.reader(topic=2)) == 0
        client.read(0x0016)
        assert client.settled()

    def talk(index: int) -> list[tuple[int, bytes]]:
        client = clients[index]
        for number in range(count):
            client.write(0x0015, struct.pack("<HH", index, number))
        client.pump(lambda: len(client.samples) == count and client.out.idle)
        return client.samples

    with ThreadPoolExecutor(100) as pool:
        list(pool.map(join, range(100)))
        assert udp.statistics.clients == 100
        heard = list(pool.map(talk, range(100)))
        for index, samples in enumerate(heard):
            assert samples == [(0x0016, struct.pack("<HH", (index + 1) % 100, number)) for number in range(count)]
        assert list(pool.map(Client.logout, clients)) == [0] * 100
    for client in clients:
        client.link.close()
    assert udp.statistics.clients == 0
    assert udp.statistics.samples_out == 100 * count


def test_lost_best_effort_and_late_messages_are_not_delivered_twice(udp: BuiltinAgent) -> None:
    client = Client(UdpLink(udp.port))
    client.pair()
    client.read(0x0016, stream=1)
    assert client.settled()
    item = xrce.encode_submessage(xrce.WriteData(request_id=99, object_id=0x0015, data=b"once"))
    for number in (0, 0, 2, 1, 2, 3):
        client.link.send(client.header(1, number) + item)
    assert client.pump(lambda: len(client.samples) == 3)
    client.spin(0.2)
    assert len(client.samples) == 3


def test_agent_repeats_what_is_not_acknowledged(udp: BuiltinAgent) -> None:
    client = Client(UdpLink(udp.port))
    client.pair()
    client.read(0x0016)
    assert client.settled()
    client.session.acknowledge = False
    client.write(0x0015, b"lost")
    assert client.pump(lambda: any(isinstance(item, xrce.Heartbeat) for item in client.log))
    assert len(client.samples) == 1
    client.into.expected -= 1  # as if the sample had not come
    client.samples.clear()
    client.session.acknowledge = True
    assert client.pump(lambda: bool(client.samples))
    assert udp.statistics.retransmissions > 0


def test_login_again_starts_streams_over_and_keeps_objects(udp: BuiltinAgent) -> None:
    client = Client(UdpLink(udp.port))
    client.pair()
    client.reset_streams()
    client.login()
    assert udp.statistics.entities == 6
    echo(client)
    other = Client(client.link, b"\x55\x66\x77\x88")
    other.login()
    assert udp.statistics.clients == 1, "a new key at an old address ends the old session"
    assert udp.statistics.entities == 0


def test_two_sessions_at_one_address(udp: BuiltinAgent) -> None:
    link = UdpLink(udp.port)
    first = Client(link, b"\1\1\1\1", session_id=0x81)
    second = Client(link, b"\2\2\2\2", session_id=0x82)
    first.login()
    second.login()
    assert udp.statistics.clients == 2
    second.pair()
    echo(second)


def test_serial_line_that_hangs_up_does_not_spin_and_comes_back(tmp_path: Path) -> None:
    name = tmp_path / "uart"
    board = BoardPty()
    name.symlink_to(board.device)
    with BuiltinAgent.serial(name) as agent:
        client = Client(board.link())
        client.login()
        board.hang_up()
        process = psutil.Process()
        before = sum(process.cpu_times()[:2])
        time.sleep(1.0)
        assert sum(process.cpu_times()[:2]) - before < 0.5
        agent.check()
        with BoardPty() as again:
            name.unlink()
            name.symlink_to(again.device)
            back = Client(again.link())
            back.pair()
            echo(back)


def test_unread_serial_line_does_not_stop_the_agent() -> None:
    with BoardPty() as board:
        transports = [UdpTransport(), SerialTransport(board.device)]
        with BuiltinAgent(transports) as agent:
            silent = Client(board.link())
            silent.pair()
            silent.read(0x0016, stream=1)
            assert silent.settled()
            loud = Client(UdpLink(agent.port), b"\7\7\7\7")
            loud.pair()
            for _ in range(300):
                loud.write(0x0015, bytes(400), reliable=False)
            loud.read(0x0016)
            loud.write(0x0015, b"still here")
            assert loud.pump(lambda: bool(loud.samples))


@pytest.mark.parametrize("host", ["239.255.0.2", "127.0.0.1"])
def test_discovery_leads_to_the_agent(host: str) -> None:
    udp = UdpTransport()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with BuiltinAgent([udp, DiscoveryTransport([udp], port=port)]) as agent:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(20)
            asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
            ask = xrce.GetInfo(request_id=10, object_id=xrce.OBJECT_AGENT, mask=3)
            question = xrce.encode_message(xrce.Message(header=xrce.Header(session_id=0x80), submessages=(ask,)))
            asker.sendto(b"noise", (host, port))
            asker.sendto(question, (host, port))
            info = xrce.decode_message(asker.recv(512)).submessages[0]
        assert isinstance(info, xrce.Info) and isinstance(info.activity, xrce.AgentActivity)
        ((form, locator),) = info.activity.locators
        assert form == 1 and socket.inet_ntoa(locator[:4]) == "127.0.0.1"
        client = Client(UdpLink(int.from_bytes(locator[4:], "little")))
        client.login()
        assert agent.statistics.clients == 1


def test_stop_is_quick_and_leaves_nothing() -> None:
    threads = threading.active_count()
    handles = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counts this process's own handles
    for _ in range(3):
        agent = BuiltinAgent.udp4().start()
        client = Client(UdpLink(agent.port))
        client.login()
        agent.stop()
        agent.stop()
        client.link.close()
        assert not agent.running
        with pytest.raises(AgentFault):
            agent.check()
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == handles  # noqa: PTH208


def test_port_in_use_and_missing_device_are_said_clearly(udp: BuiltinAgent) -> None:
    with pytest.raises(AgentFault, match=f"udp4 127.0.0.1:{udp.port}") as fault:
        BuiltinAgent.udp4(port=udp.port).start()
    assert fault.value.hint
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AgentFault, match="tcp4"):
        BuiltinAgent.tcp4(port=taken.getsockname()[1]).start()
    with pytest.raises(EnvironmentFault, match="/dev/no-such-uart") as missing:
        BuiltinAgent.serial("/dev/no-such-uart").start()
    assert missing.value.hint


def test_device_in_use_is_said_clearly() -> None:
    with BoardPty() as board, BuiltinAgent.serial(board.device), pytest.raises(AgentFault, match="cannot open"):
        BuiltinAgent.serial(board.device).start()


def test_log_has_levels() -> None:
    lines: dict[int, list[str]] = {level: [] for level in (0, 2, 4, 6)}
    for level, sink in lines.items():
        with BuiltinAgent.udp4(log=sink.append, level=level) as agent:
            client = Client(UdpLink(agent.port))
            client.login()
            client.link.send(b"\x80\0\0")
            client.logout()
    assert lines[0] == []
    assert len(lines[2]) == 1 and "cannot decode" in lines[2][0]
    assert any("session OK" in line for line in lines[4])
    assert any("-> " in line and "CREATE_CLIENT" in line for line in lines[6])
    assert any("<- " in line and "STATUS_AGENT" in line for line in lines[6])
    assert LogLevel(6) is LogLevel.TRACE
