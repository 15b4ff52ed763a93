"""Options of the commands that make runs: ``rig run`` and ``rig soak``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from rig.run import AGENT_KINDS, LARGEST_SEED

_F = TypeVar("_F", bound=Callable[..., object])


def claims_option(command: _F) -> _F:
    """``--claims ID,...``; ``rig.run.read_claims`` reads it."""
    return click.option("--claims", default="", metavar="ID,...", help="Only these claims; default: all.")(command)


def agent_option(command: _F) -> _F:
    """``--agent``: which Agent runs beside the board."""
    kinds = click.Choice(AGENT_KINDS)
    words = "The Agent beside the board."
    return click.option("--agent", type=kinds, default="builtin", show_default=True, help=words)(command)


def seed_option(words: str) -> Callable[[_F], _F]:
    """``--seed`` of the search, with this help."""
    return click.option("--seed", type=click.IntRange(0, LARGEST_SEED), default=1, show_default=True, help=words)


def search_seconds_option(words: str, *, variable: str | None = None) -> Callable[[_F], _F]:
    """``--search-seconds``, with this help; ``variable`` of the environment stands in for it."""
    return click.option("--search-seconds", envvar=variable, type=click.FloatRange(0, 86400), help=words)
