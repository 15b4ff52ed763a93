"""One board in use: power, flash, boot, memory while it runs, its log, and what to do when it fails.

Knows the three kinds of board and hides them behind ``Board``. Must not know experiments, the mailbox's layout, or the
messages on the link; it only says where mailbox and link are.
"""

from rig.board._board import Board, BoardIdentity, LinkEndpoint, Memory
from rig.board._command import run_command
from rig.board._console import ConsoleChunk, ConsoleRecorder
from rig.board._open import open_board

__all__ = [
    "Board",
    "BoardIdentity",
    "ConsoleChunk",
    "ConsoleRecorder",
    "LinkEndpoint",
    "Memory",
    "open_board",
    "run_command",
]
