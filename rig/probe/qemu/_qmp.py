"""Client of QEMU's machine protocol (QMP): machine status and system reset."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from rig.probe.qemu._sockets import LINK_TIMEOUT, LinkError, LinkLost, connect, unbroken

__all__ = ["QmpClient"]


class QmpClient:
    """One QMP connection. QEMU serves only one; a second one would wait for ever."""

    def __init__(self, path: Path) -> None:
        self._socket = connect(path)
        self._replies = self._socket.makefile("rb")
        self._events: list[str] = []
        self._read()  # greeting
        self.execute("qmp_capabilities")

    def close(self) -> None:
        self._replies.close()
        self._socket.close()

    def execute(self, command: str, **arguments: object) -> Any:
        """Run one command and return its result."""
        with unbroken(self.close):
            return self._execute(command, arguments)

    def _execute(self, command: str, arguments: dict[str, object]) -> Any:
        request = {"execute": command, "arguments": arguments}
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise LinkLost("QMP closed the connection") from error
        while True:
            reply = self._read()
            if "event" in reply:
                self._events.append(reply["event"])
            elif "error" in reply:
                raise LinkError(f"QMP refused {command}: {reply['error'].get('desc', '')}")
            else:
                return reply["return"]

    def running(self) -> bool:
        return bool(self.execute("query-status")["running"])

    def system_reset(self) -> None:
        """Reset the whole machine and wait until that has happened."""
        self._events.clear()
        self.execute("system_reset")
        deadline = time.monotonic() + LINK_TIMEOUT
        while "RESET" not in self._events:
            if time.monotonic() > deadline:
                raise LinkError(f"QEMU did not reset within {LINK_TIMEOUT:g} s")
            self.execute("query-status")  # brings the events that have come meanwhile

    def _read(self) -> dict[str, Any]:
        try:
            line = self._replies.readline()
        except TimeoutError as error:
            self.close()  # a late answer would be taken for the next one
            raise LinkLost(f"QEMU did not answer within {LINK_TIMEOUT:g} s") from error
        except (OSError, ValueError) as error:  # ValueError: closed on our side
            raise LinkLost("QMP closed the connection") from error
        if not line:
            raise LinkLost("QMP closed the connection")
        reply = json.loads(line)
        if not isinstance(reply, dict):
            raise LinkError(f"QMP sent {line[:80]!r}")
        return reply
