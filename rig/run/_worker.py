"""A process of its own for one board of a run: ``python -m rig.run FD``, started by ``_parallel``.

Reads what is to be done from its first line of input on descriptor FD, a socket, and writes what it learns there, one
JSON object a line. It ends with the run: a run that is killed takes it along, and Ctrl-C reaches it from the run.
"""

from __future__ import annotations

import json
import socket
import traceback
from pathlib import Path
from typing import Any

from rig.errors import ResultsFault, RigError, UsageError, fault_of
from rig.inventory import Inventory
from rig.records import Board, Fault, Measurement, board_from_json, to_json
from rig.run._board_run import BoardRun, measure_board
from rig.run._options import RunOptions
from rig.run._plan import Key, plan

__all__ = ["main", "order"]


def order(part: BoardRun, options: RunOptions, claims: tuple[str, ...]) -> dict[str, Any]:
    """What a worker has to know, as plain JSON values."""
    return {
        "boards_file": str(options.boards_file.absolute()),
        "board": part.spec.name,
        "first": part.first,
        "over": sorted(part.over),
        "before": to_json(part.before) if part.before is not None else None,
        "claims": list(claims),
        "agent": options.agent,
        "quick": options.quick,
        "directory": str(options.directory.absolute()),
        "noise": options.noise,
        "seed": options.seed,
        "search_seconds": options.search_seconds,
        "patience": options.patience,
    }


class _Pipe:
    """A ``Journal`` at the other end of a socket."""

    def __init__(self, line: Any) -> None:
        self._line = line

    def tell(self, kind: str, *values: object) -> None:
        self._line.write(json.dumps([kind, *values]) + "\n")
        self._line.flush()

    def working(self, board: str, words: str) -> None:
        self.tell("working", board, words)

    def board(self, board: Board) -> None:
        self.tell("board", to_json(board))

    def measurement(self, measurement: Measurement) -> None:
        self.tell("measurement", to_json(measurement))

    def finished(self, key: Key, seconds: float) -> None:
        self.tell("finished", key, seconds)

    def fault(self, fault: Fault) -> None:
        self.tell("fault", to_json(fault))

    def over(self, key: Key) -> None:
        self.tell("over", key)

    def prevented(self, board: str, experiment: str, reason: str) -> None:
        self.tell("prevented", board, experiment, reason)


def main(descriptor: int) -> int:
    """Do what the run orders, and say how it ended."""
    with socket.socket(fileno=descriptor) as end, end.makefile("rw", encoding="utf-8") as line:
        pipe = _Pipe(line)
        asked = json.loads(line.readline())
        try:
            part, options = _read(asked)
            measure_board(part, options, pipe)
            pipe.tell("end", "done", "", "", [])
        except KeyboardInterrupt:
            pipe.tell("end", "interrupted", "", "", [])
        except UsageError as error:
            pipe.tell("end", "usage", error.message, error.hint, [])
        except ResultsFault as error:
            pipe.tell("end", "results", error.message, error.hint, [])
        except Exception as error:  # the border of this process: whatever is no error of the rig's own
            fault = error if isinstance(error, RigError) else fault_of(error, report="events.jsonl of this run")
            pipe.tell("end", fault.blame, fault.message, fault.hint, traceback.format_exception(error))
    return 0


def _read(asked: dict[str, Any]) -> tuple[BoardRun, RunOptions]:
    options = RunOptions(
        boards_file=Path(asked["boards_file"]),
        boards=(asked["board"],),
        claims=tuple(asked["claims"]),
        agent=asked["agent"],
        quick=asked["quick"],
        directory=Path(asked["directory"]),
        noise=asked["noise"],
        seed=asked["seed"],
        search_seconds=asked["search_seconds"],
        patience=asked["patience"],
    )
    (spec,) = Inventory.load(options.boards_file).select(options.boards)
    before = asked["before"]
    part = BoardRun(
        spec,
        plan(spec, options.claims, agent=options.agent),
        before=board_from_json(before) if before is not None else None,
        first=asked["first"],
        over={(board, variant, experiment) for board, variant, experiment in asked["over"]},
    )
    return part, options
