"""`rig feedback` as somebody types it: it shows before it writes, and asks."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from rig_process import Finished
from sample_record import one_board, only, sample

from rig.records import save

Rig = Callable[..., Finished]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    run = tmp_path / "reports" / "runs" / sample().run.id
    run.mkdir(parents=True)
    save(only(one_board(sample(), "nucleo-f446re"), "burst-order"), run / "results.json")
    (run / "console.log").write_text("hello from zaphod, /home/zaphod/x\n")
    (run.parent / "latest").symlink_to(run.name)
    monkeypatch.setenv("USER", "zaphod")
    return tmp_path


def test_contents_are_shown_before_anything_is_written(here: Rig, place: Path) -> None:
    name = f"feedback-{sample().run.id}.zip"
    done = here("feedback", "latest", cwd=place)
    assert done.code == 130 and "results.json" in done.out and f"write {name}?" in done.out
    assert "taken out: 1 path, 1 user name" in done.out
    assert not (place / name).exists()
    done = here("feedback", "--show", cwd=place)
    assert done.code == 0 and "- RTOS: none (bare metal)" in done.out and not (place / name).exists()
    done = here("feedback", "latest", "--yes", cwd=place)
    assert done.code == 0 and (place / name).exists()
    with zipfile.ZipFile(place / name) as archive:
        assert archive.read("console.log") == b"hello from <user>, <path>/x\n"
    done = here("feedback", "latest", "--yes", cwd=place)
    assert done.code == 2 and "is there already" in done.err
    done = here("feedback", "check", name, cwd=place)
    assert done.code == 0, done.err
    assert "every verdict and every sum is what its samples say" in done.out
    assert "nucleo-f446re: burst-order refuted: " in done.out


def test_what_cannot_be_found_or_read(here: Rig, place: Path) -> None:
    for words in (("nowhere",), ("check", "nowhere.zip"), ("check", "reports")):
        done = here("feedback", *words, cwd=place)
        assert (done.code, done.out) == (2, ""), words
        assert len(done.err.splitlines()) == 2, done.err


def test_a_run_whose_files_are_gone_can_be_sent_on(here: Rig, place: Path) -> None:
    assert here("runs", cwd=place).code == 0
    id = sample().run.id
    for file in (place / "reports" / "runs" / id).iterdir():
        file.unlink()
    (place / "reports" / "runs" / id).rmdir()
    done = here("feedback", id, "--yes", cwd=place)
    assert done.code == 0 and "only the record of this run is left" in done.out


def test_a_verdict_that_was_changed_ends_with_1(here: Rig, place: Path) -> None:
    file = place / "reports" / "runs" / sample().run.id / "results.json"
    file.write_text(file.read_text().replace('"verdict": "refuted"', '"verdict": "confirmed"'))
    assert here("feedback", "--yes", "--out", "lie.zip", cwd=place).code == 0
    done = here("feedback", "check", "lie.zip", cwd=place)
    assert done.code == 1 and "not what its samples say: nucleo-f446re: claim burst-order" in done.out
