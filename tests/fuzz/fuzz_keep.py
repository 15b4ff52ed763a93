"""Grow a target's corpus by what a fuzzer found: ``python tests/fuzz/fuzz_keep.py TARGET FOLDER``.

Kept is, smallest first, each input that reaches a step from line to line which the corpus does not reach yet.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from fuzz_targets import TARGETS

HERE = Path(__file__).resolve().parent
_LARGEST = 1024
_ROOMS = (f"{Path('rig', 'xrce')}", f"{Path('rig', 'agent')}")


def reached(target: str, data: bytes) -> set[tuple[str, int, int]]:
    """(file, line before, line) of each step that an input takes in the rooms under test."""
    found: set[tuple[str, int, int]] = set()
    before: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        del argument
        name = frame.f_code.co_filename
        if not any(room in name for room in _ROOMS):
            return None
        if event == "line":
            found.add((name, before.get(frame, 0), frame.f_lineno))
            before[frame] = frame.f_lineno
        return trace

    sys.settrace(trace)
    try:
        TARGETS[target](data)
    finally:
        sys.settrace(None)
    return found


def main(target: str, folder: Path) -> None:
    """Copy what is new."""
    corpus = HERE / "corpus" / target
    known: set[tuple[str, int, int]] = set()
    for file in corpus.iterdir():
        known |= reached(target, file.read_bytes())
    before = len(known)
    kept = 0
    for file in sorted(folder.iterdir(), key=lambda file: (file.stat().st_size, file.name)):
        data = file.read_bytes()
        if len(data) > _LARGEST:
            continue
        steps = reached(target, data)
        if not steps <= known:
            known |= steps
            kept += 1
            (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    print(f"{target}: {kept} inputs kept, {before} steps reached before, {len(known)} now")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
