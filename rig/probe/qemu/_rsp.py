"""Client of QEMU's gdbstub: run, stop, step, core registers, breakpoints.

Knows the GDB remote serial protocol as QEMU 7.2 speaks it; knows nothing of debug registers.
Requests may only be sent while the machine is stopped: any byte sent to a running one stops it.
"""

from __future__ import annotations

import re
import select
import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import final

from rig.probe.qemu._sockets import LINK_TIMEOUT, LinkError, LinkLost, connect, unbroken

__all__ = ["RspClient", "StopReply"]

_SIGTRAP = 5
_INTERRUPT = b"\x03"
_ESCAPE = 0x7D


@final
@dataclass(frozen=True, kw_only=True)
class StopReply:
    """Why the machine stopped: the signal, and the data address if a watchpoint did it."""

    signal: int
    watch_address: int | None = None

    @property
    def by_itself(self) -> bool:
        """Whether a breakpoint, watchpoint or step ended the run, and not a request to stop."""
        return self.signal == _SIGTRAP


class RspClient:
    """One gdbstub connection. ``running``: the machine was let run and has not been seen to stop."""

    def __init__(self, path: Path) -> None:
        self._socket = connect(path)
        self._buffer = bytearray()
        self.running = False
        self._socket.sendall(b"+")
        features = self._handshake("qSupported:swbreak+;hwbreak+;xmlRegisters=arm").decode()
        size = re.search(r"PacketSize=([0-9a-f]+)", features)
        self._packet_size = int(size[1], 16) if size else 1024
        self._registers = self._read_register_map()

    def close(self) -> None:
        self._socket.close()

    # ---- packets

    def request(self, payload: str) -> bytes:
        """Send one request and return its reply; the machine must be stopped."""
        with unbroken(self.close):
            self._send(payload)
            reply = self._receive(LINK_TIMEOUT)
        if reply is None:
            raise self._silence()
        return reply

    def _silence(self) -> LinkLost:
        """Give up on a stub that does not answer: a late answer would be taken for the next one."""
        self._socket.close()
        return LinkLost(f"QEMU did not answer within {LINK_TIMEOUT:g} s")

    def _handshake(self, payload: str) -> bytes:
        """Send the first request. Opening stops a running machine, which reports that unasked: drop it."""
        self._send(payload)
        while True:
            reply = self._receive(LINK_TIMEOUT)
            if reply is None:
                raise self._silence()
            if not reply.startswith(b"T"):
                return reply

    def _send(self, payload: str) -> None:
        data = payload.encode("ascii")
        self._write(b"$%b#%02x" % (data, sum(data) & 0xFF))

    def _write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise LinkLost("gdbstub closed the connection") from error

    def _receive(self, timeout: float) -> bytes | None:
        """Return the next packet, None if none came in ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while True:
            packet = self._next_packet()
            if packet is not None:
                self._write(b"+")  # QEMU has no mode without acknowledgements
                return packet
            try:
                if not select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    return None
                data = self._socket.recv(1 << 18)
            except (OSError, ValueError) as error:  # ValueError: closed on our side
                raise LinkLost("gdbstub closed the connection") from error
            if not data:
                raise LinkLost("gdbstub closed the connection")
            self._buffer += data

    def _next_packet(self) -> bytes | None:
        start = self._buffer.find(b"$")
        if start < 0:
            self._buffer.clear()  # acknowledgements
            return None
        end = self._buffer.find(b"#", start)
        if end < 0 or len(self._buffer) < end + 3:
            return None
        packet = bytes(self._buffer[start + 1 : end])
        del self._buffer[: end + 3]
        return packet

    # ---- run control

    def resume(self) -> None:
        self._send("c")
        self.running = True

    def step(self) -> StopReply:
        """Run one instruction."""
        self._send("s")
        self.running = True
        return self._await_stop()

    def poll_stop(self, timeout: float = 0.0) -> StopReply | None:
        """Return why the machine stopped, None if it still runs after ``timeout`` seconds."""
        if not self.running:
            return None
        packet = self._receive(timeout)
        if packet is None:
            return None
        self.running = False
        return _parse_stop(packet)

    def stop(self) -> StopReply | None:
        """Stop the machine; None if it was stopped already."""
        if not self.running:
            return None
        reply = self.poll_stop()
        if reply is not None:
            return reply
        self._write(_INTERRUPT)
        return self._await_stop()

    def _await_stop(self) -> StopReply:
        with unbroken(self.close):
            reply = self.poll_stop(LINK_TIMEOUT)
        if reply is None:
            raise self._silence()
        return reply

    def mask_interrupts(self, masked: bool) -> None:
        """Choose whether a single step lets interrupts and timers in."""
        self._expect_ok(f"Qqemu.sstep={7 if masked else 1:x}")

    def forget_breakpoints(self) -> None:
        """Remove every breakpoint, including those that a killed client left behind."""
        self.request("?")

    def detach(self) -> None:
        """Let the machine run and end the conversation."""
        self._expect_ok("D")

    def insert(self, kind: int, address: int, size: int) -> None:
        """Insert a breakpoint: ``kind`` 1 execution, 2 write, 3 read, 4 access."""
        self._expect_ok(f"Z{kind},{address:x},{size:x}")

    def remove(self, kind: int, address: int, size: int) -> None:
        self._expect_ok(f"z{kind},{address:x},{size:x}")

    def _expect_ok(self, payload: str) -> None:
        reply = self.request(payload)
        if reply != b"OK":
            raise LinkError(f"gdbstub refused {payload[:40]!r}: {reply[:40].decode(errors='replace') or 'unknown'}")

    # ---- registers

    def has_register(self, name: str) -> bool:
        return name in self._registers

    def read_register(self, name: str) -> int:
        number, _bits = self._registers[name]
        reply = self.request(f"p{number:x}")
        try:
            return int.from_bytes(bytes.fromhex(reply.decode()), "little")
        except ValueError:
            raise LinkError(f"gdbstub cannot read register {name}: {reply!r}") from None

    def read_core_registers(self) -> tuple[int, ...]:
        """Return r0 to pc in one request."""
        reply = self.request("g")
        try:
            return struct.unpack("<16I", bytes.fromhex(reply[:128].decode()))  # they come first
        except (ValueError, struct.error):
            raise LinkError(f"gdbstub cannot read the registers: {reply[:40]!r}") from None

    def write_register(self, name: str, value: int) -> None:
        number, bits = self._registers[name]
        self._expect_ok(f"P{number:x}={value.to_bytes(bits // 8, 'little').hex()}")

    def _read_register_map(self) -> dict[str, tuple[int, int]]:
        registers: dict[str, tuple[int, int]] = {}
        number = 0
        for include in re.findall(r'xi:include href="([^"]+)"', self._read_xml("target.xml")):
            for text in re.findall(r"<reg ([^>]*)/>", self._read_xml(include)):
                attributes = dict(re.findall(r'(\w+)="([^"]*)"', text))
                number = int(attributes.get("regnum", number))
                registers[attributes["name"]] = (number, int(attributes["bitsize"]))
                number += 1
        return registers

    def _read_xml(self, name: str) -> str:
        document = bytearray()
        while True:
            reply = self.request(f"qXfer:features:read:{name}:{len(document):x},ff0")
            if reply[:1] not in (b"l", b"m"):
                return ""
            document += _unescape(reply[1:])
            if reply[:1] == b"l":
                return document.decode()

    # ---- memory as the gdbstub sees it: it writes read-only memory, and drops writes to peripherals

    def read_memory(self, address: int, length: int) -> bytes:
        reply = self.request(f"m{address:x},{length:x}")
        if reply.startswith(b"E"):
            raise LinkError(f"gdbstub cannot read {length} bytes at {address:#010x}")
        return bytes.fromhex(reply.decode())

    def write_memory(self, address: int, data: bytes) -> None:
        self._expect_ok(f"M{address:x},{len(data):x}:{data.hex()}")


def _parse_stop(packet: bytes) -> StopReply:
    if packet[:1] in (b"W", b"X"):
        raise LinkLost("QEMU ended")
    if packet[:1] not in (b"T", b"S"):
        raise LinkError(f"gdbstub sent {packet[:40]!r} in place of a stop reply")
    watch = re.search(rb"watch:([0-9a-f]+);", packet)
    return StopReply(signal=int(packet[1:3], 16), watch_address=int(watch[1], 16) if watch else None)


def _unescape(data: bytes) -> bytes:
    if _ESCAPE not in data:
        return data
    plain = bytearray()
    escaped = False
    for byte in data:
        if escaped:
            plain.append(byte ^ 0x20)
            escaped = False
        elif byte == _ESCAPE:
            escaped = True
        else:
            plain.append(byte)
    return bytes(plain)
