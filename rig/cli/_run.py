"""``rig run``, ``rig report``, ``rig claims``, ``rig explain``."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from rig.claims import CLAIMS, FACTORS
from rig.cli._common import OnceCommand, boards_option, json_option, print_json, say, terminal
from rig.cli._export import tell_github
from rig.cli._history import remember
from rig.cli._progress import Progress
from rig.cli._run_options import agent_option, claims_option, search_seconds_option, seed_option
from rig.errors import Outcome, RigError, UsageError
from rig.experiments import SEARCH_SECONDS
from rig.inventory import Inventory
from rig.model import Promise
from rig.places import find_boards_file
from rig.publish import Column, Sheet, claims_table, evidence_lines, measurement_table, publish, sum_lines
from rig.records import NOT_ASKED, RunRecord, Verdict, load, read_events, to_json
from rig.run import (
    AgentKind,
    RunOptions,
    check_claims,
    check_directory,
    choose,
    execute,
    find_run,
    journal_like,
    new_run_id,
    plan_lines,
    read_claims,
    read_unfinished,
    resume,
    runs_directory,
)
from rig.shelf import run_on

_TOLD = {"id", "board", "verdict", "reason", "repeat", "expected", "accepted"}
SEARCH_DOC = "docs/search.md"


@click.command("run", cls=OnceCommand)
@boards_option
@click.option(
    "--board", "boards", multiple=True, metavar="NAME", help="Board to use; may be given several times; all: every one."
)
@click.option(
    "--any", "capabilities", multiple=True, metavar="CAPABILITY", help="Free boards with this capability; see --count."
)
@click.option("--count", type=click.IntRange(1, 1000), help="How many boards --any takes; default: 1.")
@click.option("--jobs", type=click.IntRange(1, 1000), help="Boards that are measured at once; default: all of them.")
@click.option(
    "--wait", type=click.FloatRange(0, 86400), default=0, metavar="SECONDS", help="How long to wait for a board in use."
)
@claims_option
@agent_option
@click.option("--quick", is_flag=True, help="Fewer samples and conditions; a verdict on every claim all the same.")
@seed_option("Of the search; another one draws other sequences.")
@search_seconds_option(
    "How long to search for calls that break a promise; default: 15 in a quick run, 120 in a full one.",
    variable="RIG_SEARCH_SECONDS",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where the results go; must be empty.")
@click.option("-v", "--verbose", is_flag=True, help="Also print every figure at the end.")
@json_option
@click.option("--on", metavar="HOST[:DIR]", help="Make the whole run there, through ssh, and bring the record back.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option(
    "--resume", "resumed", metavar="RUN", help="Resume a run that ended early: its directory or id, or latest."
)
@click.pass_context
def run_command(
    context: click.Context,
    boards_file: Path | None,
    boards: tuple[str, ...],
    capabilities: tuple[str, ...],
    count: int | None,
    jobs: int | None,
    wait: float,
    claims: str,
    agent: AgentKind,
    quick: bool,
    seed: int,
    search_seconds: float | None,
    out: Path | None,
    verbose: bool,
    as_json: bool,
    on: str | None,
    dry_run: bool,
    resumed: str | None,
) -> int:
    """Flash the boards, measure, decide the claims, write the report."""
    if resumed is not None:
        return _resume(context, resumed, verbose=verbose, as_json=as_json)
    run_id = new_run_id()
    if on is not None:
        directory = check_directory(out if out is not None else runs_directory() / run_id)
        return _elsewhere(context, on, directory, latest=out is None, as_json=as_json)
    wanted = read_claims(claims)
    file = find_boards_file(boards_file)
    choice = choose(Inventory.load(file), boards, capabilities=capabilities, count=count)
    for line in choice.left_out:
        click.echo(f"rig: {line}", err=True)
    if dry_run:
        for line in plan_lines(choice.specs, wanted, agent=agent):
            click.echo(line)
        return 0
    directory = out if out is not None else runs_directory() / run_id
    options = RunOptions(
        boards_file=file,
        boards=choice.names,
        jobs=jobs or 0,
        patience=wait,
        claims=wanted,
        agent=agent,
        quick=quick,
        seed=seed,
        search_seconds=search_seconds,
        directory=check_directory(directory),
        command="rig " + shlex.join(sys.argv[1:]),
        history=journal_like(runs_directory(), boards=boards, quick=quick),
    )
    console = terminal(error=as_json)
    try:
        with Progress(console) as progress:
            record = execute(options, run_id=run_id, listeners=(progress.on_event,))
    except UsageError:
        discard(directory)  # raised only while nothing is measured
        raise
    if out is None:
        point_latest_at(directory)
    return end_run(console, record, directory, verbose=verbose, as_json=as_json)


_OURS = ("on", "out", "as_json", "verbose", "resumed")


def _elsewhere(context: click.Context, host: str, directory: Path, *, latest: bool, as_json: bool) -> int:
    """``rig run --on HOST``: the same options go to the other host's rig, whose console is shown as it comes."""
    sources = click.core.ParameterSource.COMMANDLINE, click.core.ParameterSource.ENVIRONMENT
    arguments: list[str] = []
    for option in context.command.params:
        name = str(option.name)
        if name in _OURS or context.get_parameter_source(name) not in sources:
            continue
        value = context.params[name]
        values = value if isinstance(value, tuple) else (value,)
        arguments += [option.opts[0]] if value is True else [word for v in values for word in (option.opts[0], str(v))]
    try:
        code = run_on(host, arguments, directory)
    except RigError:
        discard(directory)
        raise
    if not (directory / "events.jsonl").exists():
        discard(directory)
        return code
    record = load(directory)
    remember(record, directory)
    if latest:
        point_latest_at(directory)
    if as_json:
        print_json(_in_json(record, directory))
    else:
        click.echo(f"here:    {directory / 'report.html'}")
    return code


def _resume(context: click.Context, run: str, *, verbose: bool, as_json: bool) -> int:
    """``rig run --resume RUN``: the run's options are in its event log."""
    given = [
        option.opts[0]
        for option in context.command.params
        if option.name not in (None, "resumed", "verbose", "as_json")
        and context.get_parameter_source(str(option.name)) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        raise UsageError(
            f"--resume takes no other options, and {given[0]} was given",
            hint="a resumed run does what it was asked for when it began",
        )
    directory = find_run(run)
    if not directory.is_dir():
        raise UsageError(f"{run} is a file", hint="name the run's directory, its id, or latest")
    options = read_unfinished(directory.resolve()).options
    options = replace(options, history=journal_like(runs_directory(), boards=options.boards, quick=options.quick))
    console = terminal(error=as_json)
    with Progress(console) as progress:
        record = resume(options, listeners=(progress.on_event,))
    return end_run(console, record, directory, verbose=verbose, as_json=as_json)


def end_run(console: Console, record: RunRecord, directory: Path, *, verbose: bool, as_json: bool) -> int:
    """Write a run's outputs, add it to the history, show how it ended; return the exit code."""
    publish(record, directory)
    remember(record, directory)
    tell_github(record, error=as_json)
    if as_json:
        print_json(_in_json(record, directory))
    else:
        show(console, record, directory, verbose=verbose)
    return Outcome.named(record.run.outcome).exit_code


def _in_json(record: RunRecord, directory: Path) -> dict[str, object]:
    """How a run ended, and where its figures are: ``results.json`` holds them, with their schema."""
    return {
        "run": to_json(record.run),
        "exit_code": int(Outcome.named(record.run.outcome).exit_code),
        "claims": [
            {name: value for name, value in to_json(claim).items() if name in _TOLD}
            for claim in record.claims
            if claim.reason != NOT_ASKED
        ],
        "faults": [to_json(fault) for fault in record.faults],
        "files": sorted(str(path) for path in directory.iterdir()),
    }


def discard(directory: Path) -> None:
    """Remove the files of a run that could not begin from its directory, which was empty before.

    A file with a figure is never removed.
    """
    with contextlib.suppress(OSError, RigError):
        journal = directory / "events.jsonl"
        if journal.exists() and any(event.kind == "measurement" for event in read_events(journal)):
            return
        for file in directory.iterdir():
            file.unlink()
        directory.rmdir()


def point_latest_at(directory: Path) -> None:
    """Make the link ``latest`` beside a run's directory point to it."""
    latest = directory.parent / "latest"
    with contextlib.suppress(OSError):  # a file system without links: the run's path is printed anyway
        latest.unlink(missing_ok=True)
        latest.symlink_to(directory.name)


def show(console: Console, record: RunRecord, directory: Path, *, verbose: bool = False) -> None:
    """Print a run: claims, faults, one line that sums it up, and where to read on; ``verbose``: measurements first."""
    if verbose:
        console.print(measurement_table(record))
    console.print(claims_table(record))
    for fault in record.faults:
        where = f" on {fault.board}" if fault.board else ""
        words = Text.assemble((f"{fault.blame} fault", "red"), f"{where} during {fault.step}: {fault.message}")
        words.append(" (mended: the run was resumed)" if fault.mended else "", style="dim")
        say(console, words)
        if fault.hint and not fault.mended:
            say(console, f"    {fault.hint}")
        for line in evidence_lines(fault):
            say(console, f"    {line}")
    for claim in record.claims:
        if claim.expected and not claim.accepted:
            say(console, f"boards.yaml, {claim.board}: look at what it expects of {claim.id}: {claim.expected}")
    seconds = f"{record.run.seconds:.0f} s" if record.run.seconds is not None else "not finished"
    sums = " ".join(sum_lines(record))
    say(console, Text.assemble("outcome: ", (str(record.run.outcome), "bold"), f" ({seconds}); {sums}"))
    if directory.is_symlink():  # latest, which is another one tomorrow
        directory = directory.parent / directory.readlink()
    run = directory.name if directory.parent == runs_directory() else str(directory)
    for what, how in _read_on(record, directory, run, verbose=verbose):
        say(console, f"{what:<9}{how}", copied=True)


def _read_on(record: RunRecord, directory: Path, run: str, *, verbose: bool) -> Iterator[tuple[str, str]]:
    """Where to read on, and the command for it."""
    yield "report:", str(directory / "report.html")
    if not verbose and record.measurements:
        yield "figures:", f"rig report -v {shlex.quote(run)}"
    doubtful = [c for c in record.claims if c.verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE) and not c.accepted]
    if doubtful:
        yield "why:", f"rig explain {doubtful[0].id}"
    if record.run.outcome in (Outcome.FAULT, Outcome.INTERRUPTED) and record.run.command.startswith("rig run"):
        yield "go on:", f"rig run --resume {shlex.quote(run)}"


@click.command("report", cls=OnceCommand)
@click.argument("run", default="latest")
@click.option("-v", "--verbose", is_flag=True, help="Also every figure.")
@json_option
def report_command(run: str, verbose: bool, as_json: bool) -> int:
    """Show a run again and write its report anew. RUN: its directory or id; default: the latest.

    Also works on a run that was killed: what it had measured is in its event log.
    """
    directory = find_run(run)
    record = load(directory)
    where = directory if directory.is_dir() else directory.parent
    publish(record, where)
    if as_json:
        print_json(_in_json(record, where))
    else:
        show(terminal(), record, where, verbose=verbose)
    return 0


@click.command("claims", cls=OnceCommand)
@json_option
def claims_command(as_json: bool) -> int:
    """List the claims."""
    if as_json:
        print_json(
            [
                {
                    "id": claim.id,
                    "statement": claim.statement,
                    "method": claim.method,
                    "criterion": claim.criterion,
                    "factors": list(claim.factors),
                    "promises": sorted(map(str, claim.promises)),
                }
                for claim in CLAIMS.values()
            ]
        )
        return 0
    sheet = Sheet(
        columns=(Column(heading="id"), Column(heading="claim", wraps=True), Column(heading="decided by", wraps=True))
    )
    for claim in CLAIMS.values():
        sheet.add(Text(claim.id), Text(claim.statement), Text(claim.criterion))
    terminal().print(sheet)
    return 0


@click.command("explain", cls=OnceCommand)
@click.argument("claim")
def explain_command(claim: str) -> int:
    """Say what a claim states, how it is measured and decided, and how to repeat it."""
    (id,) = check_claims([claim])
    row = CLAIMS[id]
    lines = [("statement", row.statement), ("method", row.method), ("confirmed", row.criterion)]
    lines += _headed("under", [FACTORS[name] for name in row.factors])
    if row.factors:
        pairs = "each pair of their levels in a quick run, each triple in a full one"
        lines.append(("", f"(a covering array: {pairs}; the record names the combinations that cannot be made)"))
    lines += _headed("search", [str(promise) for promise in sorted(row.promises, key=list(Promise).index)])
    if row.promises:
        quick, full = SEARCH_SECONDS
        times = f"for {quick:.0f} s in a quick run and {full:.0f} s in a full one; {SEARCH_DOC}"
        lines.append(("", f"(the search checks sequences of calls against these, {times})"))
    if row.experiment:
        commands = [f"rig run --claims {row.id}", f"pytest suites/claims -k {row.id.replace('-', '_')}"]
        lines += _headed("repeat", commands)
    else:
        lines.append(("not run", f"where {row.why_not}"))
    click.echo(f"{row.id}\n")
    width = shutil.get_terminal_size((100, 0)).columns
    for heading, words in lines:
        indent = " " * 11 if width >= 60 else "  "
        click.echo(
            textwrap.fill(
                words,
                width=max(min(width, 100), 20),
                initial_indent=f"{heading:<11}",
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    return 0


def _headed(heading: str, texts: list[str]) -> list[tuple[str, str]]:
    """Lines of which the first has the heading."""
    return [(heading if number == 0 else "", text) for number, text in enumerate(texts)]
