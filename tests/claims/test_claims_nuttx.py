"""The claim on NuttX: verdicts of two boards of one run beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from rig.claims import CLAIMS, NUTTX, decide, decide_nuttx, needed_for
from rig.records import Board, ClaimResult, Firmware, Verdict

C, R, U, N = Verdict.CONFIRMED, Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.NOT_RUN
OTHERS = [id for id in CLAIMS if id != NUTTX]


def board(
    name: str, os: str, *, target: str = "mps2_an500", middleware: str = "reference", version: str = "1"
) -> Board:
    firmware = tuple(
        Firmware(
            variant=variant,
            digest="sha256:" + "0" * 64,
            file=f"{variant}.elf",
            middleware=middleware,
            middleware_version=version,
            compiler="GNU 12.2.1",
            os=os,
            os_version="12.9.0" if os == NUTTX else "",
        )
        for variant in ("shm", "network")
    )
    return Board(name=name, kind="emulated", target=target, core="cortex-m7", firmware=firmware)


BARE, ON_NUTTX = board("bare", "none"), board("system", NUTTX)


def results(name: str, verdicts: Mapping[str, Verdict] | None = None) -> list[ClaimResult]:
    """All claims of a board, confirmed unless ``verdicts`` says something else, as a run has them before this claim."""
    ordinary = [
        ClaimResult(id=id, board=name, verdict=(verdicts or {}).get(id, C), reason=f"{id} on {name}") for id in OTHERS
    ]
    return [*ordinary, decide(CLAIMS[NUTTX], name, [], prevented={})]


def decided(
    bare: Mapping[str, Verdict] | None = None, system: Mapping[str, Verdict] | None = None
) -> tuple[Verdict, str]:
    found = decide_nuttx([*results("bare", bare), *results("system", system)], (BARE, ON_NUTTX), repeat="again")
    assert [(r.board, r.id, r.repeat) for r in found] == [("bare", NUTTX, "again"), ("system", NUTTX, "again")]
    assert found[0].reason == found[1].reason and found[0].evidence == found[1].evidence
    assert len(found[0].evidence) == len(OTHERS)
    return found[0].verdict, found[0].reason


def test_the_same_verdicts_confirm_it() -> None:
    verdict, reason = decided()
    assert verdict is C
    assert reason == (
        "all 15 other claims have the same verdict on bare (bare metal) and system (nuttx 12.9.0): 15 confirmed"
    )


def test_what_is_refuted_on_both_is_the_same() -> None:
    verdict, reason = decided({"copies": R}, {"copies": R})
    assert verdict is C and reason.endswith("14 confirmed, 1 refuted")


@pytest.mark.parametrize("id", OTHERS)
def test_confirmed_on_bare_metal_and_refuted_on_nuttx_refutes_it(id: str) -> None:
    verdict, reason = decided({}, {id: R})
    assert verdict is R
    assert reason == f"{id} is confirmed on bare and refuted on system (nuttx 12.9.0): {id} on system"


def test_a_refutation_counts_also_where_something_else_is_open() -> None:
    verdict, reason = decided({"latency": U}, {"copies": R, "services": R})
    assert verdict is R and reason.endswith("; and 1 more")


@pytest.mark.parametrize("open_", [U, N])
@pytest.mark.parametrize("where", ["bare", "system"])
def test_what_is_open_on_either_leaves_it_undecided(open_: Verdict, where: str) -> None:
    verdicts = {"latency": open_}
    verdict, reason = decided(verdicts if where == "bare" else {}, verdicts if where == "system" else {})
    assert verdict is U
    assert reason == f"latency is {open_.value.replace('_', ' ')} on {where}: latency on {where}"


def test_open_on_both_is_not_the_same_verdict() -> None:
    assert decided({"services": N}, {"services": N})[0] is U


def test_better_on_nuttx_than_on_bare_metal_is_told_and_not_confirmed() -> None:
    verdict, reason = decided({"burst-order": R}, {})
    assert verdict is U and reason == "burst-order is refuted on bare and confirmed on system"


@pytest.mark.parametrize(
    "boards",
    [
        (BARE,),
        (ON_NUTTX,),
        (board("bare", "linux"), ON_NUTTX),
        (board("bare", "none", version="2"), ON_NUTTX),
        (board("bare", "none", middleware="another"), ON_NUTTX),
        (replace(BARE, firmware=BARE.firmware[:1]), ON_NUTTX),
        (replace(BARE, firmware=()), ON_NUTTX),
        (board("bare", ""), ON_NUTTX),
    ],
    ids=["no NuttX", "no other", "a host", "version", "middleware", "variants", "never ran", "older record"],
)
def test_without_a_pair_nothing_is_decided(boards: tuple[Board, ...]) -> None:
    assert decide_nuttx([*results("bare"), *results("system")], boards) == []
    assert (
        results("system")[-1].verdict is N and "no board with NuttX beside one of bare metal" in CLAIMS[NUTTX].why_not
    )


def test_the_board_of_the_same_chip_is_the_one_to_compare_with() -> None:
    other = board("m3", "none", target="mps2_an385")
    rows = [*results("m3", {"copies": R}), *results("bare"), *results("system")]
    found = decide_nuttx(rows, (other, BARE, ON_NUTTX))
    assert {(r.board, r.verdict) for r in found} == {("bare", C), ("system", C)}


def test_it_needs_all_claims_and_only_where_two_boards_take_part() -> None:
    assert needed_for((), systems=["none"]) == tuple(id for id in CLAIMS if id != NUTTX), "nothing could decide it"
    assert needed_for((), systems=["none", "nuttx"]) == tuple(CLAIMS)
    assert needed_for((NUTTX,), systems=["none", "nuttx"]) == tuple(CLAIMS)
    assert needed_for((NUTTX, "copies"), systems=["nuttx"]) == (NUTTX, "copies")
    assert needed_for((NUTTX, "copies"), systems=["nuttx", "nuttx"]) == (NUTTX, "copies")
    assert needed_for(("copies",), systems=["none", "nuttx"]) == ("copies",)
