"""The native firmware as a process with its memory in a file."""

from __future__ import annotations

import mmap
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from rig.bench import Bench, Entity
from rig.lease import end_child, spawn_bound
from rig.model import Qos

DEADLINE = 30.0
PARTICIPANT, TOPIC, PUBLISHER, SUBSCRIBER, WRITER, READER, REQUESTER, REPLIER = range(1, 9)


class _File:
    def __init__(self, mapped: mmap.mmap) -> None:
        self._mapped = mapped

    def read(self, address: int, length: int) -> bytes:
        return self._mapped[address : address + length]

    def write(self, address: int, data: bytes) -> None:
        self._mapped[address : address + len(data)] = data


class Native:
    """One firmware process whose link goes to a UDP port; ``bench`` drives it."""

    def __init__(self, image: Path, port: int, directory: Path, stack: ExitStack) -> None:
        file = directory / "memory"
        link = f"udp4:127.0.0.1:{port}" if port else "none"
        command = [str(image), "--mailbox", str(file), "--link", link]
        process = spawn_bound(command, output=subprocess.DEVNULL)
        stack.callback(end_child, process)
        until = time.monotonic() + DEADLINE
        while not (file.exists() and file.stat().st_size):
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.005)
        with file.open("r+b") as shared:
            mapped = mmap.mmap(shared.fileno(), 0)
        stack.callback(mapped.close)
        self.bench = Bench(_File(mapped), 0, healthy=lambda: None if process.poll() is None else "it has ended")
        self.session = 0

    def open(self, key: int, *, timeout: float = 5.0) -> None:
        """A session with participant, topic, publisher and subscriber."""
        self.session = self.bench.open_session(key, timeout=timeout)
        self.create(PARTICIPANT, name="rig", timeout=timeout)
        self.create(TOPIC, name="rt/rig", type="T", parent=1, timeout=timeout)
        self.create(PUBLISHER, parent=1, timeout=timeout)
        self.create(SUBSCRIBER, parent=1, timeout=timeout)

    def create(self, kind: int, *, id: int = 1, timeout: float = 5.0, **fields: object) -> None:
        """An entity; endpoints are reliable and keep all."""
        if kind in (WRITER, READER):
            fields = {"parent": 1, "topic": 1, "qos": Qos(keep_all=True), **fields}
        elif kind in (REQUESTER, REPLIER):
            fields = {"parent": 1, "name": "svc", "type": "Q", "reply_type": "R", **fields}
        self.bench.create(self.session, Entity(kind=kind, id=id, **fields), timeout=timeout)  # type: ignore[arg-type]
        if kind == READER:
            self.bench.read(self.session, id)
