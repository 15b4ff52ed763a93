"""A room imports from its left only: the order here is the one of docs/architecture.md."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1] / "rig"

# Each room and the rooms it may import. `errors` and `records` hold the value types that all share.
SHARED = {"errors", "records"}
ALLOWED = {
    "errors": set(),
    "records": {"errors"},
    "inventory": set(),
    "lease": set(),
    "probe": {"lease"},
    "board": {"inventory", "lease", "probe"},
    "xrce": set(),
    "agent": {"xrce"},
    "bench": set(),
    "model": set(),
    "search": {"model", "bench"},
    "station": {"inventory", "lease", "probe", "board", "agent", "bench"},
    "experiments": {"bench", "model", "search", "station"},
    "claims": {"model"},
    "publish": {"claims"},
    "run": {"inventory", "bench", "station", "experiments", "claims"},
    "matrix": {"inventory", "lease", "bench", "claims", "publish", "run"},
}
THIN = {"cli", "plugins"}  # may import everything but each other; nothing imports them


def rooms_imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            parts = node.module.split(".")
            if parts[0] == "rig":
                found |= {parts[1]} if len(parts) > 1 else {a.name for a in node.names if (ROOT / a.name).exists()}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("rig.")}
    return found


def files() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_room_imports_from_its_left_only(file: Path) -> None:
    relative = file.relative_to(ROOT)
    room = relative.parts[0].removesuffix(".py")
    if room == "__init__":
        assert rooms_imported(file) == set()
        return
    others = rooms_imported(file) - {room}
    if room in THIN:
        assert not others & (THIN - {room})
    else:
        assert others <= ALLOWED[room] | SHARED


def test_only_the_probe_room_imports_pyocd() -> None:
    for file in files():
        if file.relative_to(ROOT).parts[0] != "probe":
            text = file.read_text(encoding="utf-8")
            assert "import pyocd" not in text and "from pyocd" not in text, file


def test_the_codec_has_no_sockets_and_no_clock() -> None:
    for file in (ROOT / "xrce").glob("*.py"):
        names = {
            alias.name.split(".")[0]
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert not names & {"socket", "time", "select", "selectors", "threading", "asyncio", "os"}, file


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_all_is_what_the_room_has(room: str) -> None:
    import importlib

    module = importlib.import_module(f"rig.{room}")
    assert sorted(module.__all__) == sorted(set(module.__all__)), "twice the same name"
    for name in module.__all__:
        assert hasattr(module, name), name
    for file in files():
        if file.relative_to(ROOT).parts[0] == room:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == f"rig.{room}":
                missing = {a.name for a in node.names} - set(module.__all__)
                assert not {m for m in missing if not (ROOT / room / m).exists()}, (file, missing)
