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
    if not Path("reports").is_dir() and (_CHECKOUT / "reports").is_dir():
        return _CHECKOUT / _RUNS
    return _RUNS
