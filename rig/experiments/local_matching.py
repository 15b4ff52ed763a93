"""Which writers and readers of one MCU find each other, over a matrix of what DDS says must and must not match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rig.bench import Capability, Refused, Status, Unsupported
from rig.experiments import _long_life
from rig.experiments._experiment import Experiment
from rig.experiments._pairs import AnyPair, ServicePair, make, pairs, texts
from rig.experiments._refusals import raise_unanswered, whole_numbers
from rig.records import Measurement, Metric, Scalar
from rig.records.vocabulary import Pairs
from rig.station import Setting

_SAMPLES = 3
_PAYLOAD = 32


def measure(setting: Setting) -> Iterator[Measurement]:
    """Each pair alone: deliveries at the other side, compared with what DDS asks for.

    A pair that cannot be created is wrong if DDS lets it match. It counts as untried if the middleware has no such
    feature, or reports too little room for its texts, and as unknown if the Agent refused it.
    """
    limits = whole_numbers(setting.bench.configuration())
    wrong: dict[str, str] = {}
    unknown: dict[str, str] = {}
    untried: dict[str, str] = {}
    asked = 0
    for pair in pairs(setting.bench, quick=setting.quick):
        asked += 1
        try:
            got = _try(setting, pair)
        except Unsupported as error:
            untried[str(pair)] = error.message
            continue
        except Refused as error:
            raise_unanswered(error)
            _sort(pair, error, limits, wrong=wrong, unknown=unknown, untried=untried)
            continue
        must = _SAMPLES if pair.compatible else 0
        if got != must:
            wrong[str(pair)] = f"{got} deliveries, must be {must}"
    conditions: dict[str, Scalar] = {"payload_bytes": _PAYLOAD, "samples": _SAMPLES}
    detail = Pairs(wrong=wrong, unknown=unknown, untried=untried)
    for metric, value in (
        (Metric.PAIRS_TRIED, asked - len(unknown) - len(untried)),
        (Metric.PAIRS_WRONG, len(wrong)),
        (Metric.PAIRS_UNKNOWN, len(unknown)),
        (Metric.PAIRS_UNTRIED, len(untried)),
    ):
        yield setting.measurement("local-matching", metric, [value], conditions=conditions, detail=detail)
    if setting.bench.has(Capability.DELETE):
        yield from _long_life.live(setting, "local-matching", _long_life.latecomers)


def _sort(
    pair: AnyPair,
    error: Refused,
    limits: Mapping[str, int],
    *,
    wrong: dict[str, str],
    unknown: dict[str, str],
    untried: dict[str, str],
) -> None:
    """What the refusal to make a pair says."""
    if error.status is Status.TABLE_FULL and texts(pair) > limits.get("name_bytes", texts(pair)):
        untried[str(pair)] = f"{texts(pair)} bytes of text, and room for {limits['name_bytes']}"
    elif error.status is Status.REFUSED:
        unknown[str(pair)] = f"the Agent refused it: {error.message}"
    elif not pair.compatible:
        unknown[str(pair)] = error.message
    else:
        wrong[str(pair)] = error.message


def _try(setting: Setting, pair: AnyPair) -> int:
    """Deliveries to the one reader; of a service, requests that were heard and answered."""
    bench = setting.bench
    offline = bench.has(Capability.OFFLINE)
    timeout = 0.0 if offline else setting.answer_timeout
    bench.start(buffers=4, mtu=setting.mtu, history=setting.history, link=not offline and setting.link is not None)
    sessions = [bench.open_session(setting.next_key(), timeout=timeout) for _ in range(pair.sessions)]
    make(bench, pair, sessions, timeout=timeout)
    if isinstance(pair, ServicePair):
        return _serve(setting, pair, sessions[0])
    seen = bench.exchange(
        session=sessions[0],
        writer=1,
        count=_SAMPLES,
        length=_PAYLOAD,
        readers=1 if pair.compatible else 0,
        record=False,
        deadline=0.2,
    )
    return seen.local + (0 if offline else bench.spin(timeout=0.05))


def _serve(setting: Setting, pair: ServicePair, session: int) -> int:
    seen = setting.bench.serve(
        session=session,
        requester=1,
        count=_SAMPLES,
        length=_PAYLOAD,
        outstanding=1,
        deadline=0.2 if pair.compatible else 0.02,
    )
    if pair.compatible:
        # Each request once, and an answer: whether it is the right one, and none is missing, is for `services`.
        return _SAMPLES - seen.asked + seen.heard if seen.asked and seen.local + seen.wrong else 0
    # Of the same request type the replier may well be asked, but its reply is of a type that nobody waits for.
    return seen.replied + seen.wrong + (seen.heard if pair.asked[:2] != pair.offered[:2] else 0)


EXPERIMENT = Experiment(
    id="local-matching", title="which writers and readers match", measure=measure, has_control=False
)
