"""The built-in Agent beside the one on PATH, over a serial line: 64-byte samples, best effort, written and read back.

The line is a pty and has no baud rate of its own: a UART of 115,200 baud carries about 120 such samples a second.
"""

from __future__ import annotations

import click

from benchmarks._compare import compare, show


@click.command()
@click.option("--rounds", default=7, show_default=True)
@click.option("--messages", default=5_000, show_default=True, help="Samples in each round.")
@click.option("--in-flight", default=16, show_default=True)
def main(rounds: int, messages: int, in_flight: int) -> None:
    """Throughput and round trip over a serial line, beside the Agent on PATH."""
    figures = compare("serial", rounds, messages, in_flight)
    show("agent_serial", figures, {"rounds": rounds, "messages": messages, "in_flight": in_flight})


if __name__ == "__main__":
    main()
