"""The report: self-contained, readable without JavaScript, honest about runs that broke."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from browser import CHROMIUM, rendered
from sample_record import BOARDS, FAULT, one_board, sample

from rig.publish import html
from rig.records import NOT_ASKED, ClaimResult, Fault, RunRecord, Verdict

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; every element must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.stack: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag, f"</{tag}> closes another element, line {self.getpos()[0]}"

    def handle_data(self, data: str) -> None:
        self.texts.append((self.stack[-1] if self.stack else "", data))

    def words(self) -> str:
        return " ".join(" ".join(text for tag, text in self.texts if tag != "style").split())

    def count(self, tag: str) -> int:
        return sum(1 for name, _ in self.tags if name == tag)


@pytest.fixture(scope="module")
def record() -> RunRecord:
    return sample()


@pytest.fixture(scope="module")
def text(record: RunRecord) -> str:
    return html(record)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_same_record_gives_the_same_page(record: RunRecord) -> None:
    assert html(one_board(record)) == html(one_board(sample()))


def test_nothing_is_fetched_and_no_script_is_there(page: Page, text: str) -> None:
    assert page.count("script") == 0
    for tag, attributes in page.tags:
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("#", "data:")), (tag, attributes)
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
    assert "@import" not in text
    assert not re.search(r"url\((?!#|&quot;#)", text)


def test_ids_are_unique_and_references_lead_somewhere(page: Page) -> None:
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert not [name for name, times in ids.items() if times > 1]
    for _, attributes in page.tags:
        wanted = [attributes["href"][1:]] if attributes.get("href", "").startswith("#") else []
        wanted += attributes.get("aria-labelledby", "").split()
        wanted += re.findall(r"url\(#([^)]+)\)", attributes.get("style", "") + attributes.get("clip-path", ""))
        assert set(wanted) <= ids.keys(), attributes


def test_headings_descend_one_by_one_and_every_table_has_a_caption(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert page.count("caption") == page.count("table") > 0
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")


def test_every_plot_has_words_and_a_way_to_read_it(page: Page) -> None:
    assert page.count("figure") == page.count("figcaption") == page.count("svg") == page.count("desc") > 15
    assert all(attributes["role"] == "img" for tag, attributes in page.tags if tag == "svg")
    described = " ".join(text for tag, text in page.texts if tag == "desc")
    assert "4 bytes: p50 242, p99 242" in described
    captions = [text for tag, text in page.texts if tag == "figcaption"]
    assert all("clock" in caption.lower() for caption in captions)
    assert any("not time" in caption for caption in captions)


def test_plots_take_their_colours_from_the_page(text: str) -> None:
    for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        assert "var(--shm)" in svg
        assert not re.findall(r"(?:fill|stroke): (#\w+)", svg), "a colour that dark mode does not reach"
    for variable in re.findall(r"var\(--([\w-]+)\)", text):
        assert f"--{variable}:" in text


def test_every_verdict_reason_and_measurement_is_there(page: Page, record: RunRecord) -> None:
    words = page.words()
    for claim in record.claims:
        assert claim.id in words
        assert claim.reason == NOT_ASKED or " ".join(claim.reason.split()) in words
        for evidence in claim.evidence:
            assert " ".join(evidence.text.split()) in words
    for board in record.boards:
        for firmware in board.firmware:
            assert firmware.digest in words
    for verdict in ("confirmed", "refuted", "inconclusive", "not run"):
        assert verdict in words


def test_the_operating_system_of_each_firmware_is_there(record: RunRecord) -> None:
    board = record.boards[0]
    system = tuple(replace(f, os="nuttx", os_version="12.9.0") for f in board.firmware)
    text = html(replace(record, boards=(replace(board, firmware=system), *record.boards[1:])))
    assert text.count("<td>nuttx 12.9.0</td>") == len(system)
    assert "<td>none (bare metal)</td>" in text


def test_every_measurement_has_its_row(text: str, record: RunRecord) -> None:
    tables = re.findall(r'<table class="measurements.*?</table>', text, re.DOTALL)
    bodies = [table[table.index("<tbody>") :] for table in tables]
    rows = {(m.board, m.experiment, m.metric, tuple(m.conditions.items())) for m in record.measurements}
    assert sum(body.count("<tr") for body in bodies) == len(rows)


def test_figures_that_differ_in_a_quiet_condition_only_are_not_merged(record: RunRecord) -> None:
    one = next(m for m in record.measurements if m.metric == "samples_delivered" and m.variant == "shm")
    other = replace(one, samples=(1234,), conditions={**one.conditions, "link": "none"})
    words = Page(html(replace(record, measurements=(one, other)))).words()
    assert "2,000" in words
    assert "1,234" in words


def test_figures_of_one_condition_stand_in_one_row(text: str) -> None:
    row = re.search(r"<tr[^>]*>\s*<th[^>]*>publish to callback</th><td>4 B, 1 reader</td>.*?</tr>", text, re.DOTALL)
    assert row is not None
    cells = [re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row[0], re.DOTALL)]
    assert cells[1:7] == ["50", "242=", "", "", "", ""]
    assert cells[7] == "10"
    assert cells[-1] == "instructions (virtual)"


def test_what_a_board_says_cannot_become_markup(record: RunRecord) -> None:
    claim = ClaimResult(id="x<b>", board="<i>&", verdict=Verdict.REFUTED, reason="<script>alert(1)</script>\x00\x1b]")
    bad = replace(record, claims=(claim,), boards=(replace(BOARDS[0], name="<i>&", core='"><img src=x>'),))
    text = html(bad)
    assert "<script" not in text
    assert "<img" not in text
    assert "\x00" not in text
    assert "\x1b" not in text
    assert "<script>alert(1)</script>\ufffd\ufffd]" in Page(text).words()


def test_a_fault_is_shown_and_blames_no_claim(page: Page) -> None:
    words = page.words()
    assert "counts for no claim and against none" in words
    assert f"board fault during {FAULT.step} : {FAULT.message}" in words
    assert FAULT.hint in words
    assert "bench ready" in words


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("passed", "Every claim that ran is confirmed"),
        ("refuted", "does not hold"),
        ("inconclusive", "could not be decided"),
        ("interrupted", "was interrupted"),
        (None, "ended before it could say how"),
    ],
)
def test_how_the_run_ended_is_said_at_the_top(record: RunRecord, outcome: str | None, expected: str) -> None:
    few = replace(record, run=replace(record.run, outcome=outcome), measurements=record.measurements[:4], faults=())
    words = Page(html(few)).words()
    assert expected in words[: words.index("Claims")]


def test_a_run_that_has_nothing_yet_still_renders(record: RunRecord) -> None:
    run = replace(record.run, outcome=None, finished=None, seconds=None, started="an unknown time")
    bare = replace(record, run=run, boards=(), measurements=(), claims=(), faults=())
    assert "No board was used" in Page(html(bare)).words()


def test_a_board_that_broke_before_it_was_known_has_its_section(record: RunRecord) -> None:
    fault = Fault(blame="probe", message="no probe with this UID", hint="rig boards", board="lost", step="take")
    bare = replace(record, boards=(), measurements=(), claims=())
    words = Page(html(replace(bare, faults=(fault,)))).words()
    assert "no probe with this UID" in words
    assert "Nothing was measured on this board" in words
    stray = replace(fault, board="")
    assert "Faults of no board" in Page(html(replace(bare, faults=(stray,)))).words()


def test_odd_figures_do_not_break_a_plot(record: RunRecord) -> None:
    """No samples, zeros, a single point, one variant alone."""
    some = [replace(m, samples=()) if i % 3 == 0 else m for i, m in enumerate(record.measurements)]
    some = [replace(m, samples=(0.0,)) if i % 5 == 0 else m for i, m in enumerate(some)]
    Page(html(replace(record, measurements=tuple(some))))
    for metric in {m.metric for m in record.measurements}:
        one = next(m for m in record.measurements if m.metric == metric)
        Page(html(replace(record, measurements=(one,), claims=(), boards=(BOARDS[0],))))
        zero = replace(one, samples=(0,))
        Page(html(replace(record, measurements=(zero,), claims=(), boards=(BOARDS[0],))))


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on PATH")
@pytest.mark.parametrize("width", [400, 1280])
def test_a_browser_without_javascript_shows_all_of_it_at(
    text: str, tmp_path: Path, record: RunRecord, width: int
) -> None:
    seen = rendered(text, tmp_path, width)
    assert record.run.id in str(seen["title"]), "the frame ran a script"
    words = " ".join(str(seen["text"]).split())
    for claim in record.claims:
        assert claim.reason == NOT_ASKED or " ".join(claim.reason.split()) in words
    assert seen["svg"] == text.count("<svg ")
    assert width - 20 <= int(str(seen["window"])) <= width  # less its scroll bar
    assert seen["page"] == seen["window"], "the page is wider than its window"
    assert seen["wide"] == []
