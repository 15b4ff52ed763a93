"""A real labgrid on loopback: coordinator, exporter and two places, each an emulated board that `Shelf` shares."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import yaml

from rig.coordinator import Guardian, Place, labgrid_python
from rig.errors import EnvironmentFault
from rig.lease import end_child, spawn_bound
from rig.shelf import Exported, exporter_yaml

TAG = "board"


class Lab:
    """Use as a context manager. ``address``: of the coordinator, which listens on loopback only.

    :param boards: what is shared; each becomes a place of its own name, with the tag ``board=BOARD``.
    :param more: resources of the first place besides, by name.
    """

    def __init__(self, directory: Path, boards: tuple[Exported, ...], more: dict[str, dict[str, object]]) -> None:
        self.directory, self.boards = directory, boards
        self._bin = labgrid_python().parent
        groups = yaml.safe_load(exporter_yaml(boards))
        groups[boards[0].spec.name] |= more
        (directory / "exporter.yaml").write_text(yaml.safe_dump(groups))
        self.address = f"127.0.0.1:{free_port()}"
        self._stack = contextlib.ExitStack()
        self._lister: Guardian | None = None
        self._logs: list[IO[bytes]] = []
        self.coordinator: subprocess.Popen[bytes] | None = None
        self.exporter: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Lab:
        places = "".join(self._place(board.spec.name) for board in self.boards)
        (self.directory / "places.yaml").write_text(places)
        self.start()
        return self

    def _place(self, name: str) -> str:
        """As the coordinator itself keeps a place in the directory that it is started in."""
        now = time.time()
        return (
            f"{name}:\n  aliases: []\n  comment: ''\n  tags: {{{TAG}: microbit}}\n"
            f"  matches: [{{exporter: lab, group: {name}, cls: '*', name: null, rename: null}}]\n"
            f"  created: {now}\n  changed: {now}\n"
        )

    def start(self) -> None:
        """Start coordinator and exporter, and wait until both places are whole."""
        self.coordinator = self._spawn("coordinator", "-l", self.address)
        self._wait_for_port()
        self.exporter = self._spawn(
            "exporter",
            "-c",
            self.address,
            "-n",
            "lab",
            "--hostname",
            "127.0.0.1",
            str(self.directory / "exporter.yaml"),
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            places = self.places()
            if len(places) == len(self.boards) and not any(place.missing for place in places):
                return
            time.sleep(0.1)
        raise EnvironmentFault(f"the lab does not come up: {self.places()}", hint=str(self.directory))

    def places(self) -> list[Place]:
        """What the coordinator says, by a helper that stays: each has a second of starting to do."""
        if self._lister is None:
            self._lister = self._stack.enter_context(Guardian(self.address))
        return self._lister.places()

    def place(self, name: str) -> Place:
        return next(place for place in self.places() if place.name == name)

    @contextlib.contextmanager
    def far(self, name: str) -> Iterator[None]:
        """Place ``far`` with the resources of a place, by the exporter of a host called ``far`` that wants ssh."""
        file = self.directory / "far.yaml"
        groups = yaml.safe_load((self.directory / "exporter.yaml").read_text())
        file.write_text(yaml.safe_dump({"far": {what: groups[name][what] for what in ("probe", "line")}}))
        for words in (("create",), ("add-match", "*/far/*")):
            self.client("-p", "far", *words)
        script = "import socket; socket.getfqdn = lambda *_: 'far'; from labgrid.remote.exporter import main; main()"
        words = ["-c", self.address, "-n", "far", "--hostname", "127.0.0.1", "--isolated", str(file)]
        child = spawn_bound([str(self._bin / "python3"), "-c", script, *words], output=subprocess.DEVNULL)
        try:
            yield
        finally:
            end_child(child)
            self.client("-p", "far", "delete")

    def stop_coordinator(self) -> None:
        """As a service manager does it; the exporter ends by itself then, with exit code 100."""
        assert self.coordinator is not None and self.exporter is not None
        end_child(self.coordinator)
        assert self.exporter.wait(30) == 100

    def restart(self) -> None:
        """The coordinator restarts, and forgets who holds what."""
        self.stop_coordinator()
        self.start()

    def client(self, *words: str) -> str:
        """Call labgrid's own client as another user."""
        command = [str(self._bin / "labgrid-client"), "-x", self.address, *words]
        environment = os.environ | {"LG_HOSTNAME": "elsewhere", "LG_USERNAME": "somebody"}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=30).stdout

    def _spawn(self, program: str, *words: str) -> subprocess.Popen[bytes]:
        log = (self.directory / f"{program}.log").open("ab")
        self._logs.append(log)
        # The coordinator keeps its places in the directory that it is started in.
        where = ["env", "-C", str(self.directory), str(self._bin / f"labgrid-{program}")]
        return spawn_bound([*where, *words], output=log)

    def _wait_for_port(self) -> None:
        host, _, port = self.address.rpartition(":")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as attempt:
                if attempt.connect_ex((host, int(port))) == 0:
                    return
            time.sleep(0.05)
        raise EnvironmentFault("the coordinator does not listen")

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        for child in (self.exporter, self.coordinator):
            if child is not None:
                end_child(child)
        for log in self._logs:
            log.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
