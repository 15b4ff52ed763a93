"""The conformance matrix names tests that exist, claims nothing without one, and its page is up to date."""

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def page_maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_conformance", ROOT / "docs" / "make_conformance.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKER = page_maker()
TABLE = MAKER.load()
SIDES = [
    (f"{row['feature']}: {name}", row[name])
    for section in TABLE["sections"]
    for row in section["rows"]
    for name in ("client", "agent")
    if row[name] != "-"
]


def names_in(file: Path) -> set[str]:
    """Names of the tests in a Python file; of the functions that a C test program has."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        return {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    defined = set(re.findall(r"^static void (\w+)\(", text, re.MULTILINE))
    return {name for name in defined if len(re.findall(rf"\b{name}\b", text)) > 1}  # and somebody runs it


NAMES = {key: names_in(ROOT / path) for key, path in TABLE["files"].items()}


@pytest.mark.parametrize(("what", "side"), SIDES, ids=[what for what, _ in SIDES])
def test_every_named_test_exists(what: str, side: dict) -> None:
    assert side["state"] in MAKER.STATES
    assert set(side) <= {"state", "tests", "note"}
    tests = side.get("tests", [])
    assert bool(tests) == (side["state"] != "not"), "what is there has a test, what is missing has none"
    assert side["state"] != "partly" or side["note"], "partly: say which part"
    for test in tests:
        file, name = test.split("::")
        assert name in NAMES[file], f"{TABLE['files'][file]} has no test {name}"


def test_page_is_made_of_the_table() -> None:
    assert MAKER.PAGE.read_text(encoding="utf-8") == MAKER.render(TABLE), "run: python docs/make_conformance.py"


def test_every_submessage_and_object_kind_of_the_codec_is_in_the_table() -> None:
    from rig import xrce

    features = " ".join(row["feature"] for section in TABLE["sections"] for row in section["rows"])
    for kind in xrce.SubmessageKind:
        assert f"{kind.name} ({int(kind)})" in features
