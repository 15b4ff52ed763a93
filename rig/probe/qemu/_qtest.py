"""Client of QEMU's qtest server: bus accesses beside the running CPU, without stopping it.

An access goes through the CPU's own address space, so peripherals and the NVIC answer as they would to a
MEM-AP. qtest never faults (an address without memory reads as 0): callers check addresses first.
"""

from __future__ import annotations

import base64
from pathlib import Path

from rig.probe.qemu._sockets import LINK_TIMEOUT, LinkError, LinkLost, connect, unbroken

__all__ = ["QtestClient"]

_CHUNK = 1 << 20
_WIDTHS = {8: "b", 16: "w", 32: "l", 64: "q"}


class QtestClient:
    """One qtest connection; QEMU serves only one."""

    def __init__(self, path: Path) -> None:
        self._socket = connect(path)
        self._replies = self._socket.makefile("rb", buffering=1 << 18)

    def close(self) -> None:
        self._replies.close()
        self._socket.close()

    def read(self, address: int, bits: int = 32) -> int:
        return int(self._command(b"read%b 0x%x" % (_WIDTHS[bits].encode(), address)), 16)

    def write(self, address: int, value: int, bits: int = 32) -> None:
        self._command(b"write%b 0x%x 0x%x" % (_WIDTHS[bits].encode(), address, value))

    def read_block(self, address: int, length: int) -> bytes:
        return b"".join(
            base64.b64decode(self._command(b"b64read 0x%x 0x%x" % (address + done, min(_CHUNK, length - done))))
            for done in range(0, length, _CHUNK)
        )

    def write_block(self, address: int, data: bytes) -> None:
        for done in range(0, len(data), _CHUNK):
            chunk = data[done : done + _CHUNK]
            self._command(b"b64write 0x%x 0x%x %b" % (address + done, len(chunk), base64.b64encode(chunk)))

    def _command(self, line: bytes) -> bytes:
        try:
            with unbroken(self.close):
                self._socket.sendall(line + b"\n")
                reply = self._replies.readline()
                while reply.startswith(b"IRQ"):
                    reply = self._replies.readline()
        except TimeoutError as error:
            self.close()  # a late answer would be taken for the next one
            raise LinkLost(f"QEMU did not answer within {LINK_TIMEOUT:g} s") from error
        except (OSError, ValueError) as error:  # ValueError: closed on our side
            raise LinkLost("qtest closed the connection") from error
        if not reply:
            raise LinkLost("qtest closed the connection")
        if not reply.startswith(b"OK"):
            raise LinkError(f"qtest refused {line[:40]!r}: {reply[:80]!r}")
        return reply[2:].strip()
