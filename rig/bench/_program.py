"""Programs: lists of steps that the firmware runs on its own, without a command for each, and the entries that they
leave.

Mirrors ``enum rig_step`` and ``rig_call_t`` of ``firmware/bench/rig_mailbox.h``. Knows the encoding of steps and
entries; must not know why a program is run, nor which entries are right.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rig.bench import _layout as layout
from rig.bench._layout import EntryFlag, EntryKind, Step

ALL_SAMPLES = 0xFFFF  # of READ: no limit


class Called(NamedTuple):
    """One call of a program. ``number``: of its step; ``value``: depends on the step, see the header."""

    step: int
    context: int
    sequence: int
    length: int
    address: int
    status: int
    number: int
    value: tuple[int, int, int, int]


class Heard(NamedTuple):
    """One callback of a program. ``number``: of the step that was running. ``service``: the callback of a requester or
    replier; then ``request`` is the reply's request id, or 0 for an incoming request. ``wrong``: index of the first
    wrong byte, or -1.
    """

    session: int
    reader: int
    service: bool
    request: int
    sequence: int
    length: int
    address: int
    local: bool
    wrong: int
    number: int
    enter: int


class ProgramBuilder:
    """Builds a program's words. ``step`` returns the number that the step's entries carry."""

    def __init__(self) -> None:
        self.words: list[int] = []

    def step(self, step: Step, *arguments: int, text: Sequence[str] = ()) -> int:
        """Append a step. ``text``: as CREATE takes it."""
        number = len(self.words)
        words = [argument & 0xFFFFFFFF for argument in arguments]
        if step is Step.CREATE:
            raw = b"".join(part.encode("utf-8") + b"\0" for part in text)
            raw += b"\0" * (-len(raw) % 4 or 4)
            words += struct.unpack(f"<{len(raw) // 4}I", raw)
        self.words.append(step | len(words) << 8)
        self.words += words
        return number

    def begin(self, step: Step, argument: int) -> int:
        """Append a step with inner steps; all steps appended until ``end`` are inner ones."""
        return self.step(step, argument, 0)

    def end(self, number: int) -> None:
        """End the inner steps of step ``number``."""
        self.words[number + 2] = len(self.words) - number - 3


def read_entries(raw: bytes) -> Iterator[Called | Heard]:
    """The entries of a program, oldest first."""
    call, served, heard = int(EntryKind.CALL), int(EntryKind.SERVED), (int(EntryKind.DELIVERED), int(EntryKind.SERVED))
    intact, local = int(EntryFlag.INTACT), int(EntryFlag.LOCAL)  # plain numbers: there are very many entries
    for values in layout.ENTRY.iter_unpack(raw):
        kind, flags, reader, sequence, length, address, status, *rest = values
        if kind == call:
            yield Called(
                flags, reader, sequence, length, address, status, rest[0], (rest[1], rest[2], rest[3], rest[4])
            )
        elif kind in heard:
            service = kind == served
            whole = bool(flags & intact)
            yield Heard(
                session=reader >> 12,
                reader=reader & 0xFFF,
                service=service,
                request=status if service else 0,
                sequence=sequence,
                length=length,
                address=address,
                local=bool(flags & local),
                wrong=-1 if whole else rest[1] if service else status,
                number=rest[0],
                enter=rest[3],
            )
