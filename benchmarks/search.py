"""How fast sequences are searched on a board, and that many of them break no promise of a middleware without defects.

``python -m benchmarks.search --board native --sequences 100000 --seed 2``. The rate depends on the machine; the
rig's own share of a processor says what limits it. Ends with 1 if a promise was broken.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

import click

from benchmarks._report import report
from rig.inventory import Inventory
from rig.search import Report as Found
from rig.search import Runner, Search
from rig.station import Station


@click.command()
@click.option("--boards", "boards_file", type=click.Path(path_type=Path), default=Path("boards.yaml"))
@click.option("--board", "names", multiple=True, default=("native",))
@click.option("--sequences", default=2000, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(boards_file: Path, names: tuple[str, ...], sequences: int, seed: int) -> None:
    """Sequences a second, by board."""
    rows: list[list[object]] = []
    boards: list[dict[str, object]] = []
    broken = 0
    for spec in Inventory.load(boards_file).select(names):
        with tempfile.TemporaryDirectory() as folder, Station(spec, agent="none", directory=Path(folder)) as station:
            setting = station.prepare("shm")
            runner = Runner(setting.bench, renew=setting.renew, key=setting.next_key)
            begin, used = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
            found: Found = Search(runner, seed=seed).run(seconds=float("inf"), sequences=sequences)
            seconds = time.monotonic() - begin
            cpu = resource.getrusage(resource.RUSAGE_SELF).ru_utime - used
        for finding in found.findings:
            print(f"{finding.breach.promise}\n{finding.calls}\n  {finding.breach.expected} | {finding.breach.seen}")
        for promise, seen in found.passing:
            print(f"once, and not again: {promise}: {seen}")
        broken += len(found.findings) + len(found.passing)
        calls = found.operations / found.sequences
        rate = found.sequences / seconds
        rows.append(
            [spec.name, found.sequences, f"{calls:.1f}", f"{rate:.0f}", f"{cpu / seconds:.2f}", len(found.findings)]
        )
        boards.append(
            {
                "board": spec.name,
                "seed": seed,
                "sequences": found.sequences,
                "calls": found.operations,
                "seconds": round(seconds, 3),
                "sequences_per_second": round(rate, 1),
                "rig_cpu_share": round(cpu / seconds, 3),
                "findings": len(found.findings),
                "unjudged": found.unjudged,
            }
        )
    columns = ["board", "sequences", "calls each", "a second", "rig's CPU share", "findings"]
    report("search", columns, rows, {"boards": boards})
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
