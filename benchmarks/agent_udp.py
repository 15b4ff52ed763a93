"""The built-in Agent beside the one on PATH, in one run: 64-byte samples, best effort over UDP, written and read back.

Rounds alternate between the Agents, and the ratio is the median of the rounds' ratios, so that what else the machine
does meanwhile strikes both.
"""

from __future__ import annotations

import statistics

import click
import psutil

from benchmarks._agents import RunningAgent, builtin, external
from benchmarks._load import Echo
from benchmarks._report import report

_WARM_UP = 2000
_METRICS = (("messages_per_second", 0), ("cpu_us_per_message", 1), ("round_trip_us", 1))


def _cpu_seconds(pid: int) -> float:
    """CPU time that a process took so far: what it costs, whatever else the machine does."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def measure(rounds: int, messages: int, in_flight: int) -> dict[str, dict[str, list[float]]]:
    """Messages per second, the Agent's CPU time (us a message) and the median round trip (us) of each round."""
    figures: dict[str, dict[str, list[float]]] = {}
    with builtin() as ours, external() as theirs:
        agents: list[RunningAgent] = [ours, *([theirs] if theirs is not None else [])]
        for number in range(rounds):
            for agent in agents if number % 2 == 0 else reversed(agents):
                found = figures.setdefault(agent.name, {metric: [] for metric, _ in _METRICS})
                with Echo(agent.port, key=0x0BE00000 + number, topic=f"rt/bench{number}") as client:
                    client.echo(_WARM_UP, in_flight=in_flight)
                    before = _cpu_seconds(agent.pid)
                    back, seconds = client.echo(messages, in_flight=in_flight)
                    found["cpu_us_per_message"].append((_cpu_seconds(agent.pid) - before) / max(back, 1) * 1e6)
                    found["messages_per_second"].append(back / seconds)
                    trips = client.round_trips(max(200, messages // 20))
                    found["round_trip_us"].append(statistics.median(trips) * 1e6)
    return figures


@click.command()
@click.option("--rounds", default=7, show_default=True)
@click.option("--messages", default=40_000, show_default=True, help="Samples in each round.")
@click.option("--in-flight", default=16, show_default=True)
def main(rounds: int, messages: int, in_flight: int) -> None:
    """Throughput and round trip over UDP, beside the Agent on PATH."""
    figures = measure(rounds, messages, in_flight)
    names = list(figures)
    rows: list[list[object]] = []
    result: dict[str, object] = {"rounds": rounds, "messages": messages, "in_flight": in_flight, "agents": figures}
    for metric, digits in _METRICS:
        row: list[object] = [metric, *(f"{statistics.median(figures[name][metric]):,.{digits}f}" for name in names)]
        if len(names) == 2:
            ratios = [a / b for a, b in zip(figures[names[0]][metric], figures[names[1]][metric], strict=True)]
            result[f"{metric}_ratio"] = statistics.median(ratios)
            row.append(f"{statistics.median(ratios):.2f}")
        rows.append(row)
    columns = ["median of rounds", *names, *(["ratio"] if len(names) == 2 else [])]
    report("agent_udp", columns, rows, result)


if __name__ == "__main__":
    main()
