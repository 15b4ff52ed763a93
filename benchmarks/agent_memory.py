"""Whether the built-in Agent's memory stays flat: resident bytes while a million messages go through it."""

from __future__ import annotations

import click
import psutil

from benchmarks._agents import builtin
from benchmarks._load import Echo, udp_socket
from benchmarks._report import report

_WARM_UP = 20_000
_STEPS = 10


def measure(messages: int) -> dict[str, object]:
    """Resident memory (bytes) after a warm-up and after each tenth of the messages."""
    with builtin() as agent:
        process = psutil.Process(agent.pid)
        with Echo(udp_socket(agent.port), key=0x0E300001, topic="rt/memory") as client:
            client.echo(_WARM_UP, in_flight=16)
            resident = [process.memory_info().rss]
            back = 0
            for _ in range(_STEPS):
                got, _ = client.echo(messages // _STEPS, in_flight=16, seconds=60.0)
                back += got
                resident.append(process.memory_info().rss)
    return {
        "messages": back,
        "asked": messages,
        "resident_bytes": resident,
        "growth_bytes": resident[-1] - resident[0],
        "growth_bytes_per_message": (resident[-1] - resident[0]) / max(back, 1),
    }


@click.command()
@click.option("--messages", default=1_000_000, show_default=True)
def main(messages: int) -> None:
    """Memory of the Agent, before and after."""
    result = measure(messages)
    resident = result["resident_bytes"]
    assert isinstance(resident, list)
    rows = [[f"after {index * messages // _STEPS:,} messages", value] for index, value in enumerate(resident)]
    report("agent_memory", ["", "resident bytes"], [*rows, ["growth", result["growth_bytes"]]], result)


if __name__ == "__main__":
    main()
