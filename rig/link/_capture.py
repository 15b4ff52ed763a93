"""Writes captures of a link as pcapng.

Knows pcapng and which headers to add to a message. UDP: link type RAW (101), each datagram behind an IPv4 and a UDP
header made up from the ports in use, so that protocol analysers open it. Serial: link type USER0 (147), one packet
a frame, the bytes as they stood on the line from the 7E on; bytes that form no frame are packets too. Packet flags
give the direction as the Agent sees it: inbound from the board, outbound to it. Time stamps in nanoseconds.
"""

from __future__ import annotations

import struct
from pathlib import Path

from pcapng import FileWriter, blocks

from rig.errors import EnvironmentFault
from rig.link._counters import Direction

LINKTYPE_RAW = 101
LINKTYPE_USER0 = 147
CAPTURE_WRITER = "rig link tap"
_NANOSECONDS = b"\x09"
_LOOPBACK = b"\x7f\0\0\x01"
_IPV4 = struct.Struct(">BBHHHBBH4s4s")
_UDP = struct.Struct(">HHHH")
_MAX_UDP = 0xFFFF - 28


def ipv4_udp(payload: bytes, source_port: int, destination_port: int) -> bytes:
    """Put a loopback IPv4 and UDP header before a payload; the UDP checksum is left out (0)."""
    size = 28 + len(payload)
    head = _IPV4.pack(0x45, 0, size, 0, 0x4000, 64, 17, 0, _LOOPBACK, _LOOPBACK)
    total = sum(struct.unpack(">10H", head))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    head = head[:10] + struct.pack(">H", total ^ 0xFFFF) + head[12:]
    return head + _UDP.pack(source_port, destination_port, 8 + len(payload), 0) + payload


class LinkCapture:
    """Writes one pcapng file.

    :param path: file to write. An existing file gets another section, so that earlier traffic is kept when a board is
        flashed or powered again, or a run is resumed.
    :param serial: whether packets are serial frames; otherwise they are datagrams.
    :raises EnvironmentFault: the file cannot be written.
    """

    def __init__(self, path: Path, *, serial: bool, name: str) -> None:
        try:
            self._file = path.open("ab")
        except OSError as error:
            raise EnvironmentFault(
                f"cannot write the capture {path}: {error.strerror}", hint="give a writable place"
            ) from error
        section = blocks.SectionHeader(options={"shb_userappl": CAPTURE_WRITER})
        self._interface = section.new_member(
            blocks.InterfaceDescription,
            link_type=LINKTYPE_USER0 if serial else LINKTYPE_RAW,
            snaplen=0,
            options={"if_name": name, "if_tsresol": _NANOSECONDS},
        )
        self._section = section
        self._writer = FileWriter(self._file, section)
        self._serial = serial

    def write(
        self, direction: Direction, data: bytes, time_ns: int, *, board_port: int = 0, agent_port: int = 0
    ) -> None:
        """Add one frame or datagram that crossed at ``time_ns`` (since the epoch)."""
        inbound = direction is Direction.TO_AGENT
        if not self._serial:
            ports = (board_port, agent_port) if inbound else (agent_port, board_port)
            data = ipv4_udp(data[:_MAX_UDP], *ports)
        packet = self._section.new_member(
            blocks.EnhancedPacket,
            interface_id=self._interface.interface_id,
            timestamp_high=time_ns >> 32,
            timestamp_low=time_ns & 0xFFFFFFFF,
            packet_len=len(data),
            packet_data=data,
        )
        packet.options["epb_flags"] = 1 if inbound else 2
        self._writer.write_block(packet)

    def flush(self) -> None:
        """Write what is buffered to disk."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
