"""Every error the rig raises on purpose, split by who is at fault; and how a command ends.

::

    RigError
     +- UsageError        the person: options, boards.yaml, a firmware file that does not fit   (exit 2)
     +- RigFault          what the rig stands on broke; never evidence against a claim          (exit 3)
         +- EnvironmentFault  this host: a missing program, a port in use
         |   +- ResultsFault  the results cannot be written: a full disk; ends the run at once
         +- LeaseFault        somebody else holds the board
         +- ProbeFault        the debug probe or the way to it
         +- BoardFault        the board: no power, lockup, flash that does not take, a dead emulator
         +- FirmwareFault     the firmware on it: hung, crashed, speaks another mailbox version
         +- AgentFault        the Agent or the link to it

The class decides exit code and how a fault is shown; ``ExitCode`` and ``Outcome`` have every code and word. A message
says what failed and where; ``hint`` says what to do next and is shown on a line of its own.
"""

from __future__ import annotations

import errno
from enum import IntEnum, StrEnum
from typing import Self

__all__ = [
    "BLAMES",
    "AgentFault",
    "BoardFault",
    "EnvironmentFault",
    "ExitCode",
    "FirmwareFault",
    "LeaseFault",
    "Outcome",
    "ProbeFault",
    "ResultsFault",
    "RigError",
    "RigFault",
    "UsageError",
    "describe",
    "fault_by",
    "fault_of",
]


class ExitCode(IntEnum):
    """How a process of the rig ends. ``short`` and ``meaning``: what the command line's help and the README say."""

    short: str
    meaning: str

    def __new__(cls, value: int, short: str, meaning: str) -> Self:  # noqa: D102
        member = int.__new__(cls, value)
        member._value_ = value
        member.short, member.meaning = short, meaning
        return member

    DONE = 0, "all that ran is confirmed", "every claim that ran is confirmed"
    REFUTED = 1, "a claim is refuted", "a claim is refuted"
    USAGE = 2, "usage or configuration", "usage or configuration"
    FAULT = (
        3,
        "rig, board, probe or Agent fault",
        "a fault of rig, board, probe or Agent; never counted against a claim",
    )
    INCONCLUSIVE = 4, "inconclusive", "inconclusive: measured, but not enough to decide"
    INTERRUPTED = 130, "interrupted", "interrupted; what was measured until then is in the report"


class Outcome(StrEnum):
    """How a run ended, as one word, with its exit code."""

    exit_code: ExitCode

    def __new__(cls, value: str, exit_code: ExitCode) -> Self:  # noqa: D102
        member = str.__new__(cls, value)
        member._value_ = value
        member.exit_code = exit_code
        return member

    PASSED = "passed", ExitCode.DONE
    REFUTED = "refuted", ExitCode.REFUTED
    INCONCLUSIVE = "inconclusive", ExitCode.INCONCLUSIVE
    FAULT = "fault", ExitCode.FAULT
    INTERRUPTED = "interrupted", ExitCode.INTERRUPTED

    @classmethod
    def named(cls, word: str | None) -> Outcome:
        """The outcome of this name. ``FAULT`` if a run says none, or an unknown one: such a run did not end well."""
        return next((outcome for outcome in cls if outcome == word), cls.FAULT)

    @property
    def complete(self) -> bool:
        """Whether everything asked for was done, so that there is nothing to resume."""
        return self not in (Outcome.FAULT, Outcome.INTERRUPTED)


class RigError(Exception):
    """Root of all errors that the rig raises on purpose.

    :param message: what failed and where, one lowercase phrase, with the offending value.
    :param hint: the next step for the person who reads it; empty if there is none.
    """

    exit_code = ExitCode.FAULT
    blame = "rig"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RigError):
    """The options, the configuration or a file handed in cannot be used as they are."""

    exit_code = ExitCode.USAGE
    blame = "usage"


class RigFault(RigError):
    """Something the rig depends on broke. Never evidence on a claim."""


class EnvironmentFault(RigFault):
    """This host lacks something: a program, space, a free port."""

    blame = "environment"


class ResultsFault(EnvironmentFault):
    """The results of a run cannot be written: nothing measured from here on could be kept."""


class LeaseFault(RigFault):
    """Another process holds the board."""

    blame = "lease"


class ProbeFault(RigFault):
    """The debug probe cannot be found, opened or trusted."""

    blame = "probe"


class BoardFault(RigFault):
    """The board does not do what a healthy board does."""

    blame = "board"


class FirmwareFault(RigFault):
    """The firmware hung, crashed or speaks another mailbox version."""

    blame = "firmware"


class AgentFault(RigFault):
    """The Agent, or the link to it, failed."""

    blame = "agent"


def describe(error: BaseException) -> str:
    """An error that is not the rig's own, in one line: its kind, what it says, and where it was raised."""
    where, step = "", error.__traceback__
    while step is not None:
        where, step = f" ({step.tb_frame.f_code.co_filename.rpartition('/')[2]}:{step.tb_lineno})", step.tb_next
    words = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}{': ' if words else ''}{words}{where}"


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OF_THE_HOST = (*_NO_ROOM, errno.ENAMETOOLONG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE)


def fault_of(error: Exception, *, report: str) -> RigFault:
    """Turn an error that is no ``RigError`` into a fault: of this host for an error of the operating system, else of
    the rig.

    :param report: what the person should send with a report, if the rig is at fault.
    """
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return EnvironmentFault("this host has not enough memory", hint="end what else runs here, then run again")
    if isinstance(error, OSError) and (error.errno in _OF_THE_HOST or "path too long" in str(error)):
        where = f"{error.filename}: " if error.filename else ""
        hint = (
            "make room there" if error.errno in _NO_ROOM else "mend that, or name another place (--out, RIG_STATE_DIR)"
        )
        return EnvironmentFault(f"{where}{error.strerror or error}", hint=hint)
    return RigFault(f"an error of the rig itself: {describe(error)}", hint=f"please report it, with {report}")


_KINDS: dict[str, type[RigError]] = {
    kind.blame: kind
    for kind in (UsageError, RigFault, EnvironmentFault, LeaseFault, ProbeFault, BoardFault, FirmwareFault, AgentFault)
}

BLAMES = tuple(_KINDS)
"""Who can be at fault."""


def fault_by(blame: str, message: str, *, hint: str = "") -> RigError:
    """The error that another process raised, as the class that ``blame`` names; a fault of the rig if the name is
    unknown.
    """
    return _KINDS.get(blame, RigFault)(message, hint=hint)
