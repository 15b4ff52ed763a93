"""Runs beside each other: exact figures by equality, noisy ones by a test and a second run, and what is left out."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from sample_record import one_board, sample

from rig.errors import UsageError
from rig.history import Change, State, compare, exact_changes
from rig.records import RunRecord, Verdict


def changed(record: RunRecord, metric: str, variant: str, samples: tuple[float, ...]) -> RunRecord:
    """The same, with other samples in the first figure of this kind."""
    rows = list(record.measurements)
    index = next(i for i, m in enumerate(rows) if (m.metric, m.variant) == (metric, variant))
    rows[index] = replace(rows[index], samples=samples)
    return replace(record, measurements=tuple(rows))


def named(record: RunRecord, id: str, **changes: object) -> RunRecord:
    return replace(record, run=replace(record.run, id=id, **changes))


NATIVE = one_board(sample(), "native")


def noisy(id: str, level: float, seed: int, record: RunRecord = NATIVE) -> RunRecord:
    draw = random.Random(seed)
    samples = tuple(round(level * draw.uniform(0.9, 1.1)) for _ in range(400))
    return named(changed(record, "publish_to_callback", "shm", samples), id)


def test_a_run_has_no_difference_to_itself() -> None:
    found = compare([named(sample(), "a"), named(sample(), "b")])
    assert (found.changes, found.only, found.notes) == ((), (), ())
    assert found.equal > 100 and found.within > 10
    assert exact_changes(sample(), sample()) == []


def test_one_instruction_more_is_a_change_with_its_place_and_percent() -> None:
    (change,) = exact_changes(sample(), changed(sample(), "publish_to_callback", "shm", (242,) * 49 + (243,)))
    assert change.board == "mps2-an385" and change.what == "publish_to_callback (shm, 4 B, 1 reader)"
    assert change.values == ("242 instructions (sample 50 of 50)", "243 instructions (sample 50 of 50)")
    (change,) = exact_changes(sample(), changed(sample(), "publish_to_callback", "shm", (363,) * 50))
    assert str(change).endswith("242 instructions (sample 1 of 50) -> 363 instructions (sample 1 of 50) (+50.0 %)")
    (change,) = exact_changes(sample(), changed(sample(), "publish_to_callback", "shm", (242,) * 49))
    assert change.values == ("50 samples of 242 instructions", "49 samples of 242 instructions")


def test_another_verdict_is_a_change_and_says_why() -> None:
    record = sample()
    claims = (replace(record.claims[0], verdict=Verdict.REFUTED, reason="none came"), *record.claims[1:])
    (change,) = exact_changes(record, replace(record, claims=claims))
    assert (change.kind, change.values, change.why) == ("verdict", ("confirmed", "refuted"), "none came")


def test_other_firmware_is_told_and_is_no_change() -> None:
    record = sample()
    firmware = replace(record.boards[0].firmware[0], digest="sha256:" + "9" * 64)
    board = replace(record.boards[0], firmware=(firmware, *record.boards[0].firmware[1:]), probe="another")
    found = compare([record, named(replace(record, boards=(board, *record.boards[1:])), "b")])
    assert found.changes == ()
    assert any("shm firmware differs: sha256:aaaa" in note for note in found.notes)
    assert any("the probe differs: mps2-an385 (emulated) -> another" in note for note in found.notes)


def test_what_only_one_has_is_named() -> None:
    less = named(one_board(sample()), "less")
    less = replace(less, measurements=tuple(m for m in less.measurements if m.experiment != "copies"))
    found = compare([sample(), less])
    (words,) = found.only
    assert words.startswith(f"only {sample().run.id} has: board microbit, native, nucleo-f446re; ")
    assert "copies" in words and found.changes == ()


@pytest.mark.parametrize("what", ["boards", "claims"])
def test_runs_with_nothing_in_common_are_refused(what: str) -> None:
    record = one_board(sample())
    other = named(one_board(sample(), "native"), "other")
    if what == "claims":
        record = replace(record, measurements=(), claims=record.claims[:1])
        other = named(replace(record, claims=one_board(sample()).claims[4:5]), "other")
    with pytest.raises(UsageError, match="in common") as raised:
        compare([record, other])
    assert ("mps2-an385 against native" in str(raised.value)) == (what == "boards")


def test_quick_against_full_is_said_and_not_judged() -> None:
    quick = named(sample(), "quick", quick=True)
    full = named(changed(sample(), "publish_to_callback", "shm", (300,) * 1000), "full", quick=False)
    found = compare([quick, full])
    assert "quick is a quick run and full a full one: their figures are shown, not judged" in found.notes
    assert [change.state for change in found.changes] == [State.SHOWN]


def test_figures_of_two_clocks_are_not_compared() -> None:
    rows = tuple(replace(m, clock="timer") if m.clock else m for m in sample().measurements)
    boards = tuple(replace(board, clock="timer") for board in sample().boards)
    found = compare([sample(), named(replace(sample(drift := 5), measurements=rows, boards=boards), "b")])
    assert drift and all("publish" not in change.what for change in found.changes)
    assert any("the clock differs (virtual -> timer): durations are not compared" in note for note in found.notes)


def states(changes: tuple[Change, ...]) -> list[State]:
    assert all(change.kind == "noisy" for change in changes)
    return [change.state for change in changes]


def test_a_noisy_figure_alarms_when_a_second_run_shows_it() -> None:
    base, new, again = noisy("base", 100, 1), noisy("new", 130, 2), noisy("again", 131, 3)
    first = compare([base, new])
    assert states(first.changes) == [State.SUSPECTED]
    assert first.changes[0].share == pytest.approx(0.3, abs=0.04) and "one run so far" in str(first.changes[0])
    for found in (compare([base, new, again]), compare([base, new], witnesses=[again])):
        assert states(found.changes) == [State.CHANGED]
        assert "seen in 2 of 2 runs" in str(found.changes[0])
    assert len(compare([base, new, again]).changes[0].values) == 3


def test_a_second_run_that_does_not_show_it_takes_it_back() -> None:
    base, new, again = noisy("base", 100, 1), noisy("new", 130, 2), noisy("again", 100, 3)
    assert compare([base, new], witnesses=[again]).changes == ()


def test_a_median_between_those_of_the_same_firmware_is_noise() -> None:
    base, new = noisy("base", 100, 1), noisy("new", 130, 2)
    assert compare([base, new], peers=[noisy("peer", 140, 4)]).changes == ()
    assert states(compare([base, new], peers=[noisy("peer", 110, 4)]).changes) == [State.SUSPECTED]


@pytest.mark.parametrize("level", [100, 102, 103])
def test_less_than_the_minimum_effect_is_noise(level: float) -> None:
    for seed in range(8):
        assert compare([noisy("base", 100, seed), noisy("new", level, 100 + seed)]).changes == (), seed


def test_another_shape_with_the_same_middle_is_noise() -> None:
    """One in ten samples ten times as long moves no median."""
    samples = tuple(1000.0 if i % 10 == 0 else 100.0 + i % 7 for i in range(400))
    assert (
        compare([noisy("base", 103, 1), named(changed(NATIVE, "publish_to_callback", "shm", samples), "b")]).changes
        == ()
    )


def test_a_third_run_that_lacks_a_figure_hides_no_change_of_the_second() -> None:
    worse = named(changed(sample(), "bytes_copied_per_sample", "shm", (9.0,)), "b")
    worse = replace(worse, claims=(replace(worse.claims[0], verdict=Verdict.REFUTED, reason="none"), *worse.claims[1:]))
    less = named(sample(), "c")
    less = replace(
        less,
        claims=less.claims[1:],
        measurements=tuple(m for m in less.measurements if m.metric != "bytes_copied_per_sample"),
    )
    found = compare([named(sample(), "a"), worse, less])
    assert {change.kind for change in found.of(State.CHANGED)} == {"exact", "verdict"}
    assert all(words.startswith("c lacks: ") for words in found.only) and found.only
