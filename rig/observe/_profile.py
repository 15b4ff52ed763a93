"""Which functions of a firmware are publish, the transport's callback and the application's; where their data stand.

    name: mine
    shared_memory: uxr_prepare_shared_memory
    publish:   {function: rcl_publish, failed: r0, payload: "[r1]", length: "[r1 + 4]"}
    transport: {function: on_topic, local: "r3 >> 16 & 255", local_is: 3}
    callback:  {function: my_callback, counter: "[r0]"}
    calls: [malloc, free]
    modules: {Client: [uxr_], CDR: [ucdr_]}

``publish`` must be there, the rest may. ``callback`` may be a list of points. ``counter``: where the application's own
number of a sample stands. ``failed``: at the return of publish, a value that is not 0 if it reports failure. ``local``
is ``local_is`` if a sample came by shared memory; without it the way is not known. ``payload`` and ``length``: where
the sample's bytes begin, and how many they are; at publish RAM is then searched for them, at a callback it tells
whether readers share one place. ``loaned``: the payload stands in the middleware's own memory at publish, so that every
later write of its bytes is a copy. ``shared_memory``: a function that only firmware with shared memory has. ``calls``:
functions whose calls are counted. ``modules``: how symbols begin, by the name of what they belong to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import yaml

from rig.errors import UsageError
from rig.observe._expression import Expression

_POINTS = ("publish", "transport", "callback")
_PLACES = ("counter", "failed", "local", "payload", "length")
_KEYS = {"function", "local_is", "loaned", *_PLACES}
_TABLE = ("name", "shared_memory", *_POINTS, "calls", "modules")


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
    loaned: bool = False


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What to look at in one kind of firmware."""

    name: str
    publish: Point
    transport: Point | None = None
    callbacks: tuple[Point, ...] = ()
    shared_memory: str = ""
    calls: tuple[str, ...] = ()
    modules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"the profile is no YAML: {' '.join(str(error).split())[:160]}") from None
    if not isinstance(document, dict):
        raise UsageError("the profile is no table", hint="it has name, publish, and perhaps transport and callback")
    unknown = set(document) - set(_TABLE)
    if unknown:
        raise UsageError(
            f"the profile's {sorted(map(str, unknown))[0]} is not known", hint=f"known: {', '.join(_TABLE)}"
        )
    if document.get("publish") is None:
        raise UsageError("the profile has no publish", hint="publish: {function: rcl_publish}")
    transport = document.get("transport")
    callback = document.get("callback")
    callbacks = callback if isinstance(callback, list) else [] if callback is None else [callback]
    return Profile(
        name=_word("name", document.get("name", "own")),
        publish=_point("publish", document["publish"]),
        transport=None if transport is None else _point("transport", transport),
        callbacks=tuple(_point("callback", each) for each in callbacks),
        shared_memory=_word("shared_memory", document.get("shared_memory", "")),
        calls=_words("calls", document.get("calls")),
        modules=_modules(document.get("modules")),
    )


def _word(key: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise UsageError(f"the profile's {key} is no name: {str(value)[:60]!r}")
    return value


def _words(key: str, value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise UsageError(f"the profile's {key} is no list", hint=f"{key}: [NAME, NAME]")
    return tuple(_word(key, each) for each in value)


def _modules(value: Any) -> dict[str, tuple[str, ...]]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UsageError("the profile's modules is no table", hint="modules: {Client: [uxr_], CDR: [ucdr_]}")
    return {_word("modules", name): _words("modules", begins) for name, begins in value.items()}


def _point(name: str, entry: Any) -> Point:
    if not isinstance(entry, dict) or not isinstance(entry.get("function"), str) or not entry["function"]:
        raise UsageError(f"the profile's {name} names no function", hint=f"{name}: {{function: NAME}}")
    unknown = set(entry) - _KEYS
    if unknown:
        raise UsageError(
            f"the profile's {name}: {sorted(map(str, unknown))[0]} is not known", hint=", ".join(sorted(_KEYS))
        )
    places = {key: Expression(str(entry[key])) for key in _PLACES if key in entry}
    is_, loaned = entry.get("local_is", 0), entry.get("loaned", False)
    if type(is_) is not int:
        raise UsageError(f"the profile's {name}: local_is {is_!r} is no number")
    if type(loaned) is not bool:
        raise UsageError(f"the profile's {name}: loaned {loaned!r} is neither true nor false")
    if name == "publish" and ("payload" in places) != ("length" in places):
        raise UsageError("the profile's publish: payload and length are given together")
    return Point(function=entry["function"], local_is=is_, loaned=loaned, **places)
