"""Measures several boards at once, each in a process of its own, with one event log, the run's.

A board's process sends its results, and the run writes them. If such a process is killed, that is a fault of the rig on
its board; the others go on.
"""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, final

from rig.errors import ResultsFault, RigError, RigFault, UsageError, fault_by
from rig.lease import end_child, spawn_bound
from rig.records import board_from_json, fault_from_json, measurement_from_json
from rig.run._board_run import BoardRun, Journal
from rig.run._options import RunOptions
from rig.run._worker import order

__all__ = ["BoardFailed", "BoardUsage", "measure_at_once"]

_ENDING_SECONDS = 20.0  # for boards to be let go after Ctrl-C
_LOG = "worker.log"


@final
class BoardFailed(Exception):
    """The process of one board ended before its part was done; the other boards go on.

    ``part``: that board's part; ``cause``: why it ended; ``trace``: its traceback, by line.
    """

    def __init__(self, part: BoardRun, cause: RigError, trace: tuple[str, ...]) -> None:
        super().__init__(cause.message)
        self.part, self.cause, self.trace = part, cause, trace


@final
class BoardUsage(UsageError):
    """What the person must mend, as one board's process found it; ``part``: that board's part."""

    def __init__(self, part: BoardRun, message: str, *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.part = part


@final
class _Worker:
    """A board's process, and a thread that carries what it tells into a queue."""

    def __init__(self, part: BoardRun, options: RunOptions, claims: tuple[str, ...], told: queue.Queue[Any]) -> None:
        self.part = part
        self._log = options.directory / f"{part.spec.name}-{_LOG}"
        ours, theirs = socket.socketpair()
        with theirs, self._log.open("wb") as log:
            self.process: subprocess.Popen[bytes] = spawn_bound(
                [sys.executable, "-m", "rig.run", str(theirs.fileno())], output=log, keep=(theirs.fileno(),)
            )
        self._end = ours
        ours.sendall(json.dumps(order(part, options, claims)).encode() + b"\n")
        threading.Thread(target=self._read, args=(ours, told), name=f"board {part.spec.name}", daemon=True).start()

    def _read(self, end: socket.socket, told: queue.Queue[Any]) -> None:
        ended = False
        with end.makefile("r", encoding="utf-8") as lines, contextlib.suppress(OSError):
            for line in lines:
                message = json.loads(line)
                ended = message[0] == "end"
                told.put((self, message))
        if not ended:
            told.put((self, ["lost"]))

    def last_words(self) -> tuple[str, ...]:
        with contextlib.suppress(OSError):
            return tuple(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
        return ()

    def interrupt(self) -> None:
        with contextlib.suppress(OSError):
            self.process.send_signal(signal.SIGINT)

    def close(self) -> None:
        end_child(self.process)
        self._end.close()
        with contextlib.suppress(OSError):
            if not self._log.stat().st_size:
                self._log.unlink()


def measure_at_once(
    parts: Sequence[BoardRun], options: RunOptions, claims: tuple[str, ...], journal: Journal, *, most: int
) -> list[BoardFailed]:
    """Do all boards' parts, at most ``most`` at once; return the failures that ended some of them early.

    :raises BoardUsage: found by one of them before anything was measured anywhere.
    :raises ResultsFault: what is measured cannot be kept.
    :raises KeyboardInterrupt: after the boards were released.
    """
    return _AtOnce(options, claims, journal).run(list(parts), most)


class _AtOnce:
    def __init__(self, options: RunOptions, claims: tuple[str, ...], journal: Journal) -> None:
        self._options, self._claims, self._journal = options, claims, journal
        self._told: queue.Queue[tuple[_Worker, list[Any]]] = queue.Queue()
        self._at_work: list[_Worker] = []
        self._failed: list[BoardFailed] = []
        self._measured = 0

    def run(self, waiting: list[BoardRun], most: int) -> list[BoardFailed]:
        try:
            while waiting or self._at_work:
                while waiting and len(self._at_work) < most:
                    self._at_work.append(_Worker(waiting.pop(0), self._options, self._claims, self._told))
                self._hear(*self._told.get())
        except BaseException:
            self._stop()
            raise
        return self._failed

    def _stop(self) -> None:
        """Let the boards go; what they still tell is written down, if it can be."""
        for worker in self._at_work:
            worker.interrupt()
        deadline = time.monotonic() + _ENDING_SECONDS
        with contextlib.suppress(queue.Empty, ResultsFault, KeyboardInterrupt, UsageError):
            while self._at_work and (left := deadline - time.monotonic()) > 0:
                self._hear(*self._told.get(timeout=left))
        for worker in self._at_work:
            worker.close()

    def _hear(self, worker: _Worker, message: list[Any]) -> None:
        kind, *values = message
        part, journal = worker.part, self._journal
        match kind:
            case "working":
                journal.working(*values)
            case "board":
                journal.board(board_from_json(values[0]))
            case "measurement":
                self._measured += 1
                journal.measurement(measurement_from_json(values[0]))
            case "finished":
                board, variant, experiment = values[0]
                journal.finished((board, variant, experiment), values[1])
            case "fault":
                part.faults += 1
                journal.fault(fault_from_json(values[0]))
            case "over":
                board, variant, experiment = values[0]
                part.over.add((board, variant, experiment))
                journal.over((board, variant, experiment))
            case "prevented":
                part.prevented[values[1]] = values[2]
                journal.prevented(*values)
            case "end":
                self._ended(worker, *values)
            case "lost":
                self._lost(worker)

    def _leave(self, worker: _Worker) -> None:
        self._at_work.remove(worker)
        worker.close()

    def _ended(self, worker: _Worker, how: str, message: str, hint: str, trace: list[str]) -> None:
        self._leave(worker)
        if how == "results":
            raise ResultsFault(message, hint=hint)
        if how == "usage" and not self._measured:
            raise BoardUsage(worker.part, message, hint=hint)
        if how not in ("done", "interrupted"):
            lines = tuple(line.rstrip() for text in trace for line in text.splitlines())
            self._failed.append(BoardFailed(worker.part, fault_by(how, message, hint=hint), lines))

    def _lost(self, worker: _Worker) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.process.wait(2.0)
        code = worker.process.returncode
        how = f"by {signal.Signals(-code).name}" if code is not None and code < 0 else f"with exit code {code}"
        fault = RigFault(f"the process of board {worker.part.spec.name} was ended {how}", hint="run it again")
        self._failed.append(BoardFailed(worker.part, fault, worker.last_words()))
        self._leave(worker)
