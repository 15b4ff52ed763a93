"""Decodes a file of recorded traffic: transcript, capture, raw serial log or an Agent's log.

Knows how to tell these kinds of file apart, and the form of transcripts and raw serial logs. A broken record becomes a
line that says so; reading goes on to the end of the file.
"""

from __future__ import annotations

import codecs
import io
import json
import math
import re
import stat
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

from rig.errors import UsageError
from rig.link import Direction
from rig.traffic._agent_log import decode_agent_log, is_log_line
from rig.traffic._capture_file import PCAP_MAGICS, PCAPNG_MAGIC, decode_capture, frames_in
from rig.traffic._describe_line import DecodedLine, MessageDescriber, in_hex, unreadable
from rig.traffic._growing import GrowingFile, chained, rewound
from rig.xrce import Frame, FrameDecoder

_WAYS = {"c2a": Direction.TO_AGENT, "a2c": Direction.TO_BOARD}
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_GIVE = "give a transcript, a capture, a raw serial log or the log of an Agent at -v6"
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\b\x1b")
_OWN_LOG = re.compile(rb"^\[\d{4}-\d\d-\d\d [\d:.]+\] (?:trace|debug|info|warning|error|critical)\s")
_KEPT = 1 << 20
_CHUNK = 1 << 16
_HELD = 1024


def decode_file(
    path: Path, *, follow: threading.Event | None = None, agent_port: int | None = None
) -> Iterator[DecodedLine]:
    """Decode a recorded file of any of the four kinds to text, line by line as it is read.

    :param path: the file; ``-`` is the standard input.
    :param follow: the file still grows: wait for more, also for a beginning, until this event is set.
    :param agent_port: of a capture, only packets to or from this UDP or TCP port.
    :raises UsageError: the file cannot be read, is empty, is a device, or is none of the four kinds.
    """
    try:
        with _opened(path) as file:
            source = file if follow is None else GrowingFile(file, follow)
            head = source.read(4)
            if not head:
                if follow is not None:
                    return
                raise UsageError(f"{path} is empty", hint=_GIVE)
            if head.startswith(_GZIP):
                raise UsageError(f"{path} is compressed", hint=f"unpack it first: gunzip {path}")
            whole = rewound(head, source, skip=len(_BOM) if head.startswith(_BOM) else 0)
            if head == PCAPNG_MAGIC or head in PCAP_MAGICS:
                yield from decode_capture(whole, agent_port=agent_port)
            elif head.removeprefix(_BOM).lstrip()[:1] == b"{":
                yield from _something(_transcript(whole), path, "no line of it is a record")
            elif head[:2] in _UTF_16:
                text = io.TextIOWrapper(whole, encoding="utf-16", errors="replace")
                yield from _text(path, (line.encode() for line in text))
            else:
                yield from _text_or_serial(path, whole)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="check the file's name and rights") from error


def _opened(path: Path) -> BufferedReader:
    """Open a file, or the standard input as ``-``. :raises UsageError: a device, whose reading would never end."""
    if str(path) == "-":
        return open(0, "rb", closefd=False)
    if stat.S_ISCHR(path.stat().st_mode):
        line = "tty" in path.name or path.parent.name == "pts"
        listen = f"listen to a line with: rig decode --live serial:{path}"
        raise UsageError(f"{path} is a device, not a recorded file", hint=listen if line else _GIVE)
    return path.open("rb")


def _transcript(file: Iterable[bytes]) -> Iterator[DecodedLine]:
    describer = MessageDescriber()
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        about = DecodedLine(record=number)
        try:
            row = json.loads(line)
            data = bytes.fromhex(row["hex"])
            about = replace(about, direction=_WAYS.get(row.get("dir")))
            if "t" in row:
                about = replace(about, time=_finite(row["t"]))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            yield unreadable(about, f"line {number} is no record: {error!r}", line)
            continue
        note = "dropped" if row.get("dropped") else "altered on the way" if "fwd" in row else ""
        about = replace(about, note=note)
        if data[:1] == b"\x7e":
            yield from frames_in(describer, FrameDecoder(), about, data)
        else:
            yield from describer.describe(data, about)
    yield from describer.left_over()


def _finite(number: object) -> float:
    value = float(number)  # type: ignore[arg-type]
    if not math.isfinite(value):
        raise ValueError(f"time {value}")
    return value


def _something(lines: Iterator[DecodedLine], path: Path, lacks: str) -> Iterator[DecodedLine]:
    """Pass lines on once one of them is no error. :raises UsageError: none is, so the file is of another kind."""
    held: list[DecodedLine] = []
    for line in lines:
        if not line.error:
            yield from held
            yield line
            yield from lines
            return
        if len(held) < _HELD:
            held.append(line)
    raise UsageError(f"{path} holds no traffic: {lacks}", hint=_GIVE)


def _text_or_serial(path: Path, file: BufferedReader) -> Iterator[DecodedLine]:
    """A serial log may begin with text, as of a boot loader: read on until it is clear which of the two it is."""
    before = bytearray()
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = b""
    while chunk := file.read1(_CHUNK):
        before += chunk
        if not _is_text(chunk, decoder):
            yield from _something(_serial_log(chained(bytes(before), file)), path, "no serial frame is in it")
            return
        *whole, line = (line + chunk).split(b"\n")
        if any(map(is_log_line, whole)):
            yield from _text(path, _lines(chained(bytes(before), file)))
            return
        if len(before) > _KEPT:
            before.clear()
    yield from _text(path, bytes(before).splitlines())


def _lines(file: BufferedReader) -> Iterator[bytes]:
    while line := file.readline(_CHUNK):
        yield line


def _is_text(chunk: bytes, decoder: codecs.IncrementalDecoder) -> bool:
    """Whether bytes could be those of a log."""
    if any(byte < 0x20 and byte not in _TEXT_CONTROLS for byte in chunk):
        return False
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def _text(path: Path, lines: Iterable[bytes]) -> Iterator[DecodedLine]:
    """An Agent's log, or text that is none. :raises UsageError: it holds no messages."""
    logs = own = False

    def noting() -> Iterator[bytes]:
        nonlocal logs, own
        for line in lines:
            logs = logs or is_log_line(line)
            own = own or _OWN_LOG.match(line) is not None
            yield line

    said = False
    for line in decode_agent_log(noting()):
        said = True
        yield line
    if said:
        return
    if own:
        raise UsageError(
            f"{path} is a log of rig agent, which holds no bytes", hint="at -v6 it says every message itself"
        )
    if logs:
        raise UsageError(f"{path} is an Agent's log without messages", hint="run the Agent with -v6")
    raise UsageError(f"{path} holds no traffic: it is text, and no log of an Agent", hint=_GIVE)


def _serial_log(file: BufferedReader) -> Iterator[DecodedLine]:
    describer = MessageDescriber()
    decoder = FrameDecoder()
    number = 0
    while chunk := file.read1(65536):
        for event in decoder.feed(chunk):
            number += 1
            about = DecodedLine(record=number)
            if isinstance(event, Frame):
                # By convention the Agent's address is 0: what goes there comes from a board.
                way = Direction.TO_AGENT if event.destination == 0 else Direction.TO_BOARD
                yield from describer.describe(event.payload, replace(about, direction=way))
            else:
                yield unreadable(about, f"no frame ({event.reason}): {in_hex(event.raw)}", event.raw)
    if decoder.pending:
        yield DecodedLine(record=number + 1, text=f"frame cut short after {decoder.pending} bytes", error=True)
    yield from describer.left_over()
