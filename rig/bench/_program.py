"""Programs: lists of steps that the firmware runs on its own, without a command for each, and the entries that they
leave.

Mirrors ``enum rig_step`` and ``rig_call_t`` of ``firmware/bench/rig_mailbox.h``. Knows the encoding of steps and
entries; must not know why a program is run, nor which entries are right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rig.bench import _layout as layout
from rig.bench._layout import EntryFlag, EntryKind, Step


@dataclass(frozen=True, slots=True)
class Called:
    """One call of a program. ``number``: of its step; ``value``: depends on the step, see the header."""

    step: int
    context: int
    sequence: int
    length: int
    address: int
    status: int
    number: int
    value: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Heard:
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
            words += [int.from_bytes(raw[at : at + 4], "little") for at in range(0, len(raw), 4)]
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
    for values in layout.ENTRY.iter_unpack(raw):
        kind, flags, reader, sequence, length, address, status, *rest = values
        if kind == EntryKind.CALL:
            yield Called(
                flags, reader, sequence, length, address, status, rest[0], (rest[1], rest[2], rest[3], rest[4])
            )
        elif kind in (EntryKind.DELIVERED, EntryKind.SERVED):
            service = kind == EntryKind.SERVED
            whole = bool(flags & EntryFlag.INTACT)
            yield Heard(
                session=reader >> 12,
                reader=reader & 0xFFF,
                service=service,
                request=status if service else 0,
                sequence=sequence,
                length=length,
                address=address,
                local=bool(flags & EntryFlag.LOCAL),
                wrong=-1 if whole else rest[1] if service else status,
                number=rest[0],
                enter=rest[3],
            )
