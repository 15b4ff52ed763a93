"""Adds a preset to firmware/CMakePresets.json and keeps the file's layout."""

from __future__ import annotations

import json
import re
from pathlib import Path

from rig.errors import UsageError

_CONFIGURE_END = re.compile(r"\n  \],\n  \"buildPresets\"")
_BUILD_END = re.compile(r"\n  \]\n\}\n?$")


def with_preset(file: Path, name: str, title: str) -> str:
    """The text of ``file`` with a configure and a build preset for a port below ``ports/``.

    :raises UsageError: it has a preset of that name, or cannot be read.
    """
    text = file.read_text(encoding="utf-8")
    document = json.loads(text)
    if any(preset["name"] == name for preset in document["configurePresets"]):
        raise UsageError(f"{file.name} has a preset {name!r}", hint="choose another name")
    configure = {"name": name, "displayName": title, "inherits": "arm", "cacheVariables": {"RIG_BOARD": name}}
    build = {"name": name, "configurePreset": name}
    document["configurePresets"].append(configure)
    document["buildPresets"].append(build)
    fields = ",\n".join(f"      {json.dumps(key)}: {json.dumps(value)}" for key, value in configure.items())
    made = _BUILD_END.sub(lambda _: f",\n    {json.dumps(build)}\n  ]\n}}\n", text)
    made = _CONFIGURE_END.sub(lambda _: f',\n    {{\n{fields}\n    }}\n  ],\n  "buildPresets"', made)
    try:
        same = json.loads(made) == document
    except ValueError:
        same = False
    return made if same else json.dumps(document, indent=2) + "\n"
