"""The entry point by which pyOCD finds emulated boards."""

from __future__ import annotations

from typing import Any

from pyocd.core.plugin import Plugin

__all__ = ["QemuProbePlugin"]


class QemuProbePlugin(Plugin):  # type: ignore[misc]
    """Registers the ``qemu`` probe and the targets of its machines when pyOCD loads its probes."""

    @property
    def name(self) -> str:
        """Name of the probe type, as in ``pyocd list --probe qemu:``."""
        return "qemu"

    @property
    def description(self) -> str:
        """What ``pyocd list --plugins`` says."""
        return "boards emulated by QEMU, started by the micro-ROS SHM rig"

    def load(self) -> Any:
        """Return the probe class."""
        from pyocd.target import TARGET  # noqa: PLC0415 - these import pyOCD's probes, which load this plugin

        from rig.probe.qemu._probe import QemuProbe  # noqa: PLC0415
        from rig.probe.qemu._targets import register_targets  # noqa: PLC0415

        register_targets(TARGET)
        return QemuProbe
