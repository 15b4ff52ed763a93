"""Choosing boards: by name, by capability, and why none matches."""

from pathlib import Path

import pytest

from rig.errors import UsageError
from rig.inventory import Inventory

TEXT = """\
version: 1
default: one
boards:
  one: {kind: native, capabilities: [shm, rtt], firmware: {preset: p}, link: {transport: udp4}}
  two: {kind: native, capabilities: [shm, large-memory], firmware: {preset: p}, link: {transport: udp4}}
  bare: {kind: native, firmware: {preset: p}, link: {transport: udp4}}
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    path = tmp_path / "boards.yaml"
    path.write_text(TEXT)
    return Inventory.load(path)


def chosen(inventory: Inventory, **wanted: list[str]) -> list[str]:
    return [board.name for board in inventory.select(**wanted)]


def test_nothing_asked_for_is_the_default(inventory: Inventory) -> None:
    assert chosen(inventory) == ["one"]


def test_names_are_taken_in_their_order_and_once(inventory: Inventory) -> None:
    assert chosen(inventory, names=["bare", "one", "bare"]) == ["bare", "one"]


def test_capabilities_must_all_be_there(inventory: Inventory) -> None:
    assert chosen(inventory, capabilities=["shm"]) == ["one", "two"]
    assert chosen(inventory, capabilities=["shm", "large-memory"]) == ["two"]


def test_no_match_says_why_for_each_board(inventory: Inventory) -> None:
    with pytest.raises(UsageError) as caught:
        inventory.select(capabilities=["shm", "rtt", "can"])
    message = caught.value.message
    assert "one lacks can" in message
    assert "two lacks can, rtt" in message
    assert "bare lacks can, rtt, shm" in message


def test_named_board_without_the_capability_is_not_dropped_in_silence(inventory: Inventory) -> None:
    with pytest.raises(UsageError, match="bare lacks shm"):
        inventory.select(names=["one", "bare"], capabilities=["shm"])


@pytest.mark.parametrize(("name", "near"), [("on", "'one'"), ("tow", "'two'"), ("zzz", "rig boards")])
def test_unknown_name_lists_the_known_and_the_near(inventory: Inventory, name: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"unknown board '{name}'; boards.yaml has one, two, bare") as caught:
        inventory.select(names=[name])
    assert near in caught.value.hint
