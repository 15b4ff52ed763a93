"""Takes captured packets apart down to the UDP or TCP payload, for the link types that capture programs write.

Knows Ethernet, VLAN tags, Linux cooked and BSD loopback headers, IPv4, IPv6 and their fragments, UDP and TCP. Must
not know DDS-XRCE, nor how a capture is stored.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace

from rig.traffic._ip_fragments import IpFragment, IpFragments

_ETHERNET, _NULL, _LOOP, _SLL, _SLL2 = 1, 0, 108, 113, 276
_IP_LINKS = {12, 14, 101, 228, 229}
_VLAN_TAGS = {0x8100, 0x88A8, 0x9100}
_IP_TYPES = {0x0800, 0x86DD}
_ETHER_NAMES = {0x0806: "ARP", 0x88CC: "LLDP", 0x8863: "PPPoE", 0x8864: "PPPoE", 0x8847: "MPLS"}
_PROTOCOL_NAMES = {1: "ICMP", 2: "IGMP", 58: "ICMPv6", 132: "SCTP", 47: "GRE", 50: "ESP"}
_IPV4_HEADER, _IPV6_HEADER = 20, 40
_SKIPPED_HEADERS = {0, 43, 60}
_FRAGMENT_HEADER = 44
_TCP, _UDP = 6, 17
_SYN, _ACK = 0x02, 0x10


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The payload of one packet; ``source`` and ``target`` are address and port. ``cut``: only a part was captured."""

    source: str
    target: str
    source_port: int
    target_port: int
    payload: bytes
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Datagram(Carried):
    """A UDP datagram."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment(Carried):
    """A TCP segment; ``ack`` is None without an acknowledgement."""

    sequence: int
    ack: int | None
    syn: bool


@dataclass(frozen=True, slots=True)
class Foreign:
    """A packet that cannot carry DDS-XRCE; ``what``: its kind."""

    what: str


class UnreadablePacket(Exception):
    """A packet might carry DDS-XRCE and cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A fragment of a packet that is not complete yet."""


class PacketReader:
    """Takes the packets of one capture apart, one after another, and joins IP fragments."""

    def __init__(self) -> None:
        self._fragments = IpFragments()

    def read(self, link_type: int, data: bytes) -> Datagram | Segment | Foreign | Waiting:
        """Take a packet apart. The last fragment of a packet gives the payload of all its fragments.

        :param link_type: a LINKTYPE_ number of the capture formats.
        :raises UnreadablePacket: it is cut short, or of a link type that is not known.
        """
        try:
            inner = _network(link_type, data)
            if isinstance(inner, Foreign):
                return inner
            version = inner[0] >> 4
            if version not in (4, 6):
                raise UnreadablePacket(f"IP version {version}")
            return self._packet(_ipv4(inner) if version == 4 else _ipv6(inner))
        except IndexError:
            raise UnreadablePacket("packet cut within its headers") from None

    def _packet(self, ip: _Ip) -> Datagram | Segment | Foreign | Waiting:
        if ip.fragment is None:
            return _transport(ip, ip.data)
        if ip.protocol not in (_TCP, _UDP):
            return _foreign(ip.protocol)
        if len(ip.data) < ip.size:
            raise UnreadablePacket("fragment of an IP packet, cut by the capture")
        number, offset, more = ip.fragment
        packet = (ip.source, ip.target, ip.protocol, number)
        part = IpFragment(packet=packet, offset=offset, last=not more, data=ip.data)
        whole = self._fragments.add(part)
        return Waiting() if whole is None else _transport(replace(ip, size=len(whole)), whole)

    def unjoined(self) -> int:
        """How many packets stayed without some of their fragments."""
        return self._fragments.finish()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ip:
    """An IP packet: ``size`` bytes of ``data`` were sent. ``fragment``: number, offset, whether more follow."""

    protocol: int
    source: str
    target: str
    data: bytes
    size: int
    fragment: tuple[int, int, bool] | None = None


def _u16(data: bytes, at: int) -> int:
    return data[at] << 8 | data[at + 1]


def _u32(data: bytes, at: int) -> int:
    return _u16(data, at) << 16 | _u16(data, at + 2)


def _network(link_type: int, data: bytes) -> bytes | Foreign:
    """The IP packet behind a link header."""
    if link_type in _IP_LINKS:
        return data
    if link_type in (_NULL, _LOOP):
        return data[4:]
    type_at, start = {_ETHERNET: (12, 14), _SLL: (14, 16), _SLL2: (0, 20)}.get(link_type, (-1, -1))
    if start < 0:
        raise UnreadablePacket(f"packet of link type {link_type}, which is not read")
    kind = _u16(data, type_at)
    while kind in _VLAN_TAGS:
        kind = _u16(data, start + 2)
        start += 4
    if kind not in _IP_TYPES:
        return Foreign(_ETHER_NAMES.get(kind, f"Ethernet type 0x{kind:04x}"))
    return data[start:]


def _ipv4(packet: bytes) -> _Ip:
    start = (packet[0] & 0xF) * 4
    if len(packet) < _IPV4_HEADER or start < _IPV4_HEADER:
        raise IndexError
    # A length of 0 is left by network cards that cut a large segment themselves.
    total = _u16(packet, 2) or len(packet)
    place = _u16(packet, 6)
    source, target = (str(ipaddress.IPv4Address(packet[at : at + 4])) for at in (12, 16))
    fragment = (_u16(packet, 4), (place & 0x1FFF) * 8, bool(place & 0x2000)) if place & 0x3FFF else None
    return _Ip(
        protocol=packet[9],
        source=source,
        target=target,
        data=packet[start:total],
        size=total - start,
        fragment=fragment,
    )


def _ipv6(packet: bytes) -> _Ip:
    start = _IPV6_HEADER
    if len(packet) < start:
        raise IndexError
    total = start + _u16(packet, 4)
    if total == start:
        total = len(packet)
    protocol, fragment = packet[6], None
    while protocol in (*_SKIPPED_HEADERS, _FRAGMENT_HEADER):
        if protocol == _FRAGMENT_HEADER:
            place = _u16(packet, start + 2)
            fragment = (_u32(packet, start + 4), place & 0xFFF8, bool(place & 1))
            protocol, start = packet[start], start + 8
            break  # what follows in a later fragment is no header
        protocol, start = packet[start], start + 8 + packet[start + 1] * 8
    if fragment is not None and fragment[1:] == (0, False):
        fragment = None  # the only fragment of its packet (RFC 6946)
    source, target = (f"[{ipaddress.IPv6Address(packet[at : at + 16])}]" for at in (8, 24))
    return _Ip(
        protocol=protocol,
        source=source,
        target=target,
        data=packet[start:total],
        size=total - start,
        fragment=fragment,
    )


def _foreign(protocol: int) -> Foreign:
    return Foreign(_PROTOCOL_NAMES.get(protocol, f"IP protocol {protocol}"))


def _transport(ip: _Ip, data: bytes) -> Datagram | Segment | Foreign:
    """Read what is behind the IP header; ``ip.size`` is what was sent, which may be more than was captured."""
    protocol, size = ip.protocol, ip.size
    if protocol not in (_TCP, _UDP):
        return _foreign(protocol)
    source_port, target_port = _u16(data, 0), _u16(data, 2)
    source, target = f"{ip.source}:{source_port}", f"{ip.target}:{target_port}"
    if protocol == _UDP:
        length = _u16(data, 4) or size
        payload = data[8:length]
        return Datagram(
            source=source,
            target=target,
            source_port=source_port,
            target_port=target_port,
            payload=payload,
            cut=len(payload) < length - 8,
        )
    start = (data[12] >> 4) * 4
    flags = data[13]
    payload = data[start:]
    return Segment(
        source=source,
        target=target,
        source_port=source_port,
        target_port=target_port,
        payload=payload,
        cut=len(data) < size,
        sequence=_u32(data, 4),
        ack=_u32(data, 8) if flags & _ACK else None,
        syn=bool(flags & _SYN),
    )
