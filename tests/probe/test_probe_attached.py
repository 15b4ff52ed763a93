"""Which serial line belongs to which probe, by what both show of the USB device."""

from pathlib import Path

from rig.probe import Attached, ProbeIdentity, pair_up, serial_lines

BY_ID = "/dev/serial/by-id/"
SEGGER, MICROBIT, FTDI = (
    BY_ID + name
    for name in (
        "usb-SEGGER_J-Link_001050012345-if00",
        "usb-ARM_BBC_micro_bit_CMSIS-DAP_9900000037024e45-if01",
        "usb-FTDI_TTL232R_FT1A2B3C-if00-port0",
    )
)


def probe(uid: str) -> ProbeIdentity:
    return ProbeIdentity(uid=uid, vendor="v", product="p", target=None, emulated=False)


def test_one_usb_device_shows_one_serial_number() -> None:
    found = pair_up([probe("1050012345"), probe("9900000037024E45")], [FTDI, MICROBIT, SEGGER])
    assert [(each.lines, each.sure) for each in found] == [((SEGGER,), True), ((MICROBIT,), True), ((FTDI,), False)]
    assert found[-1].probe is None


def test_what_is_left_over_is_guessed_if_there_is_one_of_each() -> None:
    (only,) = pair_up([probe("ABCDEF")], [FTDI])
    assert only == Attached(probe=probe("ABCDEF"), lines=(FTDI,), sure=False)
    two = pair_up([probe("ABCDEF"), probe("012345")], [FTDI])
    assert [each.lines for each in two] == [(), (), (FTDI,)], "with two probes there is nothing to guess by"


def test_a_part_of_a_number_is_another_number() -> None:
    assert (
        pair_up([probe("1234"), probe("99")], [BY_ID + "usb-A_51234-if00", BY_ID + "usb-B_12345_99-if00"])[0].lines
        == ()
    )


def test_a_host_without_lines(tmp_path: Path) -> None:
    assert serial_lines(tmp_path / "none") == []
    (tmp_path / "usb-x").touch()
    assert serial_lines(tmp_path) == [str(tmp_path / "usb-x")]
