"""Expressions for a value at the first instruction of a function, where the core is halted.

    r1          a register, by its name
    [r1 + 20]   the word of memory there; nested as deep as needed
    r3 >> 16 & 255
    16, 0x10    numbers

Operators go from left to right: + - >> &.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from rig.errors import UsageError

_TOKEN = re.compile(r"\s*(r1[0-2]|r\d|sp|lr|0x[0-9a-fA-F]+|\d+|>>|[-+&\[\]])")
_OPERATORS = {"+", "-", ">>", "&"}
_WORD = 0xFFFF_FFFF


class Core(Protocol):
    """A halted core."""

    def registers(self) -> Mapping[str, int]:
        """Register -> value."""
        ...

    def read_u32(self, address: int) -> int:
        """The word at an address."""
        ...


@dataclass(frozen=True)
class Expression:
    """A parsed expression; see the module. :raises UsageError: the text is no expression."""

    text: str

    def __post_init__(self) -> None:
        self._walk(_Parsing(self.text), None, {})

    def value(self, core: Core) -> int:
        """The present value, as an unsigned word.

        :raises ProbeFault: an address in it cannot be read.
        """
        return self._walk(_Parsing(self.text), core, core.registers())

    def _walk(self, parsing: _Parsing, core: Core | None, registers: Mapping[str, int]) -> int:
        value = self._sum(parsing, core, registers)
        if parsing.next() is not None:
            raise parsing.error()
        return value

    def _sum(self, parsing: _Parsing, core: Core | None, registers: Mapping[str, int]) -> int:
        value = self._term(parsing, core, registers)
        while (operator := parsing.peek()) in _OPERATORS:
            parsing.next()
            right = self._term(parsing, core, registers)
            match operator:
                case "+":
                    value += right
                case "-":
                    value -= right
                case "&":
                    value &= right
                case _:
                    value >>= right & 31
            value &= _WORD
        return value

    def _term(self, parsing: _Parsing, core: Core | None, registers: Mapping[str, int]) -> int:
        token = parsing.next()
        if token is None or token in _OPERATORS or token == "]":
            raise parsing.error()
        if token == "[":
            address = self._sum(parsing, core, registers)
            if parsing.next() != "]":
                raise parsing.error()
            return core.read_u32(address) if core is not None else 0
        if token[0].isdigit():
            return int(token, 0) & _WORD
        return registers[token] if core is not None else 0


class _Parsing:
    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def peek(self) -> str | None:
        at = self._at
        token = self.next()
        self._at = at
        return token

    def next(self) -> str | None:
        if not self._text[self._at :].strip():
            return None
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise self.error()
        self._at = match.end()
        return match[1]

    def error(self) -> UsageError:
        return UsageError(
            f"{self._text!r} says no place of a value (wrong at {self._text[self._at :].strip() or 'its end'!r})",
            hint="such as r1, [r1 + 20] or r3 >> 16 & 255",
        )
