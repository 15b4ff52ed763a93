"""The payload that belongs to a sequence number: the same bytes as ``firmware/bench/bench_payload.c``."""

from __future__ import annotations

_MASK = 0xFFFFFFFF


def payload(sequence: int, length: int) -> bytes:
    """First ``length`` bytes of the sample with this sequence number."""
    state = ((sequence + 1) * 2654435761) & _MASK or 0x9E3779B9
    words = bytearray((sequence & _MASK).to_bytes(4, "little"))
    while len(words) < length:
        state ^= (state << 13) & _MASK
        state ^= state >> 17
        state ^= (state << 5) & _MASK
        words += state.to_bytes(4, "little")
    return bytes(words[:length])
