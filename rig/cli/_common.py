"""What several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console

_F = TypeVar("_F", bound=Callable[..., object])


def boards_option(command: _F) -> _F:
    """Add ``--boards FILE``."""
    return click.option(
        "--boards",
        "boards_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Inventory of boards; default: boards.yaml here, or that of the rig's checkout.",
    )(command)


def terminal() -> Console:
    """The terminal; a log has no width of its own, and 80 columns fold the tables too much."""
    console = Console()
    return console if console.is_terminal else Console(width=110)
