"""``rig site``: a static page over many archives."""

from __future__ import annotations

from pathlib import Path

import click

from rig.cli._common import OnceCommand
from rig.errors import ExitCode, UsageError
from rig.publish import plural
from rig.records import printable
from rig.site import read_sources, write_site


@click.command("site", cls=OnceCommand)
@click.argument("archives", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="ARCHIVE...")
@click.option("--out", type=click.Path(path_type=Path), default=Path("site"), show_default=True, metavar="DIR")
def site_command(archives: tuple[Path, ...], out: Path) -> int:
    """Make a static page of many people's feedback archives: claims by board and version, figures, what changed.

    ARCHIVE: what rig feedback wrote, or a directory of such files. Every claim is decided anew. An archive that cannot
    be used is named and left out.

    Exit codes: 0 the site is written; 2 some archives, or all, cannot be used; 3 it cannot be written.
    """
    sources, trouble = read_sources(archives)
    for words in trouble:
        click.echo(printable(f"left out: {words}"), err=True)
    if not sources:
        raise UsageError("no archive that can be used", hint="rig feedback RUN makes one")
    index = write_site(sources, trouble, out)
    click.echo(f"{index}: {plural(len(sources), 'run')}")
    return ExitCode.USAGE if trouble else ExitCode.DONE
