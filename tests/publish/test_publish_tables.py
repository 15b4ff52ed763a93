"""The tables of the terminal: they fit, say the same without colour, and cut nothing off."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console
from sample_record import one_board, sample

from rig.publish import claims_table, measurement_table
from rig.records import NOT_ASKED, RunRecord, Verdict


def printed(record: RunRecord, width: int, *, terminal: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, color_system="standard" if terminal else None)
    console.print(measurement_table(record))
    console.print(claims_table(record))
    return file.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
@pytest.mark.parametrize("boards", ["one", "all"])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_cut(width: int, boards: str) -> None:
    record = sample() if boards == "all" else one_board(sample())
    text = printed(record, width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "\u2026" not in text, "something was cut off"
    words = re.sub(r"\s", "", text)
    for claim in record.claims:
        if claim.reason == NOT_ASKED:
            continue
        assert re.sub(r"\s", "", claim.id) in words
        if width < 60:  # columns of a table mix the lines of their cells
            assert re.sub(r"\s", "", claim.reason) in words
    assert "16,777,216" in text
    assert "publish_to_callback" in text


def test_at_a_hundred_columns_a_row_of_one_board_takes_one_line() -> None:
    record = one_board(sample())
    text = printed(record, 100)
    body = text[text.index("network  ") : text.index("Claims")].splitlines()[1:]
    rows = {(m.metric, tuple((k, v) for k, v in m.conditions.items())) for m in record.measurements}
    assert len(body) == len(rows)


def test_shared_memory_stands_beside_the_network() -> None:
    text = printed(one_board(sample()), 120)
    assert re.search(r"largest_message_bytes +1 reader +16,777,216 +7,992 +bytes", text)
    assert re.search(r"publish_to_callback +4 B, 1 reader +242 +[\d,]+ +instructions", text)


def test_a_verdict_is_a_word_and_a_sign_and_colour_adds_nothing() -> None:
    record = sample()
    plain, coloured = printed(record, 120), printed(record, 120, terminal=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    for words in ("+ confirmed", "x refuted", "? inconclusive", "- not run"):
        assert words in plain


def test_claims_that_were_not_asked_for_take_one_line() -> None:
    record = one_board(sample())
    left_out = [replace(claim, verdict=Verdict.NOT_RUN, reason=NOT_ASKED) for claim in record.claims[1:]]
    text = printed(replace(record, claims=(record.claims[0], *left_out)), 100)
    assert record.claims[0].id in text
    assert f"not asked for: {len(left_out)} more claims" in text
    assert NOT_ASKED not in text


def test_markup_in_a_reason_is_shown_as_it_is() -> None:
    record = sample()
    claim = replace(record.claims[0], reason="[red]not a colour[/red] [/]")
    assert "[red]not a colour[/red] [/]" in printed(replace(record, claims=(claim,)), 120)


def test_nothing_measured_is_an_empty_table_and_no_samples_say_so() -> None:
    record = sample()
    assert "Claims" in printed(replace(record, measurements=(), claims=(), boards=()), 100)
    silent = replace(record.measurements[0], samples=())
    assert "none" in printed(replace(record, measurements=(silent,)), 100)
