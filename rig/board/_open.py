"""From a board's description to the board."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from rig.board._board import Board
from rig.board._console import ConsoleRecorder
from rig.board._debugged import DebuggedBoard
from rig.board._native import NativeBoard
from rig.board._power import EmulatedPower, FixedPower
from rig.coordinator import HeldPlace, take_place
from rig.inventory import BoardSpec, PlaceSpec, ProbeSpec
from rig.probe import REMOTE

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
    :param patience: real boards and places: seconds to wait for another holder.
    :raises LeaseFault: somebody else uses the board.
    :raises EnvironmentFault: QEMU is missing, or the coordinator of a place.
    :raises ProbeFault: no such probe, or no answer.
    :raises UsageError: the core that answers is not the one that the inventory names.
    """
    recorder = recorder if recorder is not None else ConsoleRecorder()
    with contextlib.ExitStack() as stack:
        lost: Callable[[], str | None] = _never
        if spec.place is not None:
            begin = time.monotonic()
            held = stack.enter_context(take_place(spec.place, timeout=patience))
            patience = max(0.0, patience - (time.monotonic() - begin))
            spec, lost = _at(spec, held), held.lost
        board: DebuggedBoard | NativeBoard
        if spec.kind == "native":
            board = NativeBoard(spec, recorder)
        elif spec.kind == "emulated" and spec.probe is None:
            board = DebuggedBoard(spec, EmulatedPower(spec, icount_shift=icount_shift, align=align), recorder)
        else:
            power = FixedPower(spec, patience=patience, icount_shift=icount_shift, lost=lost)
            board = DebuggedBoard(spec, power, recorder)
        stack.callback(board.close)
        if isinstance(board, DebuggedBoard):
            board.start()
        yield board


def _never() -> str | None:
    return None


def _at(spec: BoardSpec, held: HeldPlace) -> BoardSpec:
    """The board at a place that is held: an ordinary one of another host."""
    power = spec.power
    if power is not None and power.resource:
        on, off = (held.power_command(power.resource, way) for way in ("on", "off"))
        power = replace(power, on=on, off=off)
    return replace(
        spec,
        kind="emulated" if spec.machine is not None else "probe",
        probe=ProbeSpec(uid=f"{REMOTE}{held.probe}", frequency=None),
        link=replace(spec.link, device=held.line),
        power=power,
        place=PlaceSpec(coordinator=held.coordinator, tags={"name": held.name}),
    )
