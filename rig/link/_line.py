"""One end of a tapped serial line: a device or a pty, read and written without blocking.

Knows file descriptors; must not know frames. A line whose other end is away is looked at by timer: a hung-up
line must never wake the loop without end.
"""

from __future__ import annotations

import contextlib
import os
import select
import tty
from pathlib import Path

import serial

from rig.errors import AgentFault, EnvironmentFault
from rig.link._network_line import NetworkLine, is_network_line

_LOOK_PERIOD = 0.02
_TX_LIMIT = 64 << 10


class LineEnd:
    """A device or pty with a bounded output buffer. ``fileno`` is -1 while the other end is away."""

    def __init__(self) -> None:
        self.fileno = -1
        self.tx = bytearray()
        self._look_at = 0.0

    @property
    def wants_write(self) -> bool:
        """Whether output waits for room."""
        return self.fileno >= 0 and bool(self.tx)

    @property
    def deadline(self) -> float | None:
        """When to look again whether the other end is there."""
        return self._look_at if self.fileno < 0 else None

    def look(self, now: float) -> None:
        """Try to get the other end back, if it is time."""
        if self.fileno < 0 and now >= self._look_at:
            self._look_at = now + _LOOK_PERIOD
            self._attach()

    def read(self) -> bytes:
        """Read what is there; empty if nothing is, or the other end has just gone."""
        try:
            data = os.read(self.fileno, 65536)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._detach()
        return data

    def write(self, data: bytes) -> int:
        """Send, keeping what does not fit; returns how many bytes were lost."""
        if self.fileno < 0:
            return len(data)
        room = _TX_LIMIT - len(self.tx)
        self.tx += data[:room]
        self.flush()
        return max(0, len(data) - room)

    def flush(self) -> None:
        """Send what waits."""
        if self.fileno < 0 or not self.tx:
            return
        try:
            written = os.write(self.fileno, self.tx)
            del self.tx[:written]
        except BlockingIOError:
            pass
        except OSError:
            self._detach()

    def _attach(self) -> None:
        raise NotImplementedError

    def _detach(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Release the line."""
        raise NotImplementedError


class DeviceEnd(LineEnd):
    """A serial device or the device side of a pty, by path; opened again when it comes back."""

    def __init__(self, device: str | Path, baud: int) -> None:
        super().__init__()
        self.device = str(device)
        self._baud = baud
        self._serial: serial.Serial | NetworkLine | None = None

    def open(self) -> None:
        """Open the device.

        :raises EnvironmentFault: no such device. :raises AgentFault: it is in use or cannot be opened.
        """
        try:
            self._open()
        except (OSError, ValueError) as error:
            if is_network_line(self.device):
                raise EnvironmentFault(
                    f"no serial line at {self.device}: {error}",
                    hint="is the host up, and does it export this line? There: rig shelf export, or ser2net",
                ) from error
            if not Path(self.device).exists():
                raise EnvironmentFault(
                    f"no serial device {self.device}", hint="list the devices with: ls /dev/serial/by-id"
                ) from error
            raise AgentFault(
                f"cannot open serial device {self.device}: {error}",
                hint="another program may hold it, or you may lack the right to it (group dialout)",
            ) from error

    def _open(self) -> None:
        if is_network_line(self.device):
            self._serial = NetworkLine(self.device, self._baud)
            self.fileno = self._serial.fileno()
            return
        self._serial = serial.Serial(self.device, self._baud, timeout=0, write_timeout=0, exclusive=True)
        self.fileno = self._serial.fileno()

    def _attach(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._open()

    def _detach(self) -> None:
        self.fileno = -1
        self.tx.clear()
        if self._serial is not None:
            with contextlib.suppress(OSError):
                self._serial.close()
            self._serial = None

    def close(self) -> None:
        self._detach()


class PtyEnd(LineEnd):
    """A pty that somebody else may open by ``device``; what is sent while nobody has it open is lost."""

    def __init__(self) -> None:
        super().__init__()
        self._master, slave = os.openpty()
        self.device = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)
        os.set_blocking(self._master, False)
        self._poll = select.poll()
        self._poll.register(self._master, 0)

    def _open_elsewhere(self) -> bool:
        return not any(event & select.POLLHUP for _, event in self._poll.poll(0))

    def _attach(self) -> None:
        if self._open_elsewhere():
            with contextlib.suppress(OSError):
                tty.setraw(self._master)
            self.fileno = self._master

    def write(self, data: bytes) -> int:
        if self.fileno < 0:
            self._attach()
        elif not self._open_elsewhere():
            self._detach()
        return super().write(data)

    def _detach(self) -> None:
        self.fileno = -1
        self.tx.clear()

    def close(self) -> None:
        self._detach()
        with contextlib.suppress(OSError):
            self._poll.unregister(self._master)
            os.close(self._master)
