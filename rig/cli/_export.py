"""``rig export``: a run in the formats of other tools, and what GitHub Actions shows of it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from rig.cli._common import OnceCommand
from rig.cli._history import open_store, read_run
from rig.errors import ExitCode, UsageError
from rig.publish import FORMATS, github_annotations, github_summary, write_whole
from rig.records import RunRecord, load, printable
from rig.run import find_run


def _help() -> str:
    rows = "\n".join(f"  {name:<19} {what}" for name, (what, _) in FORMATS.items())
    return f"""Write a run in the format of another tool; default: the latest run, on standard output.

    FORMAT: see below. RUN: as for rig compare.

    \b
{rows}
    """


@click.command("export", cls=OnceCommand, help=_help())
@click.argument("format", type=click.Choice(list(FORMATS)), metavar="FORMAT")
@click.argument("run", default="latest")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Default: standard output."
)
def export_command(format: str, run: str, out: Path | None) -> int:
    """Write a run in the format of another tool."""
    try:
        record = load(find_run(run))
    except UsageError:
        with open_store(needed=False) as store:
            record = read_run(run, store)
    text = FORMATS[format][1](record)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_whole(out, text)
    return ExitCode.DONE


def tell_github(record: RunRecord, *, error: bool) -> None:
    """In GitHub Actions: annotate the refuted claims, and add the claims to the step's summary.

    :param error: annotations go to standard error, as standard output is for a document.
    """
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return
    click.echo(github_annotations(record), nl=False, err=error)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(github_summary(record))
        except OSError as problem:  # a help for the reader: the run's outcome does not hang on it
            click.echo(printable(f"no step summary: {summary}: {problem.strerror}"), err=True)
