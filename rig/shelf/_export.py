"""Starts the servers of shared boards, and writes the files that other hosts need.

A shared board is leased while it is shared: no rig on this host can take it. The servers listen on loopback only;
another host reaches them through an ssh forward, or through the exporter's own connections.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, final

import yaml

from rig.errors import EnvironmentFault, UsageError
from rig.inventory import BoardSpec
from rig.lease import Scratch, end_child, lease, spawn_bound
from rig.link import SerialTap
from rig.probe import REMOTE
from rig.probe.qemu import launch

__all__ = ["Exported", "Shelf", "boards_yaml", "exporter_yaml", "place_yaml"]

HOST = "127.0.0.1"
_ICOUNT_SHIFT = 7  # as everywhere in the rig: an instruction takes 128 ns of the board's time
_START_SECONDS = 20.0


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """One shared board: the port of its probe server, the device of its line, and the line's port if the line is served
    too.
    """

    spec: BoardSpec
    probe_port: int
    device: str
    line_port: int | None


class Shelf:
    """Shares boards for the length of a ``with`` block.

    :param lines: also serve each serial line by RFC 2217; needs ser2net.
    :raises UsageError: a board has no probe, or is another host's itself.
    :raises LeaseFault: somebody uses one of the boards. :raises EnvironmentFault: a program or port is missing.
    """

    def __init__(self, specs: Sequence[BoardSpec], *, lines: bool) -> None:
        for spec in specs:
            if spec.kind == "native":
                raise UsageError(f"{spec.name} is a process of this host: it has no probe to share")
            if spec.place is not None:
                raise UsageError(f"{spec.name} ({spec.where}) is a place: its exporter shares it already")
            if spec.probe is not None and spec.probe.uid.startswith(REMOTE):
                raise UsageError(f"{spec.name} ({spec.where}) is another host's board: share it there")
        self._specs, self._lines = specs, lines
        self._stack = ExitStack()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self.boards: tuple[Exported, ...] = ()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            scratch = Scratch("shelf")
            stack.callback(scratch.remove)
            self.boards = tuple(self._share(spec, scratch.path, stack) for spec in self._specs)
            for board in self.boards:
                self._wait(board.spec.name, board.probe_port, scratch.path)
                if board.line_port is not None:
                    self._wait(f"line of {board.spec.name}", board.line_port, scratch.path)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def _share(self, spec: BoardSpec, directory: Path, stack: ExitStack) -> Exported:
        if spec.kind == "emulated":
            assert spec.machine is not None
            machine = stack.enter_context(launch(spec.machine, name=spec.name, icount_shift=_ICOUNT_SHIFT))
            uid = machine.uid
            # The tap holds the line to its rate here, so that the network's delays do not change what a board sees.
            device = stack.enter_context(SerialTap(machine.uart or "", baud=spec.link.baud)).agent_device
        else:
            assert spec.probe is not None and spec.link.device is not None
            uid, device = spec.probe.uid, spec.link.device
            stack.enter_context(lease(uid))
        port = _free_port()
        server = [sys.executable, "-m", "rig.probe", uid, str(port)]
        self._start(spec.name, server, directory, stack)
        line_port = self._serve_line(spec, device, directory, stack) if self._lines else None
        return Exported(spec=spec, probe_port=port, device=device, line_port=line_port)

    def _serve_line(self, spec: BoardSpec, device: str, directory: Path, stack: ExitStack) -> int:
        program = shutil.which("ser2net") or shutil.which("ser2net", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            raise EnvironmentFault("ser2net is not on PATH; it serves serial lines", hint="apt-get install ser2net")
        port = _free_port()
        connection = {
            "accepter": f"telnet(rfc2217),tcp,{HOST},{port}",
            "connector": f"serialdev,{device},{spec.link.baud}n81,local",
            "options": {"max-connections": 1},
        }
        file = directory / f"{spec.name}.yaml"
        # An alias of its own tag names a connection; the rest is plain YAML.
        file.write_text(f"%YAML 1.1\n---\nconnection: &line\n{_indented(yaml.safe_dump(connection))}", encoding="utf-8")
        self._start(f"line of {spec.name}", [program, "-n", "-u", "-c", str(file)], directory, stack)
        return port

    def _start(self, what: str, command: list[str], directory: Path, stack: ExitStack) -> None:
        with _log(directory, what).open("wb") as log:
            child = spawn_bound(command, output=log)
        self._children[what] = child
        stack.callback(end_child, child)

    def _wait(self, what: str, port: int, directory: Path) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self._children[what].poll() is None and time.monotonic() < deadline:
            with socket.socket() as attempt:
                if attempt.connect_ex((HOST, port)) == 0:
                    return
            time.sleep(0.05)
        words = _log(directory, what).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise EnvironmentFault(
            f"the server of {what} does not come up on port {port}", hint=words[-1] if words else "it said nothing"
        )

    def ended(self) -> str | None:
        """Which server has ended by itself, in words; None while all run."""
        for what, child in self._children.items():
            code = child.poll()
            if code is not None:
                return f"the server of {what} ended with exit code {code}"
        return None


def exporter_yaml(boards: Sequence[Exported]) -> str:
    """The configuration of labgrid's exporter: a group for each board, with its probe server and its line. The lines
    must be served.

    Only classes that labgrid knows: otherwise its own client could do nothing with the place.
    """
    groups = {
        board.spec.name: {
            "probe": {"cls": "NetworkService", "address": HOST, "port": board.probe_port, "username": "pyocd"},
            "line": {
                "cls": "NetworkSerialPort",
                "host": HOST,
                "port": board.line_port,
                "speed": board.spec.link.baud,
                "protocol": "rfc2217",
            },
        }
        for board in boards
    }
    return yaml.safe_dump(groups, sort_keys=False)


def boards_yaml(board: Exported) -> str:
    """The board's entry for the boards.yaml of another host, which must forward the same port numbers."""
    device = f"rfc2217://{HOST}:{board.line_port}" if board.line_port is not None else "rfc2217://HOST:PORT"
    probe = {"uid": f"{REMOTE}{HOST}:{board.probe_port}"}
    return _entry(board.spec, {"kind": board.spec.kind}, {"probe": probe}, device)


def place_yaml(board: Exported) -> str:
    """The board's entry for every host, if it is a place with the tag ``board=NAME``."""
    return _entry(board.spec, {"kind": "place", "match": {"board": board.spec.name}}, {}, None)


def _entry(spec: BoardSpec, head: Mapping[str, object], probe: Mapping[str, object], device: str | None) -> str:
    entry: dict[str, object] = dict(head)
    if spec.machine is not None:
        entry["machine"] = spec.machine
    entry |= {"target": spec.target, **probe}
    if spec.capabilities:
        entry["capabilities"] = sorted(spec.capabilities)
    images = {variant: str(path) for variant, path in spec.firmware.images.items()}
    entry["firmware"] = {"preset": spec.firmware.preset} if spec.firmware.preset else images
    line = {"device": device} if device else {}
    entry["link"] = {"transport": "serial", **line, "baud": spec.link.baud}
    return yaml.safe_dump({spec.name: entry}, sort_keys=False)


def _log(directory: Path, what: str) -> Path:
    return directory / f"{what.replace(' ', '-')}.log"


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
