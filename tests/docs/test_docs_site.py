"""The documentation site: its pages follow from links, and one that leads nowhere ends its making."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
START = "# Start\n\n[Next](docs/README.md), [a file](code.c), [a folder](folder), [room](rig/errors)\n\n## Two words\n"


@pytest.fixture(scope="module")
def make_site() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_site", ROOT / "docs" / "make_site.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tree(root: Path, index: str) -> Path:
    files = {
        "README.md": START,
        "docs/README.md": f"# Index\n\n{index}\n\n```\n[no](link.md)\n```\n",
        "docs/architecture.md": "# Rooms\n\n| room |\n|---|\n| `rig/errors` |\n",
        "docs/stray.md": "# Nobody leads here\n",
        "folder/inside.txt": "text of a file\n",
        "code.c": "int a_number = 42;\n",
        "rig/errors/x": "",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def made(make_site: ModuleType, tmp_path: Path, index: str) -> tuple[int, Path]:
    site = make_site.Site(tmp_path / "source", tree(tmp_path / "tree", index))
    site.gather()
    site.write()
    return make_site.build(site, tmp_path / "site"), tmp_path / "site"


def test_pages_files_and_folders_that_are_linked_are_on_the_site(make_site: ModuleType, tmp_path: Path) -> None:
    site = make_site.Site(tmp_path / "source", tree(tmp_path / "tree", "[Back](../README.md#two-words)"))
    site.gather()
    assert {str(page) for page in site.pages} == {
        "index.md",
        "docs/README.md",
        "code.c.md",
        "folder/index.md",
        "folder/inside.txt.md",
    }
    site.write()
    assert (tmp_path / "source" / "code.c").read_text() == "int a_number = 42;\n"
    assert "](../index.md#two-words)" in site.pages[Path("docs/README.md")]
    assert "[no](link.md)" in site.pages[Path("docs/README.md")]


def test_a_link_to_a_file_that_is_not_there_names_page_and_link(make_site: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"docs/README\.md: link to \.\./lost\.md: the repository has no lost\.md"):
        made(make_site, tmp_path, "[x](../lost.md)")


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning")  # MyST's own
def test_an_anchor_that_is_not_there_fails(
    make_site: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _ = made(make_site, tmp_path, "[x](../README.md#three-words)")
    assert code != 0
    assert "three-words" in capfd.readouterr().err


def test_the_reference_has_what_a_room_offers_once(make_site: ModuleType) -> None:
    rooms = make_site.Site(ROOT, ROOT).rooms
    assert {"rig.errors", "rig.inventory", "rig.agent.builtin", "rig.run"} <= set(rooms)
    assert "rig.cli" not in rooms
    handed_on = make_site._elsewhere("rig.agent", rooms)
    assert "AgentCore" in handed_on and "AgentServer" not in handed_on
