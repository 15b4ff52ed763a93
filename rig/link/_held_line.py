"""A pty that stays open while no tap has it."""

from __future__ import annotations

import os
import termios
import tty

__all__ = ["HeldLine"]


class HeldLine:
    """Has the device side of an emulated board's pty open. QEMU looks only once a second whether it was opened, and the
    first answer of an Agent would wait for that.

    :raises OSError: it cannot be opened.
    """

    def __init__(self, device: str) -> None:
        self._fileno = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fileno)

    def forget(self) -> None:
        """Drop what was sent and not read."""
        termios.tcflush(self._fileno, termios.TCIOFLUSH)

    def close(self) -> None:
        """Let it go."""
        os.close(self._fileno)
