"""``rig replay``: a sequence of calls that a search found, on any board again."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from rig.cli._common import OnceCommand, boards_option, terminal
from rig.errors import ExitCode
from rig.inventory import Inventory
from rig.places import find_boards_file
from rig.run import replay
from rig.search import read_sequence

_SHOWN = 12  # lines of what one call came to


@click.command("replay", cls=OnceCommand)
@click.argument("file", type=click.Path(path_type=Path))
@boards_option
@click.option("--board", "board", metavar="NAME", help="Board to run it on; default: the one of boards.yaml.")
@click.option("--times", type=click.IntRange(1, 1000), default=3, show_default=True, help="How often.")
def replay_command(file: Path, boards_file: Path | None, board: str | None, times: int) -> int:
    """Run a sequence of calls again and show, call by call, what was expected and what came.

    FILE: one of a run's folder sequences/, or written by hand. Exit code 1: a promise was broken.
    """
    calls = read_sequence(file)
    (spec,) = Inventory.load(find_boards_file(boards_file)).select([board] if board else [])
    found = replay(calls, spec, times=times)
    console = terminal()
    table = Table(show_edge=False)
    table.add_column("", justify="right")
    for title in ("call", "must come to", "came to"):
        table.add_column(title, overflow="fold")
    for number, line in enumerate(found.lines, 1):
        call, expected, came = line.call, line.expected, line.came
        style = "red" if number == found.at else ""
        table.add_row(str(number), Text(call), _cell(expected), _cell(came), style=style)
    console.print(table)
    for number, topic in enumerate(calls.topics):
        console.print(Text(f"topic {number}: {topic}"))
    if found.breach is None:
        console.print(Text(f"no promise broken in {found.runs} runs on {spec.name}"))
        return ExitCode.DONE
    breach = found.breach
    console.print(Text(f"broken in {found.broken} of {found.runs} runs on {spec.name}: {breach.promise}", style="red"))
    console.print(Text(f"  at call {found.at}: expected {breach.expected}"))
    console.print(Text(f"  seen: {breach.seen}"))
    if found.place:
        console.print(Text(f"  the firmware stood at {found.place}"))
    for frame in found.backtrace:
        console.print(Text(f"    {frame}"), soft_wrap=True)
    return ExitCode.REFUTED


def _cell(lines: tuple[str, ...]) -> Text:
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return Text("\n".join([*lines[:_SHOWN], *more]))
