"""``rig matrix``: does the rig find the defects that are seeded?"""

from __future__ import annotations

from pathlib import Path

import click

from rig.cli._common import OnceCommand, boards_option
from rig.matrix import as_markdown, matrix
from rig.places import find_boards_file


@click.command("matrix", cls=OnceCommand)
@boards_option
@click.option("--board", default="native", show_default=True, help="Emulated or native board to run them on.")
@click.option("--defect", "defects", multiple=True, metavar="NAME", help="Only this one; may be given several times.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Rows that are made at once.")
@click.option("--search-seconds", type=click.FloatRange(0), help="How long each run searches for sequences of calls.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Also write the matrix as Markdown.")
def matrix_command(
    boards_file: Path | None,
    board: str,
    defects: tuple[str, ...],
    jobs: int,
    search_seconds: float | None,
    out: Path | None,
) -> int:
    """Build the bench with one known defect at a time and check that the claims it breaks are refuted, and no others.

    Exit code 1 if a defect was missed, or a claim refuted that it does not break.
    """
    rows = []
    made = matrix(find_boards_file(boards_file), board, defects=defects, jobs=jobs, search_seconds=search_seconds)
    for row in made:
        rows.append(row)
        said = f"refuted: {', '.join(sorted(row.refuted)) or 'nothing'}"
        wrong = [f"MISSED {id}: {row.why(id)}" for id in sorted(row.missed)]
        wrong += [f"FALSE {id}: {row.why(id)}" for id in sorted(row.false)]
        if row.found is not None:
            calls = f" by {row.found.calls} calls" if row.found.calls is not None else " by the run's figures"
            said += f"; found{calls} after {row.found.seconds:.1f} s"
        click.echo(f"{'+' if row.right else 'x'} {row.defect}: {said}")
        wrong += row.faults
        for line in wrong:
            click.secho(f"    {line}", fg="red")
        if row.undecided:
            click.echo(f"    undecided: {', '.join(sorted(row.undecided))}")
    if out is not None:
        out.write_text(as_markdown(board, rows), encoding="utf-8")
    right = sum(1 for row in rows if row.right)
    click.echo(f"{right} of {len(rows)} as expected")
    return 0 if right == len(rows) else 1
