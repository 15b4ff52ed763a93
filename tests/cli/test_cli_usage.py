"""Bad input: one clear line that says what, where and what to do next, the documented exit code, nothing left."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from rig_process import Finished

from rig.bench import build
from rig.cli._common import OnceCommand
from rig.cli._main import rig_command

Rig = Callable[..., Finished]

HEAD = "version: 1\ndefault: b\nboards:\n"
LINK = "{transport: serial, baud: 115200}"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def microbit(directory: Path, image: Path, network: Path | None = None) -> Path:
    """An inventory with one emulated micro:bit that is to run this image, or these two."""
    file = directory / "boards.yaml"
    firmware = f"{{shm: {image}, network: {network or image}}}"
    board = f"  b: {{kind: emulated, machine: microbit, target: nrf51, firmware: {firmware}, link: {LINK}}}\n"
    file.write_text(HEAD + board)
    return file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version: 1\ndefault: x\nboards: [1, 2]\n", "boards.yaml:3"),
        ("version: 1\ndefault: b\nboards:\n  b:\n    kind: emulatd\n", "boards.yaml:5"),
        ("version: 1\ndefault: b\nboards:\n  b:\n   - {\n", "boards.yaml:"),
        (
            "version: 1\ndefault: c\nboards:\n"
            "  b: {kind: native, firmware: {preset: posix}, link: {transport: udp4}}\n",
            "'c'",
        ),
    ],
)
def test_a_broken_inventory(rig: Rig, tmp_path: Path, out: Path, text: str, said: str) -> None:
    file = tmp_path / "boards.yaml"
    file.write_text(text)
    done = rig("run", "--boards", str(file), "--out", str(out))
    assert done.code == 2
    assert said in done.err
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.firmware
@pytest.mark.parametrize(
    ("images", "os", "said"),
    [
        (("network", "shm"), "none", "is the network firmware for bare metal, and board b"),
        (("shm", "network"), "nuttx", "takes it for the shm firmware for nuttx"),
    ],
)
def test_an_image_of_another_variant_or_system(
    rig: Rig, tmp_path: Path, out: Path, images: tuple[str, str], os: str, said: str
) -> None:
    built = build("mps2-an500")
    named = f"{{shm: {built[images[0]]}, network: {built[images[1]]}}}"
    file = tmp_path / "boards.yaml"
    file.write_text(f"{HEAD}  b: {{kind: emulated, machine: mps2-an500, os: {os}, firmware: {named}, link: {LINK}}}\n")
    done = rig("run", "--boards", str(file), "--out", str(out))
    assert done.code == 2 and said in done.err, done.err
    assert "boards.yaml:4" in done.err
    assert not out.exists() or not list(out.iterdir())


@pytest.mark.parametrize("before", [[], ["--board", "mps2-an385"]], ids=["alone", "after another"])
def test_a_board_whose_firmware_the_rig_does_not_build(
    rig: Rig, project_root: Path, tmp_path: Path, out: Path, before: list[str]
) -> None:
    """As in a fresh clone: boards.yaml has the board, and nobody has built NuttX. Nothing is measured first."""
    shutil.copy(project_root / "boards.yaml", tmp_path)
    boards = str(tmp_path / "boards.yaml")
    done = rig("run", "--boards", boards, *before, "--board", "nuttx-an500", "--out", str(out))
    assert done.code == 2
    assert "board nuttx-an500" in done.err and "shm.elf" in done.err and "network.elf" in done.err
    assert "build both variants of firmware/ports/nuttx" in done.err and "firmware/ports/nuttx/README.md" in done.err
    assert not out.exists() or not list(out.iterdir())


def test_an_unknown_board(rig: Rig, out: Path) -> None:
    done = rig("run", "--board", "mps2-an38", "--out", str(out))
    assert done.code == 2
    assert "mps2-an38" in done.err and "mps2-an385" in done.err
    assert not out.exists()


def test_an_unknown_claim(rig: Rig, out: Path) -> None:
    done = rig("run", "--claims", "copys", "--out", str(out))
    assert done.code == 2
    assert "did you mean copies?" in done.err
    assert not out.exists()


def test_an_unknown_option(rig: Rig) -> None:
    done = rig("run", "--bord", "x")
    assert done.code == 2
    assert "--board" in done.err


def test_results_do_not_mix(rig: Rig, out: Path) -> None:
    out.mkdir()
    (out / "something").write_text("mine")
    done = rig("run", "--out", str(out))
    assert done.code == 2
    assert "not empty" in done.err and "--out" in done.err
    assert (out / "something").read_text() == "mine"


def test_firmware_for_another_core(rig: Rig, tmp_path: Path, project_root: Path, out: Path) -> None:
    assert rig("build", "mps2-an385").code == 0
    images = project_root / "firmware" / "build" / "mps2-an385"
    file = microbit(tmp_path, images / "rig-bench-shm.elf", images / "rig-bench-network.elf")
    done = rig("run", "--boards", str(file), "--out", str(out))
    assert done.code == 2
    assert "armv7-m" in done.err and "cortex-m0" in done.err
    assert not out.exists()


def test_firmware_that_is_none(rig: Rig, tmp_path: Path, out: Path) -> None:
    (tmp_path / "shm.elf").write_text("no elf")
    file = microbit(tmp_path, Path("shm.elf"))
    done = rig("run", "--boards", str(file), "--out", str(out))
    assert done.code == 2
    assert "shm.elf" in done.err and "ELF" in done.err
    assert not out.exists()


def test_firmware_that_does_not_fit(rig: Rig, tmp_path: Path) -> None:
    source = tmp_path / "big.c"
    source.write_text(
        '__attribute__((section(".v"),used)) void *const v[2] = {(void *)0x20004000, 0};\n'
        "__attribute__((used)) const char big[300 * 1024] = {1};\nint main(void) { return 0; }\n"
    )
    script = tmp_path / "big.ld"
    sections = ".text : { KEEP(*(.v)) *(.text*) *(.rodata*) } /DISCARD/ : { *(.ARM.exidx*) }"
    script.write_text(f"SECTIONS {{ . = 0; {sections} }}\n")
    elf = tmp_path / "big.elf"
    options = ["-mcpu=cortex-m0", "-mthumb", "-nostdlib", f"-T{script}", "-Wl,-emain"]
    subprocess.run(["arm-none-eabi-gcc", *options, "-o", elf, source], check=True, capture_output=True)
    done = rig("flash", "microbit", str(elf))
    assert done.code == 2
    assert "big.elf" in done.err
    assert any(word in done.err for word in ("fit", "space", "outside"))


@pytest.fixture
def built() -> None:
    """The default board's firmware stands: it cannot be built with what the test takes away."""
    build("mps2-an385")


@pytest.mark.firmware
@pytest.mark.usefixtures("built")
def test_no_qemu(rig: Rig, tmp_path: Path, out: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("cmake", "ninja", "arm-none-eabi-gcc", "gcc", "as", "ld"):
        found = next(Path(d, name) for d in os.environ["PATH"].split(":") if Path(d, name).exists())
        (tools / name).symlink_to(found)
    done = rig("run", "--claims", "footprint", "--out", str(out), PATH=str(tools))
    assert done.code == 3
    assert "qemu-system-arm" in done.err + done.out and "apt-get install" in done.err + done.out


def test_no_external_agent(rig: Rig, out: Path) -> None:
    done = rig("run", "--agent", "external", "--out", str(out), PATH="/nowhere")
    assert done.code == 3
    assert "MicroXRCEAgent" in done.err
    assert "--agent builtin" in done.err


def test_a_port_in_use(rig: Rig) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as busy:
        busy.bind(("127.0.0.1", 0))
        port = busy.getsockname()[1]
        done = rig("agent", "udp4", "-p", str(port))
    assert done.code == 3
    assert str(port) in done.err


def test_a_device_that_is_no_serial_line(rig: Rig) -> None:
    done = rig("agent", "serial", "--dev", "/dev/null", "-b", "115200")
    assert done.code == 3
    assert "/dev/null" in done.err


def test_a_run_that_is_not_there(rig: Rig, tmp_path: Path) -> None:
    done = rig("report", str(tmp_path / "nowhere"))
    assert done.code == 2
    assert "nowhere" in done.err


@pytest.mark.firmware
@pytest.mark.usefixtures("built")
def test_a_full_disk(project_root: Path, state: Path, out: Path) -> None:
    """A limit on the size of files stands in for the disk: the system refuses to write either way."""
    command = f'ulimit -f 4; exec "{project_root}/.venv/bin/python" -m rig.cli run --claims message-size --out "{out}"'
    if not (project_root / ".venv" / "bin" / "python").exists():
        pytest.skip("no .venv in this checkout")
    done = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        cwd=project_root,
        env={**os.environ, "RIG_STATE_DIR": str(state)},
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "cannot write" in done.stderr and str(out) in done.stderr


def test_a_dry_run_says_what_would_be_done_and_does_nothing(rig: Rig, out: Path, state: Path) -> None:
    done = rig("run", "--dry-run", "--board", "microbit", "--claims", "copies", "--agent", "none", "--out", str(out))
    assert done.code == 0
    assert "shm: flash, boot" in done.out and "in all: 1 flash, 0 Agent starts" in done.out
    assert "copies: skipped, no Agent" in done.out
    assert "then decide: copies" in done.out
    assert not out.exists()
    assert list(state.rglob("*.board.json")) == []


def commands(group: click.Group) -> Iterator[click.Command]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            yield from commands(command)
        else:
            yield command


def test_every_command_refuses_an_option_that_is_given_twice() -> None:
    lax = {command.name for command in commands(rig_command) if not isinstance(command, OnceCommand)}
    assert lax == {"bench"}, "which hands on what it does not know"
