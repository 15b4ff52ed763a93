"""Where the linker puts what a bare Cortex-M board is given: nothing lies where the start-up code does not see it."""

import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from rig.bench import IDENTITY_SYMBOL, identity_of
from rig.probe import FirmwareImage

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
BOARDS = {"mps2-an385": "cortex-m3", "microbit": "cortex-m0", "stm32f405": "cortex-m4"}
# A call and a read by the global offset table, as a library makes them that was built with -fPIC.
POSITION_INDEPENDENT = """
extern int elsewhere;
int elsewhere = 7;
int called(void);
__attribute__((noinline)) int called(void) { return elsewhere; }
"""
START = """
int called(void);
void rig_reset(void);
__attribute__((section(".vectors"), used)) void *const vectors[2] = {0, (void *)rig_reset};
void rig_reset(void) { while (called() != 0) {} }
"""

pytestmark = pytest.mark.firmware


def link_options(board: str, folder: Path) -> list[str]:
    """What port.cmake of the board hands to the linker, asked of CMake itself."""
    script = folder / "options.cmake"
    script.write_text(
        f"set(CMAKE_CURRENT_SOURCE_DIR {FIRMWARE})\nset(RIG_PORT_DIR {FIRMWARE}/ports/{board})\n"
        f'include({FIRMWARE}/ports/{board}/port.cmake)\nmessage("${{RIG_PORT_LINK_OPTIONS}}")\n',
        encoding="utf-8",
    )
    done = subprocess.run(["cmake", "-P", str(script)], capture_output=True, text=True, check=True)
    return done.stderr.strip().split(";")


def link(board: str, folder: Path, *sources: tuple[str, str]) -> subprocess.CompletedProcess[str]:
    core = [f"-mcpu={BOARDS[board]}", "-mthumb"]
    objects = []
    for number, (text, option) in enumerate(sources):
        source = folder / f"{number}.c"
        source.write_text(text, encoding="utf-8")
        target = source.with_suffix(".o")
        command = ["arm-none-eabi-gcc", *core, "-O2", "-g", option, "-c", str(source), "-o", str(target)]
        subprocess.run(command, check=True)
        objects.append(str(target))
    command = ["arm-none-eabi-gcc", *core, *link_options(board, folder), "-nostdlib", "-Wl,--gc-sections", *objects]
    return subprocess.run([*command, "-o", str(folder / "image.elf")], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("board", BOARDS)
def test_addresses_of_position_independent_code_are_loaded(board: str, tmp_path: Path) -> None:
    done = link(board, tmp_path, (START, "-fPIC"), (POSITION_INDEPENDENT, "-fPIC"))
    assert done.returncode == 0, done.stderr
    with (tmp_path / "image.elf").open("rb") as file:
        elf = ELFFile(file)
        placed = {s["st_value"] for s in elf.get_section_by_name(".symtab").iter_symbols() if s.name == "elsewhere"}
        data = elf.get_section_by_name(".data")
        words = {data.data()[at : at + 4] for at in range(0, data["sh_size"], 4)}
        assert elf.get_section_by_name(".got") is None
    assert {address.to_bytes(4, "little") for address in placed} <= words


@pytest.mark.parametrize("board", BOARDS)
def test_a_section_without_a_place_is_an_error_that_names_it(board: str, tmp_path: Path) -> None:
    stray = (
        '__attribute__((section(".stray"))) volatile int lost = 1;\n'
        "int called(void);\nint called(void) { return lost; }\n"
    )
    done = link(board, tmp_path, (START, "-fno-pic"), (stray, "-fno-pic"))
    assert done.returncode != 0
    assert ".stray" in done.stderr


@pytest.mark.parametrize("board", ["posix", "mps2-an385"])
@pytest.mark.parametrize("optimised", ["-O0", "-O3", "-O2 -flto"])
def test_every_optimisation_keeps_what_the_rig_looks_for(board: str, optimised: str, tmp_path: Path) -> None:
    configure = ["cmake", "--preset", board, "-B", str(tmp_path), f"-DRIG_OPTIMISATION={optimised}"]
    for command in ([*configure, "-DRIG_VARIANTS=shm"], ["cmake", "--build", str(tmp_path)]):
        done = subprocess.run(command, cwd=FIRMWARE, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    image = FirmwareImage.load(tmp_path / "rig-bench-shm.elf")
    assert identity_of("image", image.text(IDENTITY_SYMBOL)).variant == "shm"
