"""Codec and framing: any value survives the wire, any bytes survive the decoder."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import rig.xrce as room
from rig import xrce

U8, U16, U32 = st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
I32 = st.integers(-(2**31), 2**31 - 1)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20)
PROPERTIES = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
PAIR = st.tuples(U8, U8)
TIME = st.tuples(I32, U32)
IDS = {"request_id": U16, "object_id": U16}
KEY = st.binary(min_size=4, max_size=4)


def creates() -> st.SearchStrategy[xrce.Create]:
    common = {**IDS, "reuse": st.booleans(), "replace": st.booleans()}
    binary = st.builds(
        xrce.Create,
        **common,
        object_kind=st.integers(2, 8),
        representation=st.just(xrce.RepresentationFormat.BIN),
        body=st.binary(max_size=40),
        parent_id=U16,
    )
    text = st.builds(
        xrce.Create,
        **common,
        object_kind=st.just(1),
        representation=st.sampled_from([xrce.RepresentationFormat.XML, xrce.RepresentationFormat.REF]),
        body=TEXT.map(str.encode),
        domain_id=st.integers(-(2**15), 2**15 - 1),
    )
    return binary | text


SUBMESSAGES = st.one_of(
    st.builds(
        xrce.CreateClient,
        client_key=KEY,
        session_id=U8,
        mtu=U16,
        properties=PROPERTIES,
        version=PAIR,
        vendor=PAIR,
    ),
    creates(),
    st.builds(xrce.GetInfo, **IDS, mask=U32),
    st.builds(xrce.Delete, **IDS),
    st.builds(xrce.StatusAgent, status=U8, implementation_status=U8, properties=PROPERTIES, version=PAIR, vendor=PAIR),
    st.builds(xrce.Status, **IDS, status=U8, implementation_status=U8),
    st.builds(
        xrce.Info,
        **IDS,
        status=U8,
        implementation_status=U8,
        config=st.none() | st.builds(xrce.AgentConfig, kind=st.just(13), version=PAIR, vendor=PAIR),
        activity=st.none()
        | st.builds(xrce.WriterActivity, remote_readers=U16, kind=st.just(5))
        | st.builds(
            xrce.AgentActivity,
            kind=st.just(13),
            availability=st.integers(-(2**15), 2**15 - 1),
            locators=st.lists(
                st.tuples(st.just(0), st.binary(min_size=3, max_size=3))
                | st.tuples(st.just(1), st.binary(min_size=6, max_size=6))
                | st.tuples(st.just(2), st.binary(min_size=20, max_size=20))
                | st.tuples(st.just(3), TEXT.map(str.encode)),
                max_size=3,
            ).map(tuple),
        ),
    ),
    st.builds(xrce.WriteData, **IDS, data=st.binary(max_size=64)),
    st.builds(
        xrce.ReadData,
        **IDS,
        stream_id=U8,
        content_filter=st.none() | TEXT,
        delivery=st.none()
        | st.builds(xrce.DeliveryControl, max_samples=U16, max_elapsed=U16, max_bytes_per_second=U16, min_pace=U16),
    ),
    st.builds(xrce.Data, **IDS, data=st.binary(max_size=64)),
    st.builds(xrce.AckNack, first_unacked=U16, bitmap=U16, stream_id=U8),
    st.builds(xrce.Heartbeat, first_unacked=U16, last=U16, stream_id=U8),
    st.builds(xrce.Reset),
    st.builds(xrce.Fragment, data=st.binary(max_size=64), last=st.booleans()),
    st.builds(xrce.Timestamp, transmit=TIME),
    st.builds(xrce.TimestampReply, transmit=TIME, receive=TIME, originate=TIME),
)
HEADERS = st.builds(
    xrce.Header, session_id=st.integers(0x80, 0xFF), stream_id=U8, sequence=U16, client_key=st.none()
) | st.builds(xrce.Header, session_id=st.integers(0, 0x7F), stream_id=U8, sequence=U16, client_key=KEY)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(header=HEADERS, items=st.lists(SUBMESSAGES, min_size=1, max_size=4))
def test_any_message_survives_the_wire(header: xrce.Header, items: list[xrce.Submessage]) -> None:
    message = xrce.Message(header=header, submessages=tuple(items))
    assert xrce.decode_message(xrce.encode_message(message)) == message
    assert len(xrce.describe(message)) == len(items)


@settings(max_examples=600, deadline=None)
@given(data=st.binary(max_size=120))
@example(bytes.fromhex("8000000000010000"))
def test_any_bytes_give_a_message_or_a_decode_error(data: bytes) -> None:
    try:
        message = xrce.decode_message(data)
    except xrce.XrceDecodeError as error:
        assert 0 <= error.offset <= len(data)
        assert isinstance(error, ValueError)
    else:
        xrce.describe(message)


@settings(max_examples=300, deadline=None)
@given(header=HEADERS, item=SUBMESSAGES, place=st.integers(0, 500), bit=st.integers(0, 7))
def test_any_flipped_bit_gives_a_message_or_a_decode_error(
    header: xrce.Header, item: xrce.Submessage, place: int, bit: int
) -> None:
    data = bytearray(xrce.encode_message(xrce.Message(header=header, submessages=(item,))))
    data[place % len(data)] ^= 1 << bit
    with contextlib.suppress(xrce.XrceDecodeError):
        xrce.describe(xrce.decode_message(bytes(data)))


@pytest.mark.parametrize("count", [0xFFFFFFFF, 0x7FFFFFFF, 0x10000])
def test_hostile_counts_allocate_nothing(count: int) -> None:
    info = bytes.fromhex("80000000 06011c00 0009fffd 0000000100010d0001000000".replace(" ", "")) + count.to_bytes(
        4, "little"
    )
    start = time.monotonic()
    with pytest.raises(xrce.XrceDecodeError):
        xrce.decode_message(info)
    login = bytes.fromhex("80000000 00011000 58524345 0100010f aabbccdd 81010000".replace(" ", ""))
    with pytest.raises(xrce.XrceDecodeError):
        xrce.decode_message(login + count.to_bytes(4, "little") + bytes(40))
    assert time.monotonic() - start < 10


BODIES = (
    (
        xrce.encode_topic,
        xrce.decode_topic,
        st.builds(xrce.TopicBody, name=TEXT, type_ref=st.none() | TEXT, type_name=st.none() | TEXT),
    ),
    (
        xrce.encode_participant,
        xrce.decode_participant,
        st.builds(xrce.ParticipantBody, domain_ref=st.none() | TEXT, qos_profile_ref=st.none() | TEXT),
    ),
    (
        xrce.encode_group,
        xrce.decode_group,
        st.builds(xrce.GroupBody, name=st.none() | TEXT, partitions=st.lists(TEXT, max_size=3).map(tuple)),
    ),
    (
        xrce.encode_service,
        xrce.decode_service,
        st.builds(
            xrce.ServiceBody,
            service=TEXT,
            request_type=TEXT,
            reply_type=TEXT,
            request_topic=st.none() | TEXT,
            reply_topic=st.none() | TEXT,
        ),
    ),
)
QOS = st.none() | st.builds(
    xrce.EndpointQos,
    flags=U16,
    depth=st.none() | U16,
    deadline_ms=st.none() | U32,
    lifespan_ms=st.none() | U32,
    user_data=st.none() | st.binary(max_size=8),
)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_bin_body_survives(data: st.DataObject) -> None:
    encode, decode, bodies = data.draw(st.sampled_from(BODIES))
    body = data.draw(bodies)
    assert decode(encode(body)) == body  # type: ignore[operator]
    endpoint = data.draw(st.builds(xrce.EndpointBody, topic_id=U16, qos=QOS))
    assert xrce.decode_endpoint(xrce.encode_writer(endpoint)) == endpoint
    assert xrce.decode_endpoint(xrce.encode_reader(endpoint)) == endpoint


@settings(max_examples=300, deadline=None)
@given(
    frames=st.lists(
        st.tuples(
            st.binary(max_size=40) | st.lists(st.sampled_from([0x7E, 0x7D, 0x5E, 0x20]), max_size=20).map(bytes), U8, U8
        ),
        max_size=4,
    ),
    cuts=st.lists(st.integers(1, 20), max_size=30),
)
def test_any_frames_in_any_pieces(frames: list[tuple[bytes, int, int]], cuts: list[int]) -> None:
    line = b"".join(xrce.encode_frame(data, source=source, destination=to) for data, source, to in frames)
    assert line.count(0x7E) == len(frames)
    decoder = xrce.FrameDecoder()
    events: list[xrce.Frame | xrce.FrameError] = []
    position = 0
    for size in [*cuts, len(line) + 1]:
        events += decoder.feed(line[position : position + size])
        position += size
    assert [(e.payload, e.source, e.destination) for e in events if isinstance(e, xrce.Frame)] == frames
    assert len(events) == len(frames)
    assert b"".join(event.raw for event in events) == line


@settings(max_examples=300, deadline=None)
@given(noise=st.binary(max_size=60), payload=st.binary(max_size=20), step=st.integers(1, 9))
def test_a_frame_is_found_after_any_noise_and_a_pause(noise: bytes, payload: bytes, step: int) -> None:
    """Noise may look like a frame's head and swallow frames, but two more flags bring the line back."""
    frame = xrce.encode_frame(payload, source=1, destination=0)
    line = noise + frame + frame
    whole, pieces = xrce.FrameDecoder(), xrce.FrameDecoder()
    events = whole.feed(line)
    stepped = [e for start in range(0, len(line), step) for e in pieces.feed(line[start : start + step])]
    good = [event for event in events if isinstance(event, xrce.Frame)]
    assert payload in [event.payload for event in good]
    assert good == [event for event in stepped if isinstance(event, xrce.Frame)]


def test_oversized_payload_is_refused() -> None:
    with pytest.raises(ValueError, match="65536"):
        xrce.encode_frame(bytes(65536), source=0, destination=0)
    limited = xrce.FrameDecoder(max_payload=100)
    events = limited.feed(xrce.encode_frame(bytes(101), source=1, destination=0)[:5])
    assert [type(event) for event in events] == [xrce.FrameError]
    assert limited.pending == 0


def test_exports_are_what_exists() -> None:
    public = {name for name in vars(room) if name.isidentifier() and name[0] != "_" and name != "annotations"}
    assert set(room.__all__) == public
