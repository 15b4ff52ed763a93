"""The one error of the codec."""

from __future__ import annotations

from rig.errors import RigFault


class XrceDecodeError(RigFault, ValueError):
    """The bytes are no valid DDS-XRCE.

    :param reason: what was wrong, one lowercase phrase.
    :param offset: where, in bytes from the start of what was decoded.
    """

    blame = "link"

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"{reason} at byte {offset}")
        self.reason = reason
        self.offset = offset
