"""An observation as measurements: what stands in the record of a run, with unit, conditions and detail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rig.bench import PayloadWrites, Place
from rig.observe._figures import Figures
from rig.observe._observe import Observation
from rig.probe import FirmwareImage
from rig.records import Board, Condition, Detail, Firmware, Measurement, Metric, Scalar
from rig.records.vocabulary import (
    Addresses,
    HeldOutside,
    HeldPlace,
    Latency,
    LinkUse,
    Outside,
    Stack,
    TraceOutside,
    Withheld,
    Written,
    check_conditions,
)

EXPERIMENT = "observe"
WHOLE, CUT, CUT_AT_START = "whole", "cut", "cut from the start"
"""Values of the condition ``link``."""
NO_COUNTER = "what the profile takes for the application's counter has one value in several publishes"


def board_record(observation: Observation, *, link: str, firmware: Sequence[Firmware]) -> Board:
    """The board as it was used."""
    found = observation.board
    return Board(
        name=found.name,
        kind=found.kind,
        target=found.target or "",
        core=found.core,
        probe=" ".join(word for word in (found.probe_product, found.probe_uid) if word),
        emulator=found.emulator or "",
        clock=observation.clock.name if observation.clock is not None else "",
        clock_note=observation.clock.note if observation.clock is not None else observation.no_clock,
        link=link,
        firmware=tuple(firmware),
    )


def firmware_record(image: FirmwareImage, variant: str, profile: str) -> Firmware:
    """The image as a record. What it says of itself is nothing that the rig could read."""
    return Firmware(
        variant=variant,
        digest=image.digest,
        file=image.path.name,
        middleware=f"not the bench (profile {profile})",
        middleware_version="",
        compiler="",
        sections=dict(image.sections),
    )


def measurements(seen: Observation, variant: str) -> list[Measurement]:
    """All that an observation says of one variant (shm, network)."""
    return list(_Record(seen, variant).all())


class _Record:
    def __init__(self, seen: Observation, variant: str) -> None:
        self._seen, self._variant = seen, variant
        of = seen.figures
        self._shape: dict[str, Scalar] = {}
        if of.payload_bytes is not None:
            self._shape[Condition.PAYLOAD_BYTES] = of.payload_bytes
        if of.readers:
            self._shape[Condition.READERS] = of.readers

    def all(self) -> Iterator[Measurement]:
        seen = self._seen
        yield from self._deliveries(seen.figures, WHOLE)
        if seen.severed is not None:
            yield from self._deliveries(seen.severed, CUT)
        if seen.startup is not None:
            yield from self._deliveries(seen.startup, CUT_AT_START)
        yield from self._times()
        yield from self._copies()
        yield from self._link()
        for name, count in seen.calls.items():
            yield self._one(Metric.FUNCTION_CALLS, [count], {Condition.FUNCTION: name})
        for metric, key in ((Metric.TEXT_BYTES, "text"), (Metric.DATA_BYTES, "data"), (Metric.BSS_BYTES, "bss")):
            yield self._one(metric, [seen.sections.get(key, 0)], exact=True)
        for name, sizes in seen.modules.items():
            for metric, size in zip((Metric.MODULE_ROM, Metric.MODULE_RAM), sizes, strict=True):
                yield self._one(metric, [size], {Condition.MODULE: name}, exact=True)
        use = seen.stack
        yield self._one(
            Metric.STACK_PEAK,
            [] if use.unknown else [use.peak],
            detail=Stack(reserved=use.reserved, unavailable=use.unknown),
        )
        yield self._one(Metric.FALSE_STOPS, [seen.false_stops])

    def _deliveries(self, of: Figures, link: str) -> Iterator[Measurement]:
        told = Outside(
            functions=dict(of.by_function), burst=of.longest_burst, watched=of.published, silent=of.lost_in_silence
        )
        rows: list[tuple[Metric, int | None]] = [
            (Metric.PUBLISHES_WATCHED, of.published),
            (Metric.CALLBACKS_LOCAL, of.transport_local),
            (Metric.CALLBACKS_LINK, of.transport_link),
            *([(Metric.CALLBACKS_UNKNOWN, of.transport_unknown)] if of.transport_unknown else []),
            (Metric.CALLBACKS, of.callbacks),
            (Metric.PUBLISH_ERRORS, of.failed if of.returned else None),
            (Metric.UNCONFIRMED, of.failed_delivered if of.returned else None),
            (Metric.SAMPLES_LOST, of.lost),
            (Metric.SAMPLES_OUT_OF_ORDER, of.out_of_order),
            (Metric.SAMPLES_DOUBLED, of.repeated),
        ]
        for metric, count in rows:
            detail = told if count is not None else replace(told, unavailable=_why_not(metric, of))
            yield self._one(
                metric, [] if count is None else [count], {Condition.LINK: link, **self._shape}, detail=detail
            )

    def _times(self) -> Iterator[Measurement]:
        seen = self._seen
        of, clock = seen.figures, seen.clock
        cost = {} if not seen.halt_cost else {"a halt, taken off nothing": max(map(seen.units, seen.halt_cost))}
        told = Latency(to="publish's first instruction to that of the other function", subtracted={})
        for metric, ticks in (
            (Metric.TO_TRANSPORT, of.to_transport),
            (Metric.LATENCY, of.to_callback),
            (Metric.PUBLISH_CALL, of.returned),
        ):
            detail = told if clock is not None else replace(told, unavailable=seen.no_clock)
            yield self._timed(metric, [seen.units(each) for each in ticks] if clock is not None else [], detail)
        if cost:
            yield self._timed(Metric.HALT_COST, [seen.units(each) for each in seen.halt_cost], None, shape=False)
        if seen.steps:
            yield self._one(Metric.TO_TRANSPORT_STEPPED, list(seen.steps), self._shape, exact=True, detail=told)

    def _timed(
        self, metric: Metric, samples: Sequence[float], detail: Detail | None, *, shape: bool = True
    ) -> Measurement:
        clock = self._seen.clock
        return Measurement(
            experiment=EXPERIMENT,
            board=self._seen.board.name,
            variant=self._variant,
            path=_path(self._variant),
            metric=metric.value,
            unit=clock.unit if clock is not None else "instructions",
            samples=tuple(map(float, samples)),
            clock=clock.name if clock is not None else None,
            conditions=check_conditions(self._shape if shape else {}),
            detail=detail.plain() if detail is not None else {},
        )

    def _copies(self) -> Iterator[Measurement]:
        seen = self._seen
        places = seen.places
        why = "" if places is not None else "not searched: needs the place and length of a payload whose bytes tell"
        own = sum(_holds(place, seen.own_place) for place in places or ()) if seen.own_place is not None else None
        own = 0 if seen.loaned else own
        yield self._one(
            Metric.RESIDENT_COPIES,
            [] if places is None else [len(places)],
            self._shape,
            detail=HeldOutside(places=tuple(map(_held, places or ())), own=own, unavailable=why),
        )
        traced = seen.traced
        yield self._one(
            Metric.PAYLOAD_WRITTEN,
            [] if traced.unknown else [sum(row.bytes for row in traced.copies)],
            self._shape,
            exact=self._variant == "shm",  # what the link brings depends on when it brings it
            detail=TraceOutside(
                writers=tuple(map(_written, traced.copies)),
                serialised=traced.serialised.bytes if traced.serialised is not None else 0,
                writes=traced.writes,
                doubtful=traced.doubtful,
                first=_written(traced.serialised) if traced.serialised is not None else None,
                unavailable=traced.unknown,
            ),
        )
        rows = {str(counter): places for counter, places in seen.figures.places.items() if len(places) > 1}
        if rows:
            yield self._one(
                Metric.DISTINCT_BUFFERS,
                [len(set(places)) for places in rows.values()],
                self._shape,
                detail=Addresses(addresses={key: tuple(map(hex, row)) for key, row in list(rows.items())[:8]}),
            )

    def _link(self) -> Iterator[Measurement]:
        seen = self._seen
        of, window = seen.figures, seen.window
        data = window.to_agent.data_messages + window.to_board.data_messages
        yield self._one(
            Metric.LINK_BYTES,
            [window.bytes / of.published],
            self._shape,
            detail=LinkUse(
                samples=of.published,
                messages=window.to_agent.messages + window.to_board.messages,
                data_submessages=data,
            ),
        )
        for metric, count in (
            (Metric.MESSAGES_SENT, seen.link.to_agent.messages),
            (Metric.MESSAGES_BACK, seen.link.to_board.messages),
            (Metric.LINK_SENT, seen.link.to_agent.bytes),
            (Metric.LINK_BACK, seen.link.to_board.bytes),
            (Metric.DATA_SENT, seen.link.to_agent.data_messages),
            (Metric.DATA_ECHOED, seen.link.to_board.data_messages),
            (Metric.SESSIONS, seen.sessions),
            (Metric.SESSIONS_ALIVE, int(seen.session_alive)),
        ):
            yield self._one(metric, [count])
        yield self._one(Metric.WITHHELD, [sum(seen.withheld.values())], detail=Withheld(topics=dict(seen.withheld)))

    def _one(
        self,
        metric: Metric,
        samples: Sequence[float],
        conditions: dict[str, Scalar] | None = None,
        *,
        exact: bool = False,
        detail: Detail | None = None,
    ) -> Measurement:
        return Measurement(
            experiment=EXPERIMENT,
            board=self._seen.board.name,
            variant=self._variant,
            path=_path(self._variant),
            metric=metric.value,
            unit=metric.unit.value,
            samples=tuple(map(float, samples)),
            exact=exact and self._seen.board.kind != "probe",
            conditions=check_conditions(conditions or {}),
            detail=detail.plain() if detail is not None else {},
        )


def _path(variant: str) -> str:
    return "shm" if variant == "shm" else "agent"


def _why_not(metric: Metric, of: Figures) -> str:
    if metric in (Metric.PUBLISH_ERRORS, Metric.UNCONFIRMED):
        return "the profile does not tell where publish has its result, or no breakpoint was left for its return"
    if of.no_counter:
        return NO_COUNTER
    return "the profile says no place of the application's counter, at publish and at its callback"


def _holds(place: Place, address: int | None) -> bool:
    return address is not None and address == place.address - place.offset


def _held(place: Place) -> HeldPlace:
    return HeldPlace(symbol=place.symbol, address=f"{place.address:#010x}", offset=place.offset, bytes=place.length)


def _written(row: PayloadWrites) -> Written:
    return Written(
        function=row.function,
        caller=row.caller,
        address=f"{row.address:#010x}",
        symbol=row.symbol,
        offset=row.offset,
        bytes=row.bytes,
    )
