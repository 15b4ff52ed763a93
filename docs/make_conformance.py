"""Makes ``conformance.md`` of ``conformance.yaml``: ``python docs/make_conformance.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent
TABLE = FOLDER / "conformance.yaml"
PAGE = FOLDER / "conformance.md"
STATES = ("done", "partly", "not")

_HEAD = """\
# Conformance to DDS-XRCE

What the Client (`firmware/xrce`) and the built-in Agent (`rig/agent`) do of the protocol, each with the test that shows
it. **done**: all of it that the Clients and Agents of the field use. **partly**: the note says what. **not**: missing.
Made from [`conformance.yaml`](conformance.yaml) by `make_conformance.py`; a test checks that both agree and that every
test named here exists.
"""


def load() -> dict[str, Any]:
    """Read the table."""
    table: dict[str, Any] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return table


def _side(side: Any, files: dict[str, str]) -> tuple[str, list[str]]:
    """The cell of one side, and its notes and tests."""
    if side == "-":
        return "-", []
    state = side["state"]
    mark = f"**{state}**" if state == "done" else state
    words = [side["note"]] if "note" in side else []
    for test in side.get("tests", ()):
        file, name = test.split("::")
        words.append(f"[`{name}`](../{files[file]})")
    return mark, words


def render(table: dict[str, Any]) -> str:
    """The page."""
    files = table["files"]
    lines = [_HEAD]
    for section in table["sections"]:
        lines += [f"## {section['title']}", "", "| | Client | Agent | shown by |", "|---|---|---|---|"]
        for row in section["rows"]:
            client, of_client = _side(row["client"], files)
            agent, of_agent = _side(row["agent"], files)
            shown = [f"Client: {', '.join(of_client)}"] if of_client else []
            shown += [f"Agent: {', '.join(of_agent)}"] if of_agent else []
            lines.append(f"| {row['feature']} | {client} | {agent} | {'<br>'.join(shown)} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(render(load()), encoding="utf-8")
