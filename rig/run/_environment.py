"""Describes this host for the report: names and versions only, no paths and no host names."""

from __future__ import annotations

import platform
import shutil
import subprocess
from importlib.metadata import version

from rig.records import Environment

_PACKAGES = ("pyocd", "pyserial", "pytest", "robotframework", "prometheus-client")
_PROGRAMS = {"qemu-system-arm": "--version", "arm-none-eabi-gcc": "--version", "gcc": "--version", "cmake": "--version"}


def describe_environment(agent: str) -> Environment:
    """The environment of a run that uses this Agent (name and version, or ``none``)."""
    tools = {name: version(name) for name in _PACKAGES}
    for program, flag in _PROGRAMS.items():
        if shutil.which(program) is not None:
            tools[program] = _first_line([program, flag])
    system = " ".join((platform.system(), platform.release(), platform.machine()))
    return Environment(system=system, python=platform.python_version(), tools=tools, agent=agent)


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "does not run"
    return done.stdout.splitlines()[0].strip() if done.stdout else "says nothing"
