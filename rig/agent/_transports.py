"""Transports of the built-in Agent: UDP, TCP and serial lines, all non-blocking.

Knows sockets and serial devices, and how to split their bytes into messages. Must not know what a message means. Every
transport registers with the server's selector and hands messages to ``deliver``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import socket
import struct
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import serial

from rig.agent.builtin import LogLevel, Peer
from rig.errors import AgentFault, EnvironmentFault
from rig.xrce import Frame, FrameDecoder, encode_frame

Deliver = Callable[[Peer, bytes], None]
Gone = Callable[[Peer, str], None]

_BATCH = 64
_UDP_BUFFER = 4 << 20
_TX_LIMIT = 1 << 20
_REOPEN_PERIOD = 0.25
_IDLE = 10.0
_IDLE_WHEN_FULL = 1.0
_LOOK_PERIOD = 0.5
_COMPLAINT_PERIOD = 10.0
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
AGENT_ADDRESS = 0x00
_LINE_TROUBLE = (OSError, ValueError, termios.error)
"""What opening a serial device can end in; termios has an error of its own for one that goes meanwhile."""


class Hub(Protocol):
    """What a transport may ask of its server."""

    def register(self, fileno: int, events: int, callback: Callable[[int], None]) -> None:
        """Watch a file descriptor; if it is watched already, replace its events."""

    def unregister(self, fileno: int) -> None:
        """Stop watching a file descriptor."""

    def deliver(self, peer: Peer, data: bytes) -> None:
        """Take one message."""

    def gone(self, peer: Peer, why: str) -> None:
        """Note that an address will send no more."""

    def framing_error(self, reason: str) -> None:
        """Count bytes that form no frame."""

    def note(self, level: int, what: str, **facts: object) -> None:
        """Log."""


class Transport(Protocol):
    """One transport: receives and sends messages."""

    @property
    def name(self) -> str:
        """Transport and address in words."""

    def open(self, hub: Hub) -> None:
        """Bind or open. :raises AgentFault: in use. :raises EnvironmentFault: no such device."""

    def send(self, peer: Peer, data: bytes) -> None:
        """Send one message; never blocks, never raises."""

    def poll(self, now: float) -> float | None:
        """Do what is due; return when to call it again."""

    def close(self) -> None:
        """Release everything."""


def _bind_error(what: str, error: OSError) -> AgentFault:
    return AgentFault(
        f"{what}: {error.strerror or error}",
        hint="another Agent may be running there: stop it, or give another port",
    )


class UdpTransport:
    """One datagram socket; a peer is an address."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._host = host
        self.port = port
        self._peers: dict[tuple[str, int], Peer] = {}

    @property
    def name(self) -> str:
        return f"udp4 {self._host}:{self.port}"

    def open(self, hub: Hub) -> None:
        self._hub = hub
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, _UDP_BUFFER)
        try:
            self._socket.bind((self._host, self.port))
        except OSError as error:
            self._socket.close()
            raise _bind_error(f"cannot listen on {self.name}", error) from error
        self.port = self._socket.getsockname()[1]
        self._send = self._socket.sendto
        hub.register(self._socket.fileno(), selectors.EVENT_READ, self._on_readable)

    def _on_readable(self, events: int) -> None:
        receive, peers, deliver = self._socket.recvfrom, self._peers, self._hub.deliver
        for _ in range(_BATCH):
            try:
                data, address = receive(65536)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error of an earlier send
            peer = peers.get(address)
            if peer is not None:
                deliver(peer, data)
                continue
            peer = Peer(self, address)
            deliver(peer, data)
            if peer.busy:
                peers[address] = peer

    def send(self, peer: Peer, data: bytes) -> None:
        with contextlib.suppress(OSError):
            self._send(data, peer.address)

    def poll(self, now: float) -> float | None:
        if len(self._peers) > 2048:
            self._peers = {address: peer for address, peer in self._peers.items() if peer.busy}
        return None

    def close(self) -> None:
        self._hub.unregister(self._socket.fileno())
        self._socket.close()


class _TcpConnection:
    """One accepted connection: messages with a 16-bit length in front."""

    def __init__(self, owner: TcpTransport, sock: socket.socket, address: tuple[str, int]) -> None:
        self._owner = owner
        self.socket = sock
        self.peer = Peer(owner, address)
        self.opened = self.heard = time.monotonic()
        self._rx = bytearray()
        self._tx = bytearray()

    def on_event(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._flush()
        if events & selectors.EVENT_READ:
            self._read()

    def _read(self) -> None:
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._owner.disconnect(self, "connection closed")
            return
        self._rx += data
        while len(self._rx) >= 2:
            size = self._rx[0] | self._rx[1] << 8
            if len(self._rx) < 2 + size:
                break
            message = bytes(self._rx[2 : 2 + size])
            del self._rx[: 2 + size]
            self.heard = time.monotonic()
            self._owner.hub.deliver(self.peer, message)

    def send(self, data: bytes) -> None:
        if len(data) > 0xFFFF or len(self._tx) + len(data) > _TX_LIMIT:
            return
        self._tx += struct.pack("<H", len(data)) + data
        self._flush()

    def _flush(self) -> None:
        try:
            sent = self.socket.send(self._tx)
            del self._tx[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._tx.clear()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._tx else 0)
        self._owner.hub.register(self.socket.fileno(), events, self.on_event)


class TcpTransport:
    """A listening socket and its connections; a peer is a connection.

    A connection without a session is closed when it has been silent for some seconds. When there is no room for more
    (``connections``, or no file descriptors left), new connections wait, and those without a session are closed sooner.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, connections: int = 1024) -> None:
        self._host = host
        self.port = port
        self._most = connections
        self._connections: dict[Peer, _TcpConnection] = {}
        self._full = False
        self._look_at = 0.0
        self._complain_at = 0.0

    @property
    def name(self) -> str:
        return f"tcp4 {self._host}:{self.port}"

    def open(self, hub: Hub) -> None:
        self.hub = hub
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((self._host, self.port))
            self._socket.listen(128)
        except OSError as error:
            self._socket.close()
            raise _bind_error(f"cannot listen on {self.name}", error) from error
        self.port = self._socket.getsockname()[1]
        self._listen()

    def _listen(self) -> None:
        self._full = False
        self.hub.register(self._socket.fileno(), selectors.EVENT_READ, self._on_connect)

    def _on_connect(self, events: int) -> None:
        if len(self._connections) >= self._most:
            self._pause(f"{self._most} connections")
            return
        try:
            sock, address = self._socket.accept()
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self._pause(os.strerror(error.errno))
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _TcpConnection(self, sock, address)
        self._connections[connection.peer] = connection
        self.hub.register(sock.fileno(), selectors.EVENT_READ, connection.on_event)

    def _pause(self, why: str) -> None:
        """Leave who wants to connect waiting: what cannot be accepted would be reported again at once."""
        self.hub.unregister(self._socket.fileno())
        self._full = True
        now = time.monotonic()
        self._look_at = now + _LOOK_PERIOD
        if now >= self._complain_at:
            self._complain_at = now + _COMPLAINT_PERIOD
            note = "no room for another connection, the next ones wait"
            self.hub.note(LogLevel.WARNING, note, transport=self.name, why=why)

    def disconnect(self, connection: _TcpConnection, why: str) -> None:
        """Close one connection."""
        self._connections.pop(connection.peer, None)
        self.hub.unregister(connection.socket.fileno())
        connection.socket.close()
        self.hub.gone(connection.peer, why)

    def send(self, peer: Peer, data: bytes) -> None:
        connection = self._connections.get(peer)
        if connection is not None:
            connection.send(data)

    def poll(self, now: float) -> float | None:
        if now >= self._look_at:
            self._look_at = now + _LOOK_PERIOD
            for connection in list(self._connections.values()):
                if not connection.peer.busy and now > self._useless_at(connection):
                    self.disconnect(connection, "no session")
            if self._full:
                self._listen()
        return self._look_at if self._connections or self._full else None

    def _useless_at(self, connection: _TcpConnection) -> float:
        """Until when a connection without a session is kept."""
        return connection.opened + _IDLE_WHEN_FULL if self._full else connection.heard + _IDLE

    def close(self) -> None:
        for connection in list(self._connections.values()):
            self.hub.unregister(connection.socket.fileno())
            connection.socket.close()
        self._connections.clear()
        self.hub.unregister(self._socket.fileno())
        self._socket.close()


class SerialTransport:
    """One serial line or pty; a peer is an address of the framing.

    A device that disappears is opened again as soon as it is back. Sessions survive that, as a UART has no connection
    to lose.

    :param wait: wait for a device that does not exist yet, as for one that disappeared.
    :param alone: a device that exists and cannot be opened is an error at the start. Otherwise the line is one of
        several: it is tried again, so that the others go on.
    """

    def __init__(self, device: str | Path, baud: int = 115200, *, wait: bool = False, alone: bool = True) -> None:
        self.device = str(device)
        self.baud = baud
        self._wait = wait
        self._alone = alone
        self._peers: dict[int, Peer] = {}
        self._decoder = FrameDecoder(address=AGENT_ADDRESS)
        self._tx = bytearray()
        self._watches_writing = False
        self._gathering = False
        self._serial: serial.Serial | None = None
        self._retry_at: float | None = None
        self._refusal = ""

    @property
    def name(self) -> str:
        absent = " as soon as it is there" if self._retry_at is not None else ""
        return f"serial {self.device} at {self.baud}{absent}"

    def open(self, hub: Hub) -> None:
        self._hub = hub
        try:
            self._open()
        except _LINE_TROUBLE as error:
            if Path(self.device).exists():
                self._cannot_open(error)
            else:
                self._absent(error)
            self._retry_at = time.monotonic() + _REOPEN_PERIOD

    def _absent(self, error: Exception) -> None:
        if not self._wait:
            raise EnvironmentFault(
                f"no serial device {self.device}", hint="list the devices with: ls /dev/serial/by-id"
            ) from error
        self._hub.note(LogLevel.WARNING, "no such serial device, waiting for it", device=self.device)

    def _cannot_open(self, error: Exception) -> None:
        if self._alone:
            raise AgentFault(
                f"cannot open serial device {self.device}: {error}",
                hint="another program may hold it, or you may lack the right to it (group dialout)",
            ) from error
        self._refused(str(error))

    def _refused(self, why: str) -> None:
        """Say why a device that is there does not open; the same reason once."""
        if why and why != self._refusal:
            self._hub.note(
                LogLevel.WARNING, "serial device is there but cannot be opened", device=self.device, error=why
            )
        self._refusal = why

    def _open(self) -> None:
        self._serial = serial.Serial(
            self.device, self.baud, timeout=0, write_timeout=0, exclusive=True, rtscts=False, xonxoff=False
        )
        self._decoder.reset()
        self._tx.clear()
        try:
            self._watch()
        except _LINE_TROUBLE:
            self._release()
            raise

    def _watch(self) -> None:
        if self._serial is not None:
            self._watches_writing = bool(self._tx)
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._tx else 0)
            self._hub.register(self._serial.fileno(), events, self._on_event)

    def _on_event(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._flush()
        if events & selectors.EVENT_READ and self._serial is not None:
            try:
                data = os.read(self._serial.fileno(), 65536)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._lost()
                return
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        """Take what was read; the answers to all of it are written at once, as a write costs more than a message."""
        self._gathering = True
        try:
            for event in self._decoder.feed(data):
                if not isinstance(event, Frame):
                    self._hub.framing_error(event.reason)
                    continue
                peer = self._peers.get(event.source)
                if peer is None:
                    peer = self._peers[event.source] = Peer(self, event.source, f"{self.device} address {event.source}")
                self._hub.deliver(peer, event.payload)
        finally:
            self._gathering = False
        self._flush()

    def _lost(self) -> None:
        """The other end is gone: stop watching, or a hung-up line would wake the loop without end."""
        self._release()
        self._retry_at = time.monotonic() + _REOPEN_PERIOD
        self._hub.note(LogLevel.WARNING, "serial device lost, waiting for it", device=self.device)

    def _release(self) -> None:
        if self._serial is not None:
            self._hub.unregister(self._serial.fileno())
            with contextlib.suppress(*_LINE_TROUBLE):
                self._serial.close()
            self._serial = None

    def send(self, peer: Peer, data: bytes) -> None:
        if self._serial is None or len(data) > 0xFFFF or len(self._tx) + len(data) > _TX_LIMIT:
            return
        idle = not self._tx
        self._tx += encode_frame(data, source=AGENT_ADDRESS, destination=peer.address)
        if idle and not self._gathering:
            self._flush()

    def _flush(self) -> None:
        if self._serial is None:
            return
        try:
            written = os.write(self._serial.fileno(), self._tx) if self._tx else 0
            del self._tx[:written]
        except BlockingIOError:
            pass
        except OSError:
            self._lost()
            return
        if self._watches_writing != bool(self._tx):
            self._watch()

    def poll(self, now: float) -> float | None:
        if self._retry_at is None or now < self._retry_at:
            return self._retry_at
        try:
            self._open()
        except _LINE_TROUBLE as error:
            self._retry_at = now + _REOPEN_PERIOD
            self._refused(str(error) if Path(self.device).exists() else "")
        else:
            self._retry_at, self._refusal = None, ""
            self._hub.note(LogLevel.INFO, "serial device is there", device=self.device)
        return self._retry_at

    def close(self) -> None:
        self._release()
