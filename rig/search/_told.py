"""A sequence in words, call by call: what each must come to, and what it came to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rig.model import Sequence

_LINES = 400  # of what one call may come to, at most
Words = Iterable[tuple[int, str]]
"""(index of the operation, words), as model and judge give them; the start of the middleware is index -1."""


@dataclass(frozen=True, slots=True)
class ToldCall:
    """One call, what the model says of it, and what was seen."""

    call: str
    expected: tuple[str, ...]
    came: tuple[str, ...]


def told_calls(calls: Sequence, *, expected: Words, came: Words) -> tuple[ToldCall, ...]:
    """The calls of a sequence in order: the start, its operations, and the spins that end every sequence."""
    start, *rest = str(calls).splitlines()
    lines = [line.split(". ", 1)[1] for line in (start, *rest)] + ["spin until nothing is left"]
    must, seen = list(expected), list(came)
    return tuple(ToldCall(line, _of(must, index), _of(seen, index)) for index, line in enumerate(lines, start=-1))


def _of(words: list[tuple[int, str]], index: int) -> tuple[str, ...]:
    return tuple(text for at, text in words if at == index)[:_LINES]
