"""`rig runs` and `rig compare` as somebody types them, over runs that lie there."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rig_process import Finished, RigProcess
from sample_record import one_board, sample

from rig.cli._history import remember
from rig.history import Store
from rig.records import RunRecord, save

Rig = Callable[..., Finished]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with four runs of a board; the third has another latency."""
    for number in range(4):
        lay(tmp_path, one_board(sample(number if number == 2 else 0)), f"2026030{number + 1}T000000Z-000{number}")
    (tmp_path / "reports" / "runs" / "latest").symlink_to("20260304T000000Z-0003")
    return tmp_path


def lay(place: Path, record: RunRecord, id: str, **changes: object) -> Path:
    directory = place / "reports" / "runs" / id
    directory.mkdir(parents=True)
    started = f"{id[:4]}-{id[4:6]}-{id[6:8]}T09:00:00+00:00"
    save(replace(record, run=replace(record.run, id=id, started=started, **changes)), directory / "results.json")
    return directory


def test_what_rig_compare_says_and_how_it_ends(here: Rig, place: Path) -> None:
    done = here("compare", "20260301", "latest", cwd=place)
    assert done.code == 0, done.err
    assert "0 changed, 0 suspected" in done.out
    done = here("compare", "20260301", "20260303", cwd=place)
    assert done.code == 1
    assert "242 instructions (sample 1 of 50) -> 244 instructions (sample 1 of 50) (+0.8 %)" in done.out
    for words, said in (
        (("latest", "latest"), "named twice"),
        (("baseline", "latest"), "no baseline for mps2-an385"),
        (("baseline", "baseline"), "against itself"),
        (("latest",), "no baseline for mps2-an385"),
        (("latest", "nowhere"), "no run at nowhere"),
    ):
        done = here("compare", *words, cwd=place)
        assert (done.code, done.out) == (2, ""), words
        assert said in done.err and len(done.err.splitlines()) == 2, done.err


def test_a_baseline_and_what_is_held_against_it(here: Rig, place: Path) -> None:
    assert "20260303T000000Z-0002 is the baseline" in here("runs", "baseline", "20260303", cwd=place).out
    done = here("compare", "latest", "--json", cwd=place)
    found = json.loads(done.out)
    assert done.code == 1
    assert [run["id"][:8] for run in found["runs"]] == ["20260303", "20260304"]
    assert found["changes"][0]["share"] == pytest.approx(242 / 244 - 1) and found["changes"][0]["kind"] == "exact"
    assert here("compare", "baseline", "latest", cwd=place).code == 1


def test_lists_and_trends(here: Rig, place: Path) -> None:
    done = here("runs", cwd=place)
    assert [line.split()[0] for line in done.out.splitlines()[1:]] == [
        f"2026030{n}T000000Z-000{n - 1}" for n in range(1, 5)
    ]
    assert len(json.loads(here("runs", "list", "-n", "2", "--json", cwd=place).out)) == 2
    done = here("runs", "trend", "publish_to_callback", "--board", "mps2-an385", cwd=place)
    assert "publish_to_callback (shm, 4 B, 1 reader): 242 -> 242 instructions, 4 runs  ▁▁█▁" in done.out
    assert "changed with 20260303T000000Z-0002: 242 -> 244 (+0.8 %)" in done.out
    assert "copies" not in here("runs", "trend", cwd=place).out
    done = here("runs", "trend", "nothing_of_this_name", cwd=place)
    assert done.code == 2 and "publish_to_callback" in done.err


def test_deleting_and_keeping(here: Rig, place: Path) -> None:
    runs = place / "reports" / "runs"
    assert here("runs", "delete", "20260304", cwd=place).code == 130, "nobody said yes"
    assert here("runs", "baseline", "20260301", cwd=place).code == 0
    done = here("runs", "keep", "1", "--yes", cwd=place)
    assert done.out == "deleted 2 runs, 2 directories removed\n"
    assert sorted(d.name[:8] for d in runs.glob("2*")) == ["20260301", "20260304"]
    assert here("runs", "keep", "1", cwd=place).out == "nothing to delete\n"
    assert here("runs", "delete", "latest", "--yes", cwd=place).code == 0
    assert here("runs", "delete", "20260304", "--yes", cwd=place).code == 2


def test_a_store_that_is_none_spoils_no_other_command(here: Rig, place: Path) -> None:
    (place / "reports" / "runs" / "history.sqlite").write_text("no store" * 100)
    done = here("runs", cwd=place)
    assert done.code == 2 and "no store of runs" in done.err
    assert here("report", cwd=place).code == 0
    one, two = (str(place / "reports" / "runs" / f"2026030{n}T000000Z-000{n - 1}") for n in (1, 3))
    done = here("compare", one, two, cwd=place)
    assert done.code == 1 and "without the history" in done.err


def test_the_store_may_be_elsewhere_or_off(here: Rig, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_HISTORY", str(place / "mine.sqlite"))
    assert here("runs", cwd=place).code == 0
    assert (place / "mine.sqlite").exists() and not (place / "reports" / "runs" / "history.sqlite").exists()
    monkeypatch.setenv("RIG_HISTORY", "off")
    done = here("runs", cwd=place)
    assert done.code == 2 and "RIG_HISTORY" in done.err
    one, two = (f"2026030{n}T000000Z-000{n - 1}" for n in (1, 3))
    assert here("compare", one, two, cwd=place).code == 1, "ids are known without the history"


def test_the_newest_run_of_each_board_and_kind_goes_into_a_folder(here: Rig, place: Path) -> None:
    lay(place, one_board(sample(), "native"), "20260305T000000Z-0004", quick=True)
    done = here("runs", "export", "textfile", cwd=place)
    assert done.code == 0 and "2 files in textfile" in done.out, done.err
    files = {file.name: file.read_text() for file in (place / "textfile").iterdir()}
    assert set(files) == {"rig-mps2-an385-full.prom", "rig-native-quick.prom"}
    assert 'run_id="20260304T000000Z-0003"' in files["rig-mps2-an385-full.prom"]
    assert here("runs", "export", "textfile/rig-native-quick.prom", cwd=place).code == 2


def test_rig_serve_has_runs_that_end_meanwhile(start: Callable[..., RigProcess], place: Path) -> None:
    process = start("serve", "--port", "0", RIG_HISTORY=str(place / "mine.sqlite"))
    process.wait_for("/metrics")
    (address,) = re.findall(r"http://127\.0\.0\.1:\d+/metrics", process.text())
    with Store(place / "mine.sqlite") as store:
        store.add(replace(one_board(sample(), "native"), run=replace(sample().run, id="zz")), None)
    with urllib.request.urlopen(address, timeout=30) as answer:
        text = answer.read().decode()
    assert 'run_id="zz"' in text and 'rig_claim_verdict{board="native"' in text
    process.interrupt()
    assert process.finish() == 0


def test_a_run_whose_results_go_elsewhere_makes_no_directory_of_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RIG_HISTORY", raising=False)
    (tmp_path / "reports").mkdir()
    monkeypatch.chdir(tmp_path)
    remember(one_board(sample()), tmp_path)
    assert list((tmp_path / "reports").iterdir()) == []
    (tmp_path / "reports" / "runs").mkdir()
    remember(one_board(sample()), tmp_path)
    assert [file.name for file in (tmp_path / "reports" / "runs").iterdir()] == ["history.sqlite"]
