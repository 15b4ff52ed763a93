"""What the Grafana dashboards show: rows of panels, and their queries over the names that ``_metrics`` writes.

A row that repeats over a variable has its panels once for each value that there is: figures of a clock that no chosen
board has are not shown empty.
"""

from __future__ import annotations

from dataclasses import dataclass

_BOARD = 'board=~"$board",run_kind=~"$run_kind"'
_CLAIM = f'{_BOARD},claim=~"$claim"'
_USUAL = 'readers="1",spin_timeout_ms="10"'
_CALLS = "rig_(transport|lock|wait|allocation)_calls_per_sample"
_EMULATED = "An emulated board counts executed instructions: no time, and no cycles of hardware."


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """One panel: queries with their legends, and how to show them. ``width`` in columns of 24."""

    title: str
    queries: tuple[tuple[str, str], ...]
    kind: str = "timeseries"
    unit: str = "short"
    description: str = ""
    width: int = 12
    log: bool = False
    colour: str = ""
    words: tuple[tuple[str, str], ...] = ()
    repeat: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row of panels. ``repeat``: the variable over whose values it is repeated."""

    title: str
    panels: tuple[Panel, ...]
    repeat: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One dashboard. ``variables``: name -> query, and whether it has one value only."""

    file: str
    uid: str
    title: str
    description: str
    variables: tuple[tuple[str, str, bool], ...]
    rows: tuple[Row, ...]


_LATENCY = "rig_publish_to_callback_(instructions|cycles|seconds)"
_LOADED = "rig_publish_to_callback_loaded_(instructions|cycles|seconds)"


def _latency(conditions: str) -> str:
    return f'{{__name__="$latency",{_BOARD},{conditions}}}'


_VERDICTS = (
    f'max by (board, run_kind, claim) (rig_claim_verdict{{{_CLAIM},verdict="confirmed"}} * 1'
    f' or rig_claim_verdict{{{_CLAIM},verdict="inconclusive"}} * 2'
    f' or rig_claim_verdict{{{_CLAIM},verdict="refuted"}} * 3)'
)


def _count(verdict: str) -> tuple[tuple[str, str], ...]:
    return ((f'sum(rig_claim_verdict{{{_CLAIM},verdict="{verdict}"}})', verdict),)


_WORDS = (("not run", "#8c96a3"), ("confirmed", "green"), ("inconclusive", "yellow"), ("refuted", "red"))
_RUN = {
    "Verdicts": (
        Panel(title="Confirmed", queries=_count("confirmed"), kind="stat", width=4, colour="green"),
        Panel(title="Refuted", queries=_count("refuted"), kind="stat", width=4, colour="red"),
        Panel(title="Inconclusive", queries=_count("inconclusive"), kind="stat", width=4, colour="yellow"),
        Panel(
            title="Faults", queries=((f"sum(rig_faults{{{_BOARD}}})", "faults"),), kind="stat", width=4, colour="orange"
        ),
        Panel(
            title="Run duration",
            queries=((f"rig_run_duration_seconds{{{_BOARD}}}", "{{board}} {{run_kind}}"),),
            kind="stat",
            unit="s",
            width=4,
        ),
        Panel(
            title="Last run began",
            queries=((f"rig_run_start_timestamp_seconds{{{_BOARD}}} * 1000", "{{board}} {{run_kind}}"),),
            kind="stat",
            unit="dateTimeFromNow",
            width=4,
        ),
        Panel(
            title="Verdict of each claim, by board",
            queries=((_VERDICTS, "{{board}} {{run_kind}}: {{claim}}"),),
            kind="state",
            words=_WORDS,
            width=24,
            description="A fault of rig or board is never a refutation: what it kept from being decided is not run or "
            "inconclusive.",
        ),
    ),
    "Latency, publish call to callback: $latency": (
        Panel(
            title="By payload",
            queries=(
                (
                    _latency(f'{_USUAL},statistic=~"p50|p99"'),
                    "{{board}} {{run_kind}} {{path}} {{payload_bytes}} B {{statistic}}",
                ),
            ),
            unit="sishort",
            log=True,
            description=f"One reader. {_EMULATED} Path shm stays inside the MCU; path agent goes over the paced link.",
        ),
        Panel(
            title="The Agent path takes so many times as long",
            queries=(
                (
                    f"""{_latency(f'{_USUAL},statistic="p50",path="agent"')} / ignoring(variant,path) """
                    # A median of 0 (below the clock's own cost) has no ratio.
                    f"""({_latency(f'{_USUAL},statistic="p50",path="shm"')} > 0)""",
                    "{{board}} {{run_kind}} {{payload_bytes}} B",
                ),
            ),
            log=True,
            description="p50 through the Agent over p50 with shared memory; a ratio on one board and one clock.",
        ),
        Panel(
            title="By readers",
            queries=(
                (
                    _latency('payload_bytes="4",spin_timeout_ms="10",statistic="p50"'),
                    "{{board}} {{run_kind}} {{path}} {{readers}} readers",
                ),
            ),
            unit="sishort",
            log=True,
            description=f"To the callback of the last reader, 4 bytes, p50. {_EMULATED}",
        ),
        Panel(
            title="By spin time-out",
            queries=(
                (
                    _latency('payload_bytes="4",readers="1",path="shm",statistic="p50"'),
                    "{{board}} {{run_kind}} spin {{spin_timeout_ms}} ms",
                ),
            ),
            unit="sishort",
            description=f"p50. Shared memory must not wait for the time-out: all lines are one. {_EMULATED}",
        ),
        Panel(
            title="p99 and its 95 % interval, 4 bytes",
            queries=(
                (
                    _latency(f'{_USUAL},payload_bytes="4",statistic=~"p99|p99_low|p99_high"'),
                    "{{board}} {{run_kind}} {{path}} {{statistic}}",
                ),
            ),
            unit="sishort",
            log=True,
            width=24,
            description="The claim is confirmed when p99_high of path shm is below p99_low of path agent. A bound is "
            f"missing where the samples are too few for it. {_EMULATED}",
        ),
    ),
    "Latency under load: $loaded": (
        Panel(
            title="p50",
            queries=(
                (f'{{__name__="$loaded",{_BOARD},statistic="p50"}}', "{{board}} {{run_kind}} {{path}} {{conditions}}"),
            ),
            unit="sishort",
            log=True,
            width=24,
            description=f"Beside samples that wait and other pairs of endpoints. {_EMULATED}",
        ),
    ),
    "Copies and sizes": (
        Panel(
            title="Payload bytes copied per sample, by readers",
            queries=(
                (
                    f'rig_bytes_copied_per_sample{{{_BOARD},statistic="p50"}}',
                    "{{board}} {{run_kind}} {{variant}} {{payload_bytes}} B, {{readers}} readers",
                ),
            ),
            unit="bytes",
            description="By the firmware's counters. With shared memory all lines of a payload are one.",
        ),
        Panel(
            title="Places in RAM that hold a sample, by readers",
            queries=(
                (
                    f'rig_resident_copies{{{_BOARD},statistic="p50"}}',
                    "{{board}} {{run_kind}} {{variant}} {{payload_bytes}} B, {{readers}} readers",
                ),
            ),
            description="Found by a scan of RAM through the probe; nothing is asked of the firmware.",
        ),
        Panel(
            title="Largest message that arrived whole",
            queries=((f'rig_largest_message_bytes{{{_BOARD},statistic="max"}}', "{{board}} {{run_kind}} {{variant}}"),),
            unit="bytes",
            log=True,
        ),
        Panel(
            title="Footprint",
            queries=(
                (f'rig_text_bytes{{{_BOARD},statistic="max"}}', "{{board}} {{run_kind}} {{variant}} text"),
                (f'rig_stack_peak_bytes{{{_BOARD},statistic="max"}}', "{{board}} {{run_kind}} {{variant}} stack peak"),
            ),
            unit="bytes",
        ),
    ),
    "Work per sample": (
        Panel(
            title="Transport, lock, wait and allocation calls per sample",
            queries=(
                (
                    f'sum by (board, run_kind, variant, readers) ({{__name__=~"{_CALLS}",{_BOARD},statistic="p50"}})',
                    "{{board}} {{run_kind}} {{variant}} {{readers}} readers",
                ),
            ),
            log=True,
        ),
        Panel(
            title="Bytes on the link per sample",
            queries=(
                (
                    f'rig_link_bytes_per_sample{{{_BOARD},statistic="p50"}}',
                    "{{board}} {{run_kind}} {{variant}} {{readers}} readers",
                ),
            ),
            unit="bytes",
        ),
        Panel(
            title="Samples lost, out of order, refused",
            queries=tuple(
                (
                    f'sum by (board, run_kind, variant) (rig_samples_{what}{{{_BOARD},statistic="max"}})',
                    f"{{{{board}}}} {{{{run_kind}}}} {words}",
                )
                for what, words in (
                    ("lost", "{{variant}} lost"),
                    ("out_of_order", "{{variant}} out of order"),
                    ("refused", "{{variant}} refused"),
                )
            ),
            description="Refused: over the pool, and told so at the publish call. Lost: accepted and never delivered.",
        ),
        Panel(
            title="Samples delivered",
            queries=(
                (
                    "sum by (board, run_kind, variant, experiment) "
                    f'(rig_samples_delivered{{{_BOARD},statistic="max"}})',
                    "{{board}} {{run_kind}} {{variant}} {{experiment}}",
                ),
            ),
        ),
    ),
    "Runs": (
        Panel(
            title="Duration of runs",
            queries=((f"rig_run_duration_seconds{{{_BOARD}}}", "{{board}} {{run_kind}}"),),
            unit="s",
        ),
        Panel(
            title="Faults, by who is at fault",
            queries=((f"rig_faults{{{_BOARD}}}", "{{board}} {{run_kind}} {{blame}}"),),
        ),
        Panel(title="Outcome", queries=((f"rig_run_outcome{{{_BOARD}}} == 1", "{{board}} {{run_kind}} {{outcome}}"),)),
        Panel(title="Run", queries=((f"rig_run_info{{{_BOARD}}}", ""),), kind="table"),
        Panel(title="Boards and firmware", queries=((f"rig_board_info{{{_BOARD}}}", ""),), kind="table", width=24),
    ),
}

_OUTCOMES = (
    ("no outcome", "#8c96a3"),
    ("passed", "green"),
    ("inconclusive", "yellow"),
    ("refuted", "red"),
    ("fault", "orange"),
    ("interrupted", "purple"),
    ("unfinished", "#8c96a3"),
)
_OUTCOME = " or ".join(
    f'rig_run_outcome{{{_BOARD},outcome="{word}"}} * {number}' for number, (word, _) in enumerate(_OUTCOMES) if number
)

_SHELF = (
    Row(
        title="Now",
        panels=(
            Panel(
                title="Boards",
                queries=((f"count(count by (board) (rig_run_info{{{_BOARD}}}))", "boards"),),
                kind="stat",
                width=6,
            ),
            Panel(title="Refuted claims", queries=_count("refuted"), kind="stat", width=6, colour="red"),
            Panel(
                title="Faults",
                queries=((f"sum(rig_faults{{{_BOARD}}})", "faults"),),
                kind="stat",
                width=6,
                colour="orange",
            ),
            Panel(
                title="Oldest of the newest runs",
                queries=((f"max(time() - rig_run_start_timestamp_seconds{{{_BOARD}}})", "age"),),
                kind="stat",
                unit="s",
                width=6,
                description="How long ago the board that was measured longest ago was measured.",
            ),
            Panel(
                title="Boards and firmware",
                queries=((f'rig_board_info{{{_BOARD},variant="shm"}}', ""),),
                kind="table",
                width=24,
            ),
            Panel(title="Runs", queries=((f"rig_run_info{{{_BOARD}}}", ""),), kind="table", width=24),
        ),
    ),
    Row(
        title="Over time",
        panels=(
            Panel(
                title="How runs ended",
                queries=((f"max by (board, run_kind) ({_OUTCOME})", "{{board}} {{run_kind}}"),),
                kind="state",
                width=24,
                words=_OUTCOMES,
                description="A fault is no evidence against a claim: such a run could not be finished.",
            ),
            Panel(
                title="Verdict of each claim, by board",
                queries=((_VERDICTS, "{{board}} {{run_kind}}: {{claim}}"),),
                kind="state",
                width=24,
                words=_WORDS,
            ),
            Panel(
                title="Refuted claims",
                queries=(
                    (
                        f'sum by (board, run_kind) (rig_claim_verdict{{{_CLAIM},verdict="refuted"}})',
                        "{{board}} {{run_kind}}",
                    ),
                ),
            ),
            Panel(
                title="Since the newest run began",
                queries=((f"time() - rig_run_start_timestamp_seconds{{{_BOARD}}}", "{{board}} {{run_kind}}"),),
                unit="s",
                description="A saw-tooth: it falls with each run. RigNoNewRun alarms when it does not.",
            ),
        ),
    ),
)

_ONE_CLAIM = (
    Row(
        title="Verdicts of $claim",
        panels=(
            Panel(
                title="Verdict, by board",
                queries=((_VERDICTS, "{{board}} {{run_kind}}"),),
                kind="state",
                width=24,
                words=_WORDS,
            ),
        ),
    ),
    Row(
        title="Figures: $metric",
        repeat="metric",
        panels=(
            Panel(
                title="Median",
                queries=(
                    (
                        f'{{__name__="$metric",{_BOARD},experiment="$claim",statistic="p50"}}',
                        "{{board}} {{run_kind}} {{variant}} {{payload_bytes}} {{readers}} {{burst}} {{conditions}}",
                    ),
                ),
                unit="sishort",
                width=24,
                description=f"Every figure of the claim's experiment, by board and conditions. {_EMULATED}",
            ),
        ),
    ),
)

_BOARDS = ("board", "label_values(rig_run_info, board)", False)
_KINDS = ("run_kind", 'label_values(rig_run_info{board=~"$board"}, run_kind)', False)
_CLAIMS = f"label_values(rig_claim_verdict{{{_BOARD}}}, claim)"

PAGES = (
    Page(
        file="microros-shm-rig.json",
        uid="microros-shm-rig",
        title="micro-ROS SHM rig: run",
        description="Verdicts and figures of every run of the rig.",
        variables=(
            _BOARDS,
            _KINDS,
            ("claim", _CLAIMS, False),
            ("latency", f'label_values({{__name__=~"{_LATENCY}",{_BOARD}}}, __name__)', False),
            ("loaded", f'label_values({{__name__=~"{_LOADED}",{_BOARD}}}, __name__)', False),
        ),
        rows=tuple(
            Row(
                title=title,
                panels=panels,
                repeat="latency" if "$latency" in title else "loaded" if "$loaded" in title else "",
            )
            for title, panels in _RUN.items()
        ),
    ),
    Page(
        file="microros-shm-rig-shelf.json",
        uid="microros-shm-rig-shelf",
        title="micro-ROS SHM rig: shelf",
        description="All boards: what each came to last, and when that was.",
        variables=(_BOARDS, _KINDS, ("claim", _CLAIMS, False)),
        rows=_SHELF,
    ),
    Page(
        file="microros-shm-rig-claim.json",
        uid="microros-shm-rig-claim",
        title="micro-ROS SHM rig: history of a claim",
        description="One claim: its verdicts and figures over the runs, on every board.",
        variables=(
            _BOARDS,
            _KINDS,
            ("claim", _CLAIMS, True),
            ("metric", f'label_values({{experiment="$claim",{_BOARD},statistic="p50"}}, __name__)', False),
        ),
        rows=_ONE_CLAIM,
    ),
)

ANNOTATIONS = (
    {
        "name": "Runs",
        "iconColor": "blue",
        "expr": f"(rig_run_start_timestamp_seconds{{{_BOARD}}} * on (board, run_kind) group_left (run_id) "
        f"rig_run_info{{{_BOARD}}}) * 1000",
        "titleFormat": "run {{run_id}}",
        "textFormat": "{{board}}, {{run_kind}}",
        "tagKeys": "board,run_kind",
        "useValueForTime": "on",
    },
    {
        "name": "Firmware",
        "iconColor": "purple",
        "expr": f'rig_board_info{{{_BOARD},variant="shm"}} unless on (board, run_kind, digest) '
        f'(rig_board_info{{{_BOARD},variant="shm"}} offset $__interval)',
        "titleFormat": "new firmware on {{board}}",
        "textFormat": "{{middleware}} {{middleware_version}}, {{digest}}",
        "tagKeys": "board,middleware",
        "useValueForTime": "",
    },
)
"""Where runs and firmware show on every panel; as Grafana's Prometheus source reads them."""
