"""What an endpoint needs beside itself: its participant, publisher or subscriber, and topic, each with its DDS-XRCE id.

Knows creations. Must not know their results.
"""

from __future__ import annotations

from rig.model._operations import Create, Form, Kind

PARTICIPANT, TOPIC, PUBLISHER, SUBSCRIBER = 1, 2, 3, 4
_BY_REFERENCE = 0x100
_OF_A_PARTICIPANT, _PARTICIPANTS = 0x200, 8  # ids of topics for each participant


def topic_id(topic: int, form: Form = Form.BIN, participant: int = 1) -> int:
    """The DDS-XRCE id of a topic in each session, by its index in the sequence; a topic by REF gets another id, and so
    does that of another participant.
    """
    return topic + 1 + (form is Form.REF) * _BY_REFERENCE + (participant - 1) % _PARTICIPANTS * _OF_A_PARTICIPANT


def topic_of(id: int) -> int:
    """The index in the sequence, by the id."""
    return (id - 1) % _BY_REFERENCE


def participant_of(kind: int, id: int) -> int:
    """The id of the participant that a participant, topic, publisher or subscriber belongs to: all but topics have
    the id of theirs.
    """
    return ((id - 1) // _OF_A_PARTICIPANT + 1) % _PARTICIPANTS if kind == TOPIC else id


def holders(create: Create) -> list[tuple[int, int]]:
    """The entities that an endpoint needs: (DDS-XRCE kind, id)."""
    needed = [(PARTICIPANT, create.participant)]
    if create.end.kind in (Kind.WRITER, Kind.READER):
        group = PUBLISHER if create.end.kind is Kind.WRITER else SUBSCRIBER
        needed += [(TOPIC, topic_id(create.topic, create.form, create.participant)), (group, create.participant)]
    return needed
