"""The command line: thin. Options in, calls into the rooms to the left, words and exit codes out.

Exit codes: 0 every claim that ran is confirmed (or the command did its work); 1 a claim is refuted (``compare``: exact
figures differ); 2 usage or configuration; 3 rig, board, probe or Agent fault; 4 inconclusive; 130 interrupted.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import NoReturn

from rig.cli._ending import until_interrupted

__all__ = ["main", "until_interrupted"]


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
        code = 130
    sys.exit(code)
