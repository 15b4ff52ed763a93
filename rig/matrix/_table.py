"""The seeded defects of ``firmware/defects``, and for each the claims that it breaks: those and no others."""

from __future__ import annotations

from dataclasses import dataclass

from rig.inventory import BoardKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Defect:
    """One known defect. ``breaks``: the claims that must be refuted by a firmware that has it.

    ``traced``: only a trace of every write can see it, which emulated boards alone have. ``hides``: claims that may
    stay undecided, as the defect takes away what they are decided on.
    """

    name: str
    breaks: frozenset[str]
    traced: bool = False
    hides: frozenset[str] = frozenset()

    def breaks_on(self, kind: BoardKind) -> frozenset[str]:
        """The claims that must be refuted on a board of this kind."""
        return frozenset() if self.traced and kind != "emulated" else self.breaks


def _defect(name: str, *breaks: str, traced: bool = False, hides: tuple[str, ...] = ()) -> Defect:
    return Defect(name=name, breaks=frozenset(breaks), traced=traced, hides=frozenset(hides))


# A copy needs a place: what keeps samples of its own has more RAM than its formula says.
_ROWS = (
    _defect("reverse_order", "burst-order", "thread-safety", "footprint"),
    _defect("swap_neighbours", "burst-order", "thread-safety", "footprint"),
    _defect("doubled_burst", "burst-order", "thread-safety"),
    # Samples that wait for the Agent as well fill the pool.
    _defect("silent_pool_loss", "burst-order", "thread-safety", "footprint", "agent-duplicates"),
    _defect("truncate_length", "message-size"),
    _defect("refuse_64k", "message-size"),
    _defect("refuse_history", "message-size"),
    _defect("corrupt_tail", "message-size", hides=("latency",)),
    _defect("lose_large", "message-size", hides=("latency",)),
    _defect(
        "misrouted", "message-size", "entity-capacity", hides=("copies", "shared-buffer", "os-overhead", "latency")
    ),
    _defect("copy_per_reader", "copies", "shared-buffer", "footprint"),
    _defect("two_buffers", "copies", "shared-buffer", "footprint"),
    _defect("hidden_copy", "copies", "footprint"),
    _defect("partial_copy", "copies", "footprint"),
    _defect("scattered_copy", "copies", "footprint"),
    _defect("transient_copy", "copies", traced=True),
    _defect("lose_some", "agentless-operation", "thread-safety", hides=("latency",)),  # a distribution has every sample
    _defect("torn_sample", "agentless-operation", "agentless-startup", "thread-safety", hides=("latency",)),
    _defect("offline_refused", "agentless-startup"),
    _defect("offline_loss", "agentless-startup"),
    _defect("late_echo", "agent-duplicates"),
    _defect("needless_data", "agent-duplicates"),
    _defect("missing_data", "agent-duplicates"),
    _defect("ignore_qos", "local-matching"),
    _defect("fold_case", "local-matching"),
    _defect("ignore_type", "local-matching", "agent-duplicates"),  # the Agent is told of another type too
    _defect("reader_first", "local-matching"),
    _defect("refuse_durable", "local-matching"),
    _defect("short_names", "local-matching"),
    _defect("text_qos", "local-matching"),
    _defect("any_service", "local-matching", "services"),
    _defect("leak_session", "lifecycle"),
    _defect("session_wipe", "lifecycle"),
    _defect("zombie_reader", "lifecycle"),
    _defect("waiting_zombie", "lifecycle"),
    _defect("silent_table", "entity-capacity"),
    _defect("few_writers", "entity-capacity"),
    _defect("wrong_error", "entity-capacity"),
    _defect("wrong_request_id", "services"),
    _defect("wrong_requester", "services"),
    _defect("lost_reply", "services"),
    _defect("busy_lock", "os-overhead"),
    _defect("torn_by_preemption", "thread-safety"),
    _defect("empty_locks", "thread-safety"),
    _defect("footprint_bloat", "footprint"),
    _defect("homonym", "footprint"),
    _defect("late_wakeup", "latency"),
    _defect("slow_readers", "latency"),
    _defect("slow_path", "latency", hides=("thread-safety",)),  # there its time is up before all is published
)

DEFECTS: dict[str, Defect] = {defect.name: defect for defect in _ROWS}
