"""The documents: their links lead somewhere, the index has every page, the changelog has this version."""

import re
from pathlib import Path

import pytest

import rig

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
FOLDERS = ("docs", "examples", "benchmarks", "reports")
PAGES = sorted(ROOT.glob("*.md")) + sorted(
    page for name in FOLDERS for page in (ROOT / name).rglob("*.md") if not {"build", "runs"} & set(page.parts)
)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def links(page: Path) -> list[str]:
    return [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if not link.startswith("http")]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_index_has_every_page() -> None:
    listed = {(DOCS / link).resolve() for link in links(DOCS / "README.md")}
    assert {page for page in DOCS.glob("*.md") if page.name != "README.md"} <= listed
    decisions = DOCS / "decisions"
    listed = {(decisions / link).resolve() for link in links(decisions / "README.md")}
    assert {page for page in decisions.glob("*.md") if page.name != "README.md"} == listed


@pytest.mark.parametrize("record", sorted((DOCS / "decisions").glob("0*.md")), ids=lambda record: record.stem)
def test_a_decision_has_its_four_parts(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    places = [text.find(f"**{part}") for part in ("Context", "Choice", "Rejected", "Consequences")]
    assert -1 not in places and places == sorted(places)


def test_the_changelog_has_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(rig.__version__)}\] - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE)


def test_every_pinned_package_has_hashes() -> None:
    """requirements.txt is requirements.in with hashes: no package more or less, none without."""

    def name(line: str) -> str:
        return re.sub(r"[-_.]+", "-", line.split(";", maxsplit=1)[0].split("\\", maxsplit=1)[0].strip()).lower()

    asked = {
        name(line) for line in (ROOT / "requirements.in").read_text().splitlines() if line and not line.startswith("#")
    }
    made = (ROOT / "requirements.txt").read_text().replace("\\\n", "\\").splitlines()
    pinned = {name(line): line.count("--hash=sha256:") for line in made if line and not line.startswith("#")}
    assert set(pinned) == asked
    assert all(pinned.values())
