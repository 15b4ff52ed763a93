"""Cost of shared memory on a board: publish call to the last reader's callback, by payload and by readers.

On an emulated board the unit is instructions, the same in every run. Give several boards to set middlewares side by
side: ``python -m benchmarks.shm --boards FILE --board NAME --board NAME``. Samples go in small groups with a rest after
each, so that a middleware which sends every sample to the Agent as well is not held up by its link.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

import click

from benchmarks._report import report
from rig.bench import Counter
from rig.inventory import BoardSpec, Inventory
from rig.station import Setting, Station

_GROUP = 6
_GROUPS = 3
_READERS = (1, 2, 4, 8)


def _point(setting: Setting, payload: int, readers: int) -> dict[str, object]:
    """One combination: ``cost`` in units of the board's clock, ``copied`` payload and header bytes a sample."""
    setting.start(buffers=4)
    topology = setting.connect(readers=readers)
    costs: list[int] = []
    copied: list[int] = []
    lost = 0
    for group in range(_GROUPS + 1):
        for number in range(_GROUP):
            if number == 0 or payload > setting.mtu:
                setting.settle()
            seen = setting.bench.exchange(
                session=topology.session,
                writer=topology.writer,
                count=1,
                length=payload,
                readers=readers,
                first=1 + group * _GROUP + number,
                quiet=True,
                deadline=0.5,
            )
            if len(seen.deliveries) != readers:
                lost += 1
            elif group > 0:  # the first group warms up
                costs.append(setting.bench.latencies(seen)[-1])
                copied.append(seen.counters[Counter.COPY_BYTES])
    return {
        "payload_bytes": payload,
        "readers": readers,
        "cost": statistics.median(costs) if costs else None,
        "cost_min": min(costs, default=None),
        "cost_max": max(costs, default=None),
        "copied_bytes": statistics.median(copied) if copied else None,
        "incomplete": lost,
    }


def measure(spec: BoardSpec) -> dict[str, object]:
    """All combinations on one board with shared memory."""
    with tempfile.TemporaryDirectory() as folder, Station(spec, agent="builtin", directory=Path(folder)) as station:
        setting = station.prepare("shm")
        points = [_point(setting, payload, 1) for payload in setting.payloads()]
        points += [_point(setting, 4, readers) for readers in _READERS[1:]]
        hello = setting.bench.hello
        return {
            "board": spec.name,
            "middleware": f"{hello.middleware} {hello.middleware_version}",
            "unit": setting.bench.clock.unit,
            "points": points,
        }


def _rows(found: list[dict[str, object]]) -> list[list[object]]:
    rows: list[list[object]] = []
    for board in found:
        points = board["points"]
        assert isinstance(points, list)
        for point in points:
            cost = point["cost"]
            rows.append(
                [
                    board["middleware"],
                    point["payload_bytes"],
                    point["readers"],
                    f"{cost:,.0f}" if cost is not None else "-",
                    f"{point['cost_min']}..{point['cost_max']}",
                    point["copied_bytes"],
                    point["incomplete"],
                ]
            )
    return rows


@click.command()
@click.option("--boards", type=click.Path(path_type=Path), default=Path("boards.yaml"), show_default=True)
@click.option("--board", "names", multiple=True, help="Several may be given; without one, the default board.")
def main(boards: Path, names: tuple[str, ...]) -> None:
    """Shared memory by payload, readers and middleware."""
    found = [measure(spec) for spec in Inventory.load(boards).select(names)]
    units = " / ".join(sorted({str(board["unit"]) for board in found}))
    columns = ["middleware", "payload B", "readers", units, "range", "copied B", "lost"]
    report("shm", columns, _rows(found), {"boards": found})


if __name__ == "__main__":
    main()
