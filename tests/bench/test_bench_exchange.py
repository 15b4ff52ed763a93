"""What one exchange came to: each reader must have each sample, and one too many does not make up for one too few."""

import pytest

from rig.bench import Entry, EntryKind, Exchange, Status
from rig.bench._bench import _surplus


def delivered(reader: int, sequence: int, *, session: int = 0, intact: bool = True) -> Entry:
    return Entry(
        kind=EntryKind.DELIVERED,
        intact=intact,
        local=True,
        session=session,
        reader=reader,
        sequence=sequence,
        length=4,
        address=0,
        status=0 if intact else 2,
        loan_begin=0,
        loan_end=0,
        publish=0,
        enter=0,
        leave=0,
    )


ONCE = [delivered(reader, sequence) for sequence in (1, 2) for reader in (1, 2)]


def exchange(entries: list[Entry], *, refused: int = 0) -> Exchange:
    return Exchange(
        readers=2,
        surplus=_surplus(entries, 2),
        accepted=2,
        refused=refused,
        delivered=len(entries),
        damaged=sum(1 for record in entries if not record.intact),
        local=len(entries),
        status=Status.NO_BUFFER if refused else Status.OK,
        counters={},
        entries=tuple(entries),
    )


@pytest.mark.parametrize(
    ("entries", "surplus", "lost", "complete"),
    [
        (ONCE, 0, 0, True),
        ([delivered(1, s, session=i) for s in (1, 2) for i in (0, 1)], 0, 0, True),  # one id in two sessions
        (ONCE[::-1], 0, 0, True),
        ([*ONCE, ONCE[0]], 1, 0, True),
        ([*ONCE[:3], ONCE[0]], 1, 1, False),  # as many as expected, and one is missing
        ([*ONCE[:2], delivered(1, 1), delivered(2, 1)], 2, 2, False),
        ([delivered(1, 1), delivered(1, 2), delivered(3, 1), delivered(3, 2), delivered(2, 1)], 1, 0, True),
        ([*ONCE[:3], delivered(2, 2, intact=False)], 0, 1, False),
        ([], 0, 4, False),
    ],
)
def test_a_sample_counts_once_for_each_reader(entries: list[Entry], surplus: int, lost: int, complete: bool) -> None:
    seen = exchange(entries)
    assert (seen.surplus, seen.lost, seen.complete) == (surplus, lost, complete)
    assert seen.whole is (complete and not surplus)
    assert bool(seen.shortfall) is not seen.whole


def test_a_refused_publish_keeps_it_from_being_complete() -> None:
    seen = exchange(ONCE, refused=1)
    assert not seen.complete
    assert seen.shortfall == "a publish was refused with NO_BUFFER"
