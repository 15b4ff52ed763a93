"""Builds the bench firmware with CMake and Ninja, when a board names a preset instead of finished images."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from rig.errors import EnvironmentFault, UsageError
from rig.places import build_directory, firmware_root
from rig.records import VARIANTS

_TOOLS = {"cmake": "cmake", "ninja": "ninja-build"}


def build_defect(preset: str, defect: str) -> dict[str, Path]:
    """Build the bench with a seeded defect (see ``firmware/defects``); "" for none.

    All defects of a preset are built in one directory, one after another. The images are set aside by defect, each
    at once, so that they stay what they are while somebody else builds the next one.

    Returns and raises as ``build``.
    """
    root = firmware_root()
    output = build_directory() / "defects" / preset
    name = f"firmware preset {preset!r} with defect {defect!r}"
    configure = ["cmake", "--preset", preset, "-B", str(output), f"-DRIG_DEFECT={defect}"]
    with _alone():
        _run(configure, root, f"cannot configure {name}")
        _run(["cmake", "--build", str(output)], root, f"cannot build {name}")
        aside = output / "images" / (defect or "none")
        aside.mkdir(parents=True, exist_ok=True)
        return {variant: _set_aside(output / f"rig-bench-{variant}.elf", aside) for variant in VARIANTS}


def _set_aside(image: Path, directory: Path) -> Path:
    target = directory / image.name
    partial = target.with_suffix(".partial")
    shutil.copy2(image, partial)
    partial.replace(target)
    return target


def build(preset: str) -> dict[str, Path]:
    """Build the bench for a CMake preset; nothing to do takes well under a second.

    :returns: variant (``shm``, ``network``) -> ELF.
    :raises EnvironmentFault: a tool is missing.
    :raises UsageError: the preset is unknown, or the build fails; the compiler's words are in the message.
    """
    root = firmware_root()
    needed = dict(_TOOLS)
    needed |= {"gcc": "gcc"} if preset == "posix" else {"arm-none-eabi-gcc": "gcc-arm-none-eabi"}
    for tool, package in needed.items():
        if shutil.which(tool) is None:
            raise EnvironmentFault(
                f"{tool} is not on PATH; it builds the firmware", hint=f"apt-get install {package}, or run ./bootstrap"
            )
    output = build_directory() / preset
    with _alone():
        if not (output / "build.ninja").exists():
            _run(["cmake", "--preset", preset, "-B", str(output)], root, f"cannot configure firmware preset {preset!r}")
        _run(["cmake", "--build", str(output)], root, f"cannot build firmware preset {preset!r}")
    images = {variant: output / f"rig-bench-{variant}.elf" for variant in VARIANTS}
    return {variant: path for variant, path in images.items() if path.exists()}


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One build at a time in this directory: two rigs that share it must not write the same files at once."""
    with (build_directory() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], root: Path, what: str) -> None:
    done = subprocess.run(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=600
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise UsageError(f"{what}:\n{tail}", hint=f"run it by hand: cd firmware && {' '.join(command)}")
