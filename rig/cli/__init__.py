"""The command line: thin. Options in, calls into the other rooms, words and exit codes out.

Exit codes are those of ``rig.errors.ExitCode``; 0 also says that a command did its work, and 1 of ``compare`` that the
runs are refuted to be alike: something changed.
"""

from __future__ import annotations

import gc
import signal
import sys
from types import FrameType
from typing import NoReturn

from rig.cli._ending import until_interrupted

__all__ = ["main", "until_interrupted"]


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End, once: a second Ctrl-C while boards are given back and results written would lose both.

    A CI system that cancels sends SIGTERM, a terminal that is closed SIGHUP: both end as Ctrl-C does. What hangs for
    good still ends by SIGQUIT (Ctrl-\\).
    """
    for number in _SIGNALS:
        signal.signal(number, _heard)
    raise KeyboardInterrupt


def _heard(_signal: int, _frame: FrameType | None) -> None:
    """Interrupted already. Not SIG_IGN, which programs that are started from here would inherit."""


def main() -> NoReturn:
    """Run the command line and exit the process with the documented code."""
    try:
        for number in _SIGNALS:  # a shell without job control has SIGINT ignored
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup
                signal.signal(number, _interrupt)
        gc.disable()  # until the command's modules are there: nothing of them is garbage, and looking takes long
        from rig.cli._main import run  # noqa: PLC0415 - takes a while, and must not be interrupted with a traceback

        code = run()
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    sys.exit(code)
