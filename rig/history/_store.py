"""The store of runs: one SQLite file beside their directories, which outlives what is deleted there.

A record is kept whole (compressed), so that all else in the file can be made anew from it. Knows no terminal.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rig.errors import ResultsFault, UsageError
from rig.publish import metric_name
from rig.records import Measurement, RunRecord, Verdict, from_json, load, printable, to_json

STORE = "history.sqlite"
"""Its name in the directory of runs."""

_VERSION = 1
_LARGEST = 1 << 30  # of a record when it is unpacked
_WAIT = 20.0  # for another process that writes, seconds
_TABLES = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, started TEXT NOT NULL, seconds REAL, kind TEXT NOT NULL, outcome TEXT, rig TEXT NOT NULL,
    agent TEXT NOT NULL, directory TEXT, stamp INTEGER NOT NULL DEFAULT 0, baseline INTEGER NOT NULL DEFAULT 0,
    record BLOB NOT NULL);
CREATE TABLE boards (
    run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, name TEXT NOT NULL, kind TEXT, clock TEXT,
    firmware TEXT NOT NULL, PRIMARY KEY (run, name));
CREATE TABLE claims (
    run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, board TEXT NOT NULL, claim TEXT NOT NULL,
    verdict TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (run, board, claim));
CREATE TABLE figures (
    run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, board TEXT NOT NULL, experiment TEXT NOT NULL,
    variant TEXT NOT NULL, path TEXT NOT NULL, metric TEXT NOT NULL, family TEXT NOT NULL, unit TEXT NOT NULL,
    clock TEXT NOT NULL, exact INTEGER NOT NULL, conditions TEXT NOT NULL, count INTEGER NOT NULL, p50 REAL NOT NULL,
    p99 REAL NOT NULL);
CREATE INDEX figures_by_run ON figures (run);
CREATE INDEX figures_by_metric ON figures (board, metric);
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A run as lists show it. ``directory``: None where only the store has it; ``verdicts``: claims by verdict."""

    id: str
    started: str
    seconds: float | None
    kind: str
    outcome: str | None
    boards: tuple[str, ...]
    directory: Path | None
    baseline: bool
    verdicts: dict[Verdict, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One figure of one run: a point of a trend."""

    run: str
    board: str
    experiment: str
    variant: str
    path: str
    metric: str
    unit: str
    clock: str
    exact: bool
    conditions: dict[str, Any]
    count: int
    p50: float


class Store:
    """The runs of a directory, oldest first wherever there are several.

    :raises UsageError: the file is none, or of a later version. :raises ResultsFault: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._guard():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
            try:
                self._db.execute("PRAGMA foreign_keys = ON")
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            self._db.execute("ROLLBACK")
            raise UsageError(
                f"{self.path}: a later version of the rig made it (format {version}, this one reads {_VERSION})",
                hint="use that version, or move the file away: rig runs makes it anew from the runs that lie here",
            )
        if version == 0:
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {_VERSION}")
        self._db.execute("COMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise ResultsFault(
                f"cannot use {self.path}: {error}", hint="make room there, or wait for the run that writes to it"
            ) from error
        except sqlite3.DatabaseError as error:
            raise UsageError(
                f"{self.path} is no store of runs: {error}",
                hint="move it away: rig runs makes it anew from the runs that lie here",
            ) from error
        except OSError as error:
            raise ResultsFault(f"cannot use {self.path}: {error.strerror}", hint="make room there") from error

    @contextmanager
    def _write(self) -> Iterator[None]:
        with self._guard():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _ask(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._guard():
            return self._db.execute(statement, values).fetchall()

    def add(self, record: RunRecord, directory: Path | None, *, stamp: int = 0) -> None:
        """Take in a run, or what has become of it since.

        :param directory: where its files lie. :param stamp: of its record there, as ``sync`` compares it.
        """
        run = record.run
        packed = zlib.compress(json.dumps(to_json(record)).encode(), 6)
        where = str(directory.resolve()) if directory is not None else None
        with self._write():
            (baseline,) = self._db.execute("SELECT baseline FROM runs WHERE id = ?", (run.id,)).fetchone() or (0,)
            self._db.execute("DELETE FROM runs WHERE id = ?", (run.id,))
            self._db.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    run.id,
                    _utc(run.started),
                    run.seconds,
                    run.kind,
                    run.outcome,
                    run.rig_version,
                    record.environment.agent,
                    where,
                    stamp,
                    baseline,
                    packed,
                ),
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO boards VALUES (?, ?, ?, ?, ?)",
                [
                    (run.id, b.name, b.kind, b.clock, json.dumps({f.variant: f.digest for f in b.firmware}))
                    for b in record.boards
                ],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO claims VALUES (?, ?, ?, ?, ?)",
                [(run.id, c.board, c.id, c.verdict.value, c.reason) for c in record.claims],
            )
            self._db.executemany(
                "INSERT INTO figures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [row for m in record.measurements if (row := _row(run.id, m)) is not None],
            )

    def sync(self, runs: Path) -> list[str]:
        """Take in the runs below a directory that are new or have changed; what cannot be read, in words."""
        known = {where: stamp for where, stamp in self._ask("SELECT directory, stamp FROM runs") if where}
        trouble: list[str] = []
        for directory in sorted(d for d in runs.glob("*/") if not d.is_symlink()):
            stamp = _stamp(directory)
            if stamp is None or known.get(str(directory.resolve())) == stamp:
                continue
            try:
                self.add(load(directory), directory, stamp=stamp)
            except UsageError as error:
                trouble.append(f"{directory.name}: {error.message}")
        return trouble

    def entries(self, *, board: str | None = None, kind: str | None = None) -> list[Entry]:
        """The runs, oldest first."""
        boards: dict[str, list[str]] = {}
        for run, name in self._ask("SELECT run, name FROM boards ORDER BY rowid"):
            boards.setdefault(run, []).append(name)
        verdicts: dict[str, dict[Verdict, int]] = {}
        for run, verdict, number in self._ask("SELECT run, verdict, COUNT(*) FROM claims GROUP BY run, verdict"):
            verdicts.setdefault(run, {})[Verdict(verdict)] = number
        rows = self._ask(
            "SELECT id, started, seconds, kind, outcome, directory, baseline FROM runs ORDER BY started, id"
        )
        return [
            Entry(
                id=id,
                started=started,
                seconds=seconds,
                kind=own,
                outcome=outcome,
                boards=tuple(boards.get(id, ())),
                directory=Path(where) if where and Path(where).is_dir() else None,
                baseline=bool(baseline),
                verdicts=verdicts.get(id, {}),
            )
            for id, started, seconds, own, outcome, where, baseline in rows
            if (board is None or board in boards.get(id, ())) and kind in (None, own)
        ]

    def record(self, id: str) -> RunRecord:
        """A whole record.

        :raises UsageError: there is none of this id.
        """
        rows = self._ask("SELECT record FROM runs WHERE id = ?", (id,))
        if not rows:
            raise UsageError(f"no run {printable(id)} in the history", hint="rig runs lists them")
        unpack = zlib.decompressobj()
        try:
            text = unpack.decompress(rows[0][0], _LARGEST)
            return from_json(json.loads(text))
        except (zlib.error, ValueError) as error:
            raise UsageError(
                f"{self.path}: the record of run {id} is damaged: {error}", hint=f"delete it: rig runs delete {id}"
            ) from error

    def find(self, name: str) -> str | None:
        """The id that a name means: an id, or the beginning of exactly one; None if there is none.

        :raises UsageError: it is the beginning of several.
        """
        ids = [id for (id,) in self._ask("SELECT id FROM runs ORDER BY started, id")]
        if name in ids:
            return name
        near = [id for id in ids if name and id.startswith(name)]
        if len(near) > 1:
            raise UsageError(
                f"{name} is the beginning of {len(near)} ids: {', '.join(near[:4])}", hint="name more of it"
            )
        return near[0] if near else None

    def delete(self, ids: Iterable[str], *, below: Path) -> list[Path]:
        """Forget runs, and remove those of their directories that lie in the directory of runs; returns these."""
        removed: list[Path] = []
        for id in ids:
            rows = self._ask("SELECT directory FROM runs WHERE id = ?", (id,))
            directory = Path(rows[0][0]) if rows and rows[0][0] else None
            if directory is not None and directory.is_dir() and directory.parent == below.resolve():
                try:
                    shutil.rmtree(directory)
                except OSError as error:
                    raise ResultsFault(
                        f"cannot remove {directory}: {error.strerror}", hint="remove it by hand"
                    ) from error
                removed.append(directory)
            with self._write():
                self._db.execute("DELETE FROM runs WHERE id = ?", (id,))
        latest = below / "latest"
        if latest.is_symlink() and not latest.exists():
            latest.unlink()
            with suppress(OSError, ValueError):
                newest = [e.directory for e in self.entries() if e.directory and e.directory.parent == below.resolve()][
                    -1:
                ]
                if newest:
                    latest.symlink_to(newest[0].name)
        return removed

    def set_baseline(self, id: str, *, on: bool = True) -> list[str]:
        """Make a run the baseline of its boards and kind, in place of an earlier one; returns the ids that were."""
        (kind,) = self._ask("SELECT kind FROM runs WHERE id = ?", (id,))[0]
        boards = {name for (name,) in self._ask("SELECT name FROM boards WHERE run = ?", (id,))}
        before = [e.id for e in self.entries(kind=kind) if e.baseline and (boards & set(e.boards) or not boards)]
        with self._write():
            for other in before:
                self._db.execute("UPDATE runs SET baseline = 0 WHERE id = ?", (other,))
            if on:
                self._db.execute("UPDATE runs SET baseline = 1 WHERE id = ?", (id,))
        return [other for other in before if other != id]

    def baseline_for(self, record: RunRecord) -> str | None:
        """The baseline of a run's boards and kind; failing that, of its boards."""
        boards = {board.name for board in record.boards}
        fitting = [e for e in self.entries() if e.baseline and boards & set(e.boards)]
        fitting.sort(key=lambda e: (e.kind == record.run.kind, len(boards & set(e.boards)), e.started))
        return fitting[-1].id if fitting else None

    def alike(self, record: RunRecord) -> list[str]:
        """Other runs of the same images, boards and kind: each can witness what one of them shows."""
        own = {b.name: {f.variant: f.digest for f in b.firmware} for b in record.boards}
        found: dict[str, dict[str, Any]] = {}
        for run, name, firmware in self._ask(
            "SELECT run, name, firmware FROM boards JOIN runs ON runs.id = run WHERE runs.kind = ?"
            " ORDER BY started, id",
            (record.run.kind,),
        ):
            found.setdefault(run, {})[name] = json.loads(firmware)
        return [run for run, boards in found.items() if boards == own and run != record.run.id]

    def newest(self) -> list[tuple[str, str, str]]:
        """Of each board and kind of run the newest run: board, kind, run."""
        found = {
            (name, kind): run
            for run, name, kind in self._ask(
                "SELECT boards.run, boards.name, runs.kind FROM boards JOIN runs ON runs.id = boards.run"
                " ORDER BY started, id"
            )
        }
        return [(board, kind, run) for (board, kind), run in sorted(found.items())]

    def stamp(self, id: str) -> int:
        """What is another when the record of a run is."""
        rows = self._ask("SELECT rowid, LENGTH(record), stamp FROM runs WHERE id = ?", (id,))
        return hash(rows[0]) if rows else 0

    def figures(self, *, board: str | None, kind: str, metric: str | None) -> list[Figure]:
        """Figures of all runs of a kind, oldest run first."""
        rows = self._ask(
            "SELECT run, board, experiment, variant, path, metric, unit, clock, exact, conditions, count, p50"
            " FROM figures"
            " JOIN runs ON runs.id = run WHERE runs.kind = ?1 AND (?2 IS NULL OR board = ?2)"
            " AND (?3 IS NULL OR metric = ?3 OR family = ?3) ORDER BY started, id, figures.rowid",
            (kind, board, metric),
        )
        return [
            Figure(
                run=run,
                board=name,
                experiment=experiment,
                variant=variant,
                path=path,
                metric=own,
                unit=unit,
                clock=clock,
                exact=bool(exact),
                conditions=json.loads(conditions),
                count=count,
                p50=p50,
            )
            for run, name, experiment, variant, path, own, unit, clock, exact, conditions, count, p50 in rows
        ]

    def verdicts(self, *, board: str | None, kind: str) -> list[tuple[str, str, str, Verdict, str]]:
        """Run, board, claim, verdict, reason of all runs of a kind, oldest run first."""
        rows = self._ask(
            "SELECT run, board, claim, verdict, reason FROM claims JOIN runs ON runs.id = run"
            " WHERE runs.kind = ?1 AND (?2 IS NULL OR board = ?2) ORDER BY started, id, claims.rowid",
            (kind, board),
        )
        return [(run, name, claim, Verdict(verdict), reason) for run, name, claim, verdict, reason in rows]

    def metrics(self) -> list[str]:
        """Every metric that some run has."""
        return [name for (name,) in self._ask("SELECT DISTINCT metric FROM figures ORDER BY metric")]


def _row(run: str, m: Measurement) -> tuple[object, ...] | None:
    summary = m.summary
    if summary is None:
        return None
    conditions = json.dumps(dict(sorted(m.conditions.items())))
    middle = (summary.count, summary.p50, summary.p99)
    who = (run, m.board, m.experiment, m.variant, m.path, m.metric, metric_name(m), m.unit, m.clock or "", int(m.exact))
    return (*who, conditions, *middle)


def _utc(stamp: str) -> str:
    """Sorts by time."""
    moment = datetime.fromisoformat(stamp)
    return (
        moment.astimezone(tz=UTC).isoformat(timespec="seconds")
        if moment.tzinfo
        else moment.isoformat(timespec="seconds")
    )


def _stamp(directory: Path) -> int | None:
    """What changes when a run's record does; None where there is no run."""
    for name in ("results.json", "events.jsonl"):
        with suppress(OSError):
            return (directory / name).stat().st_mtime_ns
    return None
