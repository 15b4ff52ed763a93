"""``rig runs`` and ``rig compare``: the history of runs, and what changed in it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click
from rich.text import Text

from rig.cli._common import OnceCommand, OnceGroup, json_option, print_json, say, terminal
from rig.errors import ExitCode, RigError, UsageError
from rig.history import STORE, Comparison, Entry, State, Store, Trend, compare, trends, verdict_changes
from rig.publish import Column, Sheet, format_conditions, format_number, plural, verdict_word
from rig.records import RUN_KINDS, RunRecord, Verdict, load, printable
from rig.run import find_run, runs_directory

_BASELINE = "baseline"
_LATEST = "latest"
_SHOWN = 20
_WITNESSES = 5
_NOWHERE = Path(":memory:")  # as SQLite calls a database that is no file


def _store_file() -> Path | None:
    """Where the store is: RIG_HISTORY names another file, and ``off`` says that there is none."""
    named = os.environ.get("RIG_HISTORY", "")
    if named == "off":
        return None
    return Path(named) if named else runs_directory() / STORE


def open_store(*, needed: bool = True) -> Store:
    """The store of this directory's runs, brought up to date.

    :param needed: False if runs may be named without the store: if it is off or unusable, it is then an empty one.
    :raises UsageError: it is needed, and switched off. :raises RigError: it is needed, and cannot be used.
    """
    file = _store_file()
    if file is None:
        if not needed:
            return Store(_NOWHERE)
        raise UsageError("the history is off: RIG_HISTORY says so", hint="unset RIG_HISTORY, or let it name a file")
    runs = runs_directory()
    try:
        store = Store(file)
        trouble = store.sync(runs)
    except RigError as error:
        if needed:
            raise
        click.echo(printable(f"without the history: {error.message}"), err=True)
        return Store(_NOWHERE)
    for words in trouble:
        click.echo(printable(f"left out: {words}"), err=True)
    return store


def remember(record: RunRecord, directory: Path) -> None:
    """Add a run that has ended to the store. An error there is reported and does not change the run's outcome.

    If a run's results go elsewhere, no directory of runs is made here only for its history.
    """
    file = _store_file()
    if file is None or not file.parent.is_dir():
        return
    try:
        with Store(file) as store:
            store.add(record, directory)
    except RigError as error:
        click.echo(printable(f"not in the history: {error.message}"), err=True)
        if error.hint:
            click.echo(printable(f"     {error.hint}"), err=True)


def read_run(name: str, store: Store, *, beside: RunRecord | None = None) -> RunRecord:
    """The record that a name stands for: ``latest``, ``baseline``, an id or its beginning, a directory or a file.

    :param beside: the run whose baseline ``baseline`` stands for.
    :raises UsageError: there is none.
    """
    if name == _BASELINE:
        return _read_baseline(store, beside)
    if name == _LATEST and not (runs_directory() / _LATEST).exists():
        entries = store.entries()
        if entries:
            return store.record(entries[-1].id)
    if not Path(name).exists():
        id = store.find(name)
        if id is not None:
            return store.record(id)
    return load(find_run(name))


def _read_baseline(store: Store, beside: RunRecord | None) -> RunRecord:
    if beside is None:
        marked = [entry.id for entry in store.entries() if entry.baseline]
        if len(marked) == 1:
            return store.record(marked[0])
        words = "there are several" if marked else "there is none"
        raise UsageError(f"baseline of which run? {words}", hint="name a run beside it, or the baseline by its id")
    id = store.baseline_for(beside)
    if id is None:
        boards = ", ".join(board.name for board in beside.boards)
        raise UsageError(f"no baseline for {boards}", hint="mark a run as one: rig runs baseline RUN")
    return store.record(id)


@click.command("compare", cls=OnceCommand)
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...")
@json_option
def compare_command(runs: tuple[str, ...], as_json: bool) -> int:
    """Hold runs against the first one: exact figures and verdicts must be equal, noisy figures within their noise.

    RUN: latest, baseline, an id or its beginning, a directory, or a results.json. With one RUN, it is held against its
    baseline. A noisy figure alarms only when a second run shows it: name one more, or let the history have one of the
    same firmware.

    Exit codes: 0 nothing changed; 1 something changed; 2 the runs cannot be compared; 4 a noisy figure is suspected,
    and a second run decides.
    """
    names = (_BASELINE, *runs) if len(runs) == 1 else runs
    if len(names) == 2 and names[0] == names[1] == _BASELINE:
        raise UsageError("the baseline is held against itself", hint="name another run: rig compare baseline latest")
    with open_store(needed=False) as store:
        named = {n: read_run(n, store) for n in names if n != _BASELINE}
        beside = next((named[n] for n in reversed(names) if n != _BASELINE), None)
        records = [named.get(n) or read_run(n, store, beside=beside) for n in names]
        ids = [record.run.id for record in records]
        twice = next((id for id in ids if ids.count(id) > 1), None)
        if twice is not None:
            raise UsageError(f"run {twice} is named twice", hint="name different runs; rig runs lists them")
        after, before = store.alike(records[-1]), store.alike(records[0])
        witnesses = [store.record(id) for id in after[-_WITNESSES:] if id not in ids]
        peers = [store.record(id) for id in before[-_WITNESSES:] if id not in (*ids, *after)]
    found = compare(records, witnesses=witnesses, peers=peers)
    if as_json:
        print_json(_comparison_json(found))
    else:
        _show_comparison(found)
    if found.of(State.CHANGED):
        return ExitCode.REFUTED
    return ExitCode.INCONCLUSIVE if found.of(State.SUSPECTED) else ExitCode.DONE


def _show_comparison(found: Comparison) -> None:
    console = terminal()
    for number, record in enumerate(found.runs):
        run = record.run
        boards = ", ".join(board.name for board in record.boards)
        word = "held against" if number == 0 else "compared"
        say(console, f"{word:<13}{run.id}  {run.kind:<5}  {_day(run.started)}  {boards}")
    for words in (*found.notes, *found.only):
        say(console, f"note: {words}")
    for state, title in (
        (State.CHANGED, "changed:"),
        (State.SUSPECTED, "suspected, a second run decides:"),
        (State.SHOWN, "differs, and is not judged:"),
    ):
        changes = found.of(state)
        if changes:
            say(console, title)
        for change in changes:
            say(console, f"  {change}")
    changed, suspected = len(found.of(State.CHANGED)), len(found.of(State.SUSPECTED))
    say(
        console,
        f"{changed} changed, {suspected} suspected; {found.equal} exact figures and verdicts are equal, "
        f"{found.within} noisy figures are within their noise",
    )
    if suspected and not changed:
        last = found.runs[-1].run
        say(console, f"a second run: {last.command}; then compare again")


def _comparison_json(found: Comparison) -> dict[str, object]:
    return {
        "runs": [{"id": r.run.id, "kind": r.run.kind, "started": r.run.started} for r in found.runs],
        "notes": list(found.notes),
        "only": list(found.only),
        "changes": [
            {
                "board": c.board,
                "what": c.what,
                "kind": c.kind,
                "state": c.state.value,
                "values": list(c.values),
                "share": c.share if c.share is not None and abs(c.share) != float("inf") else None,
                "why": c.why,
            }
            for c in found.changes
        ],
        "equal": found.equal,
        "within_noise": found.within,
    }


def _day(stamp: str) -> str:
    try:
        return f"{datetime.fromisoformat(stamp):%Y-%m-%d %H:%M}"
    except ValueError:
        return stamp


_BOARD = click.option("--board", metavar="NAME", help="Only runs of this board.")
_KIND = click.option("--kind", type=click.Choice(RUN_KINDS), help="Only quick runs, or only full ones.")
_YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group("runs", cls=OnceGroup, invoke_without_command=True)
@click.pass_context
def runs_group(context: click.Context) -> int | None:
    """The history of runs: list, trend, baseline, delete, keep.

    Every run that ends is taken in, and every run that lies in the directory of runs. Without a command: list.
    """
    return context.invoke(list_command) if context.invoked_subcommand is None else None


@runs_group.command("list")
@_BOARD
@_KIND
@click.option("-n", "number", type=click.IntRange(1), default=_SHOWN, show_default=True, help="Only the newest.")
@json_option
def list_command(board: str | None = None, kind: str | None = None, number: int = _SHOWN, as_json: bool = False) -> int:
    """List the runs, newest last."""
    with open_store() as store:
        entries = store.entries(board=board, kind=kind)
    if as_json:
        print_json([_entry_json(entry) for entry in entries[-number:]])
        return ExitCode.DONE
    if not entries:
        click.echo("no runs yet: rig run makes one" if board is None and kind is None else "no such runs")
        return ExitCode.DONE
    narrow = [Column(heading=heading) for heading in ("run", "began", "kind")]
    counts = [Column(heading=heading, justify="right") for heading in ("+", "x", "?")]
    sheet = Sheet(
        columns=[*narrow, Column(heading="board", wraps=True), Column(heading="outcome"), *counts, Column(heading="")]
    )
    for entry in entries[-number:]:
        cells = [
            entry.id,
            _day(entry.started),
            entry.kind,
            ", ".join(entry.boards),
            entry.outcome or "unfinished",
            *(str(entry.verdicts.get(v, 0) or "") for v in (Verdict.CONFIRMED, Verdict.REFUTED, Verdict.INCONCLUSIVE)),
            ", ".join(["baseline"] * entry.baseline + ["only the record"] * (entry.directory is None)),
        ]
        sheet.add(*(Text(printable(cell)) for cell in cells))
    terminal().print(sheet)
    if len(entries) > number:
        click.echo(f"{plural(len(entries) - number, 'older run')}: rig runs list -n {len(entries)}")
    return ExitCode.DONE


def _entry_json(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "started": entry.started,
        "seconds": entry.seconds,
        "kind": entry.kind,
        "outcome": entry.outcome,
        "boards": list(entry.boards),
        "directory": str(entry.directory) if entry.directory else None,
        "baseline": entry.baseline,
        "verdicts": {verdict.value: number for verdict, number in entry.verdicts.items()},
    }


@runs_group.command("trend")
@click.argument("metric", required=False)
@_BOARD
@click.option("--kind", type=click.Choice(RUN_KINDS), help="Quick or full runs; default: those there are more of.")
@json_option
def trend_command(metric: str | None, board: str | None, kind: str | None, as_json: bool) -> int:
    """Show how figures went over the runs, and where they changed.

    METRIC: as docs/figures.md or metrics.prom has it. Without one: the verdicts and figures that changed.
    """
    with open_store() as store:
        if kind is None:
            kinds = [entry.kind for entry in store.entries(board=board)]
            kind = max(RUN_KINDS, key=kinds.count)
        found = trends(store, board=board, kind=kind, metric=metric)
        if metric is not None and not found:
            known = store.metrics()
            raise UsageError(
                f"no {kind} run{f' of {board}' if board else ''} has {metric}",
                hint=f"there are: {', '.join(known)}" if known else "there are no runs yet: rig run makes one",
            )
        verdicts = verdict_changes(store.verdicts(board=board, kind=kind)) if metric is None else []
        runs = len(store.entries(board=board, kind=kind))
    if metric is None:
        found = [trend for trend in found if trend.shifts]
    if as_json:
        print_json([_trend_json(trend) for trend in found])
        return ExitCode.DONE
    click.echo(f"{plural(runs, f'{kind} run')}{f' of {board}' if board else ''}")
    for change in verdicts:
        words = f"{verdict_word(change.before)} -> {verdict_word(change.after)}"
        click.echo(printable(f"{change.board}: claim {change.claim}: {words} with {change.run}: {change.reason}"))
    for trend in found:
        _show_trend(trend)
    if metric is None and not found and not verdicts:
        click.echo("nothing changed")
    return ExitCode.DONE


def _show_trend(trend: Trend) -> None:
    f, values = trend.figure, trend.values
    name = f"{f.board}: {f.metric} ({', '.join(filter(None, (f.variant, format_conditions(f.conditions))))})"
    ends = format_number(values[0])
    if len(values) > 1:
        ends += f" -> {format_number(values[-1])}"
    click.echo(printable(f"{name}: {ends} {f.unit}, {plural(len(values), 'run')}  {trend.line}"))
    for shift in trend.shifts:
        percent = "" if abs(shift.share) == float("inf") else f" ({100 * shift.share:+.1f} %)"
        steps = f"{format_number(shift.before)} -> {format_number(shift.after)}"
        click.echo(printable(f"    changed with {trend.figures[shift.index].run}: {steps}{percent}"))


def _trend_json(trend: Trend) -> dict[str, object]:
    f = trend.figure
    return {
        "board": f.board,
        "kind": trend.kind,
        "experiment": f.experiment,
        "metric": f.metric,
        "variant": f.variant,
        "path": f.path,
        "unit": f.unit,
        "clock": f.clock,
        "exact": f.exact,
        "conditions": f.conditions,
        "runs": [figure.run for figure in trend.figures],
        "medians": list(trend.values),
        "changes": [{"run": trend.figures[s.index].run, "before": s.before, "after": s.after} for s in trend.shifts],
    }


@runs_group.command("baseline")
@click.argument("run", default=_LATEST)
@click.option("--clear", is_flag=True, help="It is one no more.")
def baseline_command(run: str, clear: bool) -> int:
    """Mark a run as the baseline of its boards and kind; default: the latest.

    rig compare baseline latest holds runs against it. Boards and kind have one baseline at a time.
    """
    with open_store() as store:
        id = _stored(run, store)
        before = store.set_baseline(id, on=not clear)
    click.echo(f"{id} is {'no baseline any more' if clear else 'the baseline'}")
    for other in before if not clear else ():
        click.echo(f"{other} was it until now")
    return ExitCode.DONE


def _stored(name: str, store: Store) -> str:
    """The id of a run; one that lies elsewhere is taken in."""
    record = read_run(name, store)
    if store.find(record.run.id) != record.run.id:
        path = Path(name)
        store.add(record, path if path.is_dir() else path.parent)
    return record.run.id


@runs_group.command("add")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
def add_command(runs: tuple[Path, ...]) -> int:
    """Take in runs that lie elsewhere: their directories, or results.json."""
    with open_store() as store:
        for path in runs:
            record = load(path)
            store.add(record, path if path.is_dir() else path.parent)
            click.echo(printable(f"{record.run.id} is in the history"))
    return ExitCode.DONE


@runs_group.command("delete")
@click.argument("runs", nargs=-1, required=True)
@_YES
def delete_command(runs: tuple[str, ...], yes: bool) -> int:
    """Forget runs, and remove their directories. What lies outside the directory of runs is left alone."""
    with open_store() as store:
        ids = list(dict.fromkeys(_known(run, store) for run in runs))
        _delete(store, ids, yes=yes)
    return ExitCode.DONE


def _known(name: str, store: Store) -> str:
    id = store.find(name)
    if id is None and name == _LATEST:
        id = read_run(name, store).run.id
    if id is None or store.find(id) is None:
        raise UsageError(f"no run {name} in the history", hint="rig runs lists them")
    return id


@runs_group.command("keep")
@click.argument("number", type=click.IntRange(0))
@_BOARD
@_KIND
@_YES
def keep_command(number: int, board: str | None, kind: str | None, yes: bool) -> int:
    """Keep the newest NUMBER runs of each set of boards and kind, and delete the others; baselines stay."""
    with open_store() as store:
        groups: dict[tuple[tuple[str, ...], str], list[Entry]] = {}
        for entry in store.entries(board=board, kind=kind):
            groups.setdefault((tuple(sorted(entry.boards)), entry.kind), []).append(entry)
        ids = [
            entry.id
            for entries in groups.values()
            for entry in (entries[:-number] if number else entries)
            if not entry.baseline
        ]
        if not ids:
            click.echo("nothing to delete")
            return ExitCode.DONE
        _delete(store, ids, yes=yes)
    return ExitCode.DONE


def _delete(store: Store, ids: list[str], *, yes: bool) -> None:
    if not yes:
        for id in ids:
            click.echo(id)
        click.confirm(f"delete {plural(len(ids), 'run')} with all files?", abort=True)
    removed = store.delete(ids, below=runs_directory())
    directories = f"{len(removed)} director{'y' if len(removed) == 1 else 'ies'}"
    click.echo(f"deleted {plural(len(ids), 'run')}, {directories} removed")
