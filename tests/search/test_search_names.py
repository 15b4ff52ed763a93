"""Each pair of names collides under the hash that it is named for."""

import zlib
from collections.abc import Callable
from functools import reduce

import pytest

from rig.search import COLLISIONS

MASK = 0xFFFFFFFF


def fnv1a(data: bytes) -> int:
    return reduce(lambda h, c: ((h ^ c) * 0x01000193) & MASK, data, 0x811C9DC5)


def djb2(data: bytes) -> int:
    return reduce(lambda h, c: (h * 33 + c) & MASK, data, 5381)


def one_at_a_time(data: bytes) -> int:
    h = 0
    for c in data:
        h = (h + c) & MASK
        h = (h + (h << 10)) & MASK
        h ^= h >> 6
    h = (h + (h << 3)) & MASK
    h ^= h >> 11
    return (h + (h << 15)) & MASK


def crc16_arc(data: bytes) -> int:
    h = 0
    for c in data:
        h ^= c
        for _ in range(8):
            h = (h >> 1) ^ 0xA001 if h & 1 else h >> 1
    return h


def crc16_ccitt(data: bytes) -> int:
    h = 0xFFFF
    for c in data:
        h ^= c << 8
        for _ in range(8):
            h = ((h << 1) ^ 0x1021) & 0xFFFF if h & 0x8000 else (h << 1) & 0xFFFF
    return h


def murmur3(data: bytes) -> int:
    def mixed(k: int) -> int:
        k = k * 0xCC9E2D51 & MASK
        k = (k << 15 | k >> 17) & MASK
        return k * 0x1B873593 & MASK

    h = 0
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        h ^= mixed(int.from_bytes(data[at : at + 4], "little"))
        h = (h << 13 | h >> 19) & MASK
        h = (h * 5 + 0xE6546B64) & MASK
    if data[whole:]:
        h ^= mixed(int.from_bytes(data[whole:], "little"))
    h ^= len(data)
    h ^= h >> 16
    h = h * 0x85EBCA6B & MASK
    h ^= h >> 13
    h = h * 0xC2B2AE35 & MASK
    return h ^ h >> 16


HASHES: dict[str, Callable[[bytes], int]] = {
    "fnv1a_32": fnv1a,
    "fnv1_32": lambda data: reduce(lambda h, c: (h * 0x01000193 & MASK) ^ c, data, 0x811C9DC5),
    "djb2_32": djb2,
    "djb2_xor_32": lambda data: reduce(lambda h, c: (h * 33 & MASK) ^ c, data, 5381),
    "sdbm_32": lambda data: reduce(lambda h, c: (c + (h << 6) + (h << 16) - h) & MASK, data, 0),
    "one_at_a_time_32": one_at_a_time,
    "times_31_32": lambda data: reduce(lambda h, c: (h * 31 + c) & MASK, data, 0),
    "crc32": zlib.crc32,
    "adler32": zlib.adler32,
    "murmur3_32": murmur3,
    "crc16_arc": crc16_arc,
    "crc16_ccitt": crc16_ccitt,
    "sum_16": lambda data: sum(data) & 0xFFFF,
    "xor_8": lambda data: reduce(lambda h, c: h ^ c, data, 0),
    "fnv1a_folded_16": lambda data: (fnv1a(data) >> 16) ^ (fnv1a(data) & 0xFFFF),
    "djb2_low_16": lambda data: djb2(data) & 0xFFFF,
    "fnv1a_low_8": lambda data: fnv1a(data) & 0xFF,
    "djb2_low_8": lambda data: djb2(data) & 0xFF,
    "crc32_low_16": lambda data: zlib.crc32(data) & 0xFFFF,
}


@pytest.mark.parametrize("name", COLLISIONS)
def test_the_pair_collides(name: str) -> None:
    one, other = COLLISIONS[name]
    assert one != other
    assert HASHES[name](one.encode()) == HASHES[name](other.encode())
