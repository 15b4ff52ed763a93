"""Boards at once beside one after the other: wall time, and whether verdicts and exact figures are the same.

``python -m benchmarks.boards --boards 8 --claims copies,burst-order``
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from rig.records import RunRecord
from rig.run import RunOptions, check_claims, execute, new_run_id

_KINDS = (
    "{kind: emulated, machine: mps2-an385, firmware: {preset: mps2-an385}, link: {transport: serial}}",
    "{kind: native, firmware: {preset: posix}, link: {transport: udp4}}",
    "{kind: emulated, machine: microbit, firmware: {preset: microbit}, link: {transport: serial}}",
    "{kind: native, firmware: {preset: posix}, link: {transport: udp4}}",
)


def main() -> int:
    """Make both runs; ends with 1 if a board decided or counted otherwise than alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=8, help="how many; every second one is native")
    parser.add_argument("--claims", default="copies,burst-order", help="claims to decide; all: every one")
    parser.add_argument("--search-seconds", type=float, default=5.0)
    asked = parser.parse_args()
    claims = () if asked.claims == "all" else tuple(asked.claims.split(","))
    with tempfile.TemporaryDirectory(prefix="rig-boards-") as scratch:
        root = Path(scratch)
        names = [f"board{number}" for number in range(asked.boards)]
        lines = [f"  {name}: {_KINDS[number % len(_KINDS)]}" for number, name in enumerate(names)]
        (root / "boards.yaml").write_text("\n".join(["version: 1", f"default: {names[0]}", "boards:", *lines, ""]))
        runs: dict[int, tuple[RunRecord, float]] = {}
        for jobs in (0, 1):
            directory = root / f"jobs-{jobs}"
            directory.mkdir()
            options = RunOptions(
                boards_file=root / "boards.yaml",
                boards=tuple(names),
                claims=check_claims(claims),
                quick=True,
                directory=directory,
                jobs=jobs,
                search_seconds=asked.search_seconds,
            )
            begin = time.monotonic()
            runs[jobs] = execute(options, run_id=new_run_id()), time.monotonic() - begin
    (together, short), (alone, long) = runs[0], runs[1]
    different = [name for name in names if _of(together, name) != _of(alone, name)]
    print(f"{asked.boards} boards on {os.cpu_count()} cores, {len(together.claims)} verdicts")
    print(f"one after the other  {long:7.1f} s")
    print(f"at once              {short:7.1f} s   ({long / short:.2f} times as fast)")
    print(f"verdicts and exact figures: {'the same' if not different else 'different on ' + ', '.join(different)}")
    for name in different:
        for key in sorted(_of(together, name).items() ^ _of(alone, name).items(), key=str)[:6]:
            print(f"  {name}: {key}")
    print(json.dumps({"boards": asked.boards, "alone_s": long, "at_once_s": short, "different": different}))
    return 1 if different else 0


def _of(record: RunRecord, board: str) -> dict[tuple[object, ...], object]:
    """Verdicts and exact figures of one board."""
    verdicts = {("verdict", c.id): c.verdict.value for c in record.claims if c.board == board}
    figures = {
        (m.experiment, m.variant, m.metric, *sorted(m.conditions.items())): m.samples
        for m in record.measurements
        if m.exact and m.board == board
    }
    return {**verdicts, **figures}


if __name__ == "__main__":
    raise SystemExit(main())
