"""The firmware as a process on this host: a shared file is its memory, and its output is its log."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from rig.board._board import BoardIdentity, LinkEndpoint, Memory
from rig.board._console import ConsoleRecorder
from rig.board._latch import Latch
from rig.board._process_memory import load_bias, private_regions, read_process
from rig.board._teardown import run_step
from rig.errors import BoardFault, EnvironmentFault, RigFault, UsageError
from rig.inventory import BoardSpec
from rig.lease import Scratch, end_child, spawn_bound
from rig.probe import FirmwareImage, FlashReport, MemoryWrite, Probe
from rig.records import Command

__all__ = ["NativeBoard"]

_CRASHES = tuple(-number for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE))
_START_TIMEOUT = 10.0
_NO_MEMORY_FILE = "cannot make the mailbox file"  # as the POSIX port says it
_LOOPBACK = "127.0.0.1"


class NativeBoard:
    """See ``Board``. Addresses of its memory are offsets into the shared file, with the mailbox at 0. The rest of the
    process, which only a scan reads, has its own addresses; all of them are higher.
    """

    def __init__(self, spec: BoardSpec, recorder: ConsoleRecorder) -> None:
        self.spec = spec
        self.console = recorder
        self.probe: Probe | None = None
        self._scratch = Scratch("native")
        self._port = _free_udp_port() if spec.link.transport == "udp4" else None
        self._image: FirmwareImage | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._map: mmap.mmap | None = None
        self._latch = Latch(spec.name, self._death)
        self._memory = _MappedMemory(self._latch, self)
        self._recoveries: Counter[str] = Counter()

    # ---- what it is

    @property
    def identity(self) -> BoardIdentity:
        return BoardIdentity(
            name=self.spec.name,
            kind=self.spec.kind,
            target=None,
            core="host",
            probe_uid=None,
            probe_product=None,
            emulator=None,
            icount_shift=None,
        )

    @property
    def link(self) -> LinkEndpoint:
        link = self.spec.link
        host = _LOOPBACK if link.transport == "udp4" else None
        return LinkEndpoint(kind=link.transport, device=link.device, baud=link.baud, host=host, port=self._port)

    @property
    def memory(self) -> Memory:
        return self._memory

    @property
    def image(self) -> FirmwareImage | None:
        return self._image

    @property
    def mailbox_address(self) -> int:
        return 0

    @property
    def recoveries(self) -> Mapping[str, int]:
        return MappingProxyType(self._recoveries)

    @property
    def commands(self) -> Sequence[Command]:
        return ()

    def ram_regions(self) -> list[tuple[int, int]]:
        shared = len(self.mapped())
        private = private_regions(self.pid, above=shared) if self._process is not None else []
        return [(0, shared), *private]

    def symbol_at(self, address: int) -> str | None:
        """Addresses below the length of the shared file are offsets in it, and no symbol of the image covers them."""
        if address < len(self.mapped()):
            return f"shared file+{address:#x}"
        if self._image is None or self._process is None:
            return None
        first = self._image.segments[0][0]
        return self._image.symbol_at(address - load_bias(self.pid, self._image.path, first))

    @property
    def untraceable(self) -> str | None:
        return "it is a process of this host, and no debug probe sees what it writes"

    def trace_writes(
        self, *, begin: int, until: Collection[int], start: Callable[[], None], timeout: float
    ) -> list[MemoryWrite]:
        raise UsageError(f"writes of board {self.spec.name} cannot be traced: {self.untraceable}")

    @property
    def pid(self) -> int:
        """Process id of the firmware.

        :raises BoardFault: it does not run.
        """
        if self._process is None:
            raise BoardFault(f"board {self.spec.name} does not run", hint="boot it first")
        return self._process.pid

    def mapped(self) -> mmap.mmap:
        """Return the shared memory of the running process."""
        if self._map is None:
            raise BoardFault(f"board {self.spec.name} does not run", hint="boot it first")
        return self._map

    # ---- firmware

    def flash(self, image: FirmwareImage) -> FlashReport:
        started = time.monotonic()
        if image.core != "host":
            raise UsageError(
                f"firmware {image.path.name} is built for {image.core}, but {self.spec.name} is a process of this host",
                hint="build it with: cmake --preset posix",
            )
        if not os.access(image.path, os.X_OK):
            raise UsageError(f"firmware {image.path} may not be executed", hint=f"chmod +x {image.path}")
        self._image = image
        return FlashReport(
            bytes_written=0,
            skipped=True,
            verified=True,
            digest=image.digest,
            seconds=time.monotonic() - started,
            attempts=0,
        )

    def boot(self) -> None:
        image = self._image
        if image is None:
            raise UsageError(f"board {self.spec.name} has no firmware yet", hint="flash it first")
        self._latch.check()
        self._end_process()
        try:
            self._spawn(image)
        except EnvironmentFault:
            self._end_process()  # nothing is wrong with the board
            raise
        except RigFault as error:
            raise self._latch.note(error) from error

    def _spawn(self, image: FirmwareImage) -> None:
        file = self._scratch.path / "memory"
        file.unlink(missing_ok=True)
        link = f"udp4:{_LOOPBACK}:{self._port}" if self._port is not None else f"serial:{self.spec.link.device}"
        command = [str(image.path.absolute()), "--mailbox", str(file), "--link", link]
        process = spawn_bound(command, output=subprocess.PIPE)
        self._process = process
        self._reader = threading.Thread(target=self._record, args=(process,), name="console", daemon=True)
        self._reader.start()
        self._map = self._wait_for_memory(process, file)

    def _wait_for_memory(self, process: subprocess.Popen[bytes], file: Path) -> mmap.mmap:
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            with contextlib.suppress(OSError, ValueError), file.open("r+b") as shared:
                return mmap.mmap(shared.fileno(), 0)  # refused with ValueError as long as the file is empty
            if process.poll() is not None:
                self._check_room(process, file)
                raise BoardFault(f"firmware {file.name} process ended at once: {_ending(process)}")
            if time.monotonic() > deadline:
                raise BoardFault(
                    f"firmware of board {self.spec.name} made no mailbox file within {_START_TIMEOUT:g} s",
                    hint="is it the bench firmware?",
                )
            time.sleep(0.005)

    def _check_room(self, process: subprocess.Popen[bytes], file: Path) -> None:
        """A full state directory is no fault of the board.

        :raises EnvironmentFault: that is what the firmware says.
        """
        death = self._death() or ""
        if _NO_MEMORY_FILE in death or process.returncode == -signal.SIGXFSZ:
            raise EnvironmentFault(
                f"no room for the memory of board {self.spec.name} in {file.parent}: {death}",
                hint="make room there, or set RIG_STATE_DIR to a directory with more",
            )

    def _record(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as pipe, contextlib.suppress(OSError, ValueError):
            while data := os.read(pipe.fileno(), 1 << 16):
                self.console.record(data)

    # ---- health

    def alive(self) -> bool:
        return self.why_dead() is None

    def why_dead(self) -> str | None:
        return self._death() or (self._latch.cause.message if self._latch.cause else None)

    def crash(self) -> str | None:
        death = self._death()
        crashed = self._process is not None and self._process.returncode in _CRASHES
        return death if crashed else None

    def _death(self) -> str | None:
        process = self._process
        if process is None or process.poll() is None:
            return None
        return f"the firmware process {_ending(process)}{self._last_words()}"

    def _last_words(self) -> str:
        if self._reader is not None:
            self._reader.join(2.0)
        lines = self.console.lines()
        return f"; it said: {lines[-1]}" if lines else ""

    def power_cycle(self) -> None:
        self._recoveries["power-cycle"] += 1
        self._end_process()
        self._latch.reset()

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            end_child(process)
        if self._reader is not None:
            self._reader.join(1.0)
            self._reader = None
        if self._map is not None:
            self._map.close()
            self._map = None

    def close(self) -> None:
        run_step("end firmware process", self._end_process)
        self._scratch.remove()


class _MappedMemory:
    """The shared file as memory."""

    def __init__(self, latch: Latch, board: NativeBoard) -> None:
        self._latch = latch
        self._board = board

    def read(self, address: int, length: int) -> bytes:
        if address >= len(self._board.mapped()):
            return self._private(address, length)
        return self._range(address, length)[address : address + length]

    def _private(self, address: int, length: int) -> bytes:
        self._latch.check()
        try:
            return read_process(self._board.pid, address, length)
        except OSError as error:
            raise BoardFault(f"no memory at {address:#x} of board {self._board.spec.name}: {error.strerror}") from error

    def last(self, address: int, length: int) -> bytes:
        return self._board.mapped()[address : address + length]

    def write(self, address: int, data: bytes) -> None:
        self._range(address, len(data))[address : address + len(data)] = data

    def read_u32(self, address: int) -> int:
        return int.from_bytes(self.read(address, 4), "little")

    def write_u32(self, address: int, value: int) -> None:
        self.write(address, (value & 0xFFFF_FFFF).to_bytes(4, "little"))

    def _range(self, address: int, length: int) -> mmap.mmap:
        with self._latch.access():
            mapped = self._board.mapped()
            fault = self._board.why_dead()
            if fault is not None:
                raise BoardFault(fault)
        if address < 0 or address + length > len(mapped):
            raise BoardFault(
                f"no memory at {address:#x}, {length} bytes: board {self._board.spec.name} has {len(mapped)} bytes"
            )
        return mapped


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _ending(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
