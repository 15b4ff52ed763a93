"""Console recorder, latch and teardown on their own."""

import threading
import time
from pathlib import Path

import pytest

from rig.board import ConsoleRecorder
from rig.board._console import ConsolePump
from rig.board._latch import Latch
from rig.board._teardown import run_step
from rig.errors import BoardFault, ProbeFault, UsageError


def test_recorder_keeps_bytes_and_order_from_many_threads(tmp_path: Path) -> None:
    recorder = ConsoleRecorder(tmp_path / "console.log")
    threads = [
        threading.Thread(target=lambda mark=mark: [recorder.record(bytes([mark]) * 3) for _ in range(200)])  # type: ignore[misc]
        for mark in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(recorder.raw()) == 4 * 200 * 3
    assert all(len(set(chunk.data)) == 1 for chunk in recorder.chunks())
    assert (tmp_path / "console.log").read_bytes() == recorder.raw()
    recorder.close()
    recorder.record(b"late")
    assert recorder.raw().endswith(b"late")


def test_recorder_shows_what_is_no_text() -> None:
    recorder = ConsoleRecorder()
    recorder.record(b"ok \xff\n\xe2\x82")
    recorder.record(b"\xac end")
    assert recorder.lines() == ["ok \ufffd", "€ end"]
    assert recorder.wait_for("end", 0)
    assert not recorder.wait_for("never", 0.05)


def test_pump_carries_over_and_looks_once_more_when_stopped() -> None:
    recorder = ConsoleRecorder()
    waiting = [b"one", b"two"]
    pump = ConsolePump(recorder, lambda: waiting.pop(0) if waiting else b"", 0.001)
    deadline = time.monotonic() + 10
    while recorder.raw() != b"onetwo":
        assert time.monotonic() < deadline
        time.sleep(0.001)
    waiting.append(b"last")
    pump.stop()
    pump.stop()
    assert recorder.raw() == b"onetwolast"


def test_pump_survives_a_source_that_fails() -> None:
    recorder = ConsoleRecorder()
    calls = iter([ZeroDivisionError(), b"after"])

    def source() -> bytes:
        value = next(calls, b"")
        if isinstance(value, Exception):
            raise value
        return value

    pump = ConsolePump(recorder, source, 0.001)
    assert recorder.wait_for("after", 10)
    pump.stop()


def test_latch_keeps_the_first_cause() -> None:
    latch = Latch("b", lambda: None)
    with pytest.raises(ProbeFault, match="first"), latch.step():
        raise ProbeFault("first")
    with pytest.raises(BoardFault, match="board b is out of use since: first"), latch.step():
        raise AssertionError("not reached")
    latch.reset()
    with latch.step():
        pass


def test_latch_lets_usage_errors_and_harmless_accesses_pass() -> None:
    latch = Latch("b", lambda: None)
    with pytest.raises(UsageError), latch.step():
        raise UsageError("wrong file")
    with pytest.raises(ProbeFault), latch.access():
        raise ProbeFault("no memory there")
    latch.check()


def test_latch_prefers_the_death_of_the_board_as_cause() -> None:
    latch = Latch("b", lambda: "signal 9")
    with pytest.raises(BoardFault, match="board b is gone: signal 9"), latch.access():
        raise ProbeFault("socket closed")


def test_teardown_step_is_bounded_and_its_failure_reported(caplog: pytest.LogCaptureFixture) -> None:
    release = threading.Event()
    assert not run_step("hanging", release.wait, timeout=0.05)
    release.set()
    assert not run_step("failing", lambda: 1 / 0)
    assert run_step("fine", lambda: None)
    assert "hanging did not end" in caplog.text
    assert "failing failed" in caplog.text
