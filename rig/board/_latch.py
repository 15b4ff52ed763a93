"""A board step that failed stays failed: what follows refuses and cites the first cause."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from rig.errors import BoardFault, RigFault
from rig.probe import ProbeLost

__all__ = ["Latch"]

_DEATH_PATIENCE = 2.0  # seconds between an emulator closing its sockets and its process being gone


class Latch:
    """Remembers the first fault of a board.

    :param death: returns why the board itself is gone, None while it is there.
    """

    def __init__(self, name: str, death: Callable[[], str | None]) -> None:
        self._name = name
        self._death = death
        self._cause: RigFault | None = None

    @property
    def cause(self) -> RigFault | None:
        """The first fault."""
        return self._cause

    def reset(self) -> None:
        self._cause = None

    def check(self) -> None:
        """Refuse if an earlier step failed."""
        if self._cause is not None:
            raise BoardFault(
                f"board {self._name} is out of use since: {self._cause.message}", hint="power-cycle the board"
            ) from self._cause

    @contextlib.contextmanager
    def step(self) -> Iterator[None]:
        """Run a step that leaves the board unusable if it fails. A ``UsageError`` changes nothing."""
        self.check()
        try:
            yield
        except RigFault as error:
            raise self.note(error) from error

    @contextlib.contextmanager
    def access(self) -> Iterator[None]:
        """Run an access; its failure latches only if probe or board are gone."""
        if self._cause is not None:
            self.check()
        try:
            yield
        except RigFault as error:
            if not isinstance(error, ProbeLost) and self._death() is None:
                raise
            raise self.note(error) from error

    def note(self, error: RigFault) -> RigFault:
        """Latch ``error``, or the death of the board if that explains it."""
        death = self.gone(error)
        if death is not None:
            error = BoardFault(
                f"board {self._name} is gone: {death}", hint="power-cycle it; the end of its log may say more"
            )
        self._cause = self._cause or error
        return error

    def gone(self, error: RigFault) -> str | None:
        """Return why the board is gone; if its probe is gone, wait until the cause shows."""
        death = self._death()
        if isinstance(error, ProbeLost):
            deadline = time.monotonic() + _DEATH_PATIENCE
            while death is None and time.monotonic() < deadline:
                time.sleep(0.01)
                death = self._death()
        return death
