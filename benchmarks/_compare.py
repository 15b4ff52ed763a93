"""Two Agents side by side in one run: throughput, CPU time and round trip, and their ratios.

Rounds alternate between the Agents, and a ratio is the median of the rounds' ratios, so that what else the machine does
meanwhile strikes both. The CPU time is the least disturbed of the figures.
"""

from __future__ import annotations

import contextlib
import socket
import statistics
from collections.abc import Callable

import psutil

from benchmarks._agents import RunningAgent, builtin, external
from benchmarks._load import Echo, SerialEnd, udp_socket
from benchmarks._report import report

_WARM_UP = 1000
_METRICS = (("messages_per_second", 0), ("cpu_us_per_message", 1), ("round_trip_us", 1))
Figures = dict[str, dict[str, list[float]]]


def _cpu_seconds(pid: int) -> float:
    """CPU time that a process took so far: what it costs, whatever else the machine does."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def compare(transport: str, rounds: int, messages: int, in_flight: int) -> Figures:
    """By Agent: messages per second, the Agent's CPU time (us a message), the median round trip (us) of each round."""
    figures: Figures = {}
    with contextlib.ExitStack() as stack:
        sides: list[tuple[RunningAgent, Callable[[], socket.socket | SerialEnd]]] = []
        for start in (builtin, external):
            line = SerialEnd() if transport == "serial" else None
            if line is not None:
                stack.callback(line.close)
            agent = stack.enter_context(start(line.device if line is not None else None))
            if agent is None:
                continue
            sides.append((agent, _opener(agent, line)))
        for number in range(rounds):
            for agent, link in sides if number % 2 == 0 else reversed(sides):
                found = figures.setdefault(agent.name, {metric: [] for metric, _ in _METRICS})
                with Echo(link(), key=0x0BE00000 + number, topic=f"rt/bench{number}") as client:
                    client.echo(_WARM_UP, in_flight=in_flight)
                    before = _cpu_seconds(agent.pid)
                    back, seconds = client.echo(messages, in_flight=in_flight)
                    found["cpu_us_per_message"].append((_cpu_seconds(agent.pid) - before) / max(back, 1) * 1e6)
                    found["messages_per_second"].append(back / seconds)
                    trips = client.round_trips(max(200, messages // 20))
                    found["round_trip_us"].append(statistics.median(trips) * 1e6)
    return figures


def _opener(agent: RunningAgent, line: SerialEnd | None) -> Callable[[], socket.socket | SerialEnd]:
    return lambda: line if line is not None else udp_socket(agent.port)


def show(name: str, figures: Figures, facts: dict[str, object]) -> None:
    """Medians of the rounds, and the median of their ratios where there are two Agents."""
    names = list(figures)
    rows: list[list[object]] = []
    result: dict[str, object] = {**facts, "agents": figures}
    for metric, digits in _METRICS:
        row: list[object] = [metric, *(f"{statistics.median(figures[name][metric]):,.{digits}f}" for name in names)]
        if len(names) == 2:
            ratios = [a / b for a, b in zip(figures[names[0]][metric], figures[names[1]][metric], strict=True) if b]
            if ratios:
                result[f"{metric}_ratio"] = statistics.median(ratios)
                row.append(f"{statistics.median(ratios):.2f}")
        rows.append(row)
    report(name, ["median of rounds", *names, *(["ratio"] if len(names) == 2 else [])], rows, result)
