"""Flashing: proof of identity first, verified afterwards, skipped when there is nothing to do."""

from pathlib import Path

import pytest
from demo_firmware import TARGETS, build_demo, build_with_word_at

from rig.errors import BoardFault, UsageError
from rig.probe import FirmwareImage, Probe, open_probe
from rig.probe.qemu import EmulatedMachine, launch

pytestmark = pytest.mark.qemu


def test_image_is_programmed_verified_and_then_skipped(probe: Probe, image: FirmwareImage) -> None:
    first = probe.flash(image)
    assert (first.bytes_written, first.skipped, first.verified, first.attempts) == (image.load_size, False, True, 1)
    assert first.digest == image.digest
    assert probe.state() == "halted"
    assert probe.registers()["pc"] == image.find("Reset_Handler").address
    again = probe.flash(image)
    assert (again.bytes_written, again.skipped, again.verified, again.attempts) == (0, True, True, 0)
    forced = probe.flash(image, force=True)
    assert (forced.skipped, forced.attempts) == (False, 1)


def test_one_changed_byte_is_found_and_mended(machine: EmulatedMachine, tmp_path: Path) -> None:
    name = machine.machine.name
    small, large = (
        FirmwareImage.load(build_demo(name, tmp_path, padding=padding, name=f"pad{padding}"))
        for padding in (8, 100_000)
    )
    with open_probe(machine.uid, target=TARGETS[name]) as probe:
        assert probe.flash(small).attempts == 1
        assert not probe.flash(large).skipped
        start, data = large.segments[0]
        assert probe.read(start, len(data)) == data
        assert probe.flash(large).skipped
        assert not probe.flash(small).skipped


def test_image_is_programmed_onto_a_running_board(running: Probe, image: FirmwareImage) -> None:
    assert running.flash(image, force=True).verified
    running.reset()
    assert running.state() == "running"


@pytest.mark.parametrize(("board", "other"), [("mps2-an385", "microbit"), ("microbit", "mps2-an385")])
def test_image_for_another_core_is_refused_untouched(board: str, other: str, images: dict[str, FirmwareImage]) -> None:
    with launch(board, name=board) as machine, open_probe(machine.uid, target=TARGETS[board]) as probe:
        probe.flash(images[board])
        before = probe.read(0, 4096)
        with pytest.raises(UsageError, match=f"built for {images[other].core}, but .* has a {machine.machine.core}"):
            probe.flash(images[other])
        assert probe.read(0, 4096) == before


def test_image_that_is_too_large_names_the_region(machine: EmulatedMachine, tmp_path: Path) -> None:
    name = machine.machine.name
    size = machine.machine.memories[0].length
    image = FirmwareImage.load(build_demo(name, tmp_path, padding=size))
    with open_probe(machine.uid, target=TARGETS[name]) as probe:
        before = probe.read(0, 4096)
        with pytest.raises(UsageError, match=r"no free space in \w+ of .*more than there are"):
            probe.flash(image)
        assert probe.read(0, 4096) == before


def test_image_outside_all_memory_is_refused(probe: Probe, image: FirmwareImage) -> None:
    import dataclasses

    moved = dataclasses.replace(image, segments=((0x3000_0000, b"1234"),))
    with pytest.raises(UsageError, match=r"0x30000000, where .* has no memory"):
        probe.flash(moved)


def test_data_that_does_not_fit_in_ram_is_refused(probe: Probe, image: FirmwareImage) -> None:
    import dataclasses

    swollen = dataclasses.replace(image, occupied=((0x2000_0000, 0x200_0000),))
    with pytest.raises(UsageError, match="no free space"):
        probe.flash(swollen)


def test_host_program_is_refused(probe: Probe) -> None:
    with pytest.raises(UsageError, match="built for host"):
        probe.flash(FirmwareImage.load(Path("/bin/sh")))


def test_hard_float_image_is_refused_without_an_fpu(probe: Probe, image: FirmwareImage) -> None:
    import dataclasses

    with pytest.raises(UsageError, match="floating point"):
        probe.flash(dataclasses.replace(image, hard_float=True))


def test_flash_that_does_not_take_is_a_board_fault(images: dict[str, FirmwareImage]) -> None:
    """The plain cortex_m target writes the micro:bit's flash as if it were RAM, which changes nothing."""
    with launch("microbit", name="microbit") as machine, open_probe(machine.uid, target="cortex_m") as probe:
        with pytest.raises(BoardFault, match=r"does not take: 0x0000000. reads 0x00, .* after 2 attempts"):
            probe.flash(images["microbit"])
        assert probe.read(0, 16) == bytes(16)


_UICR = 0x1000_1000


@pytest.mark.parametrize("offset", [0x14, 0x80, 0xFC])
def test_words_in_uicr_are_written_by_the_second_way(tmp_path: Path, offset: int) -> None:
    """pyOCD's page analysis raises struct.error on them; written as a whole they are no trouble."""
    image = FirmwareImage.load(build_with_word_at(_UICR + offset, tmp_path))
    with launch("microbit", name="uicr") as machine, open_probe(machine.uid, target="nrf51") as probe:
        report = probe.flash(image)
        assert (report.attempts, report.verified, report.bytes_written) == (2, True, image.load_size)
        assert probe.read(0, 8) == image.segments[0][1][:8]  # QEMU clears UICR itself in the reset that follows


def test_what_pyocd_raises_both_times_is_a_fault_of_the_board(
    images: dict[str, FirmwareImage], monkeypatch: pytest.MonkeyPatch
) -> None:
    def add_data(_loader: object, _address: int, _data: bytes) -> None:
        raise KeyError("page_size")

    monkeypatch.setattr("pyocd.flash.loader.MemoryLoader.add_data", add_data)
    with (
        launch("microbit", name="raises") as machine,
        open_probe(machine.uid, target="nrf51") as probe,
        pytest.raises(BoardFault, match=r"does not take: pyOCD cannot program .* KeyError: 'page_size'") as fault,
    ):
        probe.flash(images["microbit"], force=True)
    assert isinstance(fault.value.__cause__, KeyError)
