"""The options of a run, checked before anything is touched."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from rig.claims import CLAIMS
from rig.errors import UsageError

AgentKind = Literal["builtin", "external", "none"]
LARGEST_SEED = 2**32
AGENT_KINDS: tuple[str, ...] = get_args(AgentKind)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """One call of ``rig run``. ``claims`` empty: all of them. ``command``: the command line that repeats the run, for
    the record.

    ``noise``: share (0..1) of the units on the link to spoil, in each of the link's ways. ``seed``: of the search for
    sequences that break a promise; ``search_seconds``: how long in seconds, None: the usual time. ``jobs``: boards to
    measure at once, each in a process of its own; 0: all of them, 1: one after the other. ``patience``: seconds to wait
    for a board that somebody else holds. ``history``: event log of an earlier run, to estimate the time left.
    """

    boards_file: Path
    boards: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    agent: AgentKind = "builtin"
    quick: bool = False
    directory: Path
    command: str = "rig run"
    history: Path | None = None
    noise: float = 0.0
    seed: int = 1
    search_seconds: float | None = None
    jobs: int = 0
    patience: float = 0.0


def read_claims(text: str) -> tuple[str, ...]:
    """The claim ids of a list with commas, as a command line has it; see ``check_claims``."""
    return check_claims([id.strip() for id in text.split(",") if id.strip()])


def check_claims(ids: Sequence[str]) -> tuple[str, ...]:
    """Claim ids, each known and once.

    :raises UsageError: an id is unknown; names the nearest one.
    """
    for id in ids:
        if id not in CLAIMS:
            near = difflib.get_close_matches(id, CLAIMS, n=1)
            raise UsageError(
                f"no claim is called {id!r}",
                hint=f"did you mean {near[0]}?" if near else f"the claims are: {', '.join(CLAIMS)}",
            )
    return tuple(dict.fromkeys(ids))


def check_directory(directory: Path) -> Path:
    """A directory for one run: created if needed, and empty.

    :raises UsageError: it contains files already, or cannot be created.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        occupied = any(directory.iterdir())
    except OSError as error:
        raise UsageError(
            f"cannot use {directory} for the results: {error.strerror}", hint="name another one with --out"
        ) from error
    if occupied:
        raise UsageError(
            f"{directory} is not empty; results of two runs must not mix", hint="name another one with --out"
        )
    return directory
