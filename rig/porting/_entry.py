"""Adds a board to a boards.yaml and leaves the rest as it is: comments, order and all."""

from __future__ import annotations

import tempfile
from pathlib import Path

import yaml

from rig.errors import UsageError
from rig.inventory import Inventory

_FRESH = """# The boards of this directory: `rig boards` shows them. All keys: docs/porting.md of the rig.
version: 1
default: mps2-an385

boards:
  # An emulated board, to compare with: QEMU plays the hardware.
  mps2-an385:
    kind: emulated
    machine: mps2-an385
    target: mps2_an385
    capabilities: [shm, large-memory, rtt]
    firmware: {preset: mps2-an385}
    link: {transport: serial, baud: 115200}
"""


def with_board(file: Path, name: str, entry: str) -> str:
    """The text of ``file`` (of a new one if there is none) with ``entry`` after the last board.

    :param entry: lines of YAML, the first of them ``name:`` or comments, without indentation.
    :raises UsageError: the file cannot be read, has a board of this name, or has no place for another one.
    """
    text = file.read_text(encoding="utf-8") if file.exists() else _FRESH
    if file.exists() and name in Inventory.load(file).boards:
        raise UsageError(f"{file} has a board {name!r}", hint="choose another name")
    lines = text.splitlines()
    column, last = _place(text)
    lines[last:last] = ["", *(" " * column + line if line else "" for line in entry.splitlines())]
    made = "\n".join(lines) + "\n"
    _check(file, name, text, made)
    return made


def _place(text: str) -> tuple[int, int]:
    """The column of the boards' names, and the line behind the last board's last word."""
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    values = {key.value: value for key, value in document.value} if isinstance(document, yaml.MappingNode) else {}
    boards = values.get("boards")
    if not isinstance(boards, yaml.MappingNode) or not boards.value:
        raise UsageError("boards.yaml has no mapping 'boards' with a board in it")
    return int(boards.value[0][0].start_mark.column), _last_line(boards) + 1


def _last_line(node: yaml.Node) -> int:
    """The line of a node's last word: the end of a mapping in blocks lies behind the comments that follow it."""
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        return _last_line(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return _last_line(node.value[-1])
    end = node.end_mark
    return int(end.line) - (1 if end.column == 0 and end.line > node.start_mark.line else 0)


def _check(file: Path, name: str, before: str, after: str) -> None:
    """The new text must have all that the old one had, and the board."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / file.name
        trial.write_text(after, encoding="utf-8")
        boards = Inventory.load(trial).boards
    old = yaml.safe_load(before)["boards"]
    new = yaml.safe_load(after)["boards"]
    if name not in boards or {key: value for key, value in new.items() if key != name} != old:
        raise UsageError(f"{file} is written in a way in which a board cannot be added to it", hint="add it by hand")
