"""Takes host names, user names and paths out of texts and records.

A path keeps its last part, so that a message still names its file. A name that is also a word of the rig's vocabulary
(a user called ``agent``) is removed from paths only; elsewhere the record needs the word.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import re
import socket
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rig.errors import BLAMES, Outcome
from rig.records import CLAIM_IDS, PATHS, RUN_KINDS, VARIANTS, Condition, Metric, Unit, Verdict

HOST, USER, PATH, DEVICE = "<host>", "<user>", "<path>", "<device>"

_COMMON = frozenset(
    re.findall(
        r"\w+",
        "root user admin administrator runner ubuntu debian jenkins vagrant builder build ci test tests rig board "
        "boards localhost host guest docker container default developer dev home public native shm network agent none",
    )
)
"""Names that tell nothing of anybody, and that texts use as words."""

_WORDS = frozenset(
    str(word)
    for words in (CLAIM_IDS, PATHS, RUN_KINDS, VARIANTS, Condition, Metric, Unit, Verdict, BLAMES, Outcome)
    for word in words
)
_LITTLE = frozenset(
    re.findall(r"\w+", "an as at be by do go he if in is it me my no of on or so to up us we ms ns kb mb ok id io os")
)
_SHORTEST = 2
_SHORTEST_IN_BYTES = 4  # shorter ones stand in any binary file by chance
_ROOTS = re.findall(
    r"\w+",
    "home root tmp var usr opt etc mnt media srv work data run Users Volumes private builds workspace github __w nix",
)
_HOLDER = r"[\w.-]+/[\w.@-]+"
_ELSEWHERE = (
    (rf"{_HOLDER}-rig-\d+-[0-9a-f]{{4}}(?![\w-])", f"{HOST}/{USER}-rig"),
    (rf"(held by |reserved for ){_HOLDER}", rf"\1{HOST}/{USER}"),
    (rf"{_HOLDER}(?= holds (?:it|place))", f"{HOST}/{USER}"),
    (r"(in use by process \d+) of \S+ on \S+(?= since)", rf"\1 of {USER} on {HOST}"),
    (
        r"(remote:|rfc2217://|socket://|coordinator at |server at |labgrid-client -x |LG_HOSTNAME=)"
        r"(?!127\.|localhost\b)[\w.-]+",
        rf"\1{HOST}",
    ),
    (r"(LG_USERNAME=)\S+", rf"\1{USER}"),
)
"""Names of other hosts and their users, by the words around them: who holds a place or a probe, and where it is."""
_END = r"[^\s'\"`;,()\[\]{}<>|]*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """The names of this host and its user."""

    hosts: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()
    roots: tuple[str, ...] = tuple(_ROOTS)


def names_here() -> Names:
    """The names of this host and of whoever runs this."""
    host = socket.gethostname()
    users = {os.environ.get(key, "") for key in ("USER", "LOGNAME", "SUDO_USER", "USERNAME")}
    with contextlib.suppress(KeyError, OSError):  # a user without an entry, as in containers
        users.add(getpass.getuser())
    home = str(Path.home())
    users.add(Path(home).name)
    try:
        top = tuple(entry.name for entry in Path("/").iterdir() if entry.is_dir())
    except OSError:
        top = ()
    return Names(
        hosts=tuple(sorted({host, host.partition(".")[0]} - {""})),
        users=tuple(sorted(users - {""})),
        homes=(home,) if home not in ("/", "/root") else (),
        roots=tuple(sorted({*_ROOTS, *top} - {"dev"})),
    )


@dataclass
class Scrubber:
    """Removes names and paths, and counts what it removed.

    ``left``: names that are common words or words of the rig; they are removed from paths only.
    """

    names: Names
    taken: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._steps: list[tuple[re.Pattern[str], str, str]] = []
        for home in sorted(self.names.homes, key=len, reverse=True):
            self._steps.append((re.compile(re.escape(home) + r"(?![\w-])"), "/home", ""))
        roots = "|".join(re.escape(root) for root in sorted(self.names.roots, key=len, reverse=True))
        before = r"(?:(?<![\w./<])|(?<=-[A-Za-z]))"
        self._steps += [
            (re.compile(rf"{before}/dev/serial/by-(?:id|path)/{_END}"), DEVICE, "device"),
            (re.compile(rf"{before}/(?:{roots})(?:/{_END})+"), "", "path"),
            (re.compile(r"(?<!\w)[A-Za-z]:\\{1,2}(?:Users|home)(?:\\{1,2}[^\\\s'\"]+)+"), f"{PATH}", "path"),
        ]
        self._steps += [(re.compile(pattern), instead, "other host") for pattern, instead in _ELSEWHERE]
        for kind, names, instead in (("host name", self.names.hosts, HOST), ("user name", self.names.users, USER)):
            for name in sorted(names, key=len, reverse=True):
                if len(name) < _SHORTEST or name.lower() in _COMMON | _LITTLE or name in _WORDS:
                    self.left.append(name)
                else:
                    self._steps.append(
                        (re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])"), instead, kind)
                    )

    def text(self, text: str) -> str:
        """The text without names and paths."""
        if text in _WORDS:
            return text
        for pattern, instead, kind in self._steps:
            text, count = pattern.subn(instead or _last_part, text)
            if kind and count:
                self.taken[kind] += count
        return text

    def plain(self, value: Any) -> Any:
        """JSON values, keys included, without names and paths."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.plain(each) for key, each in value.items()}
        if isinstance(value, list) and not all(type(each) in (int, float) for each in value):
            return [self.plain(each) for each in value]
        return value

    def found_in(self, data: bytes) -> str:
        """A name or home directory found in bytes that cannot be rewritten; empty if there is none."""
        names = [*self.names.homes, *self.names.hosts, *self.names.users]
        telling = [name for name in names if name not in self.left and len(name) >= _SHORTEST_IN_BYTES]
        return next((name for name in telling if name.encode() in data), "")


def _last_part(match: re.Match[str]) -> str:
    path = match.group().rstrip("/.")
    return f"{PATH}/{path.rpartition('/')[2]}"
