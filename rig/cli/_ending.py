"""How a command in the foreground ends: by SIGINT or SIGTERM. Knows signals; must not know what runs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def until_interrupted() -> Iterator[threading.Event]:
    """Yield an event that SIGINT and SIGTERM set. For the main thread, whose handlers it borrows."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    kept = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
