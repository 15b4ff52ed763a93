"""The built-in Agent beside the one on PATH, over UDP: 64-byte samples, best effort, written and read back."""

from __future__ import annotations

import click

from benchmarks._compare import compare, show


@click.command()
@click.option("--rounds", default=7, show_default=True)
@click.option("--messages", default=40_000, show_default=True, help="Samples in each round.")
@click.option("--in-flight", default=16, show_default=True)
def main(rounds: int, messages: int, in_flight: int) -> None:
    """Throughput and round trip over UDP, beside the Agent on PATH."""
    figures = compare("udp", rounds, messages, in_flight)
    show("agent_udp", figures, {"rounds": rounds, "messages": messages, "in_flight": in_flight})


if __name__ == "__main__":
    main()
