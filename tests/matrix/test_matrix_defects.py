"""The rig can say no: each seeded defect refutes exactly the claims that it breaks, and the clean build none.

Here some defects, on the native board. All of them: ``rig matrix``, or RIG_ALL_DEFECTS=1.
"""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rig.claims import CLAIMS
from rig.errors import UsageError
from rig.inventory import BoardKind
from rig.matrix import CLEAN, DEFECTS, NOT_RUN, Found, Row, as_markdown, matrix
from rig.records import Verdict

pytestmark = pytest.mark.timeout(900)  # whoever comes first has all the rows made

CHOSEN = (
    "reverse_order",
    "copy_per_reader",
    "offline_loss",
    "late_echo",
    "ignore_qos",
    "zombie_reader",
)
NAMES = tuple(DEFECTS) if os.environ.get("RIG_ALL_DEFECTS") else CHOSEN


STALE = "copy_odd"


@pytest.fixture(scope="module")
def rows(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Row]]:
    """The rows by defect, in the order in which they were made; ``STALE`` is one whose patch fits no more."""
    firmware = tmp_path_factory.mktemp("matrix") / "firmware"
    shutil.copytree(project_root / "firmware", firmware, ignore=shutil.ignore_patterns("build"))
    patch = firmware / "defects" / f"{STALE}.patch"
    patch.write_text(re.sub(r"^ .*\w.*$", " a line that is not there", patch.read_text(), count=1, flags=re.MULTILINE))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RIG_FIRMWARE", str(firmware))
        made = matrix(
            project_root / "boards.yaml",
            "native",
            defects=(STALE, *(name for name in NAMES if name != STALE)),
            jobs=3,  # a run waits more than it computes
            search_seconds=2,
        )
        yield {row.defect: row for row in made}


@pytest.mark.firmware
def test_the_clean_build_is_confirmed(rows: dict[str, Row]) -> None:
    clean = rows[CLEAN]
    assert not clean.refuted, {id: clean.claims[id].reason for id in clean.refuted}
    assert not clean.undecided, {id: clean.claims[id].reason for id in clean.undecided}


@pytest.mark.firmware
@pytest.mark.parametrize("name", NAMES)
def test_a_defect_refutes_what_it_breaks_and_nothing_else(rows: dict[str, Row], name: str) -> None:
    row = rows[name]
    assert row.expected == DEFECTS[name].breaks_on("native")
    assert row.right, {id: row.why(id) for id in row.missed | row.false | row.undecided} | {"": row.faults}
    assert row.found is not None


def test_table_and_sources_name_the_same_defects(project_root: Path) -> None:
    defects = project_root / "firmware" / "defects"
    wrapped = {file.stem for file in defects.glob("*.c")} - {"passthrough"}
    patched = {file.stem for file in defects.glob("*.patch")}
    assert wrapped | patched == set(DEFECTS)
    assert not wrapped & patched


def test_what_only_a_trace_can_see_is_expected_where_there_is_one() -> None:
    hidden = DEFECTS["transient_copy"]
    assert hidden.breaks_on("emulated") == {"copies"}
    assert hidden.breaks_on("native") == hidden.breaks_on("probe") == frozenset()
    assert DEFECTS["hidden_copy"].breaks_on("native") == {"copies", "footprint"}


def test_every_measured_claim_can_be_refuted() -> None:
    broken = {id for defect in DEFECTS.values() for id in defect.breaks}
    measured = {claim.id for claim in CLAIMS.values() if claim.experiment}
    assert broken == measured
    # What the rows of an ordinary test run leave to RIG_ALL_DEFECTS=1 and to `rig matrix`.
    left = {"agentless-operation", "message-size", "os-overhead", "latency", "entity-capacity", "services"}
    assert {id for name in CHOSEN for id in DEFECTS[name].breaks} == measured - left


def test_an_unknown_defect_is_refused(project_root: Path) -> None:
    with pytest.raises(UsageError, match="no defect is called 'none'"):
        next(matrix(project_root / "boards.yaml", "native", defects=["none"]))


def test_a_mistake_would_be_seen_in_the_document(rows: dict[str, Row]) -> None:
    right = rows["reverse_order"]
    wrong = Row(defect="reverse_order", expected=frozenset({"copies"}), claims=right.claims)
    text = as_markdown("native", [right, wrong])
    assert "**MISSED**" in text and "**FALSE**" in text
    assert "1 of 2 lines" in text


def test_a_row_that_a_fault_struck_is_not_right(rows: dict[str, Row]) -> None:
    struck = replace(rows["reverse_order"], faults=("board fault during shm: QEMU was ended",))
    assert not struck.right
    assert "reverse_order: board fault" in as_markdown("native", [struck])


def test_a_row_that_leaves_a_claim_undecided_is_not_right(rows: dict[str, Row]) -> None:
    right = rows["reverse_order"]
    claims = right.claims | {"services": replace(right.claims["services"], verdict=Verdict.INCONCLUSIVE)}
    undecided = replace(right, claims=claims)
    assert not undecided.right
    assert undecided.undecided == {"services"}
    assert replace(undecided, may_hide=frozenset({"services"})).right


def test_a_claim_that_may_be_refuted_makes_no_row_wrong(rows: dict[str, Row]) -> None:
    right = rows["reverse_order"]
    narrow = replace(right, expected=frozenset({"burst-order"}), may_refute=right.refuted - {"burst-order"})
    assert narrow.right
    assert "**+**" in as_markdown("native", [narrow])
    assert not replace(narrow, may_refute=frozenset()).right


def test_the_document_says_how_a_defect_was_found(rows: dict[str, Row]) -> None:
    searched = replace(rows["reverse_order"], found=Found(seconds=1.25, calls=5))
    measured = replace(rows["reverse_order"], found=Found(seconds=30.0))
    lines = as_markdown("native", [searched, measured]).splitlines()
    assert [line for line in lines if line.endswith("| 1.2 | 5 |")]
    assert [line for line in lines if line.endswith("| 30.0 |  |")]


@pytest.mark.firmware
def test_a_firmware_that_cannot_be_built_is_a_fault_of_its_row_alone(rows: dict[str, Row]) -> None:
    """A patch that fits no more: the row says so, and the next one is made."""
    order = list(rows)
    stale, next_one = rows[STALE], rows[order[order.index(STALE) + 1]]
    assert not stale.right and not next_one.faults
    assert f"{STALE}.patch does not fit" in stale.faults[0]
    assert stale.missed == {"copies"} and "- |" in as_markdown("native", [stale])


@pytest.mark.parametrize(("board", "kind"), [("native", "native"), ("mps2-an385", "emulated")])
def test_the_document_says_what_was_run_and_what_was_not(project_root: Path, board: str, kind: BoardKind) -> None:
    """docs/defects-*.md are made by ``rig matrix --out``: again, when a defect is new or breaks something else."""
    text = (project_root / "docs" / f"defects-{board}.md").read_text()
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    told = [line.removeprefix(NOT_RUN).rstrip(".") for line in text.splitlines() if line.startswith(NOT_RUN)]
    left = set(", ".join(told).split(", ")) - {""}
    run = {row[0] for row in rows[1:]} - {CLEAN}
    here = {defect.name for defect in DEFECTS.values() if defect.is_for(kind)}
    assert run | left >= here, "a defect that the document does not know"
    assert run | left <= set(DEFECTS)
    assert not run & left
    wrong = sum("MISSED" in str(row) or "FALSE" in str(row) for row in rows)
    right = int(text.split(" lines are exactly as expected")[0].rsplit("\n", 1)[1].split(" of ")[0])
    assert right <= len(rows) - 1 - wrong
