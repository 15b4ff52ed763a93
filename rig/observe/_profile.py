"""Which functions of a firmware are publish, the transport's callback and the application's; where their data stand.

    name: mine
    publish:   {function: rcl_publish, failed: r0, payload: "[r1 + 16]", length: "[r1 + 20]"}
    transport: {function: on_topic, local: "r3 >> 16 & 255", local_is: 3}
    callback:  {function: my_callback, counter: "[r0]"}

``publish`` must be there, the others may. ``counter``: where the application's own number of a sample stands.
``failed``: at the return of publish, a value that is not 0 if it reports failure. ``local`` is ``local_is`` if a sample
came by shared memory; without it the way is not known. ``payload`` and ``length``: where the sample's bytes begin, and
how many they are; then RAM is searched for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from rig.errors import UsageError
from rig.observe._expression import Expression

_POINTS = ("publish", "transport", "callback")
_PLACES = ("counter", "failed", "local", "payload", "length")
_KEYS = {"function", "local_is", *_PLACES}


@dataclass(frozen=True, kw_only=True)
class Point:
    """A function, and what is read when it is entered."""

    function: str
    counter: Expression | None = None
    failed: Expression | None = None
    local: Expression | None = None
    local_is: int = 0
    payload: Expression | None = None
    length: Expression | None = None


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What to look at in one kind of firmware."""

    name: str
    publish: Point
    transport: Point | None = None
    callback: Point | None = None


def shipped_profiles() -> list[str]:
    """Names of the profiles that come with the rig."""
    folder = resources.files("rig.observe") / "profiles"
    return sorted(each.name.removesuffix(".yaml") for each in folder.iterdir() if each.name.endswith(".yaml"))


def shipped_profile(name: str) -> Profile:
    """One of them. :raises UsageError: there is none of this name."""
    if name not in shipped_profiles():
        raise UsageError(f"no profile {name!r} comes with the rig", hint=f"there are {', '.join(shipped_profiles())}")
    return read_profile((resources.files("rig.observe") / "profiles" / f"{name}.yaml").read_text(encoding="utf-8"))


def read_profile(text: str) -> Profile:
    """Read a profile. :raises UsageError: it is none; says what is wrong."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"the profile is no YAML: {' '.join(str(error).split())[:160]}") from None
    if not isinstance(document, dict):
        raise UsageError("the profile is no table", hint="it has name, publish, and perhaps transport and callback")
    unknown = set(document) - {"name", *_POINTS}
    if unknown:
        raise UsageError(
            f"the profile's {sorted(map(str, unknown))[0]} is not known", hint=f"known: name, {', '.join(_POINTS)}"
        )
    if "publish" not in document:
        raise UsageError("the profile has no publish", hint="publish: {function: rcl_publish}")
    points = {name: _point(name, document[name]) for name in _POINTS if document.get(name) is not None}
    return Profile(
        name=str(document.get("name", "own")),
        publish=points["publish"],
        transport=points.get("transport"),
        callback=points.get("callback"),
    )


def _point(name: str, entry: Any) -> Point:
    if not isinstance(entry, dict) or not isinstance(entry.get("function"), str):
        raise UsageError(f"the profile's {name} names no function", hint=f"{name}: {{function: NAME}}")
    unknown = set(entry) - _KEYS
    if unknown:
        raise UsageError(
            f"the profile's {name}: {sorted(map(str, unknown))[0]} is not known", hint=", ".join(sorted(_KEYS))
        )
    places = {key: Expression(str(entry[key])) for key in _PLACES if key in entry}
    is_ = entry.get("local_is", 0)
    if not isinstance(is_, int):
        raise UsageError(f"the profile's {name}: local_is {is_!r} is no number")
    return Point(function=entry["function"], local_is=is_, **places)
