"""``rig matrix``: does the rig find the defects that are seeded?"""

from __future__ import annotations

from pathlib import Path

import click

from rig.cli._common import OnceCommand, boards_option
from rig.matrix import as_markdown, matrix
from rig.run import find_boards_file


@click.command("matrix", cls=OnceCommand)
@boards_option
@click.option("--board", default="native", show_default=True, help="Emulated or native board to run them on.")
@click.option("--defect", "defects", multiple=True, metavar="NAME", help="Only this one; may be given several times.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Also write the matrix as Markdown.")
def matrix_command(boards_file: Path | None, board: str, defects: tuple[str, ...], out: Path | None) -> int:
    """Build the bench with one known defect at a time and check that exactly the claims it breaks are refuted.

    Exit code 1 if a defect was missed, or a claim refuted that it does not break.
    """
    rows = []
    for row in matrix(find_boards_file(boards_file), board, defects=defects):
        rows.append(row)
        said = f"refuted: {', '.join(sorted(row.refuted)) or 'nothing'}"
        wrong = [f"MISSED {id}: {row.claims[id].reason}" for id in sorted(row.missed)]
        wrong += [f"FALSE {id}: {row.claims[id].reason}" for id in sorted(row.false)]
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
