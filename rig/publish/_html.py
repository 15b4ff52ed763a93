"""The report for people: one page that needs no network and no JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from importlib import resources

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from rig.publish import _page as page
from rig.publish._formats import CLOCKS, VERDICT_SIGNS, format_number, verdict_word
from rig.publish._plots import plots
from rig.publish._sequences import stories
from rig.records import NOT_ASKED, Board, RunRecord

# Control characters that a console may hold and a page may not.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


_FILES = {
    "results.json": "everything: raw samples, environment, verdicts",
    "events.jsonl": "the journal, in the order of events",
    "sequences": "the calls that broke a promise; rig replay FILE repeats them",
    "junit.xml": "for CI systems",
    "metrics.prom": "for Prometheus",
    "console.log": "what the firmware logged",
    "link.pcapng": "what crossed the link, for rig decode and Wireshark",
    "agent.log": "what the Agent said",
}


def html(record: RunRecord, files: Iterable[str] = ()) -> str:
    """The run as one self-contained page.

    :param files: names of what lies beside it, to be linked to.
    """
    own = resources.files("rig.publish")
    sources = {name: own.joinpath(name).read_text(encoding="utf-8") for name in ("report.html.j2", "board.html.j2")}
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: _FORBIDDEN.sub("\ufffd", value) if type(value) is str else value,
    )
    environment.filters["when"] = _when
    environment.filters["number"] = format_number
    environment.filters["anchor"] = anchor
    environment.filters["verdict"] = verdict_word
    boards = _boards(record)
    return environment.get_template("report.html.j2").render(
        record=record,
        run=record.run,
        outcome=page.outcome(record),
        boards=[_section(record, board) for board in boards],
        matrix=_matrix(record, boards) if len(boards) > 1 else [],
        signs=VERDICT_SIGNS,
        stray_faults=[fault for fault in record.faults if fault.board not in {b.name for b in boards}],
        virtual=any(board.clock == "virtual" for board in boards),
        files=[(name, words) for name in sorted(files) if (words := _words_of(name))],
        css=Markup(report_css()),  # a file of this package
    )


def _words_of(name: str) -> str:
    """What a file of a run is; further boards have files of their own, with the board's name before the usual one."""
    for known, words in _FILES.items():
        if name == known:
            return words
        if name.endswith(f"-{known}"):
            return f"{words}; board {name.removesuffix(f'-{known}')}"
    return ""


def _boards(record: RunRecord) -> list[Board]:
    """The boards of the record, and those that only a claim or a fault names: a board may break before it is known."""
    known = {board.name: board for board in record.boards}
    for name in [*(c.board for c in record.claims), *(f.board for f in record.faults)]:
        if name and name not in known:
            known[name] = Board(name=name, kind="", target="", core="")
    return list(known.values())


def _section(record: RunRecord, board: Board) -> dict[str, object]:
    own = [m for m in record.measurements if m.board == board.name]
    claims = [claim for claim in record.claims if claim.board == board.name and claim.reason != NOT_ASKED]
    left_out = [claim.id for claim in record.claims if claim.board == board.name and claim.reason == NOT_ASKED]
    return {
        "board": board,
        "id": anchor(board.name),
        "summary": page.summary(record, board.name),
        "counts": page.counts(claims),
        "figures": page.key_figures(own),
        "groups": page.groups(claims),
        "left_out": left_out,
        "stories": stories(record, board.name),
        "plots": [(plot, Markup(plot.svg)) for plot in plots(board, own)],  # escaped where it is made
        "tables": page.tables(own),
        "faults": [fault for fault in record.faults if fault.board == board.name],
        "clock": CLOCKS.get(board.clock, board.clock),
    }


def _matrix(record: RunRecord, boards: list[Board]) -> list[tuple[str, list[object]]]:
    """Claim by board: what each came to."""
    verdicts = {(claim.id, claim.board): claim.verdict for claim in record.claims}
    ids = dict.fromkeys(claim.id for claim in record.claims if claim.reason != NOT_ASKED)
    return [(id, [verdicts.get((id, board.name)) for board in boards]) for id in ids]


def report_css() -> str:
    """The looks of a report, for pages that are to look like one."""
    return resources.files("rig.publish").joinpath("report.css").read_text(encoding="utf-8")


def anchor(name: str) -> str:
    """Where a report tells of a board; ``-claim-`` and an id behind it: of a claim there."""
    return "board-" + "".join(c if c.isalnum() else "-" for c in name)


def _when(stamp: str) -> str:
    """An ISO 8601 time in words; as it stands if it is none."""
    try:
        return f"{datetime.fromisoformat(stamp):%Y-%m-%d %H:%M:%S %Z}".strip()
    except ValueError:
        return stamp
