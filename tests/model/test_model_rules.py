"""The model against the rules of DDS, one rule a test, told as an application would see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rig.model import (
    Breach,
    Create,
    Drop,
    End,
    Family,
    Form,
    Group,
    Kind,
    Limits,
    Mode,
    Promise,
    Qos,
    Renew,
    Topic,
    World,
    may_meet,
)

TOPIC, OTHER = Topic("rt/a", "T"), Topic("rt/b", "T")
PLAIN = Qos()
SERVICE = Topic("add", "Request", "Response")
BUFFERS, BYTES = 4, 64
NO_BUFFER, TOO_LARGE, TABLE_FULL, UNKNOWN = -3, -4, -5, -6
OK, REFUSED, MISMATCH = 0, -9, -11


class Mcu:
    """A world in the words of the tests; a breach fails the test unless it is asked for."""

    def __init__(
        self, *, buffers: int = BUFFERS, sessions: int = 1, limits: Limits | None = None, link: bool = False
    ) -> None:
        self.world = World(buffers, BYTES, limits=limits, link=link)
        self.number = 0
        for session in range(sessions):
            assert self.world.opened(session) is None

    def make(self, kind: Kind, id: int, *, session: int = 0, topic: Topic = TOPIC, qos: Qos = PLAIN) -> End:
        end = End(session, kind, id)
        for group in (1, 2, 3, 4):
            if (session, group, 1) not in self.world.groups:
                assert self.world.group_created(session, group, 1, 0) is None
        assert self.world.created(Create(end, 0, qos), topic, 0) is None
        return end

    def writer(self, id: int = 1, **more: object) -> End:
        return self.make(Kind.WRITER, id, **more)  # type: ignore[arg-type]

    def reader(self, id: int = 1, **more: object) -> End:
        return self.make(Kind.READER, id, **more)  # type: ignore[arg-type]

    def publish(self, writer: End, *, length: int = 8, status: int = 0, place: int | None = None) -> int:
        self.number += 1
        assert self.world.published(writer, self.number, length, place, status) is None
        return self.number

    def hear(
        self, reader: End, number: int, *, length: int = 8, whole: bool = True, address: int | None = None
    ) -> Breach | None:
        return self.world.delivered(reader, number, length, whole=whole, address=address)

    def spin(self) -> Breach | None:
        return self.world.spun(0, 0, 0)


def kept(breach: Breach | None) -> None:
    assert breach is None, breach


def broken(breach: Breach | None, promise: Promise, family: Family) -> None:
    assert breach is not None
    assert (breach.promise, breach.family) == (promise, family), breach


@pytest.mark.parametrize(
    ("offered", "requested", "meet"),
    [
        (Qos(), Qos(), True),
        (Qos(), Qos(reliable=False), True),
        (Qos(reliable=False), Qos(reliable=False), True),
        (Qos(reliable=False), Qos(), False),
        (Qos(transient_local=True), Qos(), True),
        (Qos(), Qos(transient_local=True), False),
        (Qos(transient_local=True), Qos(transient_local=True), True),
        (Qos(reliable=False, transient_local=True), Qos(transient_local=True), False),
        (Qos(depth=1), Qos(keep_all=True), True),
    ],
)
def test_a_reader_may_not_ask_for_more_than_is_offered(offered: Qos, requested: Qos, meet: bool) -> None:
    assert may_meet(offered, requested) is meet


def test_each_matching_reader_gets_each_sample_once_and_in_order() -> None:
    mcu = Mcu()
    writer, one, two = mcu.writer(), mcu.reader(1), mcu.reader(2)
    first, second = mcu.publish(writer), mcu.publish(writer)
    for number in (first, second):
        kept(mcu.hear(one, number))
        kept(mcu.hear(two, number))
    kept(mcu.spin())
    broken(mcu.hear(one, first), Promise.ONCE, Family.EXTRA)


def test_a_sample_that_does_not_come_by_the_next_spin_is_lost() -> None:
    mcu = Mcu()
    writer, reader = mcu.writer(), mcu.reader()
    kept(mcu.hear(reader, mcu.publish(writer)))
    kept(mcu.spin())
    mcu.publish(writer)
    broken(mcu.spin(), Promise.ACCEPTED_ARRIVES, Family.LOST)


def test_a_pair_that_never_delivers_does_not_meet() -> None:
    mcu = Mcu()
    writer = mcu.writer()
    mcu.reader()
    mcu.publish(writer)
    broken(mcu.spin(), Promise.PAIR_MEETS, Family.LOST)


def test_order_is_kept_for_each_writer_and_not_between_writers() -> None:
    mcu = Mcu()
    one, two, reader = mcu.writer(1), mcu.writer(2), mcu.reader()
    first, other, second = mcu.publish(one), mcu.publish(two), mcu.publish(one)
    kept(mcu.hear(reader, other))
    kept(mcu.hear(reader, second))
    broken(mcu.hear(reader, first), Promise.IN_ORDER, Family.DISORDER)


def test_another_topic_is_another_topic() -> None:
    mcu = Mcu()
    writer, reader = mcu.writer(), mcu.reader(topic=OTHER)
    number = mcu.publish(writer)
    broken(mcu.hear(reader, number), Promise.ONLY_MATCHING, Family.EXTRA)


def test_a_volatile_reader_gets_nothing_older_than_itself() -> None:
    mcu = Mcu()
    writer, early = mcu.writer(qos=Qos(transient_local=True)), mcu.reader(1)
    number = mcu.publish(writer)
    late = mcu.reader(2)
    kept(mcu.hear(early, number))
    broken(mcu.hear(late, number), Promise.HISTORY, Family.EXTRA)


@pytest.mark.parametrize(
    ("qos", "owed"), [(Qos(transient_local=True, depth=2), [2, 3]), (Qos(transient_local=True), [3])]
)
def test_a_late_durable_reader_gets_what_the_writer_keeps(qos: Qos, owed: list[int]) -> None:
    mcu = Mcu()
    writer = mcu.writer(qos=qos)
    for _ in range(3):
        mcu.publish(writer)
    reader = mcu.reader(qos=Qos(transient_local=True, keep_all=True))
    for number in owed:
        kept(mcu.hear(reader, number))
    kept(mcu.spin())
    broken(Mcu_with_history(qos).spin(), Promise.HISTORY, Family.LOST)


def Mcu_with_history(qos: Qos) -> Mcu:  # noqa: N802 - the same once more, and nothing is delivered
    mcu = Mcu()
    writer = mcu.writer(qos=qos)
    mcu.publish(writer)
    mcu.reader(qos=Qos(transient_local=True, keep_all=True))
    return mcu


def test_a_reader_that_keeps_the_last_few_gets_the_last_few() -> None:
    mcu = Mcu()
    writer, reader = mcu.writer(), mcu.reader(qos=Qos(depth=1))
    first, second = mcu.publish(writer), mcu.publish(writer)
    broken(mcu.hear(reader, first), Promise.DEPTH, Family.EXTRA)
    mcu = Mcu()
    writer, reader = mcu.writer(), mcu.reader(qos=Qos(depth=1))
    first, second = mcu.publish(writer), mcu.publish(writer)
    kept(mcu.hear(reader, second))
    kept(mcu.spin())


def test_every_buffer_can_be_lent_and_a_full_pool_says_so() -> None:
    mcu = Mcu()
    writer, reader = mcu.writer(), mcu.reader()
    numbers = [mcu.publish(writer, length=BYTES) for _ in range(BUFFERS)]
    kept(mcu.world.published(writer, 99, 8, None, NO_BUFFER))
    for number in numbers:
        kept(mcu.hear(reader, number, length=BYTES))
    kept(mcu.spin())
    broken(mcu.world.published(writer, 100, 8, None, NO_BUFFER), Promise.RETURNED, Family.REFUSED)
    broken(Mcu().world.counted(BUFFERS - 1), Promise.RETURNED, Family.LEAK)


def test_a_pool_that_is_smaller_than_promised_has_no_room() -> None:
    mcu = Mcu()
    writer = mcu.writer()
    mcu.reader()
    mcu.publish(writer)
    broken(mcu.world.published(writer, 9, 8, None, NO_BUFFER), Promise.ROOM, Family.REFUSED)
    broken(mcu.world.published(writer, 9, BYTES, None, TOO_LARGE), Promise.ROOM, Family.REFUSED)
    kept(mcu.world.published(writer, 9, BYTES + 1, None, TOO_LARGE))


def test_payload_length_and_place_are_the_writers() -> None:
    for change, promise in (
        ({"whole": False}, Promise.WHOLE),
        ({"length": 7}, Promise.WHOLE),
        ({"address": 0x200}, Promise.IN_PLACE),
    ):
        mcu = Mcu()
        writer, reader = mcu.writer(), mcu.reader()
        number = mcu.publish(writer, place=0x100)
        breach = mcu.hear(reader, number, **{"address": 0x100, **change})  # type: ignore[arg-type]
        assert breach is not None
        assert breach.promise is promise


def test_all_readers_of_a_sample_share_its_buffer_also_where_no_place_is_lent() -> None:
    mcu = Mcu()
    mcu.world.loans = False
    writer, one, two = mcu.writer(), mcu.reader(1), mcu.reader(2)
    number = mcu.publish(writer, place=0x100)
    kept(mcu.hear(one, number, address=0x200))
    broken(mcu.hear(two, number, address=0x300), Promise.ONE_BUFFER, Family.COPIED)


def test_a_deleted_reader_gets_nothing_and_others_all() -> None:
    mcu = Mcu()
    writer, gone, stays = mcu.writer(), mcu.reader(1), mcu.reader(2)
    number = mcu.publish(writer)
    kept(mcu.world.deleted(gone, 0))
    broken(mcu.hear(gone, number), Promise.GONE, Family.EXTRA)
    kept(mcu.hear(stays, number))
    kept(mcu.spin())


def test_what_was_accepted_outlives_its_writer_and_its_session() -> None:
    for close in (False, True):
        mcu = Mcu(sessions=2)
        writer, reader = mcu.writer(session=1), mcu.reader()
        number = mcu.publish(writer)
        kept(mcu.world.closed(1, 0) if close else mcu.world.deleted(writer, 0))
        broken(mcu.world.spun(0, 0, 0), Promise.UNAFFECTED, Family.LOST)
        kept(mcu.hear(reader, number))
        kept(mcu.spin())


def test_deleting_a_subscriber_deletes_its_readers() -> None:
    mcu = Mcu()
    writer, reader = mcu.writer(), mcu.reader()
    number = mcu.publish(writer)
    kept(mcu.world.dropped(Drop(0, Group.SUBSCRIBER), 0))
    broken(mcu.hear(reader, number), Promise.GONE, Family.EXTRA)


def test_a_sample_published_in_a_callback_may_wait_for_the_next_spin() -> None:
    mcu = Mcu()
    writer, reader = mcu.writer(), mcu.reader()
    kept(mcu.hear(reader, mcu.publish(writer)))
    kept(mcu.world.published(writer, 7, 8, None, 0, young=True))
    kept(mcu.spin())
    broken(mcu.spin(), Promise.ACCEPTED_ARRIVES, Family.LOST)


def test_tables_may_be_full_only_where_the_middleware_said_so() -> None:
    mcu = Mcu()
    mcu.writer()
    end = End(0, Kind.READER, 1)
    broken(mcu.world.created(Create(end), TOPIC, TABLE_FULL), Promise.CREATED, Family.REFUSED)
    mcu = Mcu(limits=Limits(entities=5))
    mcu.writer()
    kept(mcu.world.created(Create(end), TOPIC, TABLE_FULL))


@pytest.mark.parametrize("call", ["delete", "publish", "twice", "large"])
def test_what_makes_no_sense_is_refused(call: str) -> None:
    mcu = Mcu()
    writer = mcu.writer()
    nobody = End(0, Kind.WRITER, 9)
    calls: dict[str, Callable[[int], Breach | None]] = {
        "delete": lambda status: mcu.world.deleted(nobody, status),
        "publish": lambda status: mcu.world.published(nobody, 1, 8, None, status),
        "twice": lambda status: mcu.world.created(Create(writer), TOPIC, status),
        "large": lambda status: mcu.world.published(writer, 1, BYTES + 1, None, status),
    }
    kept(calls[call](UNKNOWN if call != "large" else TOO_LARGE))
    broken(calls[call](0), Promise.REFUSED, Family.ACCEPTED)


def test_a_reply_reaches_who_asked_under_its_request() -> None:
    mcu = Mcu()
    replier = mcu.make(Kind.REPLIER, 1, topic=SERVICE)
    one, two = mcu.make(Kind.REQUESTER, 1, topic=SERVICE), mcu.make(Kind.REQUESTER, 2, topic=SERVICE)
    mcu.publish(one, status=11)
    mcu.publish(two, status=12)
    for number, asker, request in ((1, one, 11), (2, two, 12)):
        kept(mcu.world.delivered(replier, number, 8, whole=True, address=None))
        there = mcu.world.ends[asker]
        kept(mcu.world.replied(replier, number, 8, 0, asker=there, request=request, young=False))
    broken(mcu.world.delivered(two, 1, 8, whole=True, address=None, request=11), Promise.ANSWERED, Family.EXTRA)
    broken(mcu.world.delivered(one, 1, 8, whole=True, address=None, request=12), Promise.ANSWERED, Family.EXTRA)
    kept(mcu.world.delivered(one, 1, 8, whole=True, address=None, request=11))
    broken(mcu.spin(), Promise.ANSWERED, Family.LOST)


def test_a_spin_returns_soon_after_it_delivered() -> None:
    for woken, elapsed, prompt in ((None, 2, True), (None, 300, False), (5, 8, True), (5, 300, False)):
        mcu = Mcu()
        writer, reader = mcu.writer(), mcu.reader()
        kept(mcu.hear(reader, mcu.publish(writer)))
        breach = mcu.world.spun(300, elapsed, 1, woken_after_ms=woken)
        assert (breach is None) is prompt


def test_what_is_lent_is_not_delivered_before_it_is_published() -> None:
    mcu = Mcu()
    writer, reader = mcu.writer(), mcu.reader()
    kept(mcu.world.loaned(writer, 1, 8, 0x100, 0))
    broken(mcu.hear(reader, 1), Promise.NOT_BEFORE, Family.EXTRA)
    mcu = Mcu()
    writer, reader = mcu.writer(), mcu.reader()
    kept(mcu.world.loaned(writer, 1, 8, 0x100, 0))
    kept(mcu.world.sent(writer, 0))
    kept(mcu.hear(reader, 1))


def test_what_becomes_of_an_answer_by_a_deleted_replier_is_left_open() -> None:
    for comes in (False, True):
        mcu = Mcu()
        replier, one = mcu.make(Kind.REPLIER, 1, topic=SERVICE), mcu.make(Kind.REQUESTER, 1, topic=SERVICE)
        mcu.publish(one, status=11)
        kept(mcu.world.delivered(replier, 1, 8, whole=True, address=None))
        kept(mcu.world.deleted(replier, 0))
        kept(mcu.world.replied(replier, 1, 8, 0, asker=mcu.world.ends[one], request=11, young=False))
        if comes:
            kept(mcu.world.delivered(one, 1, 8, whole=True, address=None, request=11))
        kept(mcu.spin())


@pytest.mark.parametrize(
    ("mode", "other", "status", "promise"),
    [
        (Mode.NEW, False, REFUSED, None),
        (Mode.NEW, False, OK, Promise.REFUSED),
        (Mode.REUSE, False, OK, None),
        (Mode.REUSE, False, REFUSED, Promise.CREATED_AGAIN),
        (Mode.REUSE, True, MISMATCH, None),
        (Mode.REUSE, True, OK, Promise.REFUSED),
        (Mode.REPLACE, False, OK, None),
        (Mode.REPLACE, True, REFUSED, Promise.CREATED_AGAIN),
        (Mode.REUSE | Mode.REPLACE, True, OK, None),
        (Mode.REUSE | Mode.REPLACE, False, MISMATCH, Promise.CREATED_AGAIN),
    ],
)
def test_a_creation_mode_says_what_becomes_of_what_is_there(
    mode: Mode, other: bool, status: int, promise: Promise | None
) -> None:
    mcu = Mcu()
    reader = mcu.reader()
    topic = OTHER if other else TOPIC
    breach = mcu.world.created(Create(reader, int(other), PLAIN, mode=mode), topic, status)
    assert (breach.promise if breach is not None else None) is promise


@pytest.mark.parametrize("mode", [Mode.REUSE, Mode.REPLACE])
def test_what_waits_is_for_what_goes_on_and_not_for_what_was_replaced(mode: Mode) -> None:
    mcu = Mcu()
    writer, reader = mcu.writer(), mcu.reader()
    number = mcu.publish(writer)
    kept(mcu.world.created(Create(reader, 0, PLAIN, mode=mode), TOPIC, 0))
    breach = mcu.hear(reader, number)
    if mode is Mode.REUSE:
        kept(breach)
    else:
        broken(breach, Promise.GONE, Family.EXTRA)


def test_names_of_what_is_gone_leave_their_room_to_others() -> None:
    mcu = Mcu(limits=Limits(names=4, name_bytes=100))
    for _ in range(3):
        assert mcu.world.group_created(0, 2, 1, 0, text=40) is None
        assert mcu.world.group_created(0, 1, 1, 0, text=4) is None
        assert mcu.world.group_created(0, 2, 2, TABLE_FULL, text=70) is None  # 114 bytes
        kept(mcu.world.dropped(Drop(0, Group.PARTICIPANT), 0))
    assert mcu.world.group_created(0, 1, 1, 0, text=4) is None
    broken(mcu.world.group_created(0, 2, 2, TABLE_FULL, text=90), Promise.CREATED_AGAIN, Family.REFUSED)


def test_what_waits_for_a_link_may_fill_the_pool_and_what_local_readers_had_may_not() -> None:
    mcu = Mcu(link=True)
    writer = mcu.writer()
    for _ in range(BUFFERS):
        mcu.publish(writer)
    kept(mcu.world.published(writer, 99, 8, None, NO_BUFFER))
    other = Mcu(link=True)
    writer, reader = other.writer(), other.reader()
    for _ in range(BUFFERS):
        kept(other.hear(reader, other.publish(writer)))
        kept(other.spin())
    broken(other.world.published(writer, 99, 8, None, NO_BUFFER), Promise.RETURNED, Family.REFUSED)


def test_a_deletion_may_have_to_wait_for_a_link() -> None:
    mcu = Mcu(link=True)
    reader = mcu.reader()
    kept(mcu.world.deleted(reader, NO_BUFFER))
    assert reader in mcu.world.ends
    broken(Mcu().world.deleted(reader, OK), Promise.REFUSED, Family.ACCEPTED)


def test_what_is_lent_to_another_topic_is_no_matter_of_time() -> None:
    mcu = Mcu()
    writer, reader = mcu.writer(), mcu.reader(topic=OTHER)
    kept(mcu.world.loaned(writer, 7, 8, None, 0))
    broken(mcu.hear(reader, 7), Promise.ONLY_MATCHING, Family.EXTRA)


def test_a_sample_may_be_held_while_a_late_reader_gets_its_history_in_between() -> None:
    mcu = Mcu()
    keeps = Qos(transient_local=True, depth=2)
    writer, reader = mcu.writer(qos=keeps), mcu.reader()
    numbers = [mcu.publish(writer) for _ in range(BUFFERS)]
    late = mcu.reader(2, qos=Qos(transient_local=True))
    kept(mcu.hear(reader, numbers[0]))
    for number in numbers[-2:]:
        kept(mcu.hear(late, number))
        kept(mcu.world.published(writer, 99, 8, None, NO_BUFFER, young=True))
    kept(mcu.hear(reader, numbers[1]))
    broken(mcu.world.published(writer, 99, 8, None, NO_BUFFER, young=True), Promise.RETURNED, Family.REFUSED)


def test_a_writer_that_was_deleted_keeps_its_rows_until_its_samples_are_out() -> None:
    mcu = Mcu(limits=Limits(pairs=3))
    readers = [mcu.reader(id) for id in (1, 2)]
    writer = mcu.writer()
    number = mcu.publish(writer)
    kept(mcu.world.deleted(writer, 0))
    kept(mcu.world.created(Create(writer, 0, PLAIN), TOPIC, TABLE_FULL))
    for reader in readers:
        kept(mcu.hear(reader, number))
    kept(mcu.spin())
    broken(mcu.world.created(Create(writer, 0, PLAIN), TOPIC, TABLE_FULL), Promise.CREATED_AGAIN, Family.REFUSED)


@pytest.mark.parametrize("apart", [False, True])
def test_an_endpoint_made_among_many_is_the_same_made_alone(apart: bool) -> None:
    mcu = Mcu()
    writer = mcu.writer()
    mcu.world.deleted(writer, 0)
    kept(mcu.world.created(Create(writer, 0, PLAIN, apart=apart), TOPIC, 0))
    kept(mcu.world.created(Create(writer, 0, PLAIN, apart=not apart, mode=Mode.REUSE), TOPIC, 0))


@pytest.mark.parametrize("came", [(1,), (2,), (1, 2), (2, 1)])
def test_which_samples_are_the_last_is_open_while_another_context_publishes(came: tuple[int, ...]) -> None:
    mcu = Mcu()
    one, two, reader = mcu.writer(1), mcu.writer(2), mcu.reader(qos=Qos(depth=1))
    mcu.publish(one)
    mcu.world.elsewhere = True
    mcu.number += 1
    kept(mcu.world.published(two, mcu.number, 8, None, OK, concurrent=True))
    for number in came:
        kept(mcu.hear(reader, number))
    kept(mcu.spin())
    mcu.world.joined()
    mcu.publish(one)
    kept(mcu.hear(reader, mcu.publish(one)))  # and no longer, once it has ended
    broken(mcu.hear(reader, 3), Promise.DEPTH, Family.EXTRA)


@pytest.mark.parametrize(
    ("link", "count", "length", "elapsed_ms", "late"),
    [
        (False, 1, 8, 39, False),
        (False, 1, 8, 42, True),
        (False, 100, 8, 44, False),  # as many callbacks take their time
        (False, 3, 200, 90, True),
        (True, 3, 200, 90, False),  # 700 bytes are 60 ms on a line of 115,200 bit/s
        (True, 3, 200, 110, True),
    ],
)
def test_a_spin_returns_soon_after_its_callbacks_and_what_it_had_to_send(
    link: bool, count: int, length: int, elapsed_ms: int, late: bool
) -> None:
    mcu = Mcu(buffers=128, link=link)
    mcu.world.buffer_bytes = 256
    writer, reader = mcu.writer(qos=Qos(keep_all=True)), mcu.reader(qos=Qos(keep_all=True))
    for number in [mcu.publish(writer, length=length) for _ in range(count)]:
        kept(mcu.hear(reader, number, length=length))
    breach = mcu.world.spun(300, elapsed_ms, count)
    if late:
        broken(breach, Promise.PROMPT, Family.LATE)
    else:
        kept(breach)


def test_what_a_depth_replaced_while_another_context_published_is_owed_to_nobody() -> None:
    mcu = Mcu(buffers=16)
    writer, reader = mcu.writer(qos=Qos(keep_all=True)), mcu.reader(qos=Qos(depth=5))
    mcu.world.elsewhere = True
    for number in range(1, 10):
        kept(mcu.world.published(writer, number, 8, None, OK, concurrent=True))
    for number in range(5, 10):
        kept(mcu.hear(reader, number))
    mcu.world.joined()
    kept(mcu.spin())


def test_what_is_elsewhere_takes_nothing_from_local_readers_and_may_bring_some_to_who_asked() -> None:
    mcu = Mcu(link=True)
    writer, reader, other = mcu.make(Kind.WRITER, 1), mcu.make(Kind.READER, 1), mcu.make(Kind.READER, 2)
    mcu.world.elsewhere_came(Kind.WRITER, TOPIC, there=True)
    mcu.world.sent_from_afar(TOPIC, 100, 8)
    mcu.world.asked(reader)

    def by_link(end: End, number: int) -> Breach | None:
        return mcu.world.delivered(end, number, 8, whole=True, address=None, local=False)

    assert by_link(reader, 100) is None
    again, unasked = by_link(reader, 100), by_link(other, 100)
    assert again is not None
    assert again.promise is Promise.ONCE
    assert unasked is not None
    assert unasked.promise is Promise.ONLY_MATCHING
    sample = mcu.publish(writer)
    mcu.world.restarted()
    assert by_link(reader, sample) is None  # an Agent may send it back: that is another claim's matter
    lost = mcu.spin()
    assert lost is not None
    assert lost.family is Family.LOST


def test_a_pool_may_be_full_of_what_a_reader_elsewhere_is_owed() -> None:
    mcu = Mcu(link=True, buffers=1)
    writer, reader = mcu.make(Kind.WRITER, 1), mcu.make(Kind.READER, 1)
    kept(mcu.hear(reader, mcu.publish(writer)))
    assert mcu.spin() is None
    assert mcu.world.published(writer, 50, 8, None, NO_BUFFER) is not None
    mcu.world.elsewhere_came(Kind.READER, TOPIC, there=True)
    kept(mcu.hear(reader, mcu.publish(writer)))
    assert mcu.spin() is None
    assert mcu.world.published(writer, 51, 8, None, NO_BUFFER) is None


def test_a_request_has_an_id_that_no_waiting_one_has() -> None:
    mcu = Mcu()
    mcu.make(Kind.REPLIER, 1, topic=SERVICE)
    asker = mcu.make(Kind.REQUESTER, 1, topic=SERVICE)
    broken(mcu.world.published(asker, 1, 8, None, 0), Promise.ANSWERED, Family.EXTRA)
    kept(mcu.world.published(asker, 2, 8, None, 10))
    broken(mcu.world.published(asker, 3, 8, None, 10), Promise.ANSWERED, Family.EXTRA)


def test_who_asks_the_agent_what_is_there_need_not_refuse_by_itself() -> None:
    world = World(BUFFERS, BYTES, knows=False)
    kept(world.opened(0))
    nobody = End(0, Kind.READER, 9)
    kept(world.deleted(nobody, OK))
    for _ in range(2):
        for group in (1, 2, 4):
            kept(world.group_created(0, group, 1, OK) if (0, group, 1) not in world.groups else None)
        kept(world.created(Create(nobody, 0, PLAIN), TOPIC, OK))
    assert world.unsure


def test_a_creation_may_have_to_wait_for_a_link() -> None:
    for link in (True, False):
        mcu = Mcu(link=link)
        mcu.writer()
        breach = mcu.world.created(Create(End(0, Kind.WRITER, 2), 0, PLAIN), TOPIC, NO_BUFFER)
        assert (breach is None) is link


def test_what_was_to_be_replaced_by_something_that_is_refused_may_be_there_or_not() -> None:
    mcu = Mcu()
    reader = mcu.reader()
    again = Create(reader, 1, PLAIN, mode=Mode.REPLACE)
    kept(mcu.world.created(again, OTHER, UNKNOWN, held=False))
    assert mcu.world.unsure
    mcu = Mcu()
    broken(
        mcu.world.created(Create(mcu.reader(), 1, PLAIN, mode=Mode.REPLACE), OTHER, UNKNOWN),
        Promise.CREATED_AGAIN,
        Family.REFUSED,
    )


@pytest.mark.parametrize(("domain", "meet"), [(0, True), (1, False), (128, False)])
def test_only_within_a_domain_do_any_match(domain: int, meet: bool) -> None:
    mcu = Mcu()
    kept(mcu.world.opened(1, domain))
    writer, reader = mcu.writer(), mcu.reader(session=1)
    number = mcu.publish(writer)
    if meet:
        kept(mcu.hear(reader, number))
    else:
        kept(mcu.spin())
        broken(mcu.hear(reader, number), Promise.ONLY_MATCHING, Family.EXTRA)


@pytest.mark.parametrize(
    ("mode", "status", "stays"),
    [
        (Mode.REUSE, OK, True),
        (Mode.REUSE | Mode.REPLACE, OK, True),
        (Mode.NEW, REFUSED, True),
        (Mode.REPLACE, OK, False),
    ],
)
def test_what_holds_endpoints_keeps_them_or_takes_them_along(mode: Mode, status: int, stays: bool) -> None:
    mcu = Mcu()
    writer, reader = mcu.writer(), mcu.reader()
    kept(mcu.world.renewed(Renew(0, Group.SUBSCRIBER, mode), status))
    number = mcu.publish(writer)
    if stays:
        kept(mcu.hear(reader, number))
    else:
        broken(mcu.hear(reader, number), Promise.GONE, Family.EXTRA)


def test_what_holds_endpoints_is_made_again_if_the_call_says_how() -> None:
    mcu = Mcu()
    mcu.writer()
    broken(mcu.world.renewed(Renew(0, Group.PUBLISHER, Mode.NEW), OK), Promise.REFUSED, Family.ACCEPTED)
    broken(mcu.world.renewed(Renew(0, Group.PUBLISHER, Mode.REUSE), REFUSED), Promise.CREATED_AGAIN, Family.REFUSED)
    broken(mcu.world.renewed(Renew(0, Group.PARTICIPANT, Mode.REPLACE), REFUSED), Promise.CREATED_AGAIN, Family.REFUSED)


@pytest.mark.parametrize("mode", (Mode.REUSE, Mode.REUSE | Mode.REPLACE))
def test_whether_two_forms_say_the_same_is_left_open(mode: Mode) -> None:
    mcu = Mcu()
    kept(mcu.world.created(Create(mcu.reader(), 0, PLAIN, Form.XML, mode=mode), TOPIC, OK))
    assert mcu.world.unsure


@pytest.mark.parametrize(("group", "id"), [(2, 1), (3, 1), (2, 0x201), (4, 2)])
def test_what_belongs_to_a_participant_that_was_refused_may_be_refused(group: int, id: int) -> None:
    world = World(BUFFERS, BYTES, link=True)
    kept(world.opened(0))
    kept(world.group_created(0, 1, 1 if id == 1 else 2, NO_BUFFER))
    kept(world.group_created(0, group, id, UNKNOWN))
    kept(world.group_created(0, 1, 1 if id == 1 else 2, OK))
    broken(world.group_created(0, group, id, UNKNOWN), Promise.PAIR_MEETS, Family.REFUSED)


def test_a_late_reader_gets_nothing_of_a_writer_that_had_gone() -> None:
    mcu, durable = Mcu(), Qos(transient_local=True)
    writer = mcu.writer(qos=durable)
    number = mcu.publish(writer)
    kept(mcu.world.renewed(Renew(0, Group.PUBLISHER, Mode.REPLACE), OK))
    reader = mcu.reader(qos=durable)
    broken(mcu.hear(reader, number), Promise.HISTORY, Family.EXTRA)


def test_a_loan_to_nobody_leaves_all_open_where_only_the_agent_knows_who_there_is() -> None:
    world = World(BUFFERS, BYTES, knows=False)
    kept(world.opened(0))
    kept(world.loaned(End(0, Kind.REQUESTER, 1), 1, 8, None, UNKNOWN))
    assert not world.unsure
    kept(world.loaned(End(0, Kind.REQUESTER, 1), 1, 8, None, OK))
    assert world.unsure
