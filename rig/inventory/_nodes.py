"""YAML with line numbers: typed access to a document's nodes, and errors that name file, line and key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import yaml

from rig.errors import UsageError

__all__ = ["MapNode", "ValueNode", "load_document"]

_LARGEST = 1 << 20
_INT_TAG, _STR_TAG, _MAP_TAG = "tag:yaml.org,2002:int", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map"


def load_document(path: Path) -> MapNode:
    """Read ``path`` and return its top mapping.

    :raises UsageError: the file cannot be read, or is not YAML with a mapping at its top.
    """
    try:
        if path.exists() and (not path.is_file() or path.stat().st_size > _LARGEST):
            raise UsageError(f"{path.name} is not a file of at most {_LARGEST >> 20} MiB ({path})")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path.name} cannot be read: {error.strerror} ({path})", hint="name another file with --boards FILE"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path.name} is not UTF-8 text: {error.reason} at byte {error.start}") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UsageError(
            f"{path.name}:{line}: not YAML: {error.problem or error.context}",
            hint="check indentation, quotes and colons there",
        ) from error
    except RecursionError as error:
        raise UsageError(f"{path.name}: nested too deeply") from error
    except yaml.YAMLError as error:  # a character that YAML forbids
        raise UsageError(f"{path.name}: not YAML: {error}") from error
    if node is None:
        raise UsageError(f"{path.name} is empty", hint="the rig ships one to start from")
    return ValueNode(path, "", node).mapping()


class ValueNode:
    """One value of the document; ``key`` is its dotted path."""

    def __init__(self, path: Path, key: str, node: yaml.Node, line: int | None = None) -> None:
        self._path = path
        self._node = node
        self._line = node.start_mark.line + 1 if line is None else line
        self.key = key

    @property
    def where(self) -> str:
        return f"{self._path.name}:{self._line}"

    def wrong(self, expected: str, *, hint: str = "") -> UsageError:
        """Return the error that names the value found and the value expected."""
        return UsageError(
            f"{self.where}: {self.key or 'document'}: got {self._shown()}, expected {expected}", hint=hint
        )

    def _shown(self) -> str:
        if isinstance(self._node, yaml.ScalarNode):
            return repr(self._node.value) if self._node.value else "nothing"
        return "a list" if isinstance(self._node, yaml.SequenceNode) else "a mapping"

    def mapping(self) -> MapNode:
        if not isinstance(self._node, yaml.MappingNode) or self._node.tag != _MAP_TAG:
            raise self.wrong("a mapping")
        return MapNode(self._path, self.key, self._node, self._line)

    def items(self) -> list[ValueNode]:
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.wrong("a list")
        return [ValueNode(self._path, f"{self.key}[{i}]", item) for i, item in enumerate(self._node.value)]

    def text(self, pattern: str = r".+", expected: str = "text") -> str:
        """Return a string. :raises UsageError: it is another YAML value, such as an unquoted number or boolean."""
        if not isinstance(self._node, yaml.ScalarNode) or self._node.tag != _STR_TAG:
            quoting = "quote it" if isinstance(self._node, yaml.ScalarNode) and self._node.value else ""
            raise self.wrong(expected, hint=quoting)
        if not re.fullmatch(pattern, self._node.value, re.DOTALL):
            raise self.wrong(expected)
        return str(self._node.value)

    def choice(self, choices: Sequence[str]) -> str:
        value = self.text(expected=f"one of {', '.join(choices)}")
        if value not in choices:
            near = difflib.get_close_matches(value, choices, n=1)
            raise self.wrong(f"one of {', '.join(choices)}", hint=f"did you mean {near[0]!r}?" if near else "")
        return value

    def integer(self, low: int, high: int, unit: str) -> int:
        expected = f"a whole number of {unit} from {low} to {high}"
        if not isinstance(self._node, yaml.ScalarNode) or self._node.tag != _INT_TAG:
            raise self.wrong(expected)
        try:
            value = int(self._node.value.replace("_", ""), 0)
        except ValueError:
            raise self.wrong(expected) from None
        if not low <= value <= high:
            raise self.wrong(expected)
        return value

    def day(self) -> date:
        try:
            return date.fromisoformat(self._node.value if isinstance(self._node, yaml.ScalarNode) else "")
        except ValueError:
            raise self.wrong("a day such as 2030-12-31") from None


class MapNode(ValueNode):
    """A mapping whose keys are text, each at most once."""

    def __init__(self, path: Path, key: str, node: yaml.MappingNode, line: int) -> None:
        super().__init__(path, key, node, line)
        self._values: dict[str, ValueNode] = {}
        for name_node, value_node in node.value:
            name = ValueNode(path, key, name_node).text(expected="a name as key")
            name_line = name_node.start_mark.line + 1
            child = ValueNode(path, f"{key}.{name}" if key else name, value_node, name_line)
            if name in self._values:
                first = self._values[name].where
                raise UsageError(
                    f"{child.where}: {child.key}: given twice, first at {first}", hint="remove one of them"
                )
            self._values[name] = child

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[tuple[str, ValueNode]]:
        return iter(self._values.items())

    def get(self, name: str) -> ValueNode | None:
        return self._values.get(name)

    def need(self, name: str, why: str) -> ValueNode:
        """Return the value of a key that must be there."""
        if name not in self._values:
            raise UsageError(f"{self.where}: {self.key or 'document'}: key {name!r} is missing, expected {why}")
        return self._values[name]

    def only(self, known: Iterable[str]) -> None:
        """Refuse unknown keys. :raises UsageError: a key is not among ``known``."""
        names = sorted(known)
        for name, value in self:
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                raise UsageError(
                    f"{value.where}: {value.key}: unknown key {name!r}, expected one of {', '.join(names)}",
                    hint=f"did you mean {near[0]!r}?" if near else "",
                )
