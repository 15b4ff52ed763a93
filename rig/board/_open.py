"""From a board's description to the board."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rig.board._board import Board
from rig.board._console import ConsoleRecorder
from rig.board._debugged import DebuggedBoard
from rig.board._native import NativeBoard
from rig.board._power import EmulatedPower, FixedPower
from rig.inventory import BoardSpec

__all__ = ["open_board"]


@contextlib.contextmanager
def open_board(
    spec: BoardSpec,
    *,
    recorder: ConsoleRecorder | None = None,
    icount_shift: int | None = 7,
    align: bool = False,
    patience: float = 0.0,
) -> Iterator[Board]:
    """Take the board that ``spec`` describes for the length of the ``with`` block.

    :param recorder: where its log goes; one in memory if None. The caller closes it.
    :param icount_shift: emulated boards: an instruction takes 2**shift ns of the board's time.
    :param align: emulated boards: keep their time in step with real time, for firmware that talks to a process of the
        host.
    :param patience: real boards: seconds to wait for another holder.
    :raises LeaseFault: somebody else uses the board.
    :raises EnvironmentFault: QEMU is missing.
    :raises ProbeFault: no such probe, or no answer.
    :raises UsageError: the core that answers is not the one that the inventory names.
    """
    recorder = recorder if recorder is not None else ConsoleRecorder()
    board: DebuggedBoard | NativeBoard
    if spec.kind == "native":
        board = NativeBoard(spec, recorder)
    elif spec.kind == "emulated" and spec.probe is None:
        board = DebuggedBoard(spec, EmulatedPower(spec, icount_shift=icount_shift, align=align), recorder)
    else:
        board = DebuggedBoard(spec, FixedPower(spec, patience=patience, icount_shift=icount_shift), recorder)
    try:
        if isinstance(board, DebuggedBoard):
            board.start()
        yield board
    finally:
        board.close()
