"""The event log: on disk at once, readable after a kill at any byte, and a record can be made of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sample_record import sample

from rig.errors import ResultsFault, UsageError
from rig.records import EventLog, RunRecord, load, read_events, record_from_events, to_json


def journal(record: RunRecord, path: Path) -> None:
    """The log that a run with this record leaves: the run twice, at its begin without an end."""
    begun = replace(record.run, finished=None, seconds=None, outcome=None)
    with EventLog(path) as log:
        log.write("run", {"run": to_json(begun), "environment": to_json(record.environment)})
        for board in record.boards:
            log.write("board", {"board": to_json(replace(board, firmware=()))})
            log.write("board", {"board": to_json(board)})
            log.write("step", {"board": board.name, "step": "flash and boot", "total": 9, "done": 1})
        for measurement in record.measurements:
            log.write("measurement", {"measurement": to_json(measurement)})
        for fault in record.faults:
            log.write("fault", {"fault": to_json(fault)})
        for claim in record.claims:
            log.write("claim", {"claim": to_json(claim)})
        log.write("run", {"run": to_json(record.run), "environment": to_json(record.environment)})


def test_a_whole_log_gives_the_whole_record(tmp_path: Path) -> None:
    journal(sample(), tmp_path / "events.jsonl")
    assert record_from_events(tmp_path / "events.jsonl") == sample()
    assert load(tmp_path) == sample(), "a directory without results.json is read from its log"


def test_events_are_in_order_and_timed(tmp_path: Path) -> None:
    with EventLog(tmp_path / "events.jsonl") as log:
        written = [log.write("step", {"step": f"number {i}"}) for i in range(5)]
    found = list(read_events(tmp_path / "events.jsonl"))
    assert found == written
    assert [event.seconds for event in found] == sorted(event.seconds for event in found)


def test_an_event_is_on_disk_before_write_returns(tmp_path: Path) -> None:
    with EventLog(tmp_path / "events.jsonl") as log:
        log.write("step", {"step": "one"})
        assert [event.kind for event in read_events(tmp_path / "events.jsonl")] == ["step"]


def test_a_log_cut_at_any_byte_gives_what_was_whole(tmp_path: Path) -> None:
    record = sample()
    small = replace(record, boards=record.boards[:1], measurements=record.measurements[:2], claims=record.claims[:2])
    journal(small, tmp_path / "whole.jsonl")
    whole = (tmp_path / "whole.jsonl").read_bytes()
    events = list(read_events(tmp_path / "whole.jsonl"))
    cut = tmp_path / "cut.jsonl"
    first = whole.index(b"\n") + 1
    for length in range(0, len(whole), 7):
        cut.write_bytes(whole[:length])
        assert list(read_events(cut)) == events[: whole[:length].count(b"\n")]
        if length < first:
            with pytest.raises(UsageError, match="no run in this event log"):
                record_from_events(cut)
        else:
            assert record_from_events(cut).run.id == record.run.id


def test_a_killed_run_has_no_outcome_and_keeps_its_figures(tmp_path: Path) -> None:
    """A real process, killed for good while it writes."""
    path = tmp_path / "events.jsonl"
    program = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path\nfrom sample_record import sample\nfrom rig.records import EventLog, to_json\n"
        "r = sample(outcome=None)\nlog = EventLog(Path(sys.argv[1]))\n"
        "log.write('run', {'run': to_json(r.run), 'environment': to_json(r.environment)})\n"
        "while True:\n"
        "    for m in r.measurements: log.write('measurement', {'measurement': to_json(m)})\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path), *sys.path])
    try:
        end = time.monotonic() + 60
        while not (path.exists() and path.stat().st_size > 200_000):
            assert time.monotonic() < end, "the process wrote nothing"
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=30)
    record = load(tmp_path)
    assert record.run.outcome is None
    assert record.measurements[:50] == sample().measurements[:50]


def test_a_full_disk_is_said_at_the_write() -> None:
    log = EventLog(Path("/dev/full"))
    with pytest.raises(ResultsFault, match="No space left"):
        log.write("step", {"step": "one"})
    log.close()


@pytest.mark.parametrize(
    "line", ["", "{}", "not json", "[1]", '{"seconds": 1}', '{"seconds": 1, "kind": "run", "run": {}}', '"text"']
)
def test_a_line_that_is_no_event_is_refused_by_place(tmp_path: Path, line: str) -> None:
    path = tmp_path / "events.jsonl"
    journal(sample(), path)
    path.write_text(line + "\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        record_from_events(path)
    assert "events.jsonl" in caught.value.message
    assert "\n" not in caught.value.message
