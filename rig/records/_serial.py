"""Records to JSON and back. The format is documented by ``results.schema.json`` and versioned by its name."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rig.errors import ResultsFault, UsageError
from rig.records._check import check, parse, read_text
from rig.records._events import read_events
from rig.records._model import (
    Board,
    ClaimResult,
    Command,
    Environment,
    Evidence,
    Fault,
    Firmware,
    Measurement,
    Run,
    RunRecord,
    Verdict,
)

SCHEMA_NAME = "microros-shm-rig/results/1"


def _plain(value: object) -> Any:
    if isinstance(value, Measurement):
        fields = {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {**fields, "summary": _plain(value.summary)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def to_json(
    record: RunRecord | Board | Measurement | ClaimResult | Fault | Run | Environment,
) -> dict[str, Any]:
    """A record as plain JSON values; a whole run gets the ``schema`` key first."""
    plain: dict[str, Any] = _plain(record)
    return {"schema": SCHEMA_NAME, **plain} if isinstance(record, RunRecord) else plain


def measurement_from_json(raw: Mapping[str, Any]) -> Measurement:
    """A measurement that ``to_json`` made."""
    values = {k: v for k, v in raw.items() if k != "summary"}
    return Measurement(**{**values, "samples": tuple(raw["samples"])})


def board_from_json(raw: Mapping[str, Any]) -> Board:
    """A board that ``to_json`` made."""
    commands = tuple(Command(**c) for c in raw.get("commands", ()))
    return Board(**{**raw, "firmware": tuple(Firmware(**f) for f in raw["firmware"]), "commands": commands})


def _claim(raw: Mapping[str, Any]) -> ClaimResult:
    evidence = tuple(Evidence(**e) for e in raw["evidence"])
    return ClaimResult(**{**raw, "verdict": Verdict(raw["verdict"]), "evidence": evidence})


def _run(raw: Mapping[str, Any]) -> Run:
    return Run(**{**raw, "resumed": tuple(raw.get("resumed", ()))})


def fault_from_json(raw: Mapping[str, Any]) -> Fault:
    """A fault that ``to_json`` made."""
    return Fault(**{**raw, "console": tuple(raw["console"]), "backtrace": tuple(raw.get("backtrace", ()))})


def from_json(raw: Mapping[str, Any]) -> RunRecord:
    """The record that ``to_json`` made.

    :raises UsageError: not a record, or one of a format that this version does not read.
    """
    if raw.get("schema") != SCHEMA_NAME:
        raise UsageError(
            f"results: schema is {raw.get('schema')!r}, expected {SCHEMA_NAME!r}",
            hint="read the file with the version of the rig that wrote it",
        )
    try:
        check(raw)
        return RunRecord(
            run=_run(raw["run"]),
            environment=Environment(**raw["environment"]),
            boards=tuple(board_from_json(b) for b in raw["boards"]),
            measurements=tuple(measurement_from_json(m) for m in raw["measurements"]),
            claims=tuple(_claim(c) for c in raw["claims"]),
            faults=tuple(fault_from_json(f) for f in raw["faults"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"results: not a valid record: {error}", hint="rig/records/results.schema.json says what one is"
        ) from error


def save(record: RunRecord, path: Path) -> None:
    """Write ``results.json``, whole or not at all.

    :raises ResultsFault: it cannot be written; an earlier file is left as it was.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(json.dumps(to_json(record), indent=1) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise ResultsFault(
            f"cannot write {path.name}: {error.strerror}", hint="free some space, or name another directory"
        ) from error


def load(path: Path) -> RunRecord:
    """Read ``results.json``, or the event log of a run that was killed before it could write one.

    :param path: the file, or the run's directory.
    :raises UsageError: nothing there, or not a record.
    """
    file = path / "results.json" if path.is_dir() else path
    if not file.exists() and path.is_dir() and (path / "events.jsonl").exists():
        return record_from_events(path / "events.jsonl")
    try:
        text = read_text(file)
    except OSError as error:
        raise UsageError(
            f"no run at {path}: {error.strerror}",
            hint="name a directory below reports/runs/, or its results.json",
        ) from error
    return from_json(plain_from_text(text, str(file)))


def plain_from_text(text: str, where: str) -> dict[str, Any]:
    """The plain JSON values of a record, for ``from_json``.

    :raises UsageError: not JSON, or no object; names ``where``.
    """
    try:
        raw = parse(text)
    except ValueError as error:
        raise UsageError(f"{where}: not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise UsageError(f"{where}: expected an object, found {type(raw).__name__}")
    return raw


def record_from_events(path: Path) -> RunRecord:
    """Build a record from an event log; if a board or claim occurs more than once, the last one counts.

    If a run was resumed, the figures of experiments that had not finished before are left out: these were made again.

    :raises UsageError: not an event log, or one without a run.
    """
    try:
        return from_json(_from_events(path))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: not an event log of this version: {error}") from error
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", hint=error.hint) from error


def _from_events(path: Path) -> dict[str, Any]:
    """The record as plain JSON values, as the events tell it."""
    run: Any = None
    environment: Any = {"system": "unknown", "python": "unknown", "tools": {}, "agent": "none"}
    boards: dict[str, Any] = {}
    measurements: list[Any] = []
    claims: dict[tuple[str, str], Any] = {}
    faults: list[Any] = []
    finished: set[tuple[str, str, str]] = set()
    order: dict[str, int] = {}  # boards that are measured at once are first heard of in any order
    for event in read_events(path):
        raw: Mapping[str, Any] = event.data
        match event.kind:
            case "run":
                run, environment = raw["run"], raw["environment"]
            case "options":
                order = {name: number for number, name in enumerate(raw["boards"])}
            case "board":
                boards[raw["board"]["name"]] = raw["board"]
            case "measurement":
                measurements.append(raw["measurement"])
            case "claim":
                claims[raw["claim"]["board"], raw["claim"]["id"]] = raw["claim"]
            case "fault":
                faults.append(raw["fault"])
            case "finished":
                finished.add((raw["board"], raw["variant"], raw["experiment"]))
            case "resumed":
                measurements = [m for m in measurements if (m["board"], m["variant"], m["experiment"]) in finished]
                claims.clear()
                faults = [{**fault, "mended": True} for fault in faults]
    if run is None:
        raise UsageError("no run in this event log")
    return {
        "schema": SCHEMA_NAME,
        "run": run,
        "environment": environment,
        "boards": sorted(boards.values(), key=lambda board: order.get(board["name"], len(order))),
        "measurements": measurements,
        "claims": list(claims.values()),
        "faults": faults,
    }
