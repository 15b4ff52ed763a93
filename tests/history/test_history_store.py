"""The store: runs come in once, outlive their directories, and go when they are told to."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sample_record import one_board, runs, sample

from rig.errors import ResultsFault, UsageError
from rig.history import STORE, Store, trends, verdict_changes
from rig.records import RunRecord, Verdict, save


def laid(directory: Path, record: RunRecord) -> Path:
    place = directory / record.run.id
    place.mkdir(parents=True)
    save(record, place / "results.json")
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for record in runs(3):
        laid(tmp_path / "runs", one_board(record))
    (tmp_path / "runs" / "latest").symlink_to(runs(3)[-1].run.id)
    return tmp_path / "runs"


def ids(store: Store) -> list[str]:
    return [entry.id for entry in store.entries()]


def test_runs_that_lie_there_come_in_once_and_whole(folder: Path) -> None:
    with Store(folder / STORE) as store:
        assert store.sync(folder) == []
        assert ids(store) == [record.run.id for record in runs(3)]
        assert store.record(ids(store)[0]) == one_board(runs(3)[0])
        entry = store.entries()[0]
        assert entry.directory == (folder / entry.id).resolve() and entry.boards == ("mps2-an385",)
        assert entry.verdicts[Verdict.CONFIRMED] > 3
        before = store.path.read_bytes()
        store.sync(folder)
        assert store.path.read_bytes() == before


def test_what_becomes_of_a_run_is_taken_in(folder: Path) -> None:
    with Store(folder / STORE) as store:
        store.sync(folder)
        first = one_board(runs(3)[0])
        save(replace(first, run=replace(first.run, outcome="passed")), folder / first.run.id / "results.json")
        os.utime(folder / first.run.id / "results.json", ns=(1, 1))
        store.set_baseline(first.run.id)
        store.sync(folder)
        assert next((e.outcome, e.baseline) for e in store.entries()) == ("passed", True)
        assert len(store.figures(board=None, kind="full", metric=None)) == 3 * sum(
            1 for m in first.measurements if m.samples
        )


def test_a_record_outlives_its_directory_and_a_broken_one_is_left_out(folder: Path) -> None:
    with Store(folder / STORE) as store:
        store.sync(folder)
        gone = ids(store)[0]
        (folder / gone / "results.json").unlink()
        (folder / gone).rmdir()
        broken = folder / "broken"
        broken.mkdir()
        (broken / "results.json").write_text("{")
        (words,) = store.sync(folder)
        assert words.startswith("broken: ") and "not JSON" in words
        assert store.entries()[0].directory is None
        assert store.record(gone).run.id == gone


def test_deleting_removes_directories_below_and_no_others(folder: Path, tmp_path: Path) -> None:
    elsewhere = laid(tmp_path / "elsewhere", replace(one_board(sample(9))))
    with Store(folder / STORE) as store:
        store.sync(folder)
        store.add(one_board(sample(9)), elsewhere)
        newest = ids(store)[2]
        removed = store.delete([newest, sample(9).run.id], below=folder)
        assert removed == [(folder / newest).resolve()]
        assert not (folder / newest).exists() and elsewhere.exists()
        assert ids(store) == [record.run.id for record in runs(2)]
        assert store.figures(board=None, kind="full", metric=None)
        assert (folder / "latest").resolve().name == ids(store)[-1]


def test_a_baseline_is_one_for_its_boards_and_kind(folder: Path) -> None:
    with Store(folder / STORE) as store:
        store.sync(folder)
        first, second, third = ids(store)
        quick = replace(one_board(sample(8)), run=replace(sample(8).run, quick=True))
        store.add(quick, None)
        assert store.set_baseline(quick.run.id) == []
        assert store.set_baseline(first) == []
        assert store.set_baseline(second) == [first]
        assert store.baseline_for(store.record(third)) == second
        assert store.baseline_for(quick) == quick.run.id
        assert store.baseline_for(one_board(sample(), "native")) is None
        assert store.alike(store.record(first)) == [second, third]
        store.set_baseline(second, on=False)
        assert store.baseline_for(store.record(third)) == quick.run.id


def test_the_beginning_of_an_id_names_a_run(folder: Path) -> None:
    with Store(folder / STORE) as store:
        store.sync(folder)
        one = ids(store)[1]
        assert store.find(one[:-5]) == one
        assert store.find("2027") is None
        with pytest.raises(UsageError, match="the beginning of 3 ids"):
            store.find("2026")


def test_what_is_no_store_is_said_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / STORE
    file.write_text("hello, I am no database at all\n" * 20)
    with pytest.raises(UsageError, match="no store of runs"):
        Store(file)
    file.unlink()
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(UsageError, match="later version"):
        Store(file)
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsFault, match="cannot use"):
        Store(tmp_path / "file" / STORE)


def test_a_damaged_record_is_said_and_can_be_deleted(folder: Path) -> None:
    with Store(folder / STORE) as store:
        store.sync(folder)
        id = ids(store)[0]
        with sqlite3.connect(folder / STORE) as database:
            database.execute("UPDATE runs SET record = X'00' WHERE id = ?", (id,))
        database.close()
        with pytest.raises(UsageError, match="damaged"):
            store.record(id)
        store.delete([id], below=folder)


def test_trends_keep_boards_and_clocks_apart_and_find_the_run_that_changed(tmp_path: Path) -> None:
    with Store(tmp_path / STORE) as store:
        for record in runs(4):
            store.add(record, None)
        found = trends(store, board=None, kind="full", metric="publish_to_callback")
        assert {t.figure.clock for t in found} == {"virtual", "host", "dwt"}
        assert all(len(t.figures) == 4 for t in found)
        one = next(t for t in found if t.figure.board == "mps2-an385" and t.figure.variant == "shm")
        assert one.values == (242, 243, 244, 245) and one.line == "▁▃▆█"
        assert [s.index for s in one.shifts] == [1, 2, 3]
        assert trends(store, board="native", kind="full", metric="rig_publish_to_callback_seconds")
        assert trends(store, board="native", kind="quick", metric=None) == []


def test_verdicts_that_changed() -> None:
    yes, no, none = Verdict.CONFIRMED, Verdict.REFUTED, Verdict.NOT_RUN
    rows = [(f"run{i}", "b", "copies", verdict, "why") for i, verdict in enumerate((yes, none, no, no, yes))]
    assert [(c.run, c.before, c.after) for c in verdict_changes(rows)] == [("run2", yes, no), ("run4", no, yes)]
