"""The inventory: all boards of one ``boards.yaml``, and how to choose among them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import final

from rig.errors import UsageError
from rig.inventory._nodes import load_document
from rig.inventory._schema import read_boards
from rig.inventory._spec import BoardSpec

__all__ = ["Inventory"]


@final
@dataclass(frozen=True, kw_only=True)
class Inventory:
    """The boards by name, in the order of the file; ``default`` is one of them."""

    path: Path
    default: str
    boards: Mapping[str, BoardSpec]

    @classmethod
    def load(cls, path: Path) -> Inventory:
        """Read ``path``, a ``boards.yaml``.

        :raises UsageError: the file is missing or breaks the schema; the message starts with ``file:line:``.
        """
        path = Path(path)
        default, boards = read_boards(path, load_document(path))
        return cls(path=path, default=default, boards=MappingProxyType(boards))

    def select(self, names: Sequence[str] = (), capabilities: Sequence[str] = ()) -> list[BoardSpec]:
        """Return the boards with these names; each must have all these capabilities.

        Without names: every board that has the capabilities. Without both: the default board.

        :raises UsageError: a name is unknown, a named board lacks a capability, or no board has them all;
            the message says why, board by board.
        """
        if not names and not capabilities:
            return [self.boards[self.default]]
        considered = [self._named(name) for name in dict.fromkeys(names)] or list(self.boards.values())
        lacking = {board.name: sorted(set(capabilities) - board.capabilities) for board in considered}
        fitting = [board for board in considered if not lacking[board.name]]
        if not fitting or (names and len(fitting) < len(considered)):
            reasons = "; ".join(f"{name} lacks {', '.join(missing)}" for name, missing in lacking.items() if missing)
            raise UsageError(
                f"no board matches: {reasons}",
                hint=f"add the capability in {self.path.name} if the board has it, or choose another board",
            )
        return fitting

    def _named(self, name: str) -> BoardSpec:
        board = self.boards.get(name)
        if board is None:
            near = difflib.get_close_matches(name, self.boards, n=2, cutoff=0.5)
            raise UsageError(
                f"unknown board {name!r}; {self.path.name} has {', '.join(self.boards)}",
                hint=f"did you mean {' or '.join(repr(known) for known in near)}?" if near else "rig boards",
            )
        return board
