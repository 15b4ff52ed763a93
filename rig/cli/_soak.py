"""``rig soak``: does the rig say the same thing every time?"""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from rig.cli._common import OnceCommand, boards_option, terminal
from rig.cli._run_options import agent_option, claims_option, search_seconds_option, seed_option
from rig.matrix import Soak, processors, soak
from rig.places import find_boards_file
from rig.records import Verdict
from rig.run import AgentKind, RunOptions, read_claims, runs_directory

_HEADINGS = (Verdict.CONFIRMED, Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.NOT_RUN)


@click.command("soak", cls=OnceCommand)
@boards_option
@click.option("--board", default=None, metavar="NAME", help="Board to use.")
@claims_option
@agent_option
@click.option("--runs", type=click.IntRange(min=1), default=20, show_default=True, help="How many runs.")
@seed_option("Of the first run's search; each further run takes the next one.")
@search_seconds_option("How long each run searches for calls that break a promise; default: as `rig run`.")
@click.option("--full", is_flag=True, help="Full runs instead of quick ones.")
@click.option("--load", is_flag=True, help="Keep every processor of the host busy meanwhile.")
@click.option(
    "--noise",
    type=click.FloatRange(0, 0.5),
    default=0.0,
    help="Share of what crosses the link that is spoilt: frames lost and damaged; datagrams lost, doubled, overtaken.",
)
def soak_command(
    boards_file: Path | None,
    board: str | None,
    claims: str,
    agent: AgentKind,
    runs: int,
    seed: int,
    search_seconds: float | None,
    full: bool,
    load: bool,
    noise: float,
) -> int:
    """Make the same run again and again, and check that no claim is refuted and that exact figures repeat.

    For firmware whose claims hold. Exit code 1 if a claim was refuted or an exact figure differed. Runs that show
    something are kept in reports/runs.
    """
    options = RunOptions(
        boards_file=find_boards_file(boards_file),
        boards=(board,) if board else (),
        claims=read_claims(claims),
        agent=agent,
        quick=not full,
        directory=Path(),
        noise=noise,
        seed=seed,
        search_seconds=search_seconds,
    )
    found = Soak()
    console = terminal()
    for found in soak(options, runs=runs, load=processors() if load else 0, keep=runs_directory()):
        console.print(_line(found, runs), highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for heading in ("claim", *(verdict.value.replace("_", " ") for verdict in _HEADINGS)):
        table.add_column(heading)
    for claim, counts in found.verdicts.items():
        table.add_row(claim, *(str(counts[verdict] or "-") for verdict in _HEADINGS))
    console.print(table)
    for line in (*found.refuted, *found.differing):
        console.print(line, style="red", highlight=False, soft_wrap=True)
    for line in found.faults:
        console.print(line, style="yellow", highlight=False, soft_wrap=True)
    for kept in found.kept:
        console.print(f"kept: {kept}", highlight=False, soft_wrap=True)
    return 0 if found.clean else 1


def _line(found: Soak, runs: int) -> str:
    return (
        f"{found.runs} of {runs} runs: {len(found.refuted)} refuted, {len(found.faults)} faults, "
        f"{len(found.differing)} of {found.exact} exact figures differ, {found.sequences:,} sequences searched"
    )
