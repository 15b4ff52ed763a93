"""Each benchmark runs, small, as a user runs it: a table, then one line of JSON with figures that can be right."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(name: str, *arguments: str, seconds: float = 90) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *table, last = done.stdout.strip().splitlines()
    assert table[0].startswith(name)
    result = json.loads(last)
    assert result["benchmark"] == name
    return result


@pytest.mark.parametrize("transport", ["udp", "serial"])
def test_agents_side_by_side(transport: str) -> None:
    result = run(f"agent_{transport}", "--rounds", "1", "--messages", "500")
    for figures in result["agents"].values():
        assert figures["messages_per_second"][0] > 0
        assert figures["round_trip_us"][0] > 0
    assert ("messages_per_second_ratio" in result) == (len(result["agents"]) == 2)


def test_agent_clients_loses_nothing() -> None:
    result = run("agent_clients", "--clients", "100", "--samples", "5")
    assert (result["samples"], result["lost"]) == (500, 0)


def test_agent_memory() -> None:
    result = run("agent_memory", seconds=300)
    assert result["messages"] == result["asked"] == 1_000_000
    # A leak of one byte a message would show.
    assert result["growth_bytes"] < 1_000_000


def test_codec() -> None:
    figures = run("codec", "--seconds", "0.01")["per_second"]
    assert {"encode", "decode", "frame", "unframe"} == set(figures["ACKNACK"])
    assert all(rate > 0 for by_action in figures.values() for rate in by_action.values())


@pytest.mark.firmware
@pytest.mark.qemu
def test_shared_memory_costs_what_the_reference_client_promises() -> None:
    """Instructions, the same in every run: so these are limits, not timings."""
    (board,) = run("shm", "--board", "mps2-an385")["boards"]
    assert board["unit"] == "instructions"
    assert all(point["incomplete"] == 0 == point["copied_bytes"] for point in board["points"])
    cost = {(point["payload_bytes"], point["readers"]): point["cost"] for point in board["points"]}
    one = cost.pop((4, 1))
    assert one <= 300
    by_readers = {readers: cost.pop((4, readers)) for readers in (2, 4, 8)}
    for readers, more in by_readers.items():
        assert more <= one + 60 * (readers - 1)
    assert set(cost.values()) == {one}, "the payload matters"


@pytest.mark.firmware
def test_footprint() -> None:
    profiles = {(p["core"], p["level"], p["shm"]): p for p in run("footprint", "--core", "cortex-m3")["profiles"]}
    without, with_shm = profiles["cortex-m3", "-O2", False], profiles["cortex-m3", "-O2", True]
    assert 0 < without["text_bytes"] < with_shm["text_bytes"] < 2 * without["text_bytes"]
    assert with_shm["static_ram_bytes"] == 0
    assert with_shm["ram_bytes_each"]["pair"] > 0
