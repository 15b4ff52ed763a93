"""Entities: the matrix of pairs, the room that limits leave, and the verdict on real firmware that breaks a claim."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rig.bench import Capability, build, build_defect
from rig.claims import CLAIMS, decide
from rig.experiments import EXPERIMENTS
from rig.experiments._pairs import Pair, ServicePair, pairs, texts
from rig.experiments.entity_capacity import room
from rig.inventory import Inventory
from rig.records import ClaimResult, Verdict
from rig.station import Station

pytestmark = [pytest.mark.timeout(300)]
TEXT_BYTES = 256  # of the mailbox


class Offering:
    """A bench that offers all but some features."""

    def __init__(self, *without: Capability) -> None:
        self.without = without

    def has(self, capability: Capability) -> bool:
        return capability not in self.without


@pytest.mark.parametrize("quick", (True, False))
def test_each_pair_is_there_once_and_every_rule_both_ways(quick: bool) -> None:
    matrix = list(pairs(Offering(), quick=quick))  # type: ignore[arg-type]
    assert len(set(matrix)) == len({str(pair) for pair in matrix}) == len(matrix)
    for kind in (Pair, ServicePair):
        assert {pair.compatible for pair in matrix if isinstance(pair, kind)} == {True, False}
        assert {(p.second_first, p.sessions) for p in matrix if isinstance(p, kind)} >= {(False, 1), (True, 2)}
    for entity in (entity for pair in matrix for side in pair.makers for entity in side):
        assert sum(len(text) + 1 for text in (entity.name, entity.type, entity.reply_type)) <= TEXT_BYTES
    assert all(texts(pair) > 0 for pair in matrix)


def test_what_a_middleware_lacks_is_not_asked_of_it() -> None:
    lacking = Offering(Capability.XML, Capability.REF, Capability.SERVICES)
    matrix = list(pairs(lacking, quick=False))  # type: ignore[arg-type]
    assert {pair.forms for pair in matrix if isinstance(pair, Pair)} == {(3, 3)}
    assert not [pair for pair in matrix if isinstance(pair, ServicePair)]


@pytest.mark.parametrize(
    ("limits", "fit"),
    [
        ({}, 1),
        ({"sessions": 2}, 1),
        ({"shm_entities": 16}, 4),
        ({"shm_entities": 64, "shm_pairs": 12}, 12),
        ({"entities": 24, "names": 8, "name_bytes": 256, "shm_entities": 24, "shm_pairs": 24}, 6),
        ({"entities": 2}, 0),
    ],
)
def test_the_tightest_limit_says_how_many_pairs_fit(limits: dict[str, int], fit: int) -> None:
    assert room(limits) == fit


def verdict(root: Path, directory: Path, defect: str, id: str, *, agent: str = "none") -> ClaimResult:
    """One claim, decided in a quick run on native firmware that has the defect; the control has none."""
    (board,) = Inventory.load(root / "boards.yaml").select(["native"])
    images: dict[str, Path] = {**build("posix"), **build_defect("posix", defect, variants=("shm",))}
    board = replace(board, firmware=replace(board.firmware, preset=None, images=images))
    with Station(board, agent=agent, directory=directory) as station:
        variants = ("shm", "network") if EXPERIMENTS[id].has_control else ("shm",)
        measured = [m for v in variants for m in EXPERIMENTS[id].measure(station.prepare(v, quick=True))]
    return decide(CLAIMS[id], "native", measured, prevented={})


@pytest.mark.firmware
@pytest.mark.parametrize(
    ("defect", "id", "agent", "words"),
    [
        ("refuse_durable", "local-matching", "none", "the middleware refused create"),
        ("few_writers", "entity-capacity", "none", "only 8 made, then TABLE_FULL"),
        ("waiting_zombie", "lifecycle", "none", "reader deleted while samples wait for it: 3 samples stray"),
        ("missing_data", "agent-duplicates", "builtin", "they were not sent"),
        (
            "needless_data",
            "agent-duplicates",
            "builtin",
            "samples went to an Agent that nobody reads from (that reader gone)",
        ),
    ],
)
def test_a_seeded_defect_is_refuted(
    project_root: Path, tmp_path: Path, defect: str, id: str, agent: str, words: str
) -> None:
    result = verdict(project_root, tmp_path, defect, id, agent=agent)
    assert result.verdict is Verdict.REFUTED
    assert words in result.reason
