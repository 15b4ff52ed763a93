"""Brings a board into the state that a row of a covering array describes, and publishes in that state.

Knows factors and the setting. Must not know what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rig.bench import Exchange, Pool, Refused, Status, Topology, Unsupported, pair
from rig.experiments._factors import Array, Row
from rig.experiments._refusals import raise_unanswered
from rig.records import Detail, Measurement, Metric
from rig.records.vocabulary import Rows
from rig.station import Setting

_FIRST_OTHER = 0x101  # ids far from those of the pair that is measured
_PATIENCE = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Arranged:
    """Entities and pool as a row has them. ``impossible``: why the row cannot be made, as a figure's detail."""

    row: Row
    pool: Pool | None = None
    topology: Topology | None = None
    impossible: Detail | None = None


def told(setting: Setting, experiment: str, array: Array) -> Measurement:
    """The array itself as a figure: how many rows it has, and which combinations are left out on this board,
    and why.
    """
    return setting.measurement(
        experiment,
        Metric.ROWS,
        [len(array.rows)],
        conditions={},
        detail=Rows(strength=array.strength, levels=array.levels, left_out=array.left_out),
    )


@contextmanager
def arranged(setting: Setting, row: Row) -> Iterator[Arranged]:
    """Start, connect and, if the row says so, cut the link; afterwards the link works again.

    A middleware may lack a feature or have no room. That is no evidence here: ``entity-capacity`` tests the room.

    :raises Refused: it refused for another reason, or the Agent did not answer.
    """
    link = setting.link
    if link is not None and row.reticent:
        link.restart_agent(reticent=True)
    try:
        with _connected(setting, row) as state:
            yield state
    finally:
        if link is not None and row.reticent:
            link.restart_agent()


@contextmanager
def _connected(setting: Setting, row: Row) -> Iterator[Arranged]:
    try:
        pool, topology = setting.begin(
            buffers=row.buffers,
            buffer_bytes=row.buffers * row.buffer_bytes,
            readers=row.readers,
            reliable=row.reliable,
            sessions=row.sessions,
        )
        if row.other_pairs:
            add_pairs(setting, topology, row.other_pairs)
    except Unsupported as error:
        yield Arranged(row=row, impossible=Detail(unsupported=error.message))
        return
    except Refused as error:
        if error.status is not Status.TABLE_FULL:
            raise
        yield Arranged(row=row, impossible=Detail(unavailable=error.message))
        return
    setting.settle()
    if not row.silent or setting.link is None:
        yield Arranged(row=row, pool=pool, topology=topology)
        return
    setting.link.cut()
    try:
        yield Arranged(row=row, pool=pool, topology=topology)
    finally:
        setting.link.restore()


def add_pairs(setting: Setting, topology: Topology, wanted: int) -> int:
    """Create writers and readers on topics of their own beside the measured ones; return how many pairs there was room
    for.
    """
    timeout = setting.answer_timeout
    for made in range(wanted):
        entities = pair(_FIRST_OTHER + made, name=f"rt/other_{made}", type_name="std_msgs::msg::dds_::Int32_")
        try:
            setting.bench.create_all(topology.session, entities, timeout=timeout)
        except Refused as error:
            raise_unanswered(error)
            return made  # whatever the error: entity-capacity is where it counts
    return wanted


def publish(
    setting: Setting,
    state: Arranged,
    *,
    first: int,
    count: int = 0,
    on_hold: Callable[[], None] | None = None,
    within: Callable[[Callable[[], None]], None] | None = None,
) -> Exchange:
    """Publish the row's samples, burst by burst. If the link still holds the only buffers, try again after it had time
    to release them.

    :param count: number of samples; 0: one burst.
    """
    row, topology = state.row, state.topology
    assert topology is not None
    for _ in range(_PATIENCE):
        seen = setting.bench.exchange(
            session=topology.session,
            writer=topology.writer,
            count=count or row.burst,
            burst=row.burst,
            length=row.payload_bytes,
            readers=row.readers,
            first=first,
            deadline=3.0,
            quiet=within is not None,
            on_hold=on_hold,
            within=within,
        )
        if not seen.refused or seen.status is not Status.NO_BUFFER or row.silent:
            break
        setting.settle()
    return seen
