"""Builds the bench firmware with CMake and Ninja, when a board names a preset or a port instead of finished images."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rig.errors import EnvironmentFault, UsageError
from rig.places import build_directory, firmware_root
from rig.records import VARIANTS

_TOOLS = {"cmake": "cmake", "ninja": "ninja-build"}
_ARM = {"arm-none-eabi-gcc": "gcc-arm-none-eabi"}
_WRONG = re.compile(r"\berror: |CMake Error|undefined reference|will not fit|overflowed by")
_SHOWN = 15  # lines


def build_defect(preset: str, defect: str, *, variants: Sequence[str] = VARIANTS) -> dict[str, Path]:
    """Build these variants of the bench with a seeded defect (see ``firmware/defects``); "" for none.

    All defects of a preset are built in one directory, one after another. The images of each are copied away at once,
    so that the next build does not change them.

    Returns and raises as ``build``.
    """
    root = firmware_root()
    output = build_directory() / "defects" / preset
    name = f"firmware preset {preset!r} with defect {defect!r}"
    configure = ["cmake", "--preset", preset, "-B", str(output), f"-DRIG_DEFECT={defect}"]
    with _alone():
        _run(configure, root, f"cannot configure {name}")
        targets = [f"rig-bench-{variant}" for variant in variants]
        _run(["cmake", "--build", str(output), "--target", *targets], root, f"cannot build {name}")
        aside = output / "images" / (defect or "none")
        aside.mkdir(parents=True, exist_ok=True)
        return {variant: _set_aside(output / f"rig-bench-{variant}.elf", aside) for variant in variants}


def _set_aside(image: Path, directory: Path) -> Path:
    target = directory / image.name
    partial = target.with_suffix(".partial")
    shutil.copy2(image, partial)
    partial.replace(target)
    return target


def build(preset: str) -> dict[str, Path]:
    """Build the bench for a CMake preset; if it is up to date, this takes less than a second.

    :returns: variant (``shm``, ``network``) -> ELF.
    :raises EnvironmentFault: a tool is missing.
    :raises UsageError: the preset is unknown, or the build fails; the message has the compiler's output.
    """
    compiler = {"gcc": "gcc"} if preset == "posix" else _ARM
    return _built(f"firmware preset {preset!r}", ["--preset", preset], build_directory() / preset, compiler)


def build_port(folder: Path) -> dict[str, Path]:
    """Build the bench for a port in any folder: one with a ``port.cmake``.

    It is built for Arm, or with the ``toolchain.cmake`` beside the ``port.cmake``, if there is one.

    Returns and raises as ``build``.
    """
    folder = folder.resolve()
    if not (folder / "port.cmake").exists():
        raise UsageError(f"no port in {folder}: it has no port.cmake", hint="rig new-port NAME makes one")
    own = folder / "toolchain.cmake"
    toolchain = own if own.exists() else firmware_root() / "cmake" / "arm-none-eabi.cmake"
    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:8]  # ports of one name, of several users or trees
    return _built(
        f"the firmware of port {folder}",
        ["-G", "Ninja", f"-DRIG_BOARD={folder}", f"-DCMAKE_TOOLCHAIN_FILE={toolchain}"],
        build_directory() / "ports" / f"{folder.name}-{digest}",
        {} if own.exists() else _ARM,
    )


def port_of(preset: str) -> Path | None:
    """The folder of a preset's port, if it has the preset's name."""
    folder = firmware_root() / "ports" / preset
    return folder if (folder / "port.cmake").exists() else None


def _built(what: str, options: list[str], output: Path, compiler: Mapping[str, str]) -> dict[str, Path]:
    root = firmware_root()
    for tool, package in {**_TOOLS, **compiler}.items():
        if shutil.which(tool) is None:
            raise EnvironmentFault(
                f"{tool} is not on PATH; it builds the firmware", hint=f"apt-get install {package}, or run ./bootstrap"
            )
    with _alone():
        if not (output / "build.ninja").exists():
            _run(["cmake", "-S", str(root), *options, "-B", str(output)], root, f"cannot configure {what}")
        _run(["cmake", "--build", str(output)], root, f"cannot build {what}")
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
        lines = done.stdout.strip().splitlines()
        first = next((number for number, line in enumerate(lines) if _WRONG.search(line)), len(lines) - _SHOWN)
        told = "\n".join(lines[max(first, 0) :][:_SHOWN])
        raise UsageError(f"{what}:\n{told}", hint=f"run it by hand: cd firmware && {' '.join(command)}")
