"""Where a debugged board's power comes from: a QEMU process, or a supply that the rig cannot switch."""

from __future__ import annotations

import contextlib
from typing import Protocol

from rig.board._board import LinkEndpoint
from rig.inventory import BoardSpec
from rig.lease import lease
from rig.probe.qemu import EmulatedMachine, launch, qemu_version

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

    def death(self) -> str | None:
        """Return why the board has lost its power by itself, None if it has not."""
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

    def death(self) -> str | None:
        return None if self._machine is None else self._machine.exit_reason()


class FixedPower:
    """A real board, or one that another host emulates, leased while it is in use. The rig cannot switch its power: off
    and on do nothing.
    """

    def __init__(self, spec: BoardSpec, *, patience: float, icount_shift: int | None = None) -> None:
        assert spec.probe is not None
        remote = spec.kind == "emulated"
        self.emulator: str | None = "QEMU of another host" if remote else None
        self.icount_shift = icount_shift if remote else None  # as `rig shelf export` starts it
        self._uid = spec.probe.uid
        self._spec = spec
        self._patience = patience
        self._stack = contextlib.ExitStack()
        self._leased = False

    @property
    def probe_uid(self) -> str:
        return self._uid

    @property
    def link(self) -> LinkEndpoint:
        link = self._spec.link
        return LinkEndpoint(kind="serial", device=link.device, baud=link.baud, host=None, port=None)

    def on(self) -> None:
        if not self._leased:
            self._stack.enter_context(lease(self._uid, timeout=self._patience))
            self._leased = True

    def off(self) -> None:
        self._stack.close()
        self._leased = False

    def death(self) -> str | None:
        return None
