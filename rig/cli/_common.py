"""What several commands share."""

from __future__ import annotations

import dataclasses
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.text import Text

from rig.records import printable

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


def terminal(*, error: bool = False) -> Console:
    """The terminal; a log has no width of its own, and 80 columns fold the tables too much.

    :param error: standard error, where standard output belongs to a program.
    """
    console = Console(stderr=error)
    return console if console.is_terminal else Console(width=110, stderr=error)


def json_option(command: _F) -> _F:
    """Add ``--json``: the answer as one JSON document on standard output, for programs."""
    return click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")(command)


def print_json(document: object) -> None:
    """Print one JSON document; paths are text, sets are sorted lists, other records are objects of their fields."""
    click.echo(json.dumps(document, indent=1, default=_plain))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, set | frozenset):
        return sorted(value)
    return dict(value) if isinstance(value, Mapping) else str(value)


def say(console: Console, words: str | Text, *, copied: bool = False) -> None:
    """A line of a record's texts: none of them is markup, and none commands the terminal.

    A terminal gets it wrapped between words, a log on one line.

    :param copied: it holds a path or a command that people copy, and is never broken.
    """
    text = words if isinstance(words, Text) else Text(words)
    text.plain = printable(text.plain)
    console.print(text, soft_wrap=copied or not console.is_terminal)


class OnceCommand(click.Command):
    """A command whose options may be given once, except flags and those that collect values.

    click keeps the last value of an option that is given twice, and would drop the first one silently.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        _, _, given = self.make_parser(ctx).parse_args(list(args))
        for option, times in Counter(given).items():
            takes_one = isinstance(option, click.Option) and not (option.multiple or option.count or option.is_flag)
            if takes_one and times > 1:
                raise click.UsageError(f"{option.opts[-1]} is given {times} times, and takes one value", ctx)
        return super().parse_args(ctx, args)


class OnceGroup(click.Group):
    """A group of such commands."""

    command_class = OnceCommand


def short_path(path: Path) -> str:
    """A path for people: from here if it lies below."""
    short = os.path.relpath(path)
    return str(path) if short.startswith("..") else short
