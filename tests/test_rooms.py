"""The rooms of ``rig/`` and who may import whom: docs/architecture.md says it, the sources keep to it."""

import ast
import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RIG = ROOT / "rig"
DOCUMENT = ROOT / "docs" / "architecture.md"
_ROW = re.compile(r"^\| `rig/([\w/]+)` \|(.*)\|(.*)\|(.*)\|$", re.MULTILINE)
_IO = {"socket", "select", "selectors", "threading", "asyncio", "os", "subprocess", "serial", "signal", "pathlib"}


@dataclass(frozen=True)
class Room:
    """A row of the table. ``imports`` is None if it may import any room."""

    shared: bool
    imports: frozenset[str] | None


def rooms() -> dict[str, Room]:
    found = {}
    for name, knows, _, imports in _ROW.findall(DOCUMENT.read_text(encoding="utf-8")):
        listed = frozenset(each.strip() for each in imports.split(",") if each.strip())
        found[name] = Room(shared="*shared*" in knows, imports=None if listed == {"any"} else listed)
    return found


ROOMS = rooms()
THIN = {name for name, room in ROOMS.items() if room.imports is None}
SHARED = {name for name, room in ROOMS.items() if room.shared}


def room_of(module: str) -> str | None:
    """The innermost room that a dotted name below ``rig`` lies in; None for ``rig`` itself."""
    path = module.replace(".", "/")
    inside = [name for name in ROOMS if path == name or path.startswith(f"{name}/")]
    assert inside or not path, f"rig.{module} lies in no room that {DOCUMENT.name} lists"
    return max(inside, key=len, default=None)


@cache
def nodes(file: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def dotted(file: Path) -> str:
    return ".".join(file.relative_to(RIG).with_suffix("").parts).removesuffix("__init__").rstrip(".")


def modules_imported(file: Path) -> set[str]:
    """Dotted names below ``rig`` that a file imports."""
    found: set[str] = set()
    for node in nodes(file):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            if node.module == "rig":
                found |= {alias.name for alias in node.names if not alias.name.startswith("__")}
            elif node.module and node.module.startswith("rig."):
                below = node.module.removeprefix("rig.")
                inner = {f"{below}.{alias.name}" for alias in node.names}
                found |= {name if room_of(name) != room_of(below) else below for name in inner}
        elif isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("rig.") for alias in node.names if alias.name.startswith("rig.")}
    return found


def files() -> list[Path]:
    return sorted(RIG.rglob("*.py"))


def names(file: Path) -> set[str]:
    """First parts of the names of all modules that a file imports."""
    plain = {alias.name for node in nodes(file) if isinstance(node, ast.Import) for alias in node.names}
    others = {node.module or "" for node in nodes(file) if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in plain | others}


def test_the_document_lists_every_room_in_an_order_without_back_arrows() -> None:
    have = {path.name.removesuffix(".py") for path in RIG.iterdir() if not path.name.startswith(("_", "py."))}
    assert {name.split("/")[0] for name in ROOMS} == have
    above: set[str] = set()
    for name, room in ROOMS.items():
        assert (room.imports or set()) <= above, f"{name} imports what stands below it, or what is no room"
        above.add(name)
    assert {"errors", "records", "places"} == SHARED
    assert {"cli", "plugins"} == THIN


@pytest.mark.parametrize("file", files(), ids=lambda file: str(file.relative_to(RIG)))
def test_a_room_imports_what_the_document_allows(file: Path) -> None:
    room = room_of(dotted(file))
    others = {room_of(name) for name in modules_imported(file)} - {room, None}
    if room is None:
        assert not others
    elif room in THIN:
        assert not others & THIN
    elif room in SHARED:
        assert others <= SHARED
    else:
        assert others <= (ROOMS[room].imports or set()) | SHARED


def test_a_room_is_entered_by_its_front_door() -> None:
    """Between rooms only what ``__init__`` offers is used, never a module with an underscore."""
    for file in files():
        own = room_of(dotted(file))
        for name in modules_imported(file):
            private = any(part.startswith("_") for part in name.split("."))
            assert not private or room_of(name) == own, (file, name)


def test_only_the_probe_room_imports_pyocd() -> None:
    for file in files():
        if room_of(dotted(file)) != "probe":
            text = file.read_text(encoding="utf-8")
            assert "import pyocd" not in text and "from pyocd" not in text, file


@pytest.mark.parametrize("room", ["xrce", "agent/builtin"])
def test_no_sockets_and_no_files_where_messages_are_thought_about(room: str) -> None:
    for file in (RIG / room).glob("*.py"):
        assert not names(file) & _IO, file


def test_the_codec_has_no_clock() -> None:
    for file in (RIG / "xrce").glob("*.py"):
        assert not names(file) & {"time", "datetime"}, file


@pytest.mark.parametrize("room", sorted(set(ROOMS) - THIN))
def test_all_is_what_the_room_has(room: str) -> None:
    module = importlib.import_module(f"rig.{room.replace('/', '.')}")
    assert sorted(module.__all__) == sorted(set(module.__all__)), "twice the same name"
    for name in module.__all__:
        assert hasattr(module, name), name
    for file in files():
        if room_of(dotted(file)) == room:
            continue
        for node in nodes(file):
            if isinstance(node, ast.ImportFrom) and node.module == module.__name__:
                missing = {a.name for a in node.names} - set(module.__all__)
                assert not {m for m in missing if not (RIG / room / m).exists()}, (file, missing)
