"""What the client costs: the RAM formula of xrce_client.h against the board's compiler and the linked image."""

import re
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from rig.bench import build

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
CORE = ("-mcpu=cortex-m3", "-mthumb", "-std=c99", "-O2")
BACKEND_BYTES = 64  # the backend's own few words beside the client's storage

pytestmark = pytest.mark.firmware


def symbols(path: Path) -> dict[str, int]:
    with path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {symbol.name: symbol["st_size"] for symbol in table.iter_symbols() if symbol["st_size"]}


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    """Bytes of each structure, by variant."""
    found = {}
    for variant, shm in (("shm", 1), ("network", 0)):
        target = tmp_path_factory.mktemp("sizes") / f"{variant}.o"
        source = FIRMWARE / "tests" / "sizes.c"
        include = f"-I{FIRMWARE / 'xrce' / 'include'}"
        command = ["arm-none-eabi-gcc", *CORE, f"-DXRCE_SHM={shm}", include, "-c", str(source), "-o", str(target)]
        subprocess.run(command, check=True)
        found[variant] = {name.removeprefix("size_"): size for name, size in symbols(target).items()}
    return found


@pytest.fixture(scope="module")
def images() -> dict[str, Path]:
    return build("mps2-an385")


def text_bytes(path: Path) -> int:
    """Code and constants."""
    with path.open("rb") as file:
        return sum(
            section["sh_size"]
            for section in ELFFile(file).iter_sections()
            if section["sh_flags"] & 2 and not section["sh_flags"] & 1 and section["sh_type"] != "SHT_NOBITS"
        )


def test_documented_sizes_are_the_compilers(sizes: dict[str, dict[str, int]]) -> None:
    header = (FIRMWARE / "xrce" / "include" / "xrce_client.h").read_text(encoding="utf-8")
    documented = {
        name: int(value) for name, value in re.findall(r"^ \*   (entity|pair|buffer|name) +(\d+)", header, re.M)
    }
    assert documented == {name: sizes["shm"][name] for name in ("entity", "pair", "buffer", "name")}


def test_shared_memory_takes_at_most_2_kib_for_16_endpoints_and_16_buffers(sizes: dict[str, dict[str, int]]) -> None:
    shm, network = sizes["shm"], sizes["network"]
    more = shm["client"] - network["client"] + shm["session"] - network["session"]
    more += 16 * (shm["entity"] - network["entity"])
    pairs = 8 * 8  # eight writers and eight readers, all of them on one topic
    more += pairs * shm["pair"] + 16 * shm["buffer"]
    assert more <= 2048


def test_formula_accounts_for_the_linked_image(sizes: dict[str, dict[str, int]], images: dict[str, Path]) -> None:
    cmake = (FIRMWARE / "middleware" / "reference" / "rig_mw_reference.c").read_text(encoding="utf-8")
    limits = {name: int(value) for name, value in re.findall(r"#define RIG_MW_(\w+) (\d+)\n#endif", cmake)}
    for variant, image in images.items():
        size = sizes[variant]
        formula = (
            size["client"]
            + limits["MAX_SESSIONS"] * size["session"]
            + limits["MAX_ENTITIES"] * (size["entity"] + 2)
            + limits["MAX_NAMES"] * size["name"]
            + limits["NAME_BYTES"]
            + (limits["MAX_PAIRS"] * size["pair"] if variant == "shm" else 0)
        )
        assert formula <= symbols(image)["mw"] <= formula + BACKEND_BYTES


def test_shared_memory_adds_at_most_4_kib_of_text(images: dict[str, Path]) -> None:
    assert text_bytes(images["shm"]) - text_bytes(images["network"]) <= 4096
