"""``rig serve`` and ``rig runs export``: the newest runs of the history as Prometheus metrics."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import click

from rig.cli._common import OnceCommand
from rig.cli._ending import until_interrupted
from rig.cli._history import open_store, runs_group
from rig.errors import ExitCode, ResultsFault
from rig.history import Store
from rig.publish import LOOPBACK, metrics, plural, serve, write_whole
from rig.records import RunRecord, printable

PORT = 9642
_PLAIN = re.compile(r"[^A-Za-z0-9._-]")


class _Newest:
    """Metrics of the newest run of each board and kind; made anew when there is another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: list[tuple[str, str, str, int]] = []
        self._text = ""

    def text(self) -> str:
        """In the Prometheus text format."""
        with self._lock, open_store() as store:
            newest = [(board, kind, run, store.stamp(run)) for board, kind, run in store.newest()]
            if newest != self._ids:
                self._text = _together(store, [(board, kind, run) for board, kind, run, _ in newest])
                self._ids = newest
            return self._text


def _together(store: Store, newest: list[tuple[str, str, str]]) -> str:
    records: dict[str, RunRecord] = {run: store.record(run) for _, _, run in newest}
    return metrics(*records.values())


@click.command("serve", cls=OnceCommand)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: any that is free.")
def serve_command(port: int) -> int:
    """Serve the newest run of each board and kind to Prometheus, on this host alone, until Ctrl-C.

    Runs that end meanwhile are in the next scrape.
    """
    newest = _Newest()
    newest.text()  # what is wrong with the history is said here, not to the first scrape
    with until_interrupted() as ended, serve(newest.text, port=port) as chosen:
        click.echo(f"http://{LOOPBACK}:{chosen}/metrics")
        ended.wait()
    return ExitCode.DONE


@runs_group.command("export")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def export_command(directory: Path) -> int:
    """Write the newest run of each board and kind into DIRECTORY, for the node exporter's textfile collector.

    One file for each board and kind (rig-BOARD-KIND.prom), each whole or not at all, so that nothing is said twice.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsFault(f"cannot use {directory}: {error.strerror}", hint="name another directory") from error
    with open_store() as store:
        newest = store.newest()
        for board, kind, run in newest:
            file = directory / f"rig-{_PLAIN.sub('_', board)}-{kind}.prom"
            write_whole(file, metrics(store.record(run), boards=[board]))
            click.echo(printable(f"{file}: {run}"))
    if not newest:
        click.echo("no runs yet: rig run makes one")
    else:
        click.echo(f"{plural(len(newest), 'file')} in {directory}")
    return ExitCode.DONE
