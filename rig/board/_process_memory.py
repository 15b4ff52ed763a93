"""The memory of a process of this host, as the kernel shows it to its parent.

Knows ``/proc``. Where the host forbids access, no memory can be read, and ``readable`` says so.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

__all__ = ["load_bias", "private_regions", "read_process"]


def private_regions(pid: int, *, above: int) -> list[tuple[int, int]]:
    """Writable private memory of a process as (start, length): data, heap, stacks; not the file shared with the rig.

    :param above: regions that begin below this address are left out.
    """
    regions: list[tuple[int, int]] = []
    try:
        lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines()
        os.close(os.open(f"/proc/{pid}/mem", os.O_RDONLY))
    except OSError:
        return regions
    for line in lines:
        span, permissions, *rest = line.split(maxsplit=5)
        start, end = (int(part, 16) for part in span.split("-"))
        special = rest[-1] if len(rest) == 4 else ""
        if permissions.startswith("rw") and permissions.endswith("p") and start >= above and special != "[vvar]":
            regions.append((start, end - start))
    return regions


def load_bias(pid: int, program: Path, first: int) -> int:
    """Offset between a program's addresses in a process and those in its file; 0 if the host does not say.

    :param first: lowest address in the file; 0 for a position-independent one.
    """
    try:
        lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    for line in lines:
        span, _, offset, *rest = line.split(maxsplit=5)
        if rest[-1] == str(program.resolve()) and int(offset, 16) == 0:
            return int(span.partition("-")[0], 16) - first // mmap.PAGESIZE * mmap.PAGESIZE
    return 0


def read_process(pid: int, address: int, length: int) -> bytes:
    """Bytes of a process's memory.

    :raises OSError: it is gone, or the memory is.
    """
    file = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    try:
        return os.pread(file, length, address)
    finally:
        os.close(file)
