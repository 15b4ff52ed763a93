"""Many entities in one way to the board and back: as good as one after the other."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from firmware_native import PARTICIPANT, PUBLISHER, READER, SUBSCRIBER, TOPIC, WRITER, Native

from rig.bench import Bench, Entity, Refused

BASE = [
    Entity(kind=PARTICIPANT, id=1, name="rig"),
    Entity(kind=PUBLISHER, id=1, parent=1),
    Entity(kind=SUBSCRIBER, id=1, parent=1),
]


def topic(id: int, name: str) -> Entity:
    return Entity(kind=TOPIC, id=id, parent=1, name=name, type="T")


@pytest.fixture
def bench(native_images: dict[str, Path], tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as stack:
        bench = Native(native_images["shm"], 0, tmp_path, stack).bench
        bench.start(buffers=4, link=False)
        yield bench


def test_all_are_made_and_samples_flow(bench: Bench) -> None:
    session = bench.open_session(7, timeout=0)
    ends = [Entity(kind=kind, id=1, parent=1, topic=1) for kind in (WRITER, READER)]
    bench.create_all(session, [*BASE, topic(1, "rt/a"), *ends], timeout=0, ask=True)
    seen = bench.exchange(session=session, writer=1, count=5, length=16, readers=1, deadline=1.0)
    assert seen.once == 5


def test_the_first_refusal_ends_it_and_is_told(bench: Bench) -> None:
    session = bench.open_session(7, timeout=0)
    wrong = Entity(kind=WRITER, id=1, parent=9, topic=9)
    with pytest.raises(Refused) as caught:
        bench.create_all(session, [*BASE, topic(1, "rt/a"), wrong, topic(2, "rt/b")], timeout=0)
    with pytest.raises(Refused) as alone:
        bench.create(session, wrong, timeout=0)
    assert (caught.value.status, caught.value.message) == (alone.value.status, alone.value.message)
    on_the_second = Entity(kind=WRITER, id=2, parent=1, topic=2)
    with pytest.raises(Refused):  # the topic after the refused writer was not made
        bench.create(session, on_the_second, timeout=0)
    bench.create(session, Entity(kind=WRITER, id=2, parent=1, topic=1), timeout=0)


@pytest.mark.parametrize("words", [40, 10])
def test_more_than_a_program_holds(bench: Bench, monkeypatch: pytest.MonkeyPatch, words: int) -> None:
    monkeypatch.setattr(bench._mailbox, "program_words", words)
    session = bench.open_session(7, timeout=0)
    bench.create_all(session, [*BASE, *(topic(id, f"rt/{id}") for id in range(1, 9))], timeout=0)
    for id in range(1, 9):
        bench.create(session, Entity(kind=WRITER, id=id, parent=1, topic=id), timeout=0)
