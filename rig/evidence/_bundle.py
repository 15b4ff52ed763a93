"""The files of one fault, in a directory of their own.

``fault.txt`` is for people and ``fault.json`` for tools; ``core.elf`` and ``firmware.elf`` are for gdb. Each step has a
time limit and may fail: then the bundle says what is missing, and the next step runs in any case.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TypeVar, final

from rig.board import Board
from rig.errors import RigError, describe
from rig.evidence._core_file import write_core
from rig.evidence._core_state import CoreState, look, read_memory
from rig.evidence._lines import SourceLine
from rig.evidence._unwind import Frame
from rig.link import Direction
from rig.probe import Probe
from rig.records import printable
from rig.traffic import DecodedLine, MessageDescriber

__all__ = ["Bundle", "Circumstances", "Sent", "collect", "free_directory"]

_ANSWER_SECONDS, _CORE_SECONDS, _MEMORY_SECONDS, _LINES_SECONDS = 3.0, 6.0, 20.0, 20.0
_CONSOLE_LINES, _LOG_LINES = 100, 100
_TAIL_BYTES = 64 << 10
_SHOWN_INNER, _SHOWN_OUTER = 10, 3
_T = TypeVar("_T")


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """What is known before the board is examined: who is at fault, what was seen, and what the rig was doing."""

    blame: str
    message: str
    hint: str
    board: str
    step: str
    trace: TracebackType | None = None

    @classmethod
    def of(cls, error: RigError, *, board: str, step: str, seen: BaseException | None = None) -> Circumstances:
        """Those of an error; ``seen``: the exception by which it was noticed, if that was another one."""
        trace = (seen if seen is not None else error).__traceback__
        return cls(blame=error.blame, message=error.message, hint=error.hint, board=board, step=step, trace=trace)

    def doing(self) -> list[str]:
        """The rig's own call stack when it saw the fault, outermost call first: ``rig/bench/_bench.py:120 in
        exchange``.
        """
        found: list[str] = []
        trace = self.trace
        while trace is not None:
            code = trace.tb_frame.f_code
            _, inside, file = code.co_filename.rpartition("/rig/")
            if inside:
                found.append(f"rig/{file}:{trace.tb_lineno} in {code.co_name}")
            trace = trace.tb_next
        return found


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One message that crossed the link, ``at_ns`` since the epoch."""

    at_ns: int
    direction: Direction
    message: bytes = field(repr=False)


@final
@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """What was kept. ``place``: where the firmware stands, in words, empty if unknown; ``backtrace``: in words."""

    directory: Path
    place: str
    backtrace: tuple[str, ...]

    @property
    def name(self) -> str:
        """The directory relative to that of its run."""
        return f"{self.directory.parent.name}/{self.directory.name}"


def free_directory(run: Path, board: str) -> Path:
    """Directory for the next fault of a board in this run: ``faults/BOARD-1`` and so on; it does not exist yet."""
    folder = run / "faults"
    return next(place for number in count(1) if not (place := folder / f"{board}-{number}").exists())


def collect(
    directory: Path,
    about: Circumstances,
    *,
    board: Board | None,
    sent: Sequence[Sent] = (),
    logs: Mapping[str, Path] | None = None,
) -> Bundle:
    """Collect everything about a fault in ``directory``, which is created. What it cannot get raises no error.

    :param board: the board; None if it never started.
    :param sent: the last messages on the link, oldest first.
    :param logs: name of a log (``agent.log``) and its path; the end of each is kept.
    :raises OSError: nothing can be written there.
    """
    directory.mkdir(parents=True)
    missing: list[str] = []
    core = _core(directory, board, missing)
    frames = _frames_in_words(sent, missing)
    console = board.console.lines()[-_CONSOLE_LINES:] if board is not None else []
    tails = {name: _tail(path) for name, path in (logs or {}).items()}
    backtrace = _backtrace(core)
    place = str(core.frames[0][1][0]) if core is not None and core.frames else ""
    files = {"console.txt": console, "link.txt": frames, **{f"{Path(n).stem}.txt": t for n, t in tails.items()}}
    for name, lines in files.items():
        if lines:
            (directory / name).write_text("".join(f"{printable(line)}\n" for line in lines), encoding="utf-8")
        else:
            missing.append(f"{name}: nothing was said or sent")
    whole = "".join(f"{line}\n" for line in _told(directory, about, core, backtrace, files, missing))
    (directory / "fault.txt").write_text(whole, encoding="utf-8")
    (directory / "fault.json").write_text(json.dumps(_plain(about, core, missing), indent=1) + "\n", encoding="utf-8")
    return Bundle(directory=directory, place=place, backtrace=tuple(_shortened(backtrace)))


def _core(directory: Path, board: Board | None, missing: list[str]) -> CoreState | None:
    """Registers, calls and memory of a board that still answers."""
    if board is None:
        missing.append("registers, backtrace and memory: the board never came up")
        return None
    probe: Probe | None = board.probe
    if probe is None:
        missing.append("registers, backtrace and memory: no debug probe is connected to this board")
        return None
    core = None
    if _within(_ANSWER_SECONDS, probe.state, "the core", missing) is not None:
        core = _within(_CORE_SECONDS + _LINES_SECONDS, lambda: look(board, probe), "registers and backtrace", missing)
    if core is None:
        missing.append("registers, backtrace and memory: the board does not answer any more")
        return None
    notes: list[str] = []

    def keep() -> bool:
        memory = list(read_memory(board, seconds=_MEMORY_SECONDS, notes=notes))
        write_core(directory / "core.elf", core.threads, memory)
        if board.image is not None:
            shutil.copyfile(board.image.path, directory / "firmware.elf")
        return True

    _within(_MEMORY_SECONDS + _CORE_SECONDS, keep, "memory", missing)
    missing.extend(notes)
    return core


def _within(seconds: float, step: Callable[[], _T], what: str, missing: list[str]) -> _T | None:
    """Run a step for so long; one that hangs is left behind in a daemon thread."""
    results: list[_T] = []
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            results.append(step())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=guarded, name=f"evidence {what}", daemon=True)
    thread.start()
    thread.join(seconds)
    if results:
        return results[0]
    if failures:
        error = failures[0]
        missing.append(f"{what}: {error.message if isinstance(error, RigError) else describe(error)}")
    else:
        missing.append(f"{what}: no answer within {seconds:g} s")
    return None


def _frames_in_words(sent: Sequence[Sent], missing: list[str]) -> list[str]:
    describer = MessageDescriber()
    lines: list[str] = []
    for each in sent:
        about = DecodedLine(direction=each.direction)
        when = datetime.fromtimestamp(each.at_ns / 1e9, UTC)
        with contextlib.suppress(Exception):  # words for the last frames are not worth the rest
            lines += [f"{when:%H:%M:%S.%f} {line}" for line in describer.describe(each.message, about)]
    return lines


def _tail(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()[-_LOG_LINES:]
    except OSError:
        return []


def _backtrace(core: CoreState | None) -> list[str]:
    if core is None:
        return []
    lines: list[str] = []
    for number, (frame, places) in enumerate(core.frames):
        for depth, place in enumerate(places):
            inlined = " inlined" if depth < len(places) - 1 else ""
            sure = " (by its return address on the stack)" if frame.guessed and depth == 0 else ""
            lines.append(f"#{number:<2} {frame.pc:#010x} {place}{inlined}{sure}")
    return lines


def _shortened(backtrace: Sequence[str]) -> list[str]:
    """A backtrace for the console and the report: both its ends, for the innermost calls say where the firmware stands
    and the outermost ones from where it came, and a line for what is left out between them.
    """
    left_out = len(backtrace) - _SHOWN_INNER - _SHOWN_OUTER
    if left_out <= 1:  # the line that tells of it takes as much room
        return list(backtrace)
    told = f"... {left_out} lines of the backtrace are in fault.txt alone"
    return [*backtrace[:_SHOWN_INNER], told, *backtrace[-_SHOWN_OUTER:]]


def _told(
    directory: Path,
    about: Circumstances,
    core: CoreState | None,
    backtrace: Sequence[str],
    files: Mapping[str, Sequence[str]],
    missing: Sequence[str],
) -> Iterator[str]:
    yield f"{about.blame} fault on {about.board or 'no board'} during {about.step}: {printable(about.message)}"
    if about.hint:
        yield f"next: {printable(about.hint)}"
    yield from _section("what the rig was doing", [f"step: {about.step}", *about.doing()])
    if core is not None:
        yield from _section("the core", core.notes)
        yield from _section("backtrace", backtrace)
        words = [f"{name:>5} {value:#010x}" for name, value in core.registers.items()]
        yield from _section("registers", ["  ".join(words[at : at + 4]) for at in range(0, len(words), 4)])
        status = [f"{name:>5} {value:#010x}" for name, value in core.status.items()]
        yield from _section("fault status", ["  ".join(status[at : at + 4]) for at in range(0, len(status), 4)])
    for name, lines in files.items():
        yield from _section(f"the end of {name}", [printable(line) for line in lines[-20:]])
    if (directory / "core.elf").exists():
        command = f"gdb-multiarch {directory.name}/firmware.elf {directory.name}/core.elf"
        yield from _section(
            "to look further", [command, "thread 1 is where the fault was; bt, info registers, x/16x $sp"]
        )
    yield from _section("not here", missing)


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in lines)


def _plain(about: Circumstances, core: CoreState | None, missing: Sequence[str]) -> dict[str, object]:
    return {
        "blame": about.blame,
        "message": about.message,
        "hint": about.hint,
        "board": about.board,
        "step": about.step,
        "doing": about.doing(),
        "core": core.state if core is not None else None,
        "notes": list(core.notes) if core is not None else [],
        "registers": {name: f"{value:#010x}" for name, value in core.registers.items()} if core is not None else {},
        "fault_status": {name: f"{value:#010x}" for name, value in core.status.items()} if core is not None else {},
        "backtrace": [_frame(frame, places) for frame, places in core.frames] if core is not None else [],
        "missing": list(missing),
    }


def _frame(frame: Frame, places: Sequence[SourceLine]) -> dict[str, object]:
    return {
        "pc": f"{frame.pc:#010x}",
        "guessed": frame.guessed,
        "places": [{"function": p.function, "file": p.file, "line": p.line} for p in places],
    }
