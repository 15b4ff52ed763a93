"""The NuttX port where there is no NuttX: its sources compile, its Makefile links, and its RAM is told from others'."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from rig.bench import IDENTITY_SYMBOL, Identity, identity_of
from rig.errors import UsageError
from rig.probe import UNNAMED, FirmwareImage, ram_objects

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
PORT = FIRMWARE / "ports" / "nuttx"
INTERFACE = Path(__file__).parent / "nuttx_interface"

pytestmark = pytest.mark.firmware


@pytest.mark.parametrize("lock", [[], ["-DRIG_LOCK_MUTEX"]], ids=["critical", "mutex"])
def test_the_port_compiles_against_the_interface_alone(lock: list[str]) -> None:
    """Not what NuttX does, only that the port uses it as it is declared; the host stands for POSIX."""
    sources = [PORT / "port.c", PORT / "boards" / "mps2.c", PORT / "lock_critical.c"]
    sources += [FIRMWARE / "ports" / "posix" / f"{name}.c" for name in ("lock", "wake", "link", "system", "heap")]
    folders = (INTERFACE, PORT, FIRMWARE / "ports" / "posix", FIRMWARE / "ports", FIRMWARE / "bench")
    flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-Wno-int-to-pointer-cast"]
    command = ["gcc", "-fsyntax-only", "-D__NuttX__", "-D_GNU_SOURCE", *flags, *lock, *(f"-I{f}" for f in folders)]
    done = subprocess.run([*command, *map(str, sources)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_options_that_are_missing_are_named_by_the_compiler(tmp_path: Path) -> None:
    (tmp_path / "nuttx").mkdir()
    (tmp_path / "nuttx" / "config.h").write_text("#define CONFIG_SMP 1\n#define CONFIG_INIT_PRIORITY 100\n")
    folders = (tmp_path, INTERFACE, PORT, FIRMWARE / "ports" / "posix", FIRMWARE / "ports", FIRMWARE / "bench")
    command = ["gcc", "-fsyntax-only", "-w", *(f"-I{f}" for f in folders), str(PORT / "port.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "needs CONFIG_EVENT_FD" in done.stderr and "CONFIG_SMP must be off" in done.stderr


# ---- the Makefile, with a tree of applications that has only what it asks for

MAKE_DEFS = "Q := @\nBIN = $(TOPDIR)/libapps.a\nCONVERT_PATH = $1\nARLOCK = $(AR) rcs $1 $2\nOBJEXT := .o\n"


def make(tree: Path, *variables: str) -> subprocess.CompletedProcess[str]:
    apps = tree / "apps"
    apps.mkdir(exist_ok=True)
    (apps / "Make.defs").write_text(MAKE_DEFS)
    (apps / "Application.mk").write_text("")
    if not (tree / ".config").exists():
        (tree / ".config").touch()
    tools = ["CC=arm-none-eabi-gcc", "AR=arm-none-eabi-ar", "CFLAGS=-mcpu=cortex-m7 -mthumb"]
    tools.append("ARCHCPUFLAGS=-mcpu=cortex-m7 -mthumb")
    # The port itself needs NuttX's headers; bench and middleware need none.
    command = ["make", "-j2", "-C", str(PORT), f"APPDIR={apps}", f"TOPDIR={tree}", *tools, "RIG_PORT=", *variables]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("RIG_", "MAKE"))}
    command += ["RIG_OPTIMISATION=-O0", "all"]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both variants, built one after the other in one tree; the last one is what the archive has."""
    directory = tmp_path_factory.mktemp("nuttx")
    for variant in ("network", "shm"):
        done = make(directory, f"RIG_VARIANT={variant}")
        assert done.returncode == 0, done.stderr
    return directory


def test_each_variant_says_what_it_is_and_calls_of_the_middleware_are_counted(tree: Path) -> None:
    for variant in ("shm", "network"):
        linked = tree / "rig-bench" / variant / "rig_bench.o"
        final = linked.with_suffix(".elf")
        command = [
            "arm-none-eabi-gcc",
            "-mcpu=cortex-m7",
            "-mthumb",
            "-nostdlib",
            "-Wl,--unresolved-symbols=ignore-all",
        ]
        subprocess.run([*command, "-Wl,-e,rig_bench_main", str(linked), "-o", str(final)], check=True)
        image = FirmwareImage.load(final)
        assert identity_of(final.name, image.text(IDENTITY_SYMBOL)) == Identity(variant=variant, os="nuttx")
        assert re.search(rb"GNU \d+\.\d+\.\d+\0", final.read_bytes()), "the mailbox names the compiler"
        assert {"__wrap_memcpy", "__wrap_rig_port_lock", "rig_own_data_begin", "rig_own_bss_end"} <= set(image.symbols)
        assert ("xrce_shm_deliver" in image.symbols) == (variant == "shm")
        own = {name for name in ram_objects(final) if not name.startswith("firmware/bench/")}
        assert own == {"firmware/middleware/reference/rig_mw_reference.c:mw"}
        undefined = subprocess.check_output(["arm-none-eabi-nm", "-u", str(linked)], text=True).split()
        assert "memcpy" in undefined and "malloc" not in undefined


def test_the_archive_has_the_variant_that_was_made_last(tree: Path) -> None:
    """Also where its objects were there already."""
    for variant in ("network", "shm"):
        assert make(tree, f"RIG_VARIANT={variant}").returncode == 0
        members = subprocess.check_output(["arm-none-eabi-ar", "p", str(tree / "libapps.a"), "rig_bench.o"])
        assert members == (tree / "rig-bench" / variant / "rig_bench.o").read_bytes()


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("RIG_VARIANT=both", "RIG_VARIANT is 'both', expected shm or network"),
        ("RIG_LOCK=none", "RIG_LOCK is 'none', expected critical or mutex"),
        ("RIG_BOARD=sim", "no file boards/sim.c"),
    ],
)
def test_a_variable_that_means_nothing_is_named(tmp_path: Path, variable: str, said: str) -> None:
    done = make(tmp_path, variable)
    assert done.returncode != 0 and said in done.stderr


def test_sources_are_those_of_the_other_builds() -> None:
    """The Makefile takes folders; CMake has lists."""
    listed = re.findall(r"bench/bench_\w+\.c", (FIRMWARE / "CMakeLists.txt").read_text(encoding="utf-8"))
    assert {*listed, "bench/bench_rtt.c"} == {f"bench/{path.name}" for path in (FIRMWARE / "bench").glob("*.c")}
    listed = re.findall(r"\w+/xrce_\w+\.c", (FIRMWARE / "xrce" / "xrce.cmake").read_text(encoding="utf-8"))
    assert set(listed) == {f"{path.parent.name}/{path.name}" for path in (FIRMWARE / "xrce").glob("*/*.c")}


# ---- RAM between labels

OURS = """
int ours_zero[25];
int ours_set[3] = {1, 2, 3};
__attribute__((section(".elsewhere"))) int ours_elsewhere[7] = {1};
"""
THEIRS = """
int theirs_zero[1000];
int theirs_set[500] = {1};
extern int ours_zero[], ours_set[], ours_elsewhere[];
void start(void);
void start(void) { ours_zero[0] = ours_set[0] + ours_elsewhere[0] + theirs_set[0] + theirs_zero[1]; }
"""
FINAL = """
SECTIONS { .text 0 : { *(.text .text.*) }
           .data 0x20000000 : { *(.data .data.*) } .bss : { *(.bss .bss.*) } LABELS }
"""


def linked(folder: Path, labels: str = "") -> Path:
    """A small image: ours linked partially with own.ld, theirs beside it."""
    gcc = ["arm-none-eabi-gcc", "-mcpu=cortex-m7", "-mthumb", "-nostdlib", "-g"]
    for name, text in (("ours", OURS), ("theirs", THEIRS)):
        (folder / f"{name}.c").write_text(text)
        subprocess.run([*gcc, "-c", f"{name}.c", "-o", f"{name}.o"], cwd=folder, check=True)
    script = [] if labels else [f"-Wl,-T,{PORT / 'own.ld'}"]
    subprocess.run([*gcc, "-r", *script, "ours.o", "-o", "own.o"], cwd=folder, check=True)
    (folder / "final.ld").write_text(FINAL.replace("LABELS", labels))
    subprocess.run(
        [*gcc, "-Wl,-T,final.ld", "-Wl,-e,start", "theirs.o", "own.o", "-o", "image.elf"], cwd=folder, check=True
    )
    return folder / "image.elf"


def test_only_ram_between_the_labels_counts_wherever_its_section_was(tmp_path: Path) -> None:
    found = ram_objects(linked(tmp_path))
    assert {name.rpartition(":")[2]: size for name, size in found.items()} == {
        "ours_zero": 100,
        "ours_set": 12,
        "ours_elsewhere": 28,
    }


def test_without_labels_all_ram_counts(tmp_path: Path) -> None:
    found = ram_objects(linked(tmp_path, labels="nothing = .;"))
    assert sum(found.values()) == 100 + 12 + 28 + 4000 + 2000
    assert not any(name.startswith(UNNAMED) for name in found)


def test_some_of_the_labels_are_not_enough(tmp_path: Path) -> None:
    image = linked(tmp_path, labels="rig_own_data_begin = 0x20000000;")
    with pytest.raises(UsageError, match="only some of the labels") as caught:
        ram_objects(image)
    assert "rig_own_bss_begin, rig_own_bss_end, rig_own_data_end" in caught.value.message
