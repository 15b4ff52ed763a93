"""Default paths: boards.yaml and the directory of runs."""

from __future__ import annotations

from pathlib import Path

from rig.errors import UsageError

_RUNS = Path("reports/runs")
_CHECKOUT = Path(__file__).resolve().parents[2]


def find_boards_file(named: Path | None = None) -> Path:
    """The inventory to use: the one named, the one in this directory, or the one of the rig's own checkout.

    :raises UsageError: there is none.
    """
    if named is not None:
        return named
    for candidate in (Path("boards.yaml"), _CHECKOUT / "boards.yaml"):
        if candidate.exists():
            return candidate
    raise UsageError("no boards.yaml in this directory", hint="name one with --boards FILE")


def runs_directory() -> Path:
    """Where runs lie: below ``reports/`` of this directory if there is one, else of the rig's checkout."""
    if not Path("reports").is_dir() and (_CHECKOUT / "reports").is_dir():
        return _CHECKOUT / _RUNS
    return _RUNS
