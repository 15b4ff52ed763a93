"""The vocabulary of figures: what is made from it agrees with it, and what is measured is in it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from sample_record import sample

from rig.records import Condition, Detail, Metric, Unit, figures_page, schema, schema_made_anew
from rig.records.vocabulary import GROUPS, Burst, Held, WriteTrace, check_conditions

ROOT = Path(__file__).resolve().parents[2]
MAKE = "run python docs/make_figures.py"
DETAILS = list(dict.fromkeys(group.detail for group in GROUPS))


def test_the_schema_and_the_page_are_made_from_the_vocabulary() -> None:
    assert schema_made_anew(schema()) == schema(), MAKE
    assert (ROOT / "docs" / "figures.md").read_text(encoding="utf-8") == figures_page(), MAKE


def test_every_metric_belongs_to_an_experiment_and_every_condition_to_a_metric() -> None:
    from rig.experiments import EXPERIMENTS

    assert {metric for group in GROUPS for metric in group.metrics} == set(Metric)
    assert {condition for group in GROUPS for condition in group.conditions} == set(Condition)
    assert {group.experiment for group in GROUPS} == {*EXPERIMENTS, "observe"}


def test_the_sample_record_uses_the_vocabulary() -> None:
    groups = {(g.experiment, metric): g for g in GROUPS for metric in g.metrics}
    for m in sample().measurements:
        group = groups[m.experiment, Metric(m.metric)]
        assert Unit.named(m.unit) is not None
        assert set(m.conditions) <= {c.value for c in group.conditions}, m
        check_conditions(m.conditions)
        if m.detail and not (m.gap.unsupported or m.gap.unavailable):
            m.read(group.detail)


def test_no_other_module_reads_a_detail_by_its_key() -> None:
    for file in (ROOT / "rig").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert "int(str(" not in text.replace('int(str(data["', ""), file
        if file.parent.name != "records":
            assert ".detail[" not in text and ".detail.get(" not in text, file


@pytest.mark.parametrize("kind", DETAILS, ids=lambda kind: kind.__name__)
def test_a_detail_comes_back_as_it_was(kind: type[Detail]) -> None:
    needed = [f for f in dataclasses.fields(kind) if f.default is f.default_factory is dataclasses.MISSING]
    values = {"int": 7, "str": "x", "bool": True}
    detail = kind(**{f.name: values[str(f.type)] for f in needed}, missing="gone")
    plain = json.loads(json.dumps(detail.plain()))
    assert kind.read(plain) == detail
    assert plain["missing"] == "gone" and "unsupported" not in plain


def test_nested_rows_come_back_as_they_were() -> None:
    plain = {
        "places": [{"symbol": "pool+0x10", "address": "0x20000010", "offset": 0, "bytes": 64}],
        "of a later version": 1,
    }
    (place,) = Held.read(plain).places
    assert (place.symbol, place.bytes) == ("pool+0x10", 64)
    assert Held.read(plain).plain() == {"places": plain["places"]}


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({}, "accepted is missing"),
        ({"accepted": 1}, "refused is missing"),
        ({"accepted": "1", "refused": 0}, "accepted: expected int, found '1'"),
        ({"accepted": True, "refused": 0}, "accepted: expected int, found 'True'"),
        ({"accepted": 1, "refused": 0, "order": {"1": [0, "2"]}}, "order.1: expected int, found '2'"),
        ({"accepted": 1, "refused": 0, "order": [1]}, "order: expected"),
    ],
)
def test_what_is_no_such_detail_is_said(plain: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Burst.read(plain)


def test_a_trace_of_an_older_record_still_says_why_it_was_blind() -> None:
    assert WriteTrace.read({"fault": "it did not begin"}).missing == "it did not begin"


@pytest.mark.parametrize(
    ("conditions", "words"),
    [({"raeders": 1}, "'raeders' is not in"), ({"readers": "1"}, "expected int"), ({"reliable": 1}, "expected bool")],
)
def test_an_experiment_may_not_invent_a_condition(conditions: dict[str, int | str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_conditions(conditions)


def test_the_page_is_written_where_it_belongs(tmp_path: Path) -> None:
    """The maker itself, on a copy, so that it can be run as the test's message says."""
    for name in ("docs/make_figures.py", "rig/records/results.schema.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([sys.executable, tmp_path / "docs" / "make_figures.py"], check=True, timeout=60)
    assert (tmp_path / "docs" / "figures.md").read_text(encoding="utf-8") == figures_page()
