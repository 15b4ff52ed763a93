"""Makes the documentation site of README.md and all that it leads to: ``python docs/make_site.py [DIRECTORY]``.

The pages are the repository's own, and follow from their links: a page that no other leads to is not on the site. A
link to a file of the repository becomes a page with its text, one to a folder leads to its README, to the reference of
that room, or to a list of what is in it. The reference of the rooms comes from their docstrings, that of the commands
from their help.

Any warning of Sphinx is an error: a link or an anchor that leads nowhere, a docstring that is no reStructuredText.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound

from rig.cli._main import rig_command

ROOT = Path(__file__).resolve().parents[1]
START = Path("README.md")
ROOT_PAGE = Path("index.md")  # its place on the site
INDEX = Path("docs/README.md")
API = Path("reference")
_LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_ROOM = re.compile(r"^\| `(rig/[\w/]+)` \|", re.MULTILINE)
_IGNORED = {"__pycache__", "build"}


class Site:
    """The pages as Sphinx reads them, below ``folder``: each at its place in the repository."""

    def __init__(self, folder: Path, root: Path = ROOT) -> None:
        self.folder = folder
        self.root = root
        self.rooms = _rooms(root)
        self.pages: dict[Path, str] = {}
        self.files: list[Path] = []
        self._wanted = [START]

    def gather(self) -> None:
        """Take README.md and what it leads to, page by page."""
        while self._wanted:
            page = self._wanted.pop(0)
            shown = ROOT_PAGE if page == START else page
            if shown not in self.pages:
                self.pages[shown] = self._linked(page, (self.root / page).read_text(encoding="utf-8"))

    def _linked(self, page: Path, text: str) -> str:
        """The text with its links led to pages of the site; notes the pages that it leads to."""
        lines, fence = [], ""
        for line in text.splitlines():
            mark = _FENCE.match(line)
            if mark and (not fence or mark[1].startswith(fence)):
                fence = "" if fence else mark[1]
            lines.append(line if fence else _LINK.sub(lambda found: f"]({self._lead(page, found[1])})", line))
        return "\n".join(lines) + "\n"

    def _lead(self, page: Path, link: str) -> str:
        path, hash_, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link) or not path:
            return link
        target = Path(os.path.normpath(page.parent / path))
        if not (self.root / target).exists() or target.parts[:1] == ("..",):
            raise SystemExit(f"{page}: link to {link}: the repository has no {target}")
        return os.path.relpath(self._page_of(target), page.parent) + hash_ + anchor

    def _page_of(self, target: Path) -> Path:
        """The page that shows a file or a folder of the repository."""
        if target.suffix == ".md":
            self._wanted.append(target)
            return ROOT_PAGE if target == START else target
        if (self.root / target / "README.md").exists():
            self._wanted.append(target / "README.md")
            return target / "README.md"
        if target.as_posix().replace("/", ".") in self.rooms:
            return API / f"{target.as_posix().replace('/', '.')}.md"
        shown = target / "index.md" if (self.root / target).is_dir() else target.with_name(f"{target.name}.md")
        if shown not in self.pages:
            self.pages[shown] = ""  # a folder may lead back to itself
            if (self.root / target).is_dir():
                self.pages[shown] = self._folder(target)
            else:
                self.pages[shown] = _file(target)
                self.files.append(target)
        return shown

    def _folder(self, folder: Path) -> str:
        inside = sorted(path for path in (self.root / folder).iterdir() if path.name not in _IGNORED)
        lines = [
            f"* `{path.name}/`"
            if path.is_dir()
            else f"* [{path.name}]({os.path.relpath(self._page_of(path.relative_to(self.root)), folder)})"
            for path in inside
            if not path.name.startswith(".")
        ]
        return f"---\norphan: true\n---\n# {folder.as_posix()}/\n\n" + "\n".join(lines) + "\n"

    def add_reference(self) -> None:
        """A page for each room, one of all commands, and the tables of contents that hold all pages."""
        for room in self.rooms:
            without = ", ".join(_elsewhere(room, self.rooms))
            directive = f".. automodule:: {room}\n" + (f"   :exclude-members: {without}\n" if without else "")
            self.pages[API / f"{room}.md"] = f"# {room}\n\n```{{eval-rst}}\n{directive}```\n"
        self.pages[API / "README.md"] = (
            "# The rooms\n\nWhat each room of `rig/` offers to others, from its docstrings. "
            "[The architecture](../docs/architecture.md) says which room may import which.\n\n" + _contents(self.rooms)
        )
        self.pages[API / "commands.md"] = "# The commands\n\n" + "\n".join(_commands(rig_command, "rig"))

    def add_contents(self) -> None:
        """Give every page of the repository its place beside the text."""
        pages = [page for page in self.pages if (self.root / page).exists()]
        order = [Path(os.path.normpath(INDEX.parent / link)) for link in _LINK.findall((self.root / INDEX).read_text())]
        pages.sort(key=lambda page: (order.index(page) if page in order else len(order), page))
        decisions = [page for page in pages if page.parent.name == "decisions" and page.name != "README.md"]
        guide = [page for page in pages if page.parts[0] == "docs" and page not in decisions]
        rest = [page for page in pages if page.parts[0] != "docs"]
        self.pages[Path("docs/decisions/README.md")] += "\n" + _contents([page.stem for page in decisions])
        self.pages[ROOT_PAGE] += "".join(
            "\n" + _contents([f"/{page.with_suffix('')}" for page in group], caption)
            for caption, group in (
                ("Documentation", guide),
                ("Reference", [API / "commands.md", API / "README.md"]),
                ("Project", rest),
            )
        )

    def write(self) -> None:
        """Put the pages into place; one that has not changed keeps its time, so that Sphinx does not read it again."""
        wanted = self.pages | {file: (self.root / file).read_text(encoding="utf-8") for file in self.files}
        for page, text in wanted.items():
            target = self.folder / page
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_text(encoding="utf-8") != text:
                target.write_text(text, encoding="utf-8")
        for path in sorted(self.folder.rglob("*.md")):
            if path.relative_to(self.folder) not in self.pages:
                path.unlink()


def _rooms(root: Path) -> list[str]:
    """The rooms that the architecture lists, all that others may import: not the command line nor the plugins."""
    listed = _ROOM.findall((root / "docs" / "architecture.md").read_text(encoding="utf-8"))
    return [room.replace("/", ".") for room in listed if room not in ("rig/cli", "rig/plugins")]


def _file(path: Path) -> str:
    """A page with the text of a file, which stands beside it."""
    try:
        language = get_lexer_for_filename(path.name).aliases[0]
    except (ClassNotFound, IndexError):
        language = "text"
    shown = f"```{{literalinclude}} {path.name}\n:language: {language}\n```\n"
    return f"---\norphan: true\n---\n# {path.as_posix()}\n\n{shown}"


def _elsewhere(room: str, rooms: list[str]) -> list[str]:
    """Names that a room hands on from another one, whose page describes them."""
    module = importlib.import_module(room)
    homes = {name: str(getattr(getattr(module, name), "__module__", room)) for name in getattr(module, "__all__", ())}
    within = [other for other in rooms if not room.startswith(other)]
    return [name for name, home in homes.items() if any(f"{home}.".startswith(f"{other}.") for other in within)]


def _contents(pages: list[str], caption: str = "") -> str:
    title = f":caption: {caption}\n" if caption else ""
    return f"```{{toctree}}\n:hidden:\n{title}\n" + "\n".join(pages) + "\n```\n"


def _commands(group: click.Command, name: str) -> Iterator[str]:
    """The help of a command and of those below it."""
    context = click.Context(group, info_name=name, max_content_width=100, terminal_width=100)
    if name != "rig":
        yield f"## {name}\n"
    yield f"```text\n{group.get_help(context)}\n```\n"
    if isinstance(group, click.Group):
        for each in group.list_commands(context):
            below = group.get_command(context, each)
            if below is not None:
                yield from _commands(below, f"{name} {each}")


def build(site: Site, directory: Path) -> int:
    """Let Sphinx make HTML of the pages that are in place; returns its code, 0 if it has nothing to say."""
    from sphinx.cmd.build import build_main  # noqa: PLC0415 - a broken link is told before a second has passed

    shutil.copytree(ROOT / "docs" / "site", site.folder, dirs_exist_ok=True)
    options = ["-W", "--keep-going", "-q", "-b", "html", "-d", str(site.folder / "_built"), "-j", "auto"]
    return int(build_main([*options, str(site.folder), str(directory)]))


def main() -> int:
    """Make the site; the exit code is 0 if every link leads somewhere."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "build" / "site", help="where the site goes")
    directory = parser.parse_args().directory.resolve()
    site = Site(directory.parent / f"{directory.name}.source")
    site.gather()
    site.add_reference()
    site.add_contents()
    site.write()
    code = build(site, directory)
    if code == 0:
        print(f"{len(site.pages)} pages: {directory / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
