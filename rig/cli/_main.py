"""The ``rig`` command, its groups, and how errors become exit codes."""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import shutil
import sys
import tempfile
import textwrap
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import click

from rig import __version__
from rig.errors import ExitCode, RigError, fault_of

_HELP = f"""Measure and decide what the shared-memory transport of micro-ROS (DDS-XRCE) promises.

`rig run` needs no hardware: the default board is emulated. `rig doctor` says what is missing on this machine.

Exit codes: {", ".join(f"{code:d} {code.short}" for code in ExitCode)}.
"""


_COMMANDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Measure and decide": {
            "run": "_run:run_command",
            "observe": "_observe:observe_command",
            "claims": "_run:claims_command",
            "explain": "_run:explain_command",
        },
        "Read, compare and repeat": {
            "report": "_run:report_command",
            "compare": "_history:compare_command",
            "runs": "_metrics:runs_group",
            "feedback": "_feedback:feedback_group",
            "site": "_site:site_command",
            "export": "_export:export_command",
            "serve": "_metrics:serve_command",
            "replay": "_replay:replay_command",
            "soak": "_soak:soak_command",
            "matrix": "_matrix:matrix_command",
        },
        "Boards and firmware": {
            "doctor": "_doctor:doctor_command",
            "boards": "_boards:boards_group",
            "shelf": "_shelf:shelf_group",
            "build": "_boards:build_command",
            "new-port": "_porting:new_port_command",
            "flash": "_boards:flash_command",
            "meta": "_meta:meta_group",
        },
        "Agent and traffic": {
            "agent": "_agent:agent_group",
            "decode": "_agent:decode_command",
            "dissector": "_agent:dissector_command",
        },
        "The rig itself": {"bench": "_bench:bench_command"},
    }
)


_PIPE_CLOSED = 141
"""As shells tell of a program that SIGPIPE ended: nothing is known of what it would have said."""


class _Commands(click.Group):
    """All commands by task. The module of a command is imported when it is asked for: the others cost a second."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for section in _COMMANDS.values() for name in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = next((section[cmd_name] for section in _COMMANDS.values() if cmd_name in section), None)
        if place is None:
            return None
        module, name = place.split(":")
        command = getattr(importlib.import_module(f"rig.cli.{module}"), name)
        if not gc.isenabled():  # see main(): what is here now stays to the end
            gc.freeze()
            gc.enable()
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.list_commands(ctx)))
        for title, section in _COMMANDS.items():
            commands = [(name, self.get_command(ctx, name)) for name in section]
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (f"{name:<{width}}", command.get_short_help_str(limit=200))
                        for name, command in commands
                        if command
                    ]
                )


@click.group(
    cls=_Commands, help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="rig")
def rig_command() -> None:
    """The group of all commands."""


def _complain(message: str, hint: str, code: int) -> int:
    from rig.records import printable  # noqa: PLC0415 - what does not complain does not wait for it

    click.secho(_wrapped(f"rig: {printable(message)}"), fg="red", err=True)
    if hint:
        click.echo(_wrapped(f"     {printable(hint)}"), err=True)
    return code


def _wrapped(text: str) -> str:
    """On a terminal: broken between words, below the first word of the message. A log keeps lines as they are."""
    if not sys.stderr.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(
        textwrap.fill(
            line,
            width=max(width, 20),
            subsequent_indent=" " * 5,
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=True,
        )
        for line in text.split("\n")
    )


def _drop_output() -> None:
    """Lead what is still buffered nowhere, or it is tried again at the end of the process."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run() -> int:  # noqa: PLR0911 - one for each way to end
    """Run the command line; returns the documented exit code."""
    try:
        code = rig_command.main(standalone_mode=False)
    except RigError as error:
        return _complain(error.message, error.hint, error.exit_code)
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        return _complain("interrupted", "", ExitCode.INTERRUPTED)
    except SystemExit:  # click's own end where the reader of our output went away, with a code that means "refuted"
        return _PIPE_CLOSED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away: nothing is left to say
        return _PIPE_CLOSED
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return _unforeseen(error)
        _drop_output()
        return _complain(
            f"cannot write the output: {error.strerror}", "make room, or write it elsewhere", ExitCode.FAULT
        )
    except Exception as error:  # the one border: whatever is no error of ours
        return _unforeseen(error)
    return code if isinstance(code, int) else 0


def _unforeseen(error: Exception) -> int:
    """Say in one line what is at fault, and where the rest stands."""
    kept = ""
    with contextlib.suppress(OSError):
        handle, kept = tempfile.mkstemp(prefix="rig-error-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(f"rig {__version__}\n{' '.join(sys.argv)}\n")
            traceback.print_exception(error, file=file)
    fault = fault_of(error, report=kept or "the command")
    if kept and fault.blame != RigError.blame:
        Path(kept).unlink(missing_ok=True)
    return _complain(fault.message, fault.hint, fault.exit_code)
