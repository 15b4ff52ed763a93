"""The pyOCD debug probe ``qemu``: every running emulated board is a probe with the board attached.

Translates pyOCD's probe interface (debug port, one AHB-AP, a memory interface) to the bus; the only
module that knows both sides.
"""
# pyOCD has no type information, so its base classes are Any to the type checker.

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from pyocd.board.board_ids import BoardInfo
from pyocd.core import exceptions
from pyocd.core.memory_interface import MemoryInterface
from pyocd.probe.debug_probe import DebugProbe

from rig.probe.qemu._bus import Bus, BusFault
from rig.probe.qemu._debug_registers import CORE_IDS, ROM_BASE
from rig.probe.qemu._descriptor import Descriptor, find_descriptor, running_descriptors
from rig.probe.qemu._machines import MACHINES
from rig.probe.qemu._sockets import LinkError, LinkLost
from rig.probe.qemu._write_trace import MemoryWrite, TracePlan

__all__ = ["QemuProbe"]

_P = ParamSpec("_P")
_R = TypeVar("_R")

_DP_CTRL_STAT = 0x4
_POWER_REQUESTS = 0x5000_0000  # acknowledged by the bits above them
_CTRL_WRITABLE = 0x5000_0F00
_AP_CSW, _AP_TAR, _AP_DRW, _AP_BASE, _AP_IDR = 0x00, 0x04, 0x0C, 0xF8, 0xFC
_CSW_RESET = 0x2300_0042
_CSW_INCREMENT = 0x30
_CSW_DEVICE_ENABLED = 0x40
_BASE_PRESENT = 3


def _translated(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Raise what pyOCD expects of a probe in place of what the links raise."""

    @functools.wraps(function)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except BusFault as error:
            raise exceptions.TransferFaultError(str(error)) from error
        except LinkLost as error:
            raise exceptions.ProbeDisconnected(f"emulated board is gone: {error}") from error
        except LinkError as error:
            raise exceptions.ProbeError(str(error)) from error

    return wrapper


class QemuProbe(DebugProbe):  # type: ignore[misc]
    """One emulated board as a pyOCD probe."""

    @classmethod
    def get_all_connected_probes(cls, unique_id: str | None = None, is_explicit: bool = False) -> list[QemuProbe]:
        return [cls(descriptor) for descriptor in running_descriptors()]

    @classmethod
    def get_probe_with_id(cls, unique_id: str, is_explicit: bool = False) -> QemuProbe | None:
        descriptor = find_descriptor(unique_id)
        return None if descriptor is None else cls(descriptor)

    def __init__(self, descriptor: Descriptor) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._machine = MACHINES[descriptor.machine]
        self._ids = CORE_IDS[self._machine.core]
        self._bus: Bus | None = None
        self._protocol: Any = None
        self._in_reset = False
        self._control = 0
        self._ap = {_AP_CSW: _CSW_RESET, _AP_TAR: 0}

    # ---- identity

    @property
    def vendor_name(self) -> str:
        return "QEMU"

    @property
    def product_name(self) -> str:
        return f"{self._descriptor.machine} (emulated)"

    @property
    def unique_id(self) -> str:
        return self._descriptor.uid

    @property
    def supported_wire_protocols(self) -> list[Any]:
        return [DebugProbe.Protocol.DEFAULT, DebugProbe.Protocol.SWD]

    @property
    def wire_protocol(self) -> Any:
        return self._protocol

    @property
    def is_open(self) -> bool:
        return self._bus is not None

    @property
    def capabilities(self) -> set[Any]:
        return {
            self.Capability.MANAGED_AP_SELECTION,
            self.Capability.MANAGED_DPBANKSEL,
            self.Capability.BANKED_DP_REGISTERS,
        }

    @property
    def associated_board_info(self) -> Any:
        return BoardInfo(self._descriptor.machine, self._machine.target, None, "QEMU")

    def create_associated_board(self) -> Any:
        from pyocd.board.board import Board  # noqa: PLC0415 - imports the probe aggregator, which loads this plugin

        return Board(self.session, board_info=self.associated_board_info)

    # ---- life

    @property
    def bus(self) -> Bus:
        if self._bus is None:
            raise exceptions.ProbeError(f"emulated board {self._descriptor.uid} is not open")
        return self._bus

    @_translated
    def open(self) -> None:
        self._bus = Bus(self._descriptor)

    @_translated
    def close(self) -> None:
        bus, self._bus = self._bus, None
        if bus is not None:
            bus.close()

    def connect(self, protocol: Any = None) -> None:
        self._protocol = DebugProbe.Protocol.SWD

    def disconnect(self) -> None:
        self._protocol = None

    def set_clock(self, frequency: float) -> None:
        """An emulated link has no clock."""

    @_translated
    def reset(self) -> None:
        self.bus.system_reset()

    @_translated
    def assert_reset(self, asserted: bool) -> None:
        if asserted and not self._in_reset:
            self.bus.hold_in_reset()
        elif self._in_reset and not asserted:
            self.bus.system_reset()
        self._in_reset = asserted

    def is_reset_asserted(self) -> bool:
        return self._in_reset

    @_translated
    def trace_writes(self, plan: TracePlan, start: Callable[[], None]) -> list[MemoryWrite]:
        """Every write of the core to its RAM; no real probe offers this."""
        return self.bus.trace_writes(plan, start)

    @_translated
    def read_block(self, address: int, length: int) -> bytes:
        """Memory as bytes, not as a list of int: a scan takes megabytes."""
        return self.bus.read_block(address, length)

    # ---- debug port

    def read_dp(self, addr: int, now: bool = True) -> Any:
        value = 0
        if addr & 0xF == 0:
            value = self._ids.dpidr
        elif addr & 0xF == _DP_CTRL_STAT:
            value = self._control | (self._control & _POWER_REQUESTS) << 1
        return value if now else lambda: value

    def write_dp(self, addr: int, data: int) -> None:
        if addr & 0xF == _DP_CTRL_STAT:
            self._control = data & _CTRL_WRITABLE

    # ---- access port 0, an AHB-AP; there is no other

    @_translated
    def read_ap(self, addr: int, now: bool = True) -> Any:
        value = self._read_ap(addr)
        return value if now else lambda: value

    def _read_ap(self, addr: int) -> int:
        if addr >> 24:
            return 0
        register = addr & 0xFC
        if register == _AP_IDR:
            return self._ids.ap_idr
        if register == _AP_BASE:
            return ROM_BASE | _BASE_PRESENT
        if register == _AP_DRW:
            value = self.bus.read(self._ap[_AP_TAR] & ~3)
            self._increment()
            return value
        return self._ap.get(register, 0)

    @_translated
    def write_ap(self, addr: int, data: int) -> None:
        if addr >> 24:
            return
        register = addr & 0xFC
        if register == _AP_CSW:
            self._ap[_AP_CSW] = data | _CSW_DEVICE_ENABLED
        elif register == _AP_DRW:
            self.bus.write(self._ap[_AP_TAR] & ~3, data)
            self._increment()
        else:
            self._ap[register] = data

    def _increment(self) -> None:
        if self._ap[_AP_CSW] & _CSW_INCREMENT:
            self._ap[_AP_TAR] += 4

    @_translated
    def read_ap_multiple(self, addr: int, count: int = 1, now: bool = True) -> Any:
        values = [self._read_ap(addr) for _ in range(count)]
        return values if now else lambda: values

    def write_ap_multiple(self, addr: int, values: Sequence[int]) -> None:
        for value in values:
            self.write_ap(addr, value)

    def get_memory_interface_for_ap(self, ap_address: Any) -> _BusMemory | None:
        return _BusMemory(self) if ap_address.nominal_address == 0 else None


class _BusMemory(MemoryInterface):  # type: ignore[misc]
    """Memory without the way over AP registers."""

    def __init__(self, probe: QemuProbe) -> None:
        self._probe = probe

    @_translated
    def read_memory(self, addr: int, transfer_size: int = 32, now: bool = True, **_attributes: Any) -> Any:
        value = self._probe.bus.read(addr, transfer_size)
        return value if now else lambda: value

    @_translated
    def write_memory(self, addr: int, data: int, transfer_size: int = 32, **_attributes: Any) -> None:
        self._probe.bus.write(addr, data, transfer_size)

    @_translated
    def read_memory_block32(self, addr: int, size: int, **_attributes: Any) -> list[int]:
        return list(struct.unpack(f"<{size}I", self._probe.bus.read_block(addr, 4 * size)))

    @_translated
    def write_memory_block32(self, addr: int, data: Sequence[int], **_attributes: Any) -> None:
        self._probe.bus.write_block(addr, struct.pack(f"<{len(data)}I", *data))

    @_translated
    def read_memory_block8(self, addr: int, size: int, **_attributes: Any) -> list[int]:
        return list(self._probe.bus.read_block(addr, size))  # as real probes do: pyOCD's server sends it as JSON

    @_translated
    def write_memory_block8(self, addr: int, data: Sequence[int], **_attributes: Any) -> None:
        self._probe.bus.write_block(addr, bytes(data))
