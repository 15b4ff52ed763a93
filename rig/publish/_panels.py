"""What the Grafana dashboard shows: rows of panels, and their queries over the names that ``_metrics`` writes."""

from __future__ import annotations

from dataclasses import dataclass

_BOARD = 'board=~"$board"'
_CLAIM = 'board=~"$board",claim=~"$claim"'
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


def _latency(unit: str) -> tuple[tuple[str, str], ...]:
    legend = "{{board}} {{path}} {{payload_bytes}} B {{statistic}}"
    return ((f'rig_publish_to_callback_{unit}{{{_BOARD},{_USUAL},statistic=~"p50|p99"}}', legend),)


def _ratio(unit: str) -> str:
    name, common = f"rig_publish_to_callback_{unit}", f'{_BOARD},{_USUAL},statistic="p50"'
    # A median of 0 (below the clock's own cost) has no ratio.
    return f'{name}{{{common},path="agent"}} / ignoring(variant,path) ({name}{{{common},path="shm"}} > 0)'


_VERDICTS = (
    f'max by (board, claim) (rig_claim_verdict{{{_CLAIM},verdict="confirmed"}} * 1'
    f' or rig_claim_verdict{{{_CLAIM},verdict="inconclusive"}} * 2'
    f' or rig_claim_verdict{{{_CLAIM},verdict="refuted"}} * 3)'
)


def _count(verdict: str) -> tuple[tuple[str, str], ...]:
    return ((f'sum(rig_claim_verdict{{{_CLAIM},verdict="{verdict}"}})', verdict),)


ROWS: dict[str, tuple[Panel, ...]] = {
    "Verdicts": (
        Panel(title="Confirmed", queries=_count("confirmed"), kind="stat", width=4, colour="green"),
        Panel(title="Refuted", queries=_count("refuted"), kind="stat", width=4, colour="red"),
        Panel(title="Inconclusive", queries=_count("inconclusive"), kind="stat", width=4, colour="yellow"),
        Panel(title="Faults", queries=(("sum(rig_faults)", "faults"),), kind="stat", width=4, colour="orange"),
        Panel(
            title="Run duration", queries=(("rig_run_duration_seconds", "duration"),), kind="stat", unit="s", width=4
        ),
        Panel(
            title="Last run began",
            queries=(("rig_run_start_timestamp_seconds * 1000", "start"),),
            kind="stat",
            unit="dateTimeFromNow",
            width=4,
        ),
        Panel(
            title="Verdict of each claim, by board",
            queries=((_VERDICTS, "{{board}}: {{claim}}"),),
            kind="state",
            width=24,
            description="A fault of rig or board is never a refutation: what it kept from being decided is not run or "
            "inconclusive.",
        ),
    ),
    "Latency: publish call to callback": (
        Panel(
            title="Instructions, by payload",
            queries=_latency("instructions"),
            log=True,
            description=f"One reader. {_EMULATED} Path shm stays inside the MCU; path agent goes over the paced link.",
        ),
        Panel(
            title="Seconds, by payload",
            queries=_latency("seconds"),
            unit="s",
            log=True,
            description="One reader; boards whose clock measures time: native (host clock), or a timer of the MCU.",
        ),
        Panel(
            title="Cycles, by payload",
            queries=_latency("cycles"),
            log=True,
            description="One reader; real boards with a DWT cycle counter.",
        ),
        Panel(
            title="The Agent path takes so many times as long",
            queries=tuple(
                (_ratio(unit), "{{board}} {{payload_bytes}} B") for unit in ("instructions", "seconds", "cycles")
            ),
            log=True,
            description="p50 through the Agent over p50 with shared memory; a ratio on one board and one clock.",
        ),
        Panel(
            title="Instructions, by readers",
            queries=(
                (
                    f"rig_publish_to_callback_instructions{{{_BOARD},"
                    'payload_bytes="4",spin_timeout_ms="10",statistic="p50"}',
                    "{{board}} {{path}} {{readers}} readers",
                ),
            ),
            log=True,
            description=f"To the callback of the last reader, 4 bytes, p50. {_EMULATED}",
        ),
        Panel(
            title="p50 by spin time-out",
            queries=(
                (
                    f"rig_publish_to_callback_instructions{{{_BOARD},"
                    'payload_bytes="4",readers="1",path="shm",statistic="p50"}',
                    "{{board}} spin {{spin_timeout_ms}} ms",
                ),
            ),
            description=f"Shared memory must not wait for the time-out: all lines are one. {_EMULATED}",
        ),
        Panel(
            title="p99 and its 95 % interval, 4 bytes",
            queries=tuple(
                (
                    f"rig_publish_to_callback_{unit}{{{_BOARD},{_USUAL},"
                    'payload_bytes="4",statistic=~"p99|p99_low|p99_high"}',
                    "{{board}} {{path}} {{statistic}}",
                )
                for unit in ("instructions", "seconds", "cycles")
            ),
            log=True,
            description="The claim is confirmed when p99_high of path shm is below p99_low of path agent. A bound is "
            f"missing where the samples are too few for it. {_EMULATED}",
        ),
        Panel(
            title="p50 under load",
            queries=tuple(
                (
                    f'rig_publish_to_callback_loaded_{unit}{{{_BOARD},statistic="p50"}}',
                    "{{board}} {{path}} {{conditions}}",
                )
                for unit in ("instructions", "seconds", "cycles")
            ),
            log=True,
            description=f"4 bytes, one reader, beside samples that wait and other pairs of endpoints. {_EMULATED}",
        ),
    ),
    "Copies and sizes": (
        Panel(
            title="Payload bytes copied per sample, by readers",
            queries=(
                (
                    f'rig_bytes_copied_per_sample{{{_BOARD},statistic="p50"}}',
                    "{{board}} {{variant}} {{payload_bytes}} B, {{readers}} readers",
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
                    "{{board}} {{variant}} {{payload_bytes}} B, {{readers}} readers",
                ),
            ),
            description="Found by a scan of RAM through the probe; nothing is asked of the firmware.",
        ),
        Panel(
            title="Largest message that arrived whole",
            queries=((f'rig_largest_message_bytes{{{_BOARD},statistic="max"}}', "{{board}} {{variant}}"),),
            unit="bytes",
            log=True,
        ),
        Panel(
            title="Footprint",
            queries=(
                (f'rig_text_bytes{{{_BOARD},statistic="max"}}', "{{board}} {{variant}} text"),
                (f'rig_stack_peak_bytes{{{_BOARD},statistic="max"}}', "{{board}} {{variant}} stack peak"),
            ),
            unit="bytes",
        ),
    ),
    "Work per sample": (
        Panel(
            title="Transport, lock, wait and allocation calls per sample",
            queries=(
                (
                    f'sum by (board, variant, readers) ({{__name__=~"{_CALLS}",{_BOARD},statistic="p50"}})',
                    "{{board}} {{variant}} {{readers}} readers",
                ),
            ),
            log=True,
        ),
        Panel(
            title="Bytes on the link per sample",
            queries=(
                (
                    f'rig_link_bytes_per_sample{{{_BOARD},statistic="p50"}}',
                    "{{board}} {{variant}} {{readers}} readers",
                ),
            ),
            unit="bytes",
        ),
        Panel(
            title="Samples lost, out of order, refused",
            queries=tuple(
                (f'sum by (board, variant) (rig_samples_{what}{{{_BOARD},statistic="max"}})', f"{{{{board}}}} {words}")
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
                    f'sum by (board, variant, experiment) (rig_samples_delivered{{{_BOARD},statistic="max"}})',
                    "{{board}} {{variant}} {{experiment}}",
                ),
            ),
        ),
    ),
    "Runs": (
        Panel(title="Duration of runs", queries=(("rig_run_duration_seconds", "duration"),), unit="s"),
        Panel(title="Faults, by who is at fault", queries=(("rig_faults", "{{blame}}"),)),
        Panel(title="Outcome", queries=(("rig_run_outcome == 1", "{{outcome}}"),)),
        Panel(title="Run", queries=(("rig_run_info", ""),), kind="table"),
        Panel(title="Boards and firmware", queries=((f"rig_board_info{{{_BOARD}}}", ""),), kind="table", width=24),
    ),
}
