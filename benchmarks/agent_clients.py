"""A hundred Clients at the built-in Agent at once: each writes best effort over UDP and reads its own samples back."""

from __future__ import annotations

import contextlib
import selectors
import socket
import time

import click

from benchmarks._agents import builtin
from benchmarks._load import Echo, udp_socket
from benchmarks._report import report

_LIMIT = 60.0
_PATIENCE = 1.0


def measure(clients: int, samples: int) -> dict[str, object]:
    """All Clients together; ``lost`` counts samples that did not come back within a second of silence."""
    with builtin() as agent, contextlib.ExitStack() as stack:
        begin = time.monotonic()
        echoes = [
            stack.enter_context(
                Echo(udp_socket(agent.port), key=0x0C100000 + number, topic=f"rt/client{number}", settle=0.0)
            )
            for number in range(1, clients + 1)
        ]
        login_seconds = time.monotonic() - begin
        back, seconds = _exchange(echoes, samples)
    total = clients * samples
    return {
        "clients": clients,
        "samples": total,
        "login_seconds": login_seconds,
        "messages_per_second": back / seconds,
        "lost": total - back,
    }


def _fileno(echo: Echo) -> int:
    assert isinstance(echo.socket, socket.socket)
    return echo.socket.fileno()


def _exchange(echoes: list[Echo], samples: int) -> tuple[int, float]:
    """One sample of each Client is on its way at any time. Returns how many came back, and the seconds taken."""
    left = dict.fromkeys(range(len(echoes)), samples)
    back = 0
    begin = last = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for number, echo in enumerate(echoes):
            echo.socket.settimeout(0.0)
            selector.register(_fileno(echo), selectors.EVENT_READ, number)
            echo.write()
        while left and time.monotonic() - begin < _LIMIT:
            ready = selector.select(_PATIENCE)
            if not ready and time.monotonic() - last > _PATIENCE:
                break
            for key, _ in ready:
                number = key.data
                arrived = echoes[number].take()
                if not arrived:
                    continue
                last = time.monotonic()
                back += arrived
                left[number] -= arrived
                if left[number] > 0:
                    echoes[number].write()
                else:
                    selector.unregister(_fileno(echoes[number]))
                    del left[number]
    return back, last - begin


@click.command()
@click.option("--clients", default=100, show_default=True)
@click.option("--samples", default=500, show_default=True, help="Of each Client.")
def main(clients: int, samples: int) -> None:
    """Many Clients at once."""
    result = measure(clients, samples)
    rows = [[name, f"{value:,.2f}" if isinstance(value, float) else value] for name, value in result.items()]
    report("agent_clients", ["", "value"], rows, result)


if __name__ == "__main__":
    main()
