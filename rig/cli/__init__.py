"""The command line: thin. Options in, calls into the rooms to the left, words and exit codes out.

Exit codes are those of ``rig.errors.ExitCode``; 0 also says that a command did its work, and 1 of ``compare`` that
exact figures differ.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

__all__ = ["main"]


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    # A CI system that cancels sends SIGTERM: end as with Ctrl-C, so that boards are given back and results written.
    raise KeyboardInterrupt


def main() -> NoReturn:
    """Run the command line and exit the process with the documented code."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell without job control has it ignored
        signal.signal(signal.SIGTERM, _terminate)
        from rig.cli._main import run  # noqa: PLC0415 - takes a while, and must not be interrupted with a traceback

        code = run()
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    sys.exit(code)
