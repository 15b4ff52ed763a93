"""The ``rig`` command, its groups, and how errors leave the process."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
import traceback
from pathlib import Path

import click

from rig import __version__
from rig.cli._agent import agent_group, decode_command, dissector_command
from rig.cli._bench import bench_command
from rig.cli._boards import boards_group, build_command, flash_command
from rig.cli._doctor import doctor_command
from rig.cli._matrix import matrix_command
from rig.cli._meta import meta_group
from rig.cli._observe import observe_command
from rig.cli._replay import replay_command
from rig.cli._run import claims_command, compare_command, explain_command, report_command, run_command
from rig.cli._soak import soak_command
from rig.errors import ExitCode, RigError, fault_of
from rig.records import printable

_HELP = f"""Measure and decide what the shared-memory transport of micro-ROS (DDS-XRCE) promises.

`rig run` needs no hardware: the default board is emulated. `rig doctor` says what is missing on this machine.

Exit codes: {", ".join(f"{code:d} {code.short}" for code in ExitCode)}.
"""


@click.group(help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="rig")
def rig_command() -> None:
    """The group of all commands."""


for _command in (
    run_command,
    report_command,
    replay_command,
    compare_command,
    claims_command,
    explain_command,
    boards_group,
    build_command,
    flash_command,
    meta_group,
    observe_command,
    agent_group,
    decode_command,
    dissector_command,
    doctor_command,
    matrix_command,
    soak_command,
    bench_command,
):
    rig_command.add_command(_command)


def _complain(message: str, hint: str, code: int) -> int:
    click.secho(f"rig: {printable(message)}", fg="red", err=True)
    if hint:
        click.echo(f"     {printable(hint)}", err=True)
    return code


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
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away: nothing is left to say
        return 0
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
