"""Every error the rig raises on purpose, split by who is at fault.

``RigError``
 +- ``UsageError``        the person: options, boards.yaml, a firmware file that does not fit   (exit 2)
 +- ``RigFault``          what the rig stands on broke; never evidence against a claim          (exit 3)
     +- ``EnvironmentFault``  this host: a missing program, a port in use
     |   +- ``ResultsFault``  the results cannot be written: a full disk; ends the run at once
     +- ``LeaseFault``        somebody else holds the board
     +- ``ProbeFault``        the debug probe or the way to it
     +- ``BoardFault``        the board: no power, lockup, flash that does not take, a dead emulator
     +- ``FirmwareFault``     the firmware on it: hung, crashed, speaks another mailbox version
     +- ``AgentFault``        the Agent or the link to it

The class decides exit code and how a fault is shown. A message says what failed and where; ``hint``
says what to do next and is shown on a line of its own.
"""

from __future__ import annotations

__all__ = [
    "AgentFault",
    "BoardFault",
    "EnvironmentFault",
    "FirmwareFault",
    "LeaseFault",
    "ProbeFault",
    "ResultsFault",
    "RigError",
    "RigFault",
    "UsageError",
]


class RigError(Exception):
    """Root of all errors that the rig raises on purpose.

    :param message: what failed and where, one lowercase phrase, with the offending value.
    :param hint: the next step for the person who reads it; empty if there is none.
    """

    exit_code = 3
    blame = "rig"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(RigError):
    """The options, the configuration or a file handed in cannot be used as they are."""

    exit_code = 2
    blame = "usage"


class RigFault(RigError):
    """Something the rig stands on broke. Says nothing about any claim."""


class EnvironmentFault(RigFault):
    """This host lacks something: a program, space, a free port."""

    blame = "environment"


class ResultsFault(EnvironmentFault):
    """The results of a run cannot be written. Nothing that is measured from here on could be kept."""


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
