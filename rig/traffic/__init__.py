"""Decodes DDS-XRCE traffic to text: captures, transcripts, serial logs, and live links.

Knows file formats, and how the messages of one flow belong together. Must not know Agents nor boards.
"""

from __future__ import annotations

from rig.traffic._decode import decode_file
from rig.traffic._describe_line import DecodedLine, MessageDescriber, live_observer, since_first
from rig.traffic._dissector import wireshark_dissector
from rig.traffic._watch import watch_link

__all__ = [
    "DecodedLine",
    "MessageDescriber",
    "decode_file",
    "live_observer",
    "since_first",
    "watch_link",
    "wireshark_dissector",
]
