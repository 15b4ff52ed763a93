"""Where a debugged board's power comes from: a QEMU process, or a supply that commands of boards.yaml may switch."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from rig.board._board import LinkEndpoint
from rig.board._command import run_command
from rig.errors import EnvironmentFault, LeaseFault, RigError
from rig.inventory import BoardSpec
from rig.lease import lease
from rig.probe import REMOTE, lease_remote
from rig.probe.qemu import EmulatedMachine, launch, qemu_version
from rig.records import Command

__all__ = ["EmulatedPower", "FixedPower", "Power"]


class Power(Protocol):
    """Power and link of a board that has a debug probe."""

    @property
    def probe_uid(self) -> str:
        """Unique id of the probe of the powered board."""
        ...

    @property
    def emulator(self) -> str | None:
        """Name and version of the emulator; None for hardware."""
        ...

    @property
    def icount_shift(self) -> int | None:
        """See ``BoardIdentity``."""
        ...

    @property
    def link(self) -> LinkEndpoint: ...

    def on(self) -> None: ...

    def off(self) -> None: ...

    def let_go(self) -> None:
        """Release the board; a real board keeps its power."""
        ...

    def death(self) -> str | None:
        """Return why the board has lost its power by itself, None if it has not."""
        ...

    @property
    def commands(self) -> Sequence[Command]:
        """The commands that were run to switch the power."""
        ...


class EmulatedPower:
    """An emulator: to switch it on starts a new process with blank memory."""

    def __init__(self, spec: BoardSpec, *, icount_shift: int | None, align: bool) -> None:
        assert spec.machine is not None
        self._spec = spec
        self._align = align
        self._stack = contextlib.ExitStack()
        self._machine: EmulatedMachine | None = None
        self.icount_shift = icount_shift
        self.emulator: str | None = f"QEMU {qemu_version()}"

    @property
    def machine(self) -> EmulatedMachine:
        """The running machine."""
        assert self._machine is not None, "the board is off"
        return self._machine

    @property
    def probe_uid(self) -> str:
        return self.machine.uid

    @property
    def link(self) -> LinkEndpoint:
        return LinkEndpoint(kind="serial", device=self.machine.uart, baud=self._spec.link.baud, host=None, port=None)

    def on(self) -> None:
        assert self._spec.machine is not None
        self._machine = self._stack.enter_context(
            launch(self._spec.machine, name=self._spec.name, icount_shift=self.icount_shift, align=self._align)
        )

    def off(self) -> None:
        self._stack.close()

    def let_go(self) -> None:
        self.off()

    @property
    def commands(self) -> Sequence[Command]:
        return ()

    def death(self) -> str | None:
        return None if self._machine is None else self._machine.exit_reason()


class FixedPower:
    """A real board, or one that another host emulates, leased while it is in use. The commands of boards.yaml switch
    its power; without them off and on do nothing.
    """

    def __init__(
        self,
        spec: BoardSpec,
        *,
        patience: float,
        icount_shift: int | None = None,
        lost: Callable[[], str | None] = lambda: None,
    ) -> None:
        assert spec.probe is not None
        self._lost = lost
        remote = spec.kind == "emulated"
        self.emulator: str | None = "QEMU of another host" if remote else None
        self.icount_shift = icount_shift if remote else None  # as `rig shelf export` starts it
        self._uid = spec.probe.uid
        self._spec = spec
        self._patience = patience
        self._stack = contextlib.ExitStack()
        self._leased = False
        self._is_off = False
        self.commands: list[Command] = []

    @property
    def probe_uid(self) -> str:
        return self._uid

    @property
    def link(self) -> LinkEndpoint:
        link = self._spec.link
        return LinkEndpoint(kind="serial", device=link.device, baud=link.baud, host=None, port=None)

    def on(self) -> None:
        lost = self._lost()
        if lost is not None:
            raise LeaseFault(f"board {self._spec.name} is no longer this run's: {lost}", hint="run it again")
        if not self._leased:
            self._lease()
            self._leased = True
        if self._is_off and self._spec.power is not None:
            self._switch("on", self._spec.power.on)
            self._is_off = False
            time.sleep(self._spec.power.settle)

    def _lease(self) -> None:
        begin = time.monotonic()
        with contextlib.ExitStack() as stack:
            stack.enter_context(lease(self._uid, timeout=self._patience))
            if self._uid.startswith(REMOTE):  # rigs on other hosts do not see this host's lease
                left = max(0.0, self._patience - (time.monotonic() - begin))
                stack.enter_context(lease_remote(self._uid, timeout=left))
            self._stack = stack.pop_all()

    def off(self) -> None:
        if self._lost() is None and self._spec.power is not None:  # somebody else may have it by now
            self._is_off = True  # also where the command fails: then on is tried all the same
            self._switch("off", self._spec.power.off)

    def _switch(self, way: str, words: tuple[str, ...]) -> None:
        assert self._spec.power is not None
        done = run_command(f"power {way}", words, seconds=self._spec.power.seconds)
        self.commands.append(done)
        if done.code != 0:
            how = "took too long" if done.code is None else f"ended with exit code {done.code}"
            raise EnvironmentFault(
                f"the power of board {self._spec.name} cannot be switched {way}: {done.command} {how}",
                hint=done.output.strip().rpartition("\n")[2] or f"it said nothing; see power: at {self._spec.where}",
            )

    def let_go(self) -> None:
        with contextlib.suppress(RigError):  # a board that was switched off does not stay so
            if self._leased:
                self.on()
        self._stack.close()
        self._leased = False

    def death(self) -> str | None:
        return self._lost()
