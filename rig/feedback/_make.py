"""Puts a feedback archive together from a run's record and files, without names and paths."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rig import __version__
from rig.errors import UsageError
from rig.feedback._archive import Content
from rig.feedback._issue import Issue, issues
from rig.feedback._scrub import Scrubber
from rig.publish import file_name, findings, html, sequence_text
from rig.records import RunRecord, from_json, read_events, to_json

_LARGEST = 256 << 20
_TEXTS = {"console.log": "what the firmware logged", "agent.log": "what the Agent logged"}
_CAPTURE = "link.pcapng"


@dataclass(frozen=True, kw_only=True, slots=True)
class Feedback:
    """What would be written. ``name``: of the archive; ``left_out``: files that stay behind, and why."""

    name: str
    contents: tuple[Content, ...]
    issues: tuple[Issue, ...]
    about: Mapping[str, str]
    left_out: tuple[str, ...]


def make_feedback(
    record: RunRecord, directory: Path | None, scrubber: Scrubber, *, captures: bool = True, name: str = ""
) -> Feedback:
    """Everything that goes into the archive of a run; nothing is written.

    :param directory: where the run's files lie; None if only its record is left.
    :param captures: also what crossed the link.
    :param name: of the archive, as the texts call it; default: made of the run's id.
    """
    plain = scrubber.plain(to_json(record))
    clean = from_json(plain)
    name = name or f"feedback-{clean.run.id}.zip"
    left_out: list[str] = []
    logs = _logs(directory, scrubber, left_out, captures=captures) if directory is not None else []
    if directory is None:
        left_out.append("logs and captures: only the record of this run is left")
    texts = issues(clean, archive=name, windows=_windows(directory))
    contents = [
        _text("issues/" + issue.name.removeprefix("issues/"), f"issue text: {issue.title}", issue.text)
        for issue in texts
    ]
    contents += [
        _text(
            "results.json", "the record: environment, every raw sample, verdicts", json.dumps(plain, indent=1) + "\n"
        ),
        _text("report.html", "the report, made of that record", html(clean)),
        _text("images.json", "digests, versions and options of the firmware images", _images(clean)),
    ]
    for board in clean.boards:
        for number, finding in enumerate(findings(clean, board.name), 1):
            text = sequence_text(clean, board.name, finding)
            contents.append(
                _text(file_name(board.name, number, finding), "calls that break a promise, for rig replay", text)
            )
    return Feedback(
        name=name,
        contents=(*contents, *logs),
        issues=tuple(texts),
        about={
            "run": clean.run.id,
            "results": plain["schema"],
            "rig": __version__,
            "boards": ", ".join(board.name for board in clean.boards),
        },
        left_out=tuple(left_out),
    )


def _text(name: str, what: str, text: str) -> Content:
    return Content(name=name, what=what, data=text.encode("utf-8", errors="replace"))


def _images(record: RunRecord) -> str:
    boards: dict[str, Any] = {board.name: [to_json(board)["firmware"]][0] for board in record.boards}
    return json.dumps(boards, indent=1) + "\n"


def _logs(directory: Path, scrubber: Scrubber, left_out: list[str], *, captures: bool) -> list[Content]:
    found: list[Content] = []
    for path in sorted(directory.iterdir()):
        kind = next((kind for kind in (*_TEXTS, _CAPTURE) if path.name == kind or path.name.endswith(f"-{kind}")), None)
        if kind is None or not path.is_file() or path.is_symlink() or not path.stat().st_size:
            continue
        if path.stat().st_size > _LARGEST:
            left_out.append(f"{path.name}: more than {_LARGEST >> 20} MiB")
            continue
        name = scrubber.text(path.name)
        if kind in _TEXTS:
            text = scrubber.text(path.read_text(encoding="utf-8", errors="replace"))
            found.append(_text(name, _TEXTS[kind], text))
            continue
        if not captures:
            left_out.append(f"{path.name}: as you asked")
            continue
        data = path.read_bytes()
        telling = scrubber.found_in(data)
        if telling:
            left_out.append(f"{path.name}: {telling} stands in it, and a capture cannot be rewritten")
            continue
        found.append(Content(name=name, what="what crossed the link (pcapng)", data=data))
    return found


def _windows(directory: Path | None) -> dict[tuple[str, str], str]:
    """When each experiment was measured with shared memory, for whoever looks into the capture."""
    journal = directory / "events.jsonl" if directory is not None else None
    if journal is None or not journal.exists():
        return {}
    windows: dict[tuple[str, str], str] = {}
    try:
        begin: datetime | None = None
        for event in read_events(journal):
            if event.kind == "run" and begin is None:
                begin = datetime.fromisoformat(str(event.data["run"]["started"])).astimezone(UTC)  # type: ignore[index]
            if event.kind == "finished" and begin is not None and event.data["variant"] == "shm":
                end = begin + timedelta(seconds=event.seconds)
                start = end - timedelta(seconds=float(str(event.data["took"])))
                key = str(event.data["board"]), str(event.data["experiment"])
                windows[key] = f"from {start:%H:%M:%S} to {end:%H:%M:%S} UTC"
    except (UsageError, KeyError, ValueError, TypeError):
        return {}  # a help to find something; the archive is whole without
    return windows
