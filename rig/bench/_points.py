"""The points of a port that somebody still has to fill in: ``RIG_TODO("what")`` in its files."""

from __future__ import annotations

import re
from pathlib import Path

_POINT = re.compile(r'RIG_TODO\("((?:[^"\\]|\\.)*)"\)')
_SUFFIXES = {".c", ".h", ".S", ".ld", ".cmake"}


def open_points(folder: Path) -> list[str]:
    """What is open in a port's folder, as ``file:line: what``, in the order of files and lines."""
    points: list[str] = []
    for path in sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        points += [
            f"{path.name}:{number}: {what}" for number, line in enumerate(lines, 1) for what in _POINT.findall(line)
        ]
    return points
