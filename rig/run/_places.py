"""Where runs lie, and which one a name means."""

from __future__ import annotations

from pathlib import Path

from rig.errors import UsageError
from rig.places import checkout

_RUNS = Path("reports/runs")


def find_run(name: str | Path) -> Path:
    """The run that ``name`` means: a path, its id below ``runs_directory()``, or ``latest``.

    :return: its directory, or its file if that was named.
    :raises UsageError: there is none.
    """
    for candidate in (Path(name), runs_directory() / name):
        if candidate.exists():
            return candidate
    known = sorted(d.name for d in runs_directory().glob("*/") if not d.is_symlink())
    raise UsageError(
        f"no run at {name}",
        hint=f"name its directory, its results.json, latest, or an id below {runs_directory()}"
        + (f": the last one is {known[-1]}" if known else ", where there is none yet"),
    )


def runs_directory() -> Path:
    """Where runs lie: below ``reports/`` of this directory if there is one, else of the rig's checkout."""
    root = checkout()
    if not Path("reports").is_dir() and root is not None and (root / "reports").is_dir():
        return root / _RUNS
    return _RUNS
