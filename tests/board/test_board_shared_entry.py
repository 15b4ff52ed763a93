"""Firmware whose exceptions share one entry, as an operating system's may: no false stop, and a crash has its place."""

from collections.abc import Callable, Iterator
from pathlib import Path

import demo_firmware as demo
import pytest

from rig.board import Board, open_board
from rig.inventory import BoardSpec
from rig.probe import FirmwareImage

pytestmark = pytest.mark.qemu

Wait = Callable[..., bool]


@pytest.fixture
def booted(specs: dict[str, BoardSpec], tmp_path: Path, wait_until: Wait) -> Iterator[Board]:
    image = FirmwareImage.load(demo.build_demo("mps2-an385", tmp_path, shared_entry=True))
    with open_board(specs["mps2-an385"]) as board:
        board.flash(image)
        board.boot()
        calls = image.find("demo_calls").address
        assert wait_until(lambda: not board.alive() or board.memory.read_u32(calls) > 1000), "it stands still"
        yield board


def order(board: Board, command: int) -> None:
    assert board.image is not None
    board.memory.write_u32(board.image.find("demo_command").address, command)


def test_calls_of_the_system_stop_nothing_and_a_fault_is_told_with_its_place(booted: Board, wait_until: Wait) -> None:
    assert booted.why_dead() is None
    order(booted, demo.BAD_READ)
    assert wait_until(lambda: not booted.alive())
    crash = booted.crash() or ""
    assert crash.startswith("HardFault at 0x") or crash.startswith("BusFault at 0x"), crash
    assert "(demo_crash" in crash and "called from main" in crash
    assert "bus error on a data access; address 0xa0000000" in crash


def test_after_the_next_boot_it_runs_and_an_assertion_has_its_line(booted: Board, wait_until: Wait) -> None:
    order(booted, demo.BAD_READ)
    assert wait_until(lambda: not booted.alive())
    assert booted.image is not None
    calls = booted.image.find("demo_calls").address
    booted.memory.write_u32(calls, 0)  # RAM survives a reset
    booted.boot()
    assert wait_until(lambda: not booted.alive() or booted.memory.read_u32(calls) > 1000)
    assert booted.why_dead() is None
    order(booted, demo.ASSERT)
    assert wait_until(lambda: not booted.alive())
    assert (booted.crash() or "").startswith("Assertion at") and "demo.c:7" in (booted.crash() or "")
