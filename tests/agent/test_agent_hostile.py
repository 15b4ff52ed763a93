"""Hostile and broken input: it may cost its sender the session, never the Agent or anybody else."""

from __future__ import annotations

import random
import socket
import struct
from pathlib import Path
from types import ModuleType

import pytest
from agent_testclient import BoardPty, Client, TcpLink, UdpLink
from test_agent_transcripts import FILES, load

import rig.agent as room
from rig import xrce
from rig.agent import CED, AgentCore, BuiltinAgent, Peer, SerialTransport, UdpTransport


def mutate(chance: random.Random, data: bytes) -> bytes:
    out = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        fate = chance.randrange(5)
        if not out:
            break
        place = chance.randrange(len(out))
        if fate == 0:
            out[place] ^= 1 << chance.randrange(8)
        elif fate == 1:
            out[place] = chance.choice((0, 0x7F, 0x80, 0xFF))
        elif fate == 2:
            del out[place : place + chance.randrange(1, 9)]
        elif fate == 3:
            out[place:place] = chance.randbytes(chance.randrange(1, 9))
        else:
            out = out[:place]
    return bytes(out)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_mutated_traffic_does_not_break_the_core(path: Path) -> None:
    chance = random.Random(path.stem)
    messages = [record.data for record in load(path) if record.to_agent]
    for _ in range(30):
        core = AgentCore(personality=CED if chance.random() < 0.3 else room.RIG)
        peer = Peer(None, "hostile")
        now = 0.0
        for message in messages:
            if chance.random() < 0.8:
                core.receive(peer, message, now)
            core.receive(peer, mutate(chance, message), now)
            now += chance.random()
            core.tick(now)
            core.outbox.clear()
        assert len(core.clients) < 40


def test_random_bytes_do_not_break_the_core() -> None:
    chance = random.Random(1)
    core = AgentCore()
    peer = Peer(None, "noise")
    for _ in range(20_000):
        size = chance.randrange(40)
        head = bytes((chance.choice((0, 0x80, 0x81)), chance.choice((0, 1, 0x80)), 0, 0))
        core.receive(peer, head + bytes((chance.randrange(18), 1)) + chance.randbytes(size), 0.0)
        core.outbox.clear()
    assert core.statistics.decode_errors > 0


def well(agent: BuiltinAgent) -> None:
    """A decent Client is served as ever."""
    client = Client(UdpLink(agent.port), b"\x0d\xec\xe1\x17")
    client.login()
    client.participant()
    client.topic(name="rt/decent")
    assert client.wait(client.writer()) == 0
    assert client.wait(client.reader()) == 0
    client.read(0x0016)
    client.write(0x0015, b"fine")
    assert client.pump(lambda: client.samples == [(0x0016, b"fine")])
    assert client.logout() == 0
    client.link.close()


def test_noise_on_all_transports_at_once() -> None:
    chance = random.Random(2)
    with BoardPty() as board:
        udp, tcp = UdpTransport(), room.TcpTransport()
        with BuiltinAgent([udp, tcp, SerialTransport(board.device)]) as agent:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
                for _ in range(500):
                    noise.sendto(chance.randbytes(chance.randrange(80)), ("127.0.0.1", udp.port))
            for _ in range(20):
                link = TcpLink(tcp.port)
                link.send(chance.randbytes(50))
                link.close()
            serial = board.link()
            for _ in range(50):
                serial.send(chance.randbytes(chance.randrange(80)))
            well(agent)
            assert agent.statistics.decode_errors > 0
            agent.check()


def test_flood_of_sessions_is_bounded() -> None:
    core = AgentCore()
    for index in range(1, 3000):
        login = xrce.CreateClient(client_key=index.to_bytes(4, "big"), session_id=0x81, mtu=508)
        data = xrce.encode_message(xrce.Message(header=xrce.Header(session_id=0x80), submessages=(login,)))
        core.receive(Peer(None, index), data, 0.0)
        core.outbox.clear()
    assert core.statistics.clients == 1024
    answer = xrce.CreateClient(client_key=b"late", session_id=0x81, mtu=508)
    data = xrce.encode_message(xrce.Message(header=xrce.Header(session_id=0x80), submessages=(answer,)))
    core.receive(Peer(None, "late"), data, 1.0)
    refused = xrce.decode_message(core.outbox.pop()[1]).submessages[0]
    assert isinstance(refused, xrce.StatusAgent) and refused.status == xrce.StatusCode.ERR_RESOURCES
    core.receive(Peer(None, "late"), data, 60.0)
    taken = xrce.decode_message(core.outbox.pop()[1]).submessages[0]
    assert isinstance(taken, xrce.StatusAgent) and taken.status == xrce.StatusCode.OK, "the dead make room"


def test_flood_of_objects_is_bounded() -> None:
    core = AgentCore()
    peer = Peer()
    login = xrce.CreateClient(client_key=b"many", session_id=0x81, mtu=508)
    core.receive(
        peer, xrce.encode_message(xrce.Message(header=xrce.Header(session_id=0x80), submessages=(login,))), 0.0
    )
    items = [
        xrce.Create(
            request_id=10,
            object_id=number << 4 | kind,
            object_kind=kind,
            representation=xrce.RepresentationFormat.BIN,
            body=b"\0\0",
            domain_id=0 if kind == 1 else None,
        )
        for kind in (1, 10)
        for number in range(4096)
    ]
    for sequence, item in enumerate(items):
        head = xrce.Header(session_id=0x81, stream_id=1, sequence=sequence)
        core.receive(peer, xrce.encode_message(xrce.Message(header=head, submessages=(item,))), 0.0)
    assert core.statistics.entities == 4096


def test_samples_nobody_reads_are_bounded() -> None:
    with BuiltinAgent.udp4() as agent:
        client = Client(UdpLink(agent.port), mtu=60_000)
        client.login()
        client.participant()
        client.topic()
        assert client.wait(client.writer()) == 0
        assert client.wait(client.reader()) == 0
        for _ in range(600):
            client.write(0x0015, bytes(50_000))
            assert client.settled()
        assert agent.statistics.samples_dropped > 200
        client.link.close()


def test_tcp_peer_that_stops_in_mid_message_is_forgotten() -> None:
    transport = room.TcpTransport()
    udp = UdpTransport()
    with BuiltinAgent([udp, transport]) as agent:
        half = socket.create_connection(("127.0.0.1", transport.port))
        half.sendall(struct.pack("<H", 500) + b"only a part")
        link = TcpLink(transport.port)
        client = Client(link, b"\5\5\5\5")
        client.login()
        assert agent.statistics.clients == 1
        half.close()
        link.close()
        client_gone = Client(UdpLink(agent.port), b"\6\6\6\6")
        client_gone.login()
        assert client_gone.pump(lambda: agent.statistics.clients == 1)


def test_exports_are_what_exists() -> None:
    public = {
        name
        for name, value in vars(room).items()
        if not name.startswith("_") and name != "annotations" and not isinstance(value, ModuleType)
    }
    assert set(room.__all__) == public
