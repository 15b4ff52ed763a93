"""Tap of a UDP link: boards send to ``board_port``, the Agent sees one loopback socket per board.

Knows datagrams; must not know messages beyond counting them.
"""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from rig.errors import AgentFault
from rig.link._capture import LinkCapture
from rig.link._counters import Direction
from rig.link._tap import HOLD_LIMIT, LinkTap, Observer

_HOST = "127.0.0.1"
_BATCH = 64
_BUFFER = 4 << 20
_MAX_PEERS = 256


@dataclass(slots=True, eq=False)
class _Peer:
    address: tuple[str, int]
    socket: socket.socket
    used: float


class UdpTap(LinkTap):
    """Passes datagrams between boards and the Agent's port on loopback.

    :param agent_port: where the Agent listens; may be set later by the attribute of this name.
    :param board_port: where boards send to; 0 takes a free one, known after the start.
    """

    def __init__(
        self,
        agent_port: int = 0,
        *,
        board_port: int = 0,
        capture: Path | None = None,
        observer: Observer | None = None,
    ) -> None:
        super().__init__(capture=capture, observer=observer)
        self.agent_port = agent_port
        self.board_port = board_port
        self._peers: dict[tuple[str, int], _Peer] = {}
        self._by_fileno: dict[int, _Peer] = {}
        self._held: dict[Direction, tuple[float, _Peer]] = {}

    def _open_capture(self, path: Path) -> LinkCapture:
        return LinkCapture(path, serial=False, name="udp4 loopback")

    def _open(self) -> None:
        self._front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._front.setblocking(False)
        self._front.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        try:
            self._front.bind((_HOST, self.board_port))
        except OSError as error:
            self._front.close()
            raise AgentFault(
                f"cannot listen on UDP port {self.board_port} for boards: {error.strerror}",
                hint="another tap or Agent may be running there: stop it, or give another port",
            ) from error
        self.board_port = self._front.getsockname()[1]

    def _close(self) -> None:
        self._front.close()
        for peer in self._peers.values():
            peer.socket.close()

    def _readers(self) -> list[int]:
        return [self._front.fileno(), *self._by_fileno]

    def _writers(self) -> list[int]:
        return []

    def _on_writable(self, fileno: int) -> None:
        raise AssertionError("a UDP tap waits for no room")

    def _deadline(self) -> float | None:
        return min((until for until, _ in self._held.values()), default=None)

    def _peer(self, address: tuple[str, int], now: float) -> _Peer:
        peer = self._peers.get(address)
        if peer is None:
            if len(self._peers) >= _MAX_PEERS:
                oldest = min(self._peers.values(), key=lambda item: item.used)
                del self._peers[oldest.address], self._by_fileno[oldest.socket.fileno()]
                oldest.socket.close()
            back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            back.setblocking(False)
            back.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            back.bind((_HOST, 0))
            peer = self._peers[address] = _Peer(address, back, now)
            self._by_fileno[back.fileno()] = peer
        peer.used = now
        return peer

    def _on_readable(self, fileno: int, now: float) -> None:
        front = fileno == self._front.fileno()
        if not front and fileno not in self._by_fileno:
            return
        source = self._front if front else self._by_fileno[fileno].socket
        for _ in range(_BATCH):
            try:
                data, address = source.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError:
                continue
            if front:
                self._arrived(Direction.TO_AGENT, self._peer(address, now), data, now)
            elif address == (_HOST, self.agent_port):
                self._arrived(Direction.TO_BOARD, self._by_fileno[fileno], data, now)

    def _arrived(self, direction: Direction, peer: _Peer, data: bytes, now: float) -> None:
        if self._cut:
            self._tallies[direction].dropped_bytes += len(data)
            self._tallies[direction].dropped_messages += 1
            return
        if self._injectors is None:
            self._pass(direction, peer, data)
            return
        injector = self._injectors[direction]
        for unit in injector.apply(data):
            self._pass(direction, peer, unit)
        if injector.holding:
            self._held.setdefault(direction, (now + HOLD_LIMIT, peer))
        else:
            self._held.pop(direction, None)

    def _pass(self, direction: Direction, peer: _Peer, data: bytes) -> None:
        tally = self._tallies[direction]
        tally.bytes += len(data)
        tally.message(data)
        with contextlib.suppress(OSError):
            if direction is Direction.TO_AGENT:
                peer.socket.sendto(data, (_HOST, self.agent_port))
            else:
                self._front.sendto(data, peer.address)
        stamp = time.time_ns()
        if self._capture is not None:
            self._capture.write(direction, data, stamp, board_port=peer.address[1], agent_port=self.agent_port)
        self._observe(direction, data, stamp)

    def _poll(self, now: float) -> None:
        for direction, (until, peer) in list(self._held.items()):
            if now >= until:
                del self._held[direction]
                if self._injectors is not None:
                    for unit in self._injectors[direction].flush():
                        self._pass(direction, peer, unit)
