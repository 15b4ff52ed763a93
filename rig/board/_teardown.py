"""Closes what may hang: each step has a time limit, and the next one runs in any case."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

__all__ = ["run_step"]

_LOG = logging.getLogger(__name__)
_STEP_TIMEOUT = 4.0


def run_step(name: str, step: Callable[[], object], timeout: float = _STEP_TIMEOUT) -> bool:
    """Run ``step`` for at most ``timeout`` seconds; return whether it ended in time and without an error.

    One that hangs is left behind in a daemon thread, so it cannot keep the process alive.
    """
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            step()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=guarded, name=f"teardown {name}", daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        _LOG.warning("teardown: %s did not end within %g s", name, timeout)
        return False
    if failures:
        _LOG.warning("teardown: %s failed: %s", name, failures[0])
    return not failures
