"""Discovery: Clients ask a multicast group for an Agent and learn its address.

Knows the question and the answer; must not know sessions. Joined on the loopback interface only, like
everything else the rig listens on.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Sequence

from rig.agent._client import Peer
from rig.agent._transports import Hub, UdpTransport
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
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((DISCOVERY_GROUP, self.port))
            member = socket.inet_aton(DISCOVERY_GROUP) + socket.inet_aton(_LOOPBACK)
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        except OSError as error:
            self._socket.close()
            raise AgentFault(
                f"cannot join {self.name}: {error.strerror or error}",
                hint="does the loopback interface allow multicast? Leave discovery out otherwise",
            ) from error
        hub.register(self._socket.fileno(), selectors.EVENT_READ, self._on_readable)

    def _on_readable(self, events: int) -> None:
        with contextlib.suppress(BlockingIOError):
            data, address = self._socket.recvfrom(65536)
            answer = discovery_answer(data, [(_LOOPBACK, item.port) for item in self._transports])
            if answer is not None:
                with contextlib.suppress(OSError):
                    self._socket.sendto(answer, address)

    def send(self, peer: Peer, data: bytes) -> None:
        """No session lives here."""

    def poll(self, now: float) -> float | None:
        return None

    def close(self) -> None:
        self._hub.unregister(self._socket.fileno())
        self._socket.close()


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
