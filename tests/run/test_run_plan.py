"""What a run will do: as few flashes as it needs, a reason for what it leaves out, and how long the rest takes."""

from pathlib import Path

import pytest

from rig.experiments import EXPERIMENTS
from rig.inventory import BoardSpec, Inventory
from rig.records import EventLog
from rig.run import experiments_for, plan, plan_lines
from rig.run._pace import Pace, journal_like


@pytest.fixture
def spec(project_root: Path) -> BoardSpec:
    (spec,) = Inventory.load(project_root / "boards.yaml").select(["mps2-an385"])
    return spec


def test_every_experiment_has_its_place(spec: BoardSpec) -> None:
    steps = plan(spec, (), agent="builtin")
    assert [step.experiment.id for step in steps if step.variant == "shm"] == list(EXPERIMENTS)
    assert [step.variant for step in steps] == sorted((step.variant for step in steps), reverse=True), "two flashes"
    assert not any(step.skipped for step in steps)


def test_a_firmware_that_nothing_needs_is_not_flashed(spec: BoardSpec) -> None:
    assert {step.variant for step in plan(spec, ("services", "lifecycle"), agent="builtin")} == {"shm"}
    lines = plan_lines([spec], ("services",), agent="builtin")
    assert "  in all: 1 flash, 1 Agent start" in lines


def test_without_an_agent_what_is_about_it_says_why_not(spec: BoardSpec) -> None:
    skipped = {step.key[1:]: step.skipped for step in plan(spec, (), agent="none") if step.skipped}
    assert "--agent none" in skipped["shm", "agent-duplicates"]
    assert ("network", "latency") in skipped and ("network", "footprint") not in skipped


def test_claims_that_share_an_experiment_need_it_once() -> None:
    assert [e.id for e in experiments_for(("copies", "copies"))] == ["copies", "sequences"]
    assert [e.id for e in experiments_for(("footprint",))] == ["footprint"]  # no promise of the model counts against it


def test_what_takes_a_given_time_takes_it_on_any_board(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "missing.jsonl", quick=True, fixed={"search": 15.0})
    keys = [("b", "shm", "search"), ("b", "shm", "copies")]
    assert pace.left(keys) == pytest.approx(15)
    pace.took(("b", "shm", "latency"), 2.0)
    assert pace.left(keys) == pytest.approx(17), "an unknown step takes as long as the others do"


def test_the_former_run_is_one_of_the_same_boards(tmp_path: Path) -> None:
    for name, boards, quick in (("1", ["a"], True), ("2", ["b"], True), ("3", ["a"], False)):
        (tmp_path / name).mkdir()
        with EventLog(tmp_path / name / "events.jsonl") as log:
            log.write("options", {"quick": quick, "boards": boards, "claims": []})
    assert journal_like(tmp_path, boards=["a"], quick=True) == tmp_path / "1" / "events.jsonl"
    assert journal_like(tmp_path, boards=["c"], quick=True) == tmp_path / "2" / "events.jsonl"
    assert journal_like(tmp_path / "none", boards=["a"], quick=True) is None


def test_time_left_is_scaled_by_what_this_run_took(tmp_path: Path) -> None:
    keys = [("b", "shm", name) for name in ("one", "two", "three")]
    with EventLog(tmp_path / "events.jsonl") as log:
        log.write("options", {"quick": True})
        for (board, variant, experiment), seconds in zip(keys, (2.0, 4.0, 6.0), strict=True):
            log.write("finished", {"board": board, "variant": variant, "experiment": experiment, "took": seconds})
    pace = Pace(tmp_path / "events.jsonl", quick=True)
    assert pace.left(keys) == pytest.approx(12)
    pace.took(keys[0], 4.0)
    first = pace.left(keys[1:])
    assert first is not None
    assert 10 < first < 20, "this machine takes longer; one short step does not say how much"
    pace.took(keys[1], 8.0)
    second = pace.left(keys[2:])
    assert second is not None
    assert 12 - second < 20 - first, "each step makes it surer: twice as long"
    assert Pace(tmp_path / "events.jsonl", quick=False).left(keys) is None, "a full run says nothing of a quick one"
    assert Pace(tmp_path / "missing.jsonl", quick=True).left(keys) is None
