"""Payloads: the firmware and the rig make the same bytes, and every damage is seen."""

import ctypes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.bench import payload

sequences = st.integers(0, 0xFFFFFFFF)


@pytest.mark.parametrize("misalignment", [0, 1, 2, 3])
@settings(max_examples=60, deadline=None)
@given(sequence=sequences, length=st.integers(1, 300))
def test_firmware_and_rig_write_the_same(
    payload_library: ctypes.CDLL, misalignment: int, sequence: int, length: int
) -> None:
    room = (ctypes.c_uint8 * (length + 16))()
    place = ctypes.byref(room, misalignment)
    payload_library.bench_payload_write(place, length, sequence)
    written = bytes(room[misalignment : misalignment + length])
    assert written == payload(sequence, length)
    assert payload_library.bench_payload_check(place, length, sequence) == -1
    assert bytes(room[misalignment + length :]) == bytes(16 - misalignment), "wrote past the end"


@settings(max_examples=60, deadline=None)
@given(sequence=sequences, length=st.integers(1, 300), data=st.data())
def test_every_wrong_byte_is_found(
    payload_library: ctypes.CDLL, sequence: int, length: int, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, length - 1))
    flip = data.draw(st.integers(1, 255))
    damaged = bytearray(payload(sequence, length))
    damaged[at] ^= flip
    found = payload_library.bench_payload_check(bytes(damaged), length, sequence)
    assert 0 <= found <= at  # an aligned word is reported by its first byte
    assert found // 4 == at // 4


@given(sequence=st.integers(10, 0xFFFFFFF0), length=st.integers(1, 8), step=st.integers(-3, 3))
def test_the_sequence_of_a_short_payload_is_the_nearest(
    payload_library: ctypes.CDLL, sequence: int, length: int, step: int
) -> None:
    near = sequence - step
    assert payload_library.bench_payload_sequence(payload(sequence, length), length, ctypes.c_uint32(near)) == sequence


def test_neighbouring_payloads_share_no_block() -> None:
    blocks = [payload(s, 256)[i : i + 16] for s in range(200) for i in range(4, 240, 4)]
    assert len(blocks) == len(set(blocks))
