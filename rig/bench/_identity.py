"""Reads from a bench image, before it runs, its variant and the operating system below it."""

from __future__ import annotations

from dataclasses import dataclass

from rig.errors import UsageError

IDENTITY_SYMBOL = "rig_identity"
"""The constant of ``firmware/bench/bench_mailbox.c``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """``variant``: ``shm`` or ``network``; ``os``: ``none`` on bare metal."""

    variant: str
    os: str

    def __str__(self) -> str:
        """In words."""
        return f"the {self.variant} firmware for {'bare metal' if self.os == 'none' else self.os}"


def identity_of(file: str, said: str | None) -> Identity:
    """Parse the constant ``rig_identity`` of an image.

    :param file: the image, for the message.
    :param said: the constant's text; None if the image has none.
    :raises UsageError: the text is missing or of no form that the rig knows.
    """
    words = (said or "").split(" ")
    if len(words) != 2 or not all(words):
        found = f"its {IDENTITY_SYMBOL} is {said!r}" if said is not None else f"it has no symbol {IDENTITY_SYMBOL}"
        raise UsageError(
            f"firmware {file} does not say which variant it is, and for which operating system: {found}",
            hint="build it again from the bench of this rig (firmware/), and do not strip it",
        )
    return Identity(variant=words[0], os=words[1])
