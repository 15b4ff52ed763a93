"""The native board: a process, a shared file, a UDP port."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from rig.board import Board, open_board
from rig.errors import BoardFault, UsageError
from rig.inventory import BoardSpec
from rig.probe import FirmwareImage

Wait = Callable[..., bool]
COUNTER, COMMAND, RESULT = 0, 4, 8
EXIT, ABORT, DEAF, SEND = 1, 2, 3, 4


@pytest.fixture
def board(specs: dict[str, BoardSpec], images: dict[str, FirmwareImage]) -> Iterator[Board]:
    with open_board(specs["native"]) as opened:
        opened.flash(images["native"])
        yield opened


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if child.name() == "native"]


def test_process_counts_in_shared_memory(board: Board, wait_until: Wait) -> None:
    board.boot()
    assert wait_until(lambda: board.memory.read_u32(COUNTER) > 3)
    assert board.mailbox_address == 0
    shared, *private = board.ram_regions()
    assert shared == (0, 1 << 20)
    assert all(start >= 1 << 20 and length > 0 for start, length in private)
    board.memory.write(1000, b"payload")
    assert board.memory.read(1000, 7) == b"payload"
    assert board.alive()
    assert board.probe is None
    assert (board.identity.kind, board.identity.core, board.identity.emulator) == ("native", "host", None)


def test_partial_line_is_kept(board: Board, wait_until: Wait) -> None:
    board.boot()
    assert wait_until(lambda: board.console.lines()[-1:] == ["no newline yet"])
    stamps = [chunk.at_ns for chunk in board.console.chunks()]
    assert stamps == sorted(stamps)


def test_link_is_known_before_boot_and_is_where_the_firmware_sends(board: Board, wait_until: Wait) -> None:
    assert (board.link.kind, board.link.host) == ("udp4", "127.0.0.1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", board.link.port or 0))
        agent.settimeout(10)
        board.boot()
        board.memory.write_u32(COMMAND, SEND)
        assert agent.recv(100) == b"ping"
    assert wait_until(lambda: f"link udp4:127.0.0.1:{board.link.port}" in board.console.lines())


def test_serial_link_is_handed_to_the_firmware(
    specs: dict[str, BoardSpec], images: dict[str, FirmwareImage], wait_until: Wait
) -> None:
    with open_board(specs["native-serial"]) as board:
        board.flash(images["native"])
        board.boot()
        assert board.link.device == "/dev/null"
        assert wait_until(lambda: "link serial:/dev/null" in board.console.lines())


def test_each_boot_is_a_new_process_with_blank_memory(board: Board) -> None:
    board.boot()
    first = children()
    board.memory.write(1000, b"old")
    board.boot()
    assert len(first) == len(children()) == 1
    assert first != children()
    assert board.memory.read(1000, 3) == bytes(3)


def test_exit_is_a_fault_with_its_code_and_last_words(board: Board, wait_until: Wait) -> None:
    board.boot()
    board.memory.write_u32(COMMAND, EXIT)
    assert wait_until(lambda: not board.alive())
    assert board.why_dead() == "the firmware process ended with exit code 5; it said: leaving"
    with pytest.raises(BoardFault, match="exit code 5"):
        board.memory.read(0, 4)
    with pytest.raises(BoardFault, match="out of use"):
        board.boot()
    board.power_cycle()
    board.boot()
    assert board.alive()
    assert dict(board.recoveries) == {"power-cycle": 1}


def test_abort_is_named_by_its_signal(board: Board, wait_until: Wait) -> None:
    board.boot()
    board.memory.write_u32(COMMAND, ABORT)
    assert wait_until(lambda: "SIGABRT" in (board.why_dead() or ""))


def test_killed_process_is_noticed(board: Board, wait_until: Wait) -> None:
    board.boot()
    os.kill(children()[0].pid, signal.SIGKILL)
    assert wait_until(lambda: "SIGKILL" in (board.why_dead() or ""))


def test_firmware_that_refuses_to_start(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_REFUSES", "1")
    with pytest.raises(BoardFault, match="exit code 7; it said: refused by the environment"):
        board.boot()


def test_memory_ends_where_the_file_ends(board: Board) -> None:
    with pytest.raises(BoardFault, match="does not run"):
        board.memory.read(0, 4)
    board.power_cycle()
    board.boot()
    for address, length in ((1 << 20, 1), ((1 << 20) - 2, 4), (-4, 4)):
        with pytest.raises(BoardFault, match="no memory at"):
            board.memory.read(address, length)
    assert board.alive()


@pytest.mark.parametrize("layout", ["-pie", "-no-pie"])
def test_private_memory_is_named_by_the_programs_symbols(
    specs: dict[str, BoardSpec], tmp_path: Path, layout: str
) -> None:
    program = tmp_path / "demo"
    source = Path(__file__).parent / "firmware" / "native_demo.c"
    subprocess.run(
        ["gcc", "-std=gnu99", *(["-fPIE"] if layout == "-pie" else []), layout, source, "-o", program], check=True
    )
    with open_board(specs["native"]) as board:
        board.flash(FirmwareImage.load(program))
        board.boot()
        found = []
        for start, length in board.ram_regions():
            at = board.memory.read(start, length).find(b"a mark in private memory")
            if at >= 0:
                found.append(board.symbol_at(start + at))
        assert found == ["demo_mark"]
        assert board.symbol_at(0x20) == "shared file+0x20"


def test_deaf_process_is_ended_all_the_same(
    specs: dict[str, BoardSpec], images: dict[str, FirmwareImage], wait_until: Wait
) -> None:
    with open_board(specs["native"]) as board:
        board.flash(images["native"])
        board.boot()
        board.memory.write_u32(COMMAND, DEAF)
        assert wait_until(lambda: board.memory.read_u32(RESULT) == 1)
        assert len(children()) == 1
    assert children() == []


def test_wrong_firmware_is_refused(board: Board, images: dict[str, FirmwareImage], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="built for armv7-m"):
        board.flash(images["mps2-an385"])
    copy = tmp_path / "not-executable"
    copy.write_bytes(images["native"].path.read_bytes())
    with pytest.raises(UsageError, match="may not be executed") as caught:
        board.flash(FirmwareImage.load(copy))
    assert "chmod" in caught.value.hint


def test_no_firmware_no_boot(specs: dict[str, BoardSpec]) -> None:
    with open_board(specs["native"]) as board, pytest.raises(UsageError, match="no firmware yet"):
        board.boot()
