"""The seeded defects of ``firmware/defects``, and for each the claims that it breaks.

A NAME.c stands between bench and middleware; a NAME.patch changes the sources, and says itself what promise it breaks.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.inventory import BoardKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Defect:
    """One known defect. ``breaks``: the claims that must be refuted by a firmware that has it; ``also``: claims that
    may be refuted as well, since a broken delivery is seen by more than one.

    ``traced``: only a trace of every write can see it, which emulated boards alone have. ``hides``: claims that may
    stay undecided, as the defect takes away what they are decided on. ``needs_heap``: it cannot be built for a board
    that has no heap at all, which only the native one has.
    """

    name: str
    breaks: frozenset[str]
    also: frozenset[str] = frozenset()
    traced: bool = False
    hides: frozenset[str] = frozenset()
    needs_heap: bool = False

    def is_for(self, kind: BoardKind) -> bool:
        """Whether a firmware that has it can be built for a board of this kind."""
        return kind == "native" or not self.needs_heap

    def breaks_on(self, kind: BoardKind) -> frozenset[str]:
        """The claims that must be refuted on a board of this kind."""
        return frozenset() if self.traced and kind != "emulated" else self.breaks


def _defect(
    name: str,
    *breaks: str,
    also: tuple[str, ...] = (),
    traced: bool = False,
    hides: tuple[str, ...] = (),
    needs_heap: bool = False,
) -> Defect:
    return Defect(
        name=name,
        breaks=frozenset(breaks),
        also=frozenset(also),
        traced=traced,
        hides=frozenset(hides),
        needs_heap=needs_heap,
    )


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
    _defect("footprint_bloat", "footprint"),
    _defect("homonym", "footprint"),
    _defect("late_wakeup", "latency"),
    _defect("slow_readers", "latency"),
    _defect("slow_path", "latency", hides=("thread-safety",)),  # there its time is up before all is published
    # PATCHES
    _defect("cold_first", "latency"),
    _defect("copy_across", "copies", "shared-buffer"),
    _defect("copy_odd", "copies"),
    _defect("delete_in_callback", "lifecycle"),
    _defect("drop_deleted_writer", "lifecycle"),
    _defect("eight_readers", "local-matching"),
    _defect("first_writer", "local-matching"),
    _defect("heap64k", "footprint", needs_heap=True),
    _defect("leak_amid", "lifecycle"),
    _defect("leak_exhaust", "lifecycle"),
    _defect("no_history", "local-matching"),
    _defect("no_wake", "latency"),
    _defect("overlap", "message-size"),
    _defect("ring32", "burst-order"),
    _defect("service_large", "services"),
    _defect("service_last", "services"),
    _defect("slow_two_sessions", "latency"),
    _defect("unlocked_publish", "thread-safety"),
    _defect("nap_on_link", "latency"),
    _defect("wake_lost", "thread-safety"),
    _defect("woken_late", "latency"),
    _defect("writers_session", "local-matching"),
    _defect("same_number", "lifecycle"),
    _defect("stale_writer", "local-matching"),
    _defect("close_drops", "lifecycle"),
    _defect("swapped_loans", "local-matching"),
    _defect("mixed_topics", "local-matching"),
    _defect("readers_32", "local-matching"),
    _defect("crowd", "burst-order"),
    _defect("copy_between", "copies"),
    _defect("copy_best_effort", "copies"),
    _defect("copy_amid", "copies"),
    _defect("copy_aged", "copies"),
    _defect("copy_history", "copies"),
    _defect("copy_tiny", "copies"),
    _defect("held_back", "burst-order"),
    _defect("terminator", "message-size"),
    _defect("cancel_leak", "lifecycle"),
    _defect("loan_leak", "lifecycle"),
    _defect("orphan_row", "lifecycle"),
    _defect("first_gone", "lifecycle"),
    _defect("pairs_of_writer", "lifecycle"),
    _defect("cut_drops_local", "lifecycle"),
    _defect("join_in_callback", "local-matching"),
    _defect("in_front", "burst-order"),
    _defect("join_early", "local-matching"),
    _defect("split_append", "thread-safety"),
    _defect("reply_at_once", "services"),
    _defect("latest_id", "services"),
    _defect("request_zero", "services"),
    _defect("reply_trim", "services"),
    _defect("four_requests", "services"),
    _defect("nested_request", "services"),
    _defect("agent_holds_pool", "agentless-operation"),
    _defect("link_first", "latency"),
    _defect("history_short", "local-matching"),
    _defect("history_oldest", "local-matching"),
    _defect("late_volatile", "local-matching"),
    _defect("depth_nibble", "local-matching"),
    _defect("history_wrap", "local-matching"),
    _defect("sample_65536", "burst-order"),
    _defect("creation_256", "lifecycle"),
    _defect("reuse_leak", "lifecycle"),
    _defect("name_32", "local-matching"),
    _defect("name_hash", "local-matching"),
    _defect("name_fnv16", "local-matching"),
    _defect("names_8", "local-matching"),
    _defect("far_tail", "latency"),
    _defect("growing_old", "latency"),
    _defect("loaded_backoff", "latency"),
    _defect("heap_a_reader", "footprint", needs_heap=True),
    _defect("deep_stack", "footprint"),
    _defect("ram_elsewhere", "footprint"),
)

DEFECTS: dict[str, Defect] = {defect.name: defect for defect in _ROWS}
