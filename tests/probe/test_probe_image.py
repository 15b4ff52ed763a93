"""ELF files: what is in them, and what is said of bad ones."""

import subprocess
from pathlib import Path

import pytest
from demo_firmware import build_demo
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rig.errors import UsageError
from rig.probe import FirmwareImage


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_demo("mps2-an385", tmp_path_factory.mktemp("image"))


def test_core_sections_and_digest(elf: Path, images: dict[str, FirmwareImage]) -> None:
    image = FirmwareImage.load(elf)
    assert image.architecture == "armv7-m"
    assert images["microbit"].architecture == "armv6-m"
    assert image.digest == "sha256:" + subprocess.check_output(["sha256sum", elf], text=True).split()[0]
    berkeley = subprocess.check_output(["arm-none-eabi-size", elf], text=True).splitlines()[1].split()[:3]
    assert [str(image.sections[key]) for key in ("text", "data", "bss")] == berkeley


def test_segments_are_what_objcopy_makes_of_it(elf: Path, tmp_path: Path) -> None:
    binary = tmp_path / "demo.bin"
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", elf, binary], check=True)
    image = FirmwareImage.load(elf)
    start = image.segments[0][0]
    flat = bytearray(image.segments[-1][0] + len(image.segments[-1][1]) - start)
    for address, data in image.segments:
        flat[address - start : address - start + len(data)] = data
    assert bytes(flat) == binary.read_bytes()
    assert image.load_size <= len(flat)


def test_symbols_and_names_of_addresses(elf: Path) -> None:
    image = FirmwareImage.load(elf)
    listed = {
        fields[3]: int(fields[0], 16)
        for line in subprocess.check_output(["arm-none-eabi-nm", "-S", elf], text=True).splitlines()
        if len(fields := line.split()) == 4
    }
    for name in ("main", "Reset_Handler", "demo_counter", "_SEGGER_RTT", "log_buffer"):
        assert image.find(name).address == listed[name]
    function, data = image.find("main"), image.find("log_buffer")
    assert (function.kind, data.kind, data.size) == ("function", "object", 64)
    assert image.symbol_at(function.address) == "main"
    assert image.symbol_at(function.address + 0x10) == "main+0x10"
    assert image.symbol_at(data.address + 63) == "log_buffer+0x3f"
    assert image.symbol_at(data.address + 64) != "log_buffer+0x40"
    assert image.symbol_at(0x7FFF_FFFF) is None


def test_missing_symbol_names_the_near_ones(elf: Path) -> None:
    with pytest.raises(UsageError, match="no symbol 'counter'") as caught:
        FirmwareImage.load(elf).find("counter")
    assert "demo_counter" in caught.value.hint


def test_host_program_loads_for_its_sizes(tmp_path: Path) -> None:
    source, program = tmp_path / "host.c", tmp_path / "host"
    source.write_text("char big[5000] = {1}; char none[7000]; int main(void) { return big[0] + none[0]; }")
    subprocess.run(["gcc", source, "-o", program], check=True)
    image = FirmwareImage.load(program)
    assert image.core == "host"
    assert image.sections["data"] >= 5000
    assert image.sections["bss"] >= 7000
    assert image.find("big").size == 5000


@pytest.mark.parametrize("content", [b"", b"\x7fEL", b":020000040000FA\n", b"MZ" + bytes(100)])
def test_what_is_no_elf_is_said_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "firmware.bin"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"firmware\.bin is not an ELF file"):
        FirmwareImage.load(path)


def test_missing_file_and_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        FirmwareImage.load(tmp_path / "none.elf")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        FirmwareImage.load(tmp_path)


def test_arm_application_core_is_refused(tmp_path: Path) -> None:
    source, elf = tmp_path / "a.c", tmp_path / "a.elf"
    source.write_text("void start(void) {}")
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-a9", "-nostdlib", "-ffreestanding", "-Wl,-estart", source, "-o", elf],
        check=True,
    )
    with pytest.raises(UsageError, match="no Cortex-M"):
        FirmwareImage.load(elf)


def test_program_headers_say_what_is_loaded_not_the_sections(elf: Path, tmp_path: Path) -> None:
    data = bytearray(elf.read_bytes())
    table, entry, count = (int.from_bytes(data[i : i + n], "little") for i, n in ((32, 4), (46, 2), (48, 2)))
    for at in range(table, table + count * entry, entry):
        if data[at + 4] == 1:  # SHT_PROGBITS: the section keeps its bytes and is none of the image's any more
            data[at + 8] &= ~2  # SHF_ALLOC
    other = tmp_path / "sections.elf"
    other.write_bytes(data)
    whole, bare = FirmwareImage.load(elf), FirmwareImage.load(other)
    assert bare.segments == whole.segments and bare.segments
    assert bare.occupied == whole.occupied


def test_an_image_that_names_no_core_is_refused(elf: Path, tmp_path: Path) -> None:
    data = bytearray(elf.read_bytes())
    data[32:36] = data[48:52] = bytes(4)  # e_shoff, e_shnum and e_shstrndx: a file as `sstrip` leaves it
    stripped = tmp_path / "no-sections.elf"
    stripped.write_bytes(data)
    with pytest.raises(UsageError, match=r"does not say for which core it was built"):
        FirmwareImage.load(stripped)


def test_segments_that_overlap_are_refused(elf: Path, tmp_path: Path) -> None:
    data = bytearray(elf.read_bytes())
    at, entry, count = (int.from_bytes(data[i : i + n], "little") for i, n in ((28, 4), (42, 2), (44, 2)))
    loads = [i for i in range(count) if data[at + i * entry] == 1 and any(data[at + i * entry + 16 :][:4])]
    first, second = (at + index * entry for index in loads[:2])
    data[second + 12 : second + 16] = data[first + 12 : first + 16]  # p_paddr
    path = tmp_path / "overlap.elf"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"loads 0x\w+ twice: two of its segments overlap"):
        FirmwareImage.load(path)


def test_a_file_cut_anywhere_is_a_usage_error(elf: Path, tmp_path: Path) -> None:
    data = elf.read_bytes()
    cut = tmp_path / "cut.elf"
    for length in range(5, len(data) - 1, 97):
        cut.write_bytes(data[:length])
        with pytest.raises(UsageError, match=r"cut\.elf is (a damaged ELF file|cut short)"):
            FirmwareImage.load(cut)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.integers(4, 400), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_header_never_escapes_as_another_error(
    elf: Path, tmp_path: Path, damage: list[tuple[int, int]]
) -> None:
    data = bytearray(elf.read_bytes())
    for offset, value in damage:
        data[offset] = value
    path = tmp_path / "damaged.elf"
    path.write_bytes(data)
    try:
        FirmwareImage.load(path)
    except UsageError as error:
        assert "damaged.elf" in error.message
