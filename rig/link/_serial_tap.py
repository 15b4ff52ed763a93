"""Tap of a serial line: the board's device on one side, a pty for the Agent on the other.

Knows frames as units on the line; must not know messages beyond counting them.
"""

from __future__ import annotations

import time
from pathlib import Path

from rig.link._capture import LinkCapture
from rig.link._counters import Direction
from rig.link._line import DeviceEnd, LineEnd, PtyEnd
from rig.link._pacing import Pacer
from rig.link._tap import HOLD_LIMIT, LinkTap, Observer
from rig.xrce import Frame, FrameDecoder

_ANY_RATE = 115200


class SerialTap(LinkTap):
    """Passes bytes between ``device`` and ``agent_device``, a pty that the Agent opens.

    Without noise bytes pass as they come; with a noise plan, frame by frame.

    :param device: the board's serial device or pty.
    :param baud: rate to pace the line to, both directions; None passes at once (a real UART paces itself).
    :param line_rate: rate to set on a real device.
    """

    def __init__(
        self,
        device: str | Path,
        *,
        baud: int | None = None,
        line_rate: int | None = None,
        capture: Path | None = None,
        observer: Observer | None = None,
    ) -> None:
        super().__init__(capture=capture, observer=observer)
        self._board = DeviceEnd(device, line_rate or baud or _ANY_RATE)
        self._agent: PtyEnd | None = None
        self._pacers = {direction: Pacer(baud) for direction in Direction}
        self._decoders = {direction: FrameDecoder() for direction in Direction}
        self._hold_until: dict[Direction, float] = {}

    @property
    def agent_device(self) -> str:
        """Path of the pty for the Agent; known after the start."""
        return self._agent.device if self._agent is not None else ""

    @property
    def board_present(self) -> bool:
        """Whether the board's device is there; one that vanished is opened again when it comes back."""
        return self._board.fileno >= 0

    def pace(self, baud: int | None) -> None:
        """Pace the line to another rate, in bit/s, from now on; None does not pace it."""
        with self._lock:
            for pacer in self._pacers.values():
                pacer.set_rate(baud)
        self._wake()

    def _open_capture(self, path: Path) -> LinkCapture:
        return LinkCapture(path, serial=True, name=f"serial {self._board.device}")

    def _open(self) -> None:
        self._board.open()
        self._agent = PtyEnd()

    def _close(self) -> None:
        self._board.close()
        if self._agent is not None:
            self._agent.close()

    def _ends(self) -> list[tuple[LineEnd, Direction]]:
        assert self._agent is not None
        return [(self._board, Direction.TO_AGENT), (self._agent, Direction.TO_BOARD)]

    def _sink(self, direction: Direction) -> LineEnd:
        assert self._agent is not None
        return self._agent if direction is Direction.TO_AGENT else self._board

    def _readers(self) -> list[int]:
        # A sender that is faster than the line has to wait, as behind a UART's own buffer.
        return [end.fileno for end, way in self._ends() if end.fileno >= 0 and not self._pacers[way].full]

    def _writers(self) -> list[int]:
        return [end.fileno for end, _ in self._ends() if end.wants_write]

    def _deadline(self) -> float | None:
        times = [end.deadline for end, _ in self._ends()]
        times += [pacer.deadline for pacer in self._pacers.values()]
        times += self._hold_until.values()
        return min((when for when in times if when is not None), default=None)

    def _on_writable(self, fileno: int) -> None:
        for end, _ in self._ends():
            if end.fileno == fileno:
                end.flush()

    def _on_readable(self, fileno: int, now: float) -> None:
        for end, direction in self._ends():
            if end.fileno == fileno:
                data = end.read()
                if data:
                    self._arrived(direction, data, now)

    def _arrived(self, direction: Direction, data: bytes, now: float) -> None:
        tally = self._tallies[direction]
        if self._cut:
            tally.dropped_bytes += len(data)
            events = self._decoders[direction].feed(data)
            tally.dropped_messages += sum(1 for event in events if isinstance(event, Frame))
            return
        if self._injectors is None:
            self._pass(direction, data, now)
            self._note(direction, data)
            return
        injector = self._injectors[direction]
        for event in self._decoders[direction].feed(data):
            units = injector.apply(event.raw) if isinstance(event, Frame) else [event.raw]
            for unit in units:
                self._pass(direction, unit, now)
                self._note_unit(direction, unit)
        if injector.holding:
            self._hold_until.setdefault(direction, now + HOLD_LIMIT)
        else:
            self._hold_until.pop(direction, None)

    def _pass(self, direction: Direction, data: bytes, now: float) -> None:
        self._tallies[direction].bytes += len(data)
        self._pacers[direction].put(data, now)

    def _note(self, direction: Direction, data: bytes) -> None:
        """Count, capture and show the frames in bytes that pass."""
        for event in self._decoders[direction].feed(data):
            self._note_event(direction, event.payload if isinstance(event, Frame) else None, event.raw)

    def _note_unit(self, direction: Direction, unit: bytes) -> None:
        """Count a unit that passes on its own, after faults."""
        events = FrameDecoder().feed(unit)
        whole = [event for event in events if isinstance(event, Frame)]
        self._note_event(direction, whole[0].payload if whole else None, unit)

    def _note_event(self, direction: Direction, message: bytes | None, raw: bytes) -> None:
        stamp = time.time_ns()
        if self._capture is not None:
            self._capture.write(direction, raw, stamp)
        if message is None:
            self._tallies[direction].framing_errors += 1
            return
        self._tallies[direction].message(message)
        self._observe(direction, message, stamp)

    def _poll(self, now: float) -> None:
        for end, _ in self._ends():
            end.look(now)
        for direction, until in list(self._hold_until.items()):
            if now >= until:
                del self._hold_until[direction]
                if self._injectors is not None:
                    for unit in self._injectors[direction].flush():
                        self._pass(direction, unit, now)
                        self._note_unit(direction, unit)
        for direction, pacer in self._pacers.items():
            if self._cut:
                self._tallies[direction].dropped_bytes += pacer.queued
                pacer.clear()
            data = pacer.take(now)
            if data:
                self._tallies[direction].dropped_bytes += self._sink(direction).write(data)
