"""The scan of RAM finds every place, whole or partial, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.bench import BLOCK, find_places, payload

BASE = 0x20000000
SPARSE = bytes(5) + b"abcdef" + bytes(5) + bytes(BLOCK) + b"gh" + bytes(13) + b"i" + b"jklmnopqrstuvwxy"


@given(
    length=st.integers(BLOCK, 600),
    gaps=st.lists(st.integers(0, 50), min_size=0, max_size=4),
    sequence=st.integers(0, 1 << 32),
)
def test_every_whole_copy_is_one_place(length: int, gaps: list[int], sequence: int) -> None:
    wanted = payload(sequence, length)
    image = bytearray()
    expected = []
    for gap in gaps:
        image += b"\0" * (gap + 1)  # a byte between copies: adjacent ones would be one run of the same bytes
        expected.append(BASE + len(image))
        image += wanted
    places = find_places(bytes(image), BASE, wanted)
    assert [place.address for place in places] == expected
    assert all(place.offset == 0 and place.length == length // BLOCK * BLOCK for place in places)


def test_a_torn_copy_is_seen_as_its_pieces() -> None:
    wanted = payload(5, 8 * BLOCK)
    torn = bytearray(wanted)
    torn[3 * BLOCK] ^= 0xFF
    places = find_places(bytes(10) + bytes(torn), BASE, wanted, symbol_at=lambda address: f"at{address - BASE}")
    assert [(p.address - BASE, p.offset, p.length, p.symbol) for p in places] == [
        (10, 0, 3 * BLOCK, "at10"),
        (10 + 4 * BLOCK, 4 * BLOCK, 4 * BLOCK, f"at{10 + 4 * BLOCK}"),
    ]


@given(
    parts=st.lists(
        st.one_of(
            st.integers(0, 200).map(bytes),
            st.binary(max_size=20),
            st.tuples(st.integers(0, 60), st.integers(0, 80)).map(lambda cut: SPARSE[cut[0] : cut[0] + cut[1]]),
        ),
        max_size=12,
    )
)
def test_each_block_is_found_wherever_it_stands_between_zeros(parts: list[bytes]) -> None:
    """Also one that begins or ends with zeros, or has nothing else."""
    image = b"".join(parts)
    blocks = range(0, len(SPARSE) - BLOCK + 1, BLOCK)
    standing = {
        (BASE + at, offset)
        for offset in blocks
        for at in range(len(image) - BLOCK + 1)
        if image[at : at + BLOCK] == SPARSE[offset : offset + BLOCK]
    }
    places = find_places(image, BASE, SPARSE)
    found = {(p.address + at, p.offset + at) for p in places for at in range(0, p.length, BLOCK)}
    assert found == standing


def test_another_sample_is_not_found() -> None:
    assert find_places(payload(6, 4096), BASE, payload(7, 4096)) == []


def test_a_payload_too_short_to_find_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter than the block"):
        find_places(b"", BASE, payload(1, BLOCK - 1))
