"""The log of one board: raw bytes with their time of arrival, written to disk at once."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, final

__all__ = ["ConsoleChunk", "ConsolePump", "ConsoleRecorder"]

_STOP_TIMEOUT = 0.5


@final
@dataclass(frozen=True, kw_only=True)
class ConsoleChunk:
    """Bytes that came together, at ``at_ns`` of the host's monotonic clock."""

    at_ns: int
    data: bytes


class ConsoleRecorder:
    """Keeps everything that is recorded, in order; safe to use from several threads.

    :param path: also append the raw bytes to this file, unbuffered: a crash of the rig loses nothing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._chunks: list[ConsoleChunk] = []
        self._file: IO[bytes] | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)

    def record(self, data: bytes) -> None:
        """Keep ``data`` as having come now."""
        if not data:
            return
        with self._lock:
            self._chunks.append(ConsoleChunk(at_ns=time.monotonic_ns(), data=data))
            if self._file is not None:
                with contextlib.suppress(OSError):  # a full disk must not end the run; memory has it
                    self._file.write(data)

    def chunks(self) -> list[ConsoleChunk]:
        """Return everything so far."""
        with self._lock:
            return list(self._chunks)

    def raw(self) -> bytes:
        """Return all bytes so far."""
        return b"".join(chunk.data for chunk in self.chunks())

    def text(self) -> str:
        """Return all of it as text; what is not UTF-8 shows as U+FFFD."""
        return self.raw().decode(errors="replace")

    def lines(self) -> list[str]:
        """Return the lines so far; the last one may not have ended yet."""
        return self.text().splitlines()

    def wait_for(self, wanted: str, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds until ``wanted`` has been logged."""
        deadline = time.monotonic() + timeout
        while wanted not in self.text():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def close(self) -> None:
        """Close the file; what was recorded stays readable."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


class ConsolePump:
    """A thread that copies what ``source`` returns into a recorder, every ``period`` seconds.

    A source that fails is taken as silent: a dead board is noticed and reported elsewhere.
    """

    def __init__(self, recorder: ConsoleRecorder, source: Callable[[], bytes], period: float) -> None:
        self._recorder = recorder
        self._source = source
        self._period = period
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(self._period):
            self.pump()

    def pump(self) -> None:
        """Copy what there is now."""
        with contextlib.suppress(Exception):
            self._recorder.record(self._source())

    def stop(self) -> None:
        """End the thread after a last copy."""
        if not self._stop.is_set():
            self._stop.set()
            self._thread.join(_STOP_TIMEOUT)
            if not self._thread.is_alive():
                self.pump()
