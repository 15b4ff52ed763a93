"""The vocabulary of figures as JSON Schema and as a page of the documentation.

``docs/make_figures.py`` writes both files; a test holds them to the vocabulary.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from importlib import resources
from typing import Any, Union, get_args, get_origin

from rig.errors import BLAMES, Outcome
from rig.records._typed import hints
from rig.records.vocabulary import GROUPS, TIMED, Condition, Detail, Metric, Unit

_NAMES = {int: "integer", float: "number", str: "string", bool: "boolean"}


def schema() -> dict[str, Any]:
    """The JSON Schema of ``results.json``."""
    text = resources.files("rig.records").joinpath("results.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def made_anew(base: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with every part that the vocabulary defines generated anew; the rest is as in ``base``."""
    made: dict[str, Any] = json.loads(json.dumps(base))
    definitions = {name: kind for name, kind in made["$defs"].items() if not name.startswith(_PREFIX)}
    details = dict.fromkeys(group.detail for group in GROUPS)
    made["$defs"] = definitions | {_name(kind): _object(kind, gap=True) for kind in details}
    made["$defs"]["fault"]["properties"]["blame"]["enum"] = list(BLAMES)
    made["properties"]["run"]["properties"]["outcome"]["description"] = f"how the run ended: {', '.join(Outcome)}"
    measurement = made["$defs"]["measurement"]
    measurement["properties"]["conditions"]["properties"] = {c.value: _condition(c) for c in Condition}
    measurement["allOf"] = [*_units(), *_details()]
    return made


_PREFIX = "detail_"


def _name(kind: type[Detail]) -> str:
    return _PREFIX + kind.__name__.lower()


def _condition(condition: Condition) -> dict[str, Any]:
    least = {"minimum": 0} if condition.kind is int else {}
    return {"type": _NAMES[condition.kind], **least, "description": condition.meaning}


def _units() -> list[dict[str, Any]]:
    """Each known metric has its unit; one that is not known has what it says."""
    by_unit: dict[Unit, list[str]] = {}
    for metric in Metric:
        by_unit.setdefault(metric.unit, []).append(metric.value)
    allowed = {unit: list(TIMED) if unit is Unit.CLOCK else [unit] for unit in by_unit}
    return [
        {
            "if": {"properties": {"metric": {"enum": metrics}}},
            "then": {"properties": {"unit": {"enum": [one.value for one in allowed[unit]]}}},
        }
        for unit, metrics in by_unit.items()
    ]


def _details() -> list[dict[str, Any]]:
    return [
        {
            "if": {
                "properties": {
                    "experiment": {"const": group.experiment},
                    "metric": {"enum": [metric.value for metric in group.metrics]},
                }
            },
            "then": {"properties": {"detail": {"$ref": f"#/$defs/{_name(group.detail)}"}}},
        }
        for group in GROUPS
    ]


def _object(kind: type, *, gap: bool = False) -> dict[str, Any]:
    """The schema of a dataclass. ``gap``: any field may be missing, where there is only a reason for having none."""
    fields = dataclasses.fields(kind)
    needed = [f.name for f in fields if f.default is f.default_factory is dataclasses.MISSING]
    made: dict[str, Any] = {"type": "object", "description": _about(kind)}
    if needed and not gap:
        made["required"] = needed
    return made | {"properties": {f.name: _type(hints(kind)[f.name]) for f in fields}}


def _type(kind: Any) -> dict[str, Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _type(next(each for each in arguments if each is not types.NoneType))
    if origin is tuple:
        return {"type": "array", "items": _type(arguments[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _type(arguments[1])}
    return _object(kind) if dataclasses.is_dataclass(kind) else {"type": _NAMES[kind]}  # type: ignore[arg-type]


def _about(kind: type) -> str:
    return " ".join((kind.__doc__ or "").split()).replace("``", "")


def page() -> str:
    """The vocabulary as a page in Markdown: figures by experiment, then the conditions, then the details."""
    lines = [
        "# Figures",
        "",
        "Every metric, condition and detail of `results.json`. Made from `rig/records/vocabulary.py` by",
        "`make_figures.py`: a metric, a condition or a detail is added there and nowhere else. In Prometheus a metric",
        "is called `rig_` and its name, with the unit behind it where the name does not say it; durations are in",
        "seconds there, unless the clock counts instructions or cycles.",
    ]
    for experiment in dict.fromkeys(group.experiment for group in GROUPS):
        lines += [
            "",
            f"## {experiment}",
            "",
            "| metric | unit | what it counts | conditions | detail |",
            "|---|---|---|---|---|",
        ]
        for group in (group for group in GROUPS if group.experiment == experiment):
            conditions = ", ".join(f"`{condition}`" for condition in group.conditions) or "none"
            detail = (
                f"[{group.detail.__name__}](#{group.detail.__name__.lower()})" if group.detail is not Detail else ""
            )
            lines += [
                f"| `{metric}` | {metric.unit or 'of the clock'} | {metric.meaning} | {conditions} | {detail} |"
                for metric in group.metrics
            ]
    lines += ["", "## Conditions", "", "| condition | type | meaning |", "|---|---|---|"]
    lines += [f"| `{condition}` | {_NAMES[condition.kind]} | {condition.meaning} |" for condition in Condition]
    lines += ["", "## Details", "", f"Of every figure: {_about(Detail)[0].lower()}{_about(Detail)[1:]}"]
    own = {field.name for field in dataclasses.fields(Detail)}
    for kind in dict.fromkeys(group.detail for group in GROUPS if group.detail is not Detail):
        fields = ", ".join(f"`{field.name}`" for field in dataclasses.fields(kind) if field.name not in own)
        lines += ["", f"### {kind.__name__}", "", f"{_about(kind)} Fields: {fields}."]
    return "\n".join(lines) + "\n"
