"""Discovery: a Client asks a multicast group for an Agent and gets its address.

Knows the question and the answer; must not know sessions. Joined on the loopback interface only, like
everything else the rig listens on.
"""

from __future__ import annotations

import contextlib
import select
import selectors
import socket
from collections.abc import Sequence
from functools import partial

from rig.agent._transports import Hub, UdpTransport
from rig.agent.builtin import Peer
from rig.errors import AgentFault
from rig.xrce import (
    AgentActivity,
    AgentConfig,
    GetInfo,
    Info,
    Message,
    XrceDecodeError,
    decode_message,
    encode_message,
)

DISCOVERY_GROUP = "239.255.0.2"
DISCOVERY_PORT = 7400
_LOOPBACK = "127.0.0.1"
_MEDIUM_LOCATOR = 1
_TRIAL_LIMIT = 0.2


class DiscoveryTransport:
    """Answers GET_INFO on the discovery group with the addresses of UDP transports.

    :param transports: what to announce; list it after them, so that their ports are known when it opens.
    """

    def __init__(self, transports: Sequence[UdpTransport], *, port: int = DISCOVERY_PORT) -> None:
        self._transports = tuple(transports)
        self.port = port

    @property
    def name(self) -> str:
        return f"discovery {DISCOVERY_GROUP}:{self.port}"

    def open(self, hub: Hub) -> None:
        self._hub = hub
        self._sockets: list[socket.socket] = []
        try:
            # The group is asked by Clients that know no address, the loopback address by those that were given it.
            for host in (DISCOVERY_GROUP, _LOOPBACK):
                self._sockets.append(_listener(host, self.port))
        except OSError as error:
            for item in self._sockets:
                item.close()
            raise AgentFault(
                f"cannot join {self.name}: {error.strerror or error}",
                hint="does the loopback interface allow multicast? Leave discovery out otherwise",
            ) from error
        for item in self._sockets:
            hub.register(item.fileno(), selectors.EVENT_READ, partial(self._on_readable, item))
        if not _asked_over_loopback(self._sockets[0], self.port):
            hub.note(
                3,
                "discovery is joined on loopback only, and by this host's routes Clients ask the group elsewhere; "
                f"they find the Agent at {_LOOPBACK}:{self.port}, or after: ip route add {DISCOVERY_GROUP} dev lo",
            )

    def _on_readable(self, sock: socket.socket, events: int) -> None:
        with contextlib.suppress(BlockingIOError):
            data, address = sock.recvfrom(65536)
            answer = discovery_answer(data, [(_LOOPBACK, item.port) for item in self._transports])
            if answer is not None:
                self._hub.note(5, "discovery asked for an Agent", by=f"{address[0]}:{address[1]}")
                with contextlib.suppress(OSError):
                    sock.sendto(answer, address)

    def send(self, peer: Peer, data: bytes) -> None:
        """Discovery has no sessions: it sends nothing."""

    def poll(self, now: float) -> float | None:
        return None

    def close(self) -> None:
        for item in self._sockets:
            self._hub.unregister(item.fileno())
            item.close()


def _listener(host: str, port: int) -> socket.socket:
    """Listen on one address; a group is joined. :raises OSError: it cannot be."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        if host == DISCOVERY_GROUP:
            member = socket.inet_aton(DISCOVERY_GROUP) + socket.inet_aton(_LOOPBACK)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    except OSError:
        sock.close()
        raise
    return sock


def _asked_over_loopback(listener: socket.socket, port: int) -> bool:
    """Whether what a Client of this host asks the group arrives here; the trial does not leave the host (TTL 0)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
            probe.sendto(b"", (DISCOVERY_GROUP, port))
        except OSError:
            return False
    return bool(select.select([listener], [], [], _TRIAL_LIMIT)[0])


def discovery_answer(data: bytes, addresses: Sequence[tuple[str, int]]) -> bytes | None:
    """Return the INFO for a discovery question, or None if it is none."""
    try:
        message = decode_message(data)
    except XrceDecodeError:
        return None
    ask = message.submessages[0] if message.submessages else None
    if not isinstance(ask, GetInfo):
        return None
    locators = tuple((_MEDIUM_LOCATOR, socket.inet_aton(host) + port.to_bytes(2, "little")) for host, port in addresses)
    info = Info(
        request_id=ask.request_id,
        object_id=ask.object_id,
        config=AgentConfig(),
        activity=AgentActivity(locators=locators),
    )
    return encode_message(Message(header=message.header, submessages=(info,)))
