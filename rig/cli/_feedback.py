"""``rig feedback``: the archive and the texts that a person sends on, and the check of one that came from elsewhere."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from rig.cli._common import OnceGroup, terminal
from rig.cli._history import open_store, read_run
from rig.errors import ExitCode, UsageError
from rig.feedback import (
    Checked,
    Feedback,
    Scrubber,
    check_record,
    make_feedback,
    names_here,
    read_archive,
    write_archive,
)
from rig.publish import plural, verdict_word
from rig.records import RunRecord, Verdict, load, printable
from rig.run import find_run

_MAKE = "make"
_ATTACHED = 25 << 20  # what GitHub takes as an attachment


class _Feedback(OnceGroup):
    """A group whose first word may be a run: ``rig feedback RUN`` is ``rig feedback make RUN``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in (*self.commands, *ctx.help_option_names)):
            args = [_MAKE, *args]
        return super().parse_args(ctx, args)


@click.group("feedback", cls=_Feedback)
def feedback_group() -> None:
    """Send a run to the transport's maintainers: rig feedback RUN. Check one that came: rig feedback check ARCHIVE."""


@feedback_group.command(_MAKE)
@click.argument("run", default="latest")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Default: feedback-ID.zip here.")
@click.option("--no-captures", is_flag=True, help="Without what crossed the link.")
@click.option("--show", is_flag=True, help="Only show what would be written, and the texts.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def make_command(run: str, out: Path | None, no_captures: bool, show: bool, yes: bool) -> int:
    """Put a run into one archive, without host names, user names and paths, and write texts for the maintainers.

    The contents are listed before anything is written. RUN: as for rig compare; default: the latest.
    """
    record, directory = _find(run)
    scrubber = Scrubber(names_here())
    name = out.name if out is not None else ""
    feedback = make_feedback(record, directory, scrubber, captures=not no_captures, name=name)
    path = out if out is not None else Path(feedback.name)
    _list(feedback, scrubber)
    if show:
        for issue in feedback.issues:
            click.echo(f"\n{'-' * 72}\n{issue.text}", nl=False)
        return ExitCode.DONE
    if path.exists():
        raise UsageError(f"{path} is there already", hint="name another file with --out, or remove it")
    if not yes:
        click.confirm(f"write {path}?", abort=True)
    write_archive(path, feedback.contents, about=feedback.about)
    click.echo(printable(f"{path}: {_size(path.stat().st_size)}"))
    if path.stat().st_size > _ATTACHED:
        click.echo("larger than what GitHub takes as an attachment (25 MB): --no-captures makes it smaller")
    click.echo("each text below issues/ is an issue of its own: its first line is the title")
    return ExitCode.DONE


def _find(name: str) -> tuple[RunRecord, Path | None]:
    """The record of a run, and the directory of its files if that is still there."""
    try:
        found = find_run(name)
    except UsageError:
        with open_store(needed=False) as store:
            id = store.find(name) if name != "baseline" else None
            record = store.record(id) if id is not None else read_run(name, store)
            where = next((entry.directory for entry in store.entries() if entry.id == record.run.id), None)
        return record, where
    return load(found), found if found.is_dir() else found.parent


def _list(feedback: Feedback, scrubber: Scrubber) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("file", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("what it is", overflow="fold")
    for content in feedback.contents:
        table.add_row(Text(printable(content.name)), _size(len(content.data)), Text(printable(content.what)))
    terminal().print(table)
    taken = ", ".join(f"{plural(count, kind)}" for kind, count in sorted(scrubber.taken.items()))
    click.echo(f"taken out: {taken or 'no host name, user name or path was in it'}")
    if scrubber.left:
        words = ", ".join(dict.fromkeys(scrubber.left))
        click.echo(printable(f"too common to be taken out of words (paths are gone all the same): {words}"))
    for words in feedback.left_out:
        click.echo(printable(f"left out: {words}"))


def _size(number: int) -> str:
    return f"{number:,} B" if number < 10_000 else f"{number / 1000:,.0f} kB"


@feedback_group.command("check")
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--text", is_flag=True, help="Also print the issue texts in it.")
def check_command(archive: Path, text: bool) -> int:
    """Check an archive that came from somebody: its form, its digests, and every claim anew from its raw samples.

    Exit codes: 0 all of it is what it says; 1 a claim or a sum is not what the samples say; 2 no archive, or one that
    is damaged or was changed.
    """
    read = read_archive(archive)
    checked = check_record(read.record, read.plain)
    record = read.record
    boards = ", ".join(f"{board.name} ({board.core})" for board in record.boards)
    samples = sum(len(m.samples) for m in record.measurements)
    click.echo(printable(f"run {record.run.id} of rig {record.run.rig_version}, {record.run.kind}, on {boards}"))
    click.echo(f"{plural(len(read.files), 'file')} as their digests say, {samples:,} samples in a valid record")
    _show_checked(checked)
    if text:
        for body in read.texts.values():
            click.echo(f"\n{'-' * 72}\n{printable(body)}", nl=False)
    return ExitCode.REFUTED if checked.disagreements else ExitCode.DONE


def _show_checked(checked: Checked) -> None:
    verdicts = [claim.verdict for claim in checked.decided]
    counts = ", ".join(f"{verdicts.count(v)} {verdict_word(v)}" for v in Verdict if v in verdicts)
    click.echo(f"decided anew: {counts or 'no claim'}")
    for claim in checked.decided:
        if claim.verdict is Verdict.REFUTED:
            click.echo(printable(f"  {claim.board}: {claim.id} refuted: {claim.reason}"))
    for note in checked.notes:
        click.echo(printable(f"note: {note}"))
    for wrong in checked.disagreements:
        click.echo(
            printable(f"not what its samples say: {wrong.where}: recorded {wrong.recorded}; found {wrong.found}")
        )
    if not checked.disagreements:
        click.echo("every verdict and every sum is what its samples say")
