"""The page over many archives: verdicts, figures, changes; in a real browser without JavaScript, at phone width too."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from browser import CHROMIUM, rendered
from rig_process import Finished
from sample_record import one_board, sample

from rig.errors import UsageError
from rig.feedback import Content, Names, Scrubber, make_feedback, write_archive
from rig.records import Measurement, RunRecord, Verdict, to_json
from rig.site import read_sources, write_site


def packed(directory: Path, name: str, record: RunRecord) -> Path:
    feedback = make_feedback(record, None, Scrubber(Names()))
    write_archive(directory / name, feedback.contents, about=feedback.about)
    return directory / name


def of_version(record: RunRecord, version: str, digit: str) -> RunRecord:
    """The same board a month later, with other firmware in which a message of 64 KiB is lost."""
    boards = tuple(
        replace(
            b,
            firmware=tuple(replace(f, middleware_version=version, digest="sha256:" + digit * 64) for f in b.firmware),
        )
        for b in record.boards
    )
    rows = tuple(
        replace(m, samples=(300.0,) * len(m.samples)) if m.metric == "publish_to_callback" and m.exact else m
        for m in record.measurements
    )
    run = replace(record.run, id="20260402T093000Z-5a3e", started="2026-04-02T09:30:00+00:00")
    return replace(record, run=run, boards=boards, measurements=rows)


SHOWN = {"latency", "copies", "shared-buffer"}


def some(record: RunRecord) -> RunRecord:
    """A few of its claims, with some of their figures: a page with plots would only take longer."""
    return replace(
        record,
        measurements=tuple(
            m
            for m in record.measurements
            if m.experiment in SHOWN
            and m.metric != "publish_to_callback_loaded"
            # One bar or point makes no plot.
            and m.conditions.get("readers") == 1
            and m.conditions.get("spin_timeout_ms", 10) == 10
            and (m.experiment != "latency" or m.conditions.get("payload_bytes") == 4)
        ),
        claims=tuple(c for c in record.claims if c.id in SHOWN),
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("site")
    mps2, native = (some(one_board(sample(faults=()), name)) for name in ("mps2-an385", "native"))
    lying = tuple(
        replace(c, verdict=Verdict.REFUTED, reason="<script>alert(1)</script>") if c.id == "copies" else c
        for c in native.claims
    )
    archives = [
        packed(directory, "one.zip", mps2),
        packed(directory, "later.zip", of_version(mps2, "0.2.0", "9")),
        packed(directory, "lying.zip", replace(native, claims=lying)),
    ]
    archives.append(archives[0])
    (directory / "broken.zip").write_text("no archive")
    sources, trouble = read_sources([*archives, directory / "broken.zip"])
    assert len(sources) == 3
    assert ["the same run as another archive" in words for words in trouble] == [True, False]
    write_site(sources, trouble, directory / "out")
    return directory / "out"


def test_every_link_leads_to_a_report_and_to_a_place_in_it(site: Path) -> None:
    text = (site / "index.html").read_text()
    links = re.findall(r'href="([^"]+)"', text)
    reports = [link for link in links if link.startswith("reports/")]
    assert len(reports) > 20
    for link in set(reports):
        file, _, place = link.partition("#")
        report = (site / file).read_text()
        assert not place or f'id="{place}"' in report, link
    assert not [link for link in links if re.match(r"https?:|//|file:", link)]


def test_verdicts_stand_by_board_middleware_and_version(site: Path) -> None:
    text = (site / "index.html").read_text()
    heads = re.findall(r'<th scope="col"><a href="[^"]+">([^<]+)</a><span class="small">([^<]+)</span>', text)
    assert heads[:3] == [
        ("mps2-an385", "reference 0.1.0"),
        ("mps2-an385", "reference 0.2.0"),
        ("native", "reference 0.1.0"),
    ]
    assert text.count('class="chip ') == 3 * len(SHOWN)


def test_clocks_are_kept_apart(site: Path) -> None:
    tables = (site / "index.html").read_text().partition('id="figures"')[2].partition('id="changes"')[0]
    titles = re.findall(r"<h3>([^<]+)</h3>", tables)
    assert [title.split(",")[0] for title in titles] == [
        "Clock: the monotonic clock of the host",
        "Clock: virtual",
        "Counted",
    ]
    by_title = dict(zip(titles, tables.split("<h3>")[1:], strict=True))
    host, virtual, counted = by_title.values()
    assert "native" in host and "mps2-an385" not in host and "mps2-an385" in virtual and "native" not in virtual
    assert (
        "mps2-an385" in counted and "native" in counted and "instructions" in virtual and "instructions" not in counted
    )


def test_what_changed_between_versions_is_told(site: Path) -> None:
    changes = (site / "index.html").read_text().partition('id="changes"')[2]
    assert "242 instructions (sample 1 of 50) -&gt; 300 instructions (sample 1 of 50) (+24.0 %)" in changes
    assert "native" not in changes.partition('id="runs"')[0]


def test_an_archive_that_lies_is_shown_with_what_its_samples_say(site: Path) -> None:
    text = (site / "index.html").read_text()
    assert "Not what the samples say" in text and "the archive says otherwise" in text
    assert "<script" not in text and "alert(1)" in text
    assert "broken.zip" in text.partition("Left out")[2]


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on PATH")
@pytest.mark.parametrize("width", [400, 1280])
def test_a_browser_without_javascript_shows_it_at(site: Path, tmp_path: Path, width: int) -> None:
    seen = rendered((site / "index.html").read_text(), tmp_path, width)
    assert "scripts are on" not in str(seen["title"])
    words = " ".join(str(seen["text"]).split())
    for expected in ("mps2-an385", "reference 0.2.0", "confirmed", "What changed between versions", "lying.zip"):
        assert expected in words
    assert seen["page"] == seen["window"], "the page is wider than its window"
    assert seen["wide"] == []


def test_rig_site_names_what_it_leaves_out(here: Callable[..., Finished], tmp_path: Path) -> None:
    packed(tmp_path, "one.zip", some(one_board(sample(faults=()))))
    done = here("site", "one.zip", cwd=tmp_path)
    assert done.code == 0 and done.out == "site/index.html: 1 run\n", done.err
    (tmp_path / "bad.zip").write_text("x")
    done = here("site", ".", "--out", "other", cwd=tmp_path)
    assert done.code == 2 and "left out: bad.zip: no archive" in done.err and (tmp_path / "other/index.html").exists()
    done = here("site", "bad.zip", "--out", "third", cwd=tmp_path)
    assert done.code == 2 and "no archive that can be used" in done.err and not (tmp_path / "third").exists()


def test_figures_that_no_page_can_show_leave_the_others(here: Callable[..., Finished], tmp_path: Path) -> None:
    """Valid by its form, and its search found something that is none."""
    record = some(one_board(sample(faults=())))
    odd = Measurement(
        experiment="sequences",
        board="mps2-an385",
        variant="shm",
        path="shm",
        metric="promises_broken",
        unit="promises",
        samples=(1,),
        detail={"findings": [{"promise": "IN_ORDER"}]},
    )
    text = json.dumps(to_json(replace(record, measurements=(*record.measurements, odd))))
    write_archive(tmp_path / "odd.zip", [Content(name="results.json", what="", data=text.encode())], about={})
    packed(tmp_path, "good.zip", record)
    done = here("site", ".", cwd=tmp_path)
    assert done.code == 2 and "left out: odd.zip" in done.err and "site/index.html: 1 run" in done.out, done.err


def test_somebody_elses_page_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(UsageError, match="no page of rig site"):
        write_site([], [], tmp_path)
    assert (tmp_path / "index.html").read_text() == "mine"
    write_site([], [], tmp_path / "new")
    write_site([], [], tmp_path / "new")
