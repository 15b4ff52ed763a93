"""Reads a configuration from the text of a colcon.meta, or from the headers that a build generated from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from rig.errors import UsageError
from rig.meta._options import CLIENT, OPTIONS, RMW, TRANSPORTS, Option

_DEFINITION = re.compile(r"^-D([A-Za-z_]\w*)(?::[A-Z]+)?=(.*)$", re.DOTALL)
_DEFINE = re.compile(r"^\s*#\s*define\s+(\w+)(?:[ \t]+(.*?))?\s*(?:/[/*].*)?$", re.MULTILINE)
_TRUE = {"1", "ON", "YES", "TRUE", "Y"}
_FALSE = {"0", "OFF", "NO", "FALSE", "N", "IGNORE", "NOTFOUND", ""}
_AR_MAGIC = b"!<arch>\n"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The values of all options that the rig knows.

    :ivar values: name -> value; the default if nobody set it.
    :ivar given: names that were set.
    :ivar misplaced: option -> the package it was set for, which does not know it.
    :ivar version: the Client's version; empty if only a colcon.meta is known.
    """

    values: Mapping[str, str]
    given: frozenset[str] = frozenset()
    misplaced: Mapping[str, str] = field(default_factory=dict)
    version: str = ""

    def word(self, name: str) -> str:
        """The value of an option."""
        return self.values[name]

    def on(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.values[name] == "ON"

    def number(self, name: str) -> int:
        """The value of a numeric option. :raises UsageError: it is no number."""
        try:
            return int(self.values[name])
        except ValueError:
            raise UsageError(f"{name}={self.values[name]}: that is not a number") from None

    @property
    def shm(self) -> bool:
        """Whether shared memory is compiled in."""
        return self.on("UCLIENT_PROFILE_SHARED_MEMORY")

    @property
    def mtu(self) -> int:
        """Largest message, in bytes, of the transport that rmw uses."""
        return self.number(f"UCLIENT_{self.word('RMW_UXRCE_TRANSPORT').upper()}_TRANSPORT_MTU")

    @property
    def slots(self) -> int:
        """Slots of the reliable output stream."""
        return self.number("RMW_UXRCE_STREAM_HISTORY_OUTPUT" if self._halves else "RMW_UXRCE_STREAM_HISTORY")

    @property
    def input_slots(self) -> int:
        """Slots of the reliable input stream; also how many messages of the transport one received sample may fill."""
        return self.number("RMW_UXRCE_STREAM_HISTORY_INPUT" if self._halves else "RMW_UXRCE_STREAM_HISTORY")

    @property
    def _halves(self) -> bool:
        return bool(self.word("RMW_UXRCE_STREAM_HISTORY_INPUT") and self.word("RMW_UXRCE_STREAM_HISTORY_OUTPUT"))

    @property
    def topics(self) -> int:
        """Topics that rmw can hold; every publisher and every subscription takes one."""
        most = self.number("RMW_UXRCE_MAX_TOPICS")
        both = self.number("RMW_UXRCE_MAX_PUBLISHERS") + self.number("RMW_UXRCE_MAX_SUBSCRIPTIONS")
        return both if most == -1 else most


def read_meta(text: str) -> Configuration:
    """Read a colcon.meta: a YAML file, mostly written as JSON.

    :raises UsageError: it is no colcon.meta, or an option has an impossible value.
    """
    given: dict[str, str] = {}
    misplaced: dict[str, str] = {}
    for package, definitions in _definitions(text).items():
        for name, value in definitions.items():
            known = OPTIONS.get(name)
            if known is None:
                continue
            if known.package != package:
                misplaced[name] = package
                continue
            given[name] = _value(known, value)
    values = {name: each.default for name, each in OPTIONS.items()} | given
    if values["RMW_UXRCE_TRANSPORT"] not in TRANSPORTS:
        raise UsageError(
            f"RMW_UXRCE_TRANSPORT={values['RMW_UXRCE_TRANSPORT']}: there is no such transport",
            hint=f"one of {', '.join(TRANSPORTS)}",
        )
    return Configuration(values=values, given=frozenset(given), misplaced=misplaced)


def _definitions(text: str) -> dict[str, dict[str, str]]:
    """Package -> its -D options, the last of a name; as CMake takes them."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"the colcon.meta is neither JSON nor YAML: {' '.join(str(error).split())[:160]}") from None
    names = document.get("names") if isinstance(document, dict) else None
    if not isinstance(names, dict):
        raise UsageError('the colcon.meta has no table "names"', hint='it looks like {"names": {PACKAGE: {...}}}')
    found: dict[str, dict[str, str]] = {}
    for package, entry in names.items():
        arguments = entry.get("cmake-args", []) if isinstance(entry, dict) else []
        if not isinstance(arguments, list):
            raise UsageError(f"the colcon.meta's {package}: cmake-args is not a list")
        matches = (_DEFINITION.match(str(argument)) for argument in arguments)
        found[str(package)] = {match[1]: match[2] for match in matches if match}
    return found


def _value(known: Option, value: str) -> str:
    text = value.strip().strip('"')
    if not known.switch:
        return text
    word = text.upper()
    if word in _TRUE:
        return "ON"
    if word in _FALSE or word.endswith("-NOTFOUND"):
        return "OFF"
    raise UsageError(f"{known.name}={value}: that is neither ON nor OFF")


def read_headers(client: str, rmw: str) -> Configuration:
    """Read the generated headers of a library.

    :param client: text of ``uxr/client/config.h``.
    :param rmw: text of ``rmw_microxrcedds_c/config.h``.
    :raises UsageError: one of the texts is no such header.
    """
    defined = {CLIENT: _defines(client), RMW: _defines(rmw)}
    if "UXR_CLIENT_VERSION_STR" not in defined[CLIENT]:
        raise UsageError("uxr/client/config.h says no UXR_CLIENT_VERSION_STR: it is not a Client's header")
    if "RMW_UXRCE_MAX_PUBLISHERS" not in defined[RMW]:
        raise UsageError("rmw_microxrcedds_c/config.h says no RMW_UXRCE_MAX_PUBLISHERS: it is not rmw's header")
    values: dict[str, str] = {}
    given = set()
    for name, each in OPTIONS.items():
        macros = defined[each.package]
        if each.switch:
            values[name] = "ON" if each.macro in macros else "OFF"
            given.add(name)
        elif macros.get(each.macro):
            values[name] = macros[each.macro]
            given.add(name)
        else:
            values[name] = each.default  # of a profile that is off
    values["RMW_UXRCE_TRANSPORT"] = next(
        (word for word in TRANSPORTS if f"RMW_UXRCE_TRANSPORT_{word.upper()}" in defined[RMW]), "udp"
    )
    values["RMW_UXRCE_CREATION_MODE"] = "refs" if "RMW_UXRCE_USE_REFS" in defined[RMW] else "bin"
    version = defined[CLIENT]["UXR_CLIENT_VERSION_STR"].strip('"')
    return Configuration(values=values, given=frozenset(given), version=version)


def _defines(text: str) -> dict[str, str]:
    """Macro -> its text; the last of a name, as the headers undefine and define again."""
    return {name: (value or "").strip() for name, value in _DEFINE.findall(text)}


def archive_symbols(archive: bytes) -> frozenset[str]:
    """Global symbols that an ``ar`` archive defines, read from its symbol index.

    :raises UsageError: it is no archive, or has no index.
    """
    if not archive.startswith(_AR_MAGIC):
        raise UsageError("libmicroros.a is not an archive of ar")
    header = archive[8:68]
    name, size = header[:16].rstrip(), header[48:58].strip()
    width = {b"/": 4, b"/SYM64/": 8}.get(name)
    if width is None or not size.isdigit():
        raise UsageError("libmicroros.a has no index of symbols", hint="make one: ranlib libmicroros.a")
    body = archive[68 : 68 + int(size)]
    count = int.from_bytes(body[:width], "big")
    names = body[width * (count + 1) :].split(b"\0")[:count]
    return frozenset(each.decode("utf-8", errors="replace") for each in names)
