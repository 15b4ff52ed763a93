"""Places of values, profiles, and what a list of stops says. No board."""

from collections.abc import Mapping

import pytest

from rig.errors import UsageError
from rig.observe import Event, Expression, Kind, figures, read_profile, shipped_profile, shipped_profiles


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
