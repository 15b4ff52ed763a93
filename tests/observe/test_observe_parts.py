"""Places of values, profiles, and what a list of stops says. No board."""

from collections.abc import Mapping

import pytest

from rig.errors import UsageError
from rig.observe import (
    Event,
    Expression,
    Kind,
    depth,
    figures,
    paint,
    read_profile,
    shipped_profile,
    shipped_profiles,
    start_clock,
)


class Halted:
    """A core with two registers and some words of memory."""

    def registers(self) -> Mapping[str, int]:
        return {"r0": 0x2000, "r3": 0x12345678, "sp": 0x3000}

    def read_u32(self, address: int) -> int:
        return {0x2000: 0x2100, 0x2110: 77, 0x3004: 5}[address]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("r0", 0x2000),
        ("[r0]", 0x2100),
        ("[[r0] + 16]", 77),
        ("[sp+4]", 5),
        ("r3 >> 16 & 255", 0x34),
        ("r0 - 0x1000", 0x1000),
        ("12", 12),
    ],
)
def test_value(text: str, value: int) -> None:
    assert Expression(text).value(Halted()) == value


@pytest.mark.parametrize("text", ["", "r13", "[r0", "r0]", "r0 +", "+ r0", "r0 r1", "pc", "r0 * 2"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="says no place of a value"):
        Expression(text)


@pytest.mark.parametrize("name", shipped_profiles())
def test_shipped_profiles_are_profiles(name: str) -> None:
    profile = shipped_profile(name)
    assert profile.name == name
    assert profile.transport is not None and profile.transport.local_is == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "no YAML"),
        ("3", "no table"),
        ("name: x", "no publish"),
        ("publish: rcl_publish", "names no function"),
        ("publish: {function: f}\nsubscribe: {function: g}", "subscribe is not known"),
        ("publish: {function: f, size: r1}", "size is not known"),
        ("publish: {function: f, counter: '[r1'}", "says no place of a value"),
        ("publish: {function: f}\ntransport: {function: g, local_is: three}", "is no number"),
    ],
)
def test_what_is_no_profile_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_profile(text)


def test_no_shipped_profile_of_this_name() -> None:
    with pytest.raises(UsageError, match=r"no profile .rclpy. comes with the rig"):
        shipped_profile("rclpy")


def event(kind: Kind, at: int, counter: int | None = None, *, local: bool | None = None, failed: bool = False) -> Event:
    return Event(kind=kind, at=at, counter=counter, local=local, failed=failed)


def test_figures_of_a_burst() -> None:
    seen = figures(
        [
            event(Kind.PUBLISH, 100, 1),
            event(Kind.TRANSPORT, 110, local=True),
            event(Kind.RETURNED, 120),
            event(Kind.PUBLISH, 200, 2),
            event(Kind.TRANSPORT, 215, local=True),
            event(Kind.RETURNED, 230, failed=True),
            event(Kind.PUBLISH, 300, 3),
            event(Kind.RETURNED, 310, failed=True),
            event(Kind.CALLBACK, 400, 2),
            event(Kind.CALLBACK, 410, 1),
            event(Kind.CALLBACK, 420, 1),
        ]
    )
    assert (seen.published, seen.transport_local, seen.callbacks) == (3, 2, 3)
    assert (seen.failed, seen.failed_delivered) == (2, 1)
    assert (seen.out_of_order, seen.repeated, seen.lost) == (1, 1, 1)
    assert seen.to_transport == (10, 15) and seen.returned == (20, 30, 10)
    assert seen.to_callback == (200, 310, 320)


def test_without_counters_nothing_is_said_of_order() -> None:
    seen = figures([event(Kind.PUBLISH, 1), event(Kind.CALLBACK, 5), event(Kind.TRANSPORT, 6)])
    assert (seen.out_of_order, seen.repeated, seen.lost) == (None, None, None)
    assert seen.to_callback == (4,) and seen.transport_unknown == 1


def test_a_number_that_is_none_tells_nothing_of_order() -> None:
    seen = figures([event(Kind.PUBLISH, 1, 7), event(Kind.CALLBACK, 2, 7), event(Kind.PUBLISH, 3, 7)])
    assert seen.no_counter and (seen.out_of_order, seen.repeated, seen.lost) == (None, None, None)


class Registers(dict[int, int]):
    """The debug registers of a core, which keep what is written."""

    def read_u32(self, address: int) -> int:
        return self.get(address, 0)

    def write_u32(self, address: int, value: int) -> None:
        self[address] = value


def test_a_cores_cycle_counter_is_the_clock_of_a_real_board() -> None:
    core = Registers({0xE000_1000: 4 << 28, 0xE000_1004: 0xFFFF_FFF0})
    clock, why = start_clock(core, None)
    assert clock is not None and (clock.name, clock.unit, why) == ("dwt", "cycles", "")
    assert core[0xE000_EDFC] >> 24 & 1 and core[0xE000_1000] & 1
    assert clock.read(core) == 0xFFFF_FFF0 and clock.units(17) == 17 and not clock.settles
    assert start_clock(Registers({0xE000_1000: 4 << 28 | 1 << 25}), None)[0] is None


def test_how_deep_a_stack_went() -> None:
    class Memory:
        def __init__(self) -> None:
            self.bytes = bytearray(0x1000)

        def read(self, address: int, length: int) -> bytes:
            return bytes(self.bytes[address - 0x2000_0000 :][:length])

        def write(self, address: int, data: bytes) -> None:
            self.bytes[address - 0x2000_0000 : address - 0x2000_0000 + len(data)] = data

    memory = Memory()
    painted = paint(memory, 0x2000_0800, [(0x2000_0000, 0x100)], [(0x2000_0000, 0x1000)])
    assert (painted.begin, painted.top) == (0x2000_0100, 0x2000_0800)
    memory.write(0x2000_0700, b"frames" * 40)
    used = depth(memory, painted)
    assert (used.peak, used.reserved, used.unknown) == (0x100, 0x700, "")
    memory.write(0x2000_0100, bytes(0x700))  # the firmware's own start code has cleared it
    memory.write(0x2000_0780, b"frames" * 20)
    assert depth(memory, painted).peak == 0x80
    memory.write(0x2000_0100, bytes(range(256)) * 7)
    assert "clears that memory" in depth(memory, painted).unknown
    assert paint(memory, 0x2000_0080, [(0x2000_0000, 0x100)], [(0x2000_0000, 0x1000)]).unknown
    assert paint(memory, 0x1000, [], [(0x2000_0000, 0x1000)]).unknown


def test_readers_and_what_they_were_handed() -> None:
    def handed(counter: int, place: int, function: str) -> Event:
        return Event(kind=Kind.CALLBACK, at=0, counter=counter, place=place, function=function)

    seen = figures(
        [
            event(Kind.PUBLISH, 0, 1),
            event(Kind.PUBLISH, 0, 2),
            handed(1, 0x100, "first"),
            handed(1, 0x100, "second"),
            handed(2, 0x100, "first"),
            handed(2, 0x200, "second"),
        ]
    )
    assert (seen.readers, seen.longest_burst, seen.out_of_order) == (2, 2, 0)
    assert seen.places == {1: (0x100, 0x100), 2: (0x100, 0x200)}
    assert seen.by_function == {"first": 2, "second": 2}
