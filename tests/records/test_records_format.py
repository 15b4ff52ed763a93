"""results.json: what the schema allows, what comes back, what is refused and in which words."""

from __future__ import annotations

import copy
import dataclasses
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sample_record import sample

from rig.errors import ResultsFault, UsageError
from rig.records import SCHEMA_NAME, Measurement, RunRecord, Verdict, from_json, load, save, schema, to_json
from rig.records.vocabulary import GROUPS, Group


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())


@pytest.fixture(scope="module")
def plain() -> dict[str, Any]:
    result: dict[str, Any] = json.loads(json.dumps(to_json(sample())))
    return result


@pytest.mark.parametrize("outcome", ["passed", None])
def test_a_record_is_valid(validator: jsonschema.Draft202012Validator, outcome: str | None) -> None:
    validator.validate(json.loads(json.dumps(to_json(sample(outcome=outcome)))))


def test_an_empty_record_is_valid(validator: jsonschema.Draft202012Validator) -> None:
    record = sample()
    run = replace(record.run, finished=None, seconds=None, outcome=None)
    validator.validate(to_json(RunRecord(run=run, environment=record.environment)))


def broken(plain: dict[str, Any], change: str) -> dict[str, Any]:
    raw = copy.deepcopy(plain)
    match change:
        case "verdict of no kind":
            raw["claims"][0]["verdict"] = "probably"
        case "no reason":
            raw["claims"][0]["reason"] = ""
        case "unknown variant":
            raw["measurements"][0]["variant"] = "turbo"
        case "sample is text":
            raw["measurements"][0]["samples"] = ["1"]
        case "summary without p99":
            del raw["measurements"][0]["summary"]["p99"]
        case "digest is not one":
            raw["boards"][0]["firmware"][0]["digest"] = "sha256:1234"
        case "payload is no number":
            raw["measurements"][5]["conditions"]["payload_bytes"] = "4 B"
        case "unknown key":
            raw["comment"] = "hello"
        case "a clock nobody knows":
            raw["measurements"][0]["clock"] = "sundial"
        case "blames nobody":
            raw["faults"][0]["blame"] = "weather"
        case "another format":
            raw["schema"] = "microros-shm-rig/results/0"
    assert raw != plain
    return raw


@pytest.mark.parametrize(
    "change",
    [
        "verdict of no kind",
        "no reason",
        "unknown variant",
        "sample is text",
        "summary without p99",
        "digest is not one",
        "payload is no number",
        "unknown key",
        "a clock nobody knows",
        "blames nobody",
        "another format",
    ],
)
def test_the_schema_refuses(validator: jsonschema.Draft202012Validator, plain: dict[str, Any], change: str) -> None:
    assert not validator.is_valid(broken(plain, change))


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: f"{group.experiment}:{group.detail.__name__}")
def test_each_figure_is_held_to_the_rules_of_its_own_metric(plain: dict[str, Any], group: Group) -> None:
    """Its unit, and the kind of each field of its detail."""
    wrong = {field.name: [[None]] for field in dataclasses.fields(group.detail)}
    for metric in group.metrics:
        row = {**plain["measurements"][0], "experiment": group.experiment, "metric": metric.value, "detail": {}}
        unit = metric.unit or "ns"
        assert refusal(plain, {**row, "unit": unit}) == ""
        assert ".unit: " in refusal(plain, {**row, "unit": "furlongs"})
        for name, value in wrong.items():
            assert f".detail.{name}" in refusal(plain, {**row, "unit": unit, "detail": {name: value}}), name


def refusal(plain: dict[str, Any], row: dict[str, Any]) -> str:
    try:
        from_json({**plain, "claims": [], "faults": [], "measurements": [row]})
    except UsageError as error:
        return error.message
    return ""


def test_the_schema_knows_every_field_of_the_records(plain: dict[str, Any]) -> None:
    definitions = {
        "run": schema()["properties"]["run"],
        "environment": schema()["properties"]["environment"],
        **schema()["$defs"],
    }
    found = {"run": plain["run"], "environment": plain["environment"]}
    found |= {one: plain[f"{one}s"][0] for one in ("board", "measurement", "claim", "fault")}
    for name, raw in found.items():
        assert set(definitions[name]["properties"]) == set(raw), name
    assert set(definitions["claim"]["properties"]["verdict"]["enum"]) == {verdict.value for verdict in Verdict}


def test_a_record_comes_back_as_it_was(plain: dict[str, Any]) -> None:
    assert from_json(plain) == sample()
    assert next(iter(plain)) == "schema"
    assert plain["schema"] == SCHEMA_NAME


def test_whole_numbers_stay_whole(plain: dict[str, Any]) -> None:
    largest = next(m for m in plain["measurements"] if m["metric"] == "largest_message_bytes")
    assert str(largest["samples"]) == "[16777216]"
    assert isinstance(largest["summary"]["p50"], int)


def test_save_and_load(tmp_path: Path) -> None:
    save(sample(), tmp_path / "results.json")
    assert load(tmp_path) == load(tmp_path / "results.json") == sample()
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]


def test_a_full_disk_leaves_the_results_of_before(tmp_path: Path) -> None:
    save(sample(), tmp_path / "results.json")
    (tmp_path / ".results.json.partial").symlink_to("/dev/full")
    with pytest.raises(ResultsFault, match="No space left"):
        save(sample(1), tmp_path / "results.json")
    assert load(tmp_path) == sample()
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not JSON"),
        ("[1, 2]", "expected an object, found list"),
        ("{}", "schema is None"),
        ('{"schema": "other/2"}', "schema is 'other/2'"),
        (f'{{"schema": "{SCHEMA_NAME}"}}', "not a valid record"),
        (f'{{"schema": "{SCHEMA_NAME}", "run": {{"id": "x", "colour": "red"}}}}', "not a valid record"),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "results.json").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load(tmp_path)
    assert words in caught.value.message
    assert "\n" not in caught.value.message


def test_a_place_without_a_run_is_said_so_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run at") as caught:
        load(tmp_path / "gone")
    assert "reports/runs/" in caught.value.hint


def test_records_are_frozen_and_checked_when_they_are_made() -> None:
    m = sample().measurements[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        m.unit = "miles"  # type: ignore[misc]
    with pytest.raises(ValueError, match="variant 'turbo'"):
        replace(m, variant="turbo")
    with pytest.raises(ValueError, match="path 'air'"):
        replace(m, path="air")


def test_a_measurement_without_samples_has_no_value() -> None:
    empty = replace(sample().measurements[0], samples=())
    assert empty.summary is None
    with pytest.raises(ValueError, match="no samples"):
        _ = empty.value
    assert isinstance(empty, Measurement)


def test_a_record_of_an_older_version_is_read_and_its_kind_is_known(plain: dict[str, Any]) -> None:
    """Before runs said whether they were quick, and claims how long they took."""
    for command, kind in (("rig run --quick --board native", "quick"), ("rig run", "full")):
        raw = copy.deepcopy(plain)
        raw["run"]["command"] = command
        del raw["run"]["quick"]
        for claim in raw["claims"]:
            del claim["seconds"]
        record = from_json(raw)
        assert record.run.kind == kind and record.claims[0].seconds is None
    assert replace(record.run, quick=True).kind == "quick"
