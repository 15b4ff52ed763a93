"""The seeded defects of ``firmware/defects``, and for each the claims that it breaks.

NAME.c is linked between bench and middleware; NAME.patch changes the sources and says which promise it breaks.
"""

from __future__ import annotations

from dataclasses import dataclass

from rig.inventory import BoardKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Defect:
    """One known defect. ``breaks``: the claims that must be refuted for firmware with it; ``also``: claims that may be
    refuted as well, since more than one notices a broken delivery.

    ``traced``: only a trace of every write, or a clock that repeats exactly, can show it; only emulated boards have
    these. ``hides``: claims that may stay undecided, because the defect prevents their figures. ``needs_heap``: it can
    only be built for a board with a heap, which is the native one. ``kills``: firmware that has it dies of some calls,
    so that its row has faults.
    """

    name: str
    breaks: frozenset[str]
    also: frozenset[str] = frozenset()
    traced: bool = False
    hides: frozenset[str] = frozenset()
    needs_heap: bool = False
    kills: bool = False

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
    kills: bool = False,
) -> Defect:
    return Defect(
        name=name,
        breaks=frozenset(breaks),
        also=frozenset(also),
        traced=traced,
        hides=frozenset(hides),
        needs_heap=needs_heap,
        kills=kills,
    )


# A copy needs a place: what keeps samples of its own has more RAM than its formula says.
_ROWS = (
    _defect(
        "reverse_order",
        "burst-order",
        "thread-safety",
        "footprint",
        also=(
            "copies",
            "local-matching",
            "shared-buffer",
        ),
    ),
    _defect(
        "swap_neighbours",
        "burst-order",
        "thread-safety",
        "footprint",
        also=(
            "copies",
            "lifecycle",
            "local-matching",
            "shared-buffer",
        ),
    ),
    _defect("doubled_burst", "burst-order", "thread-safety", hides=("latency",)),
    # Samples that wait for the Agent as well fill the pool.
    _defect(
        "silent_pool_loss",
        "burst-order",
        "thread-safety",
        "footprint",
        "agent-duplicates",
        also=(
            "lifecycle",
            "local-matching",
        ),
    ),
    _defect("truncate_length", "message-size", hides=("copies",)),
    _defect(
        "refuse_64k",
        "message-size",
        hides=(
            "copies",
            "shared-buffer",
        ),
    ),
    _defect(
        "refuse_history",
        "message-size",
        hides=(
            "copies",
            "shared-buffer",
        ),
    ),
    _defect(
        "corrupt_tail",
        "message-size",
        hides=(
            "copies",
            "latency",
            "shared-buffer",
        ),
    ),
    _defect(
        "lose_large",
        "message-size",
        also=("local-matching",),
        hides=(
            "copies",
            "latency",
            "shared-buffer",
        ),
    ),
    _defect(
        "misrouted",
        "message-size",
        "entity-capacity",
        also=(
            "burst-order",
            "local-matching",
        ),
        hides=(
            "copies",
            "latency",
            "os-overhead",
            "shared-buffer",
        ),
    ),
    _defect("copy_per_reader", "copies", "shared-buffer", "footprint"),
    _defect("two_buffers", "copies", "shared-buffer", "footprint"),
    _defect("hidden_copy", "copies", "footprint"),
    _defect("partial_copy", "copies", "footprint"),
    _defect("scattered_copy", "copies", "footprint"),
    _defect("transient_copy", "copies", traced=True),
    _defect(
        "lose_some",
        "agentless-operation",
        "thread-safety",
        also=(
            "burst-order",
            "lifecycle",
        ),
        hides=("latency",),
    ),  # a distribution has every sample
    _defect(
        "torn_sample",
        "agentless-operation",
        "agentless-startup",
        "thread-safety",
        also=(
            "burst-order",
            "lifecycle",
            "message-size",
        ),
        hides=(
            "latency",
            "os-overhead",
        ),
    ),
    _defect("offline_refused", "agentless-startup"),
    _defect("offline_loss", "agentless-startup"),
    _defect("late_echo", "agent-duplicates"),
    _defect("needless_data", "agent-duplicates"),
    _defect("missing_data", "agent-duplicates"),
    _defect("ignore_qos", "local-matching", also=("lifecycle", "entity-capacity")),  # more pairs fill the table
    _defect("fold_case", "local-matching"),
    _defect(
        "ignore_type", "local-matching", "agent-duplicates", also=("lifecycle",)
    ),  # the Agent is told of another type too
    _defect("reader_first", "local-matching"),
    _defect("refuse_durable", "local-matching"),
    _defect(
        "short_names",
        "local-matching",
        also=(
            "entity-capacity",
            "lifecycle",
        ),
    ),
    _defect("text_qos", "local-matching", also=("lifecycle",)),
    _defect("any_service", "local-matching", "services"),
    _defect(
        "leak_session",
        "lifecycle",
        also=(
            "local-matching",
            "services",
        ),
    ),
    _defect("session_wipe", "lifecycle", also=("local-matching",)),
    _defect("zombie_reader", "lifecycle"),
    _defect("waiting_zombie", "lifecycle"),
    _defect(
        "silent_table",
        "entity-capacity",
        also=(
            "lifecycle",
            "local-matching",
            "message-size",
        ),
        hides=(
            "copies",
            "latency",
            "os-overhead",
            "shared-buffer",
        ),
    ),
    _defect("few_writers", "entity-capacity", also=("lifecycle",)),
    _defect(
        "wrong_error",
        "entity-capacity",
        also=("local-matching",),
        hides=(
            "message-size",
            "shared-buffer",
        ),
    ),
    _defect("wrong_request_id", "services", also=("burst-order",)),
    _defect("wrong_requester", "services"),
    _defect("lost_reply", "services"),
    _defect("busy_lock", "os-overhead"),
    _defect("torn_by_preemption", "thread-safety", also=("message-size",)),
    _defect("empty_locks", "thread-safety"),
    _defect("footprint_bloat", "footprint"),
    _defect("homonym", "footprint"),
    _defect("late_wakeup", "latency", also=("thread-safety",)),
    _defect("slow_readers", "latency", hides=("thread-safety",)),
    _defect("slow_path", "latency", hides=("thread-safety",)),  # there its time is up before all is published
    # From here on patches. What breaks a delivery is seen by more than one claim: a sample that is lost or comes to the
    # wrong reader also keeps or frees a buffer, spoils an order or a depth.
    # Spins that sleep.
    _defect("no_wake", "latency", also=("thread-safety",)),
    _defect("nap_on_link", "latency", also=("thread-safety",)),
    _defect("wake_lost", "thread-safety", also=("latency",)),
    _defect("woken_late", "latency", also=("thread-safety",)),
    # Two sessions.
    _defect("writers_session", "local-matching", also=("lifecycle", "burst-order", "services")),
    _defect("same_number", "lifecycle", also=("burst-order", "local-matching")),
    _defect("stale_writer", "local-matching", also=("lifecycle", "burst-order", "services")),
    _defect("close_drops", "lifecycle", also=("burst-order", "local-matching")),
    # Several writers, topics, readers, and many samples that wait.
    _defect(
        "first_writer",
        "local-matching",
        also=(
            "burst-order",
            "entity-capacity",
            "latency",
            "lifecycle",
            "thread-safety",
        ),
    ),
    _defect(
        "swapped_loans",
        "burst-order",
        also=("lifecycle", "local-matching", "message-size", "services", "thread-safety"),
    ),
    _defect(
        "mixed_topics",
        "local-matching",
        also=(
            "burst-order",
            "entity-capacity",
            "lifecycle",
            "services",
        ),
    ),
    _defect(
        "eight_readers",
        "local-matching",
        also=("burst-order", "lifecycle", "entity-capacity", "message-size", "thread-safety"),
        hides=("copies", "latency", "os-overhead", "shared-buffer"),  # rows with nine readers
    ),
    _defect("readers_32", "local-matching", also=("burst-order", "lifecycle", "entity-capacity")),
    _defect(
        "ring32",
        "burst-order",
        also=(
            "lifecycle",
            "local-matching",
            "message-size",
            "services",
        ),
    ),
    _defect("crowd", "burst-order", also=("local-matching", "services")),
    # Copies, by what the conditions of one experiment leave out.
    _defect("copy_across", "copies", also=("shared-buffer", "os-overhead")),
    _defect("copy_odd", "copies", also=("shared-buffer", "os-overhead")),
    _defect("copy_between", "copies", also=("shared-buffer", "os-overhead")),
    _defect("copy_tiny", "copies", also=("shared-buffer", "os-overhead")),
    _defect("copy_best_effort", "copies", also=("shared-buffer", "os-overhead")),
    _defect("copy_amid", "copies", also=("shared-buffer", "os-overhead")),
    _defect("copy_aged", "copies", also=("shared-buffer", "os-overhead")),
    _defect("copy_history", "copies", also=("shared-buffer", "os-overhead")),
    # Pools.
    _defect(
        "overlap",
        "message-size",
        also=(
            "burst-order",
            "lifecycle",
            "local-matching",
            "services",
        ),
        hides=(
            "copies",
            "latency",
            "os-overhead",
            "shared-buffer",
        ),
    ),
    _defect(
        "terminator",
        "message-size",
        also=(
            "burst-order",
            "lifecycle",
            "local-matching",
            "services",
        ),
        hides=(
            "latency",
            "os-overhead",
        ),
    ),
    _defect("held_back", "lifecycle", also=("burst-order", "message-size")),
    _defect(
        "leak_exhaust",
        "lifecycle",
        also=(
            "thread-safety",
            "agentless-operation",
            "burst-order",
            "message-size",
            "services",
        ),
        hides=("thread-safety",),
    ),
    _defect("cancel_leak", "lifecycle", also=("burst-order", "message-size", "services", "thread-safety")),
    # Deletion while samples wait.
    _defect("leak_amid", "lifecycle", also=("burst-order", "message-size", "services", "thread-safety")),
    _defect("loan_leak", "lifecycle", also=("burst-order", "message-size", "services", "thread-safety")),
    _defect("drop_deleted_writer", "lifecycle", also=("burst-order", "local-matching", "services")),
    _defect("first_gone", "lifecycle", also=("burst-order", "local-matching")),
    _defect("orphan_row", "lifecycle", also=("entity-capacity",)),
    _defect("pairs_of_writer", "lifecycle", also=("entity-capacity",)),
    _defect("cut_drops_local", "lifecycle", also=("burst-order", "local-matching")),
    # Callbacks that act.
    _defect("delete_in_callback", "lifecycle", also=("burst-order", "local-matching")),
    _defect("join_in_callback", "local-matching", also=("lifecycle", "burst-order")),
    _defect(
        "join_early",
        "local-matching",
        also=(
            "burst-order",
            "lifecycle",
            "services",
        ),
    ),
    _defect("in_front", "burst-order", also=("lifecycle", "local-matching", "services", "thread-safety")),
    # Two contexts at once.
    _defect("unlocked_publish", "thread-safety", also=("burst-order", "lifecycle", "os-overhead", "local-matching")),
    _defect("split_append", "thread-safety", also=("burst-order", "lifecycle", "os-overhead", "local-matching")),
    # Services.
    _defect("service_large", "services", also=("message-size",)),
    _defect("service_last", "services"),
    _defect("reply_at_once", "services"),
    _defect("latest_id", "services"),
    _defect("request_zero", "services"),
    _defect("reply_trim", "services", also=("message-size",)),
    _defect("four_requests", "services", also=("lifecycle", "burst-order")),
    _defect("nested_request", "services"),
    # An Agent that is slow or silent.
    _defect(
        "agent_holds_pool", "agentless-operation", also=("agentless-startup", "lifecycle", "burst-order", "latency")
    ),
    _defect("link_first", "latency"),
    # Late readers, and depth.
    _defect("no_history", "local-matching", also=("lifecycle", "burst-order")),
    _defect("history_short", "local-matching", also=("lifecycle", "burst-order")),
    _defect("history_oldest", "local-matching", also=("lifecycle", "burst-order")),
    _defect("late_volatile", "local-matching", also=("lifecycle", "burst-order")),
    _defect("depth_nibble", "local-matching", also=("lifecycle", "burst-order")),
    # What another author thinks of: pools and depths in several readers, late readers, names, ids, numbers.
    _defect(
        "pool_64k",
        "message-size",
        also=("burst-order", "lifecycle", "local-matching", "services", "thread-safety"),
        hides=("agent-duplicates", "copies", "latency", "os-overhead", "shared-buffer"),
    ),
    _defect("limit_first", "local-matching", also=("lifecycle", "burst-order")),
    _defect("depth_skip8", "local-matching", also=("lifecycle", "burst-order")),
    _defect("reclaim_first", "local-matching", also=("lifecycle", "burst-order")),
    _defect("reclaim_tail", "lifecycle", also=("burst-order", "local-matching", "services")),
    _defect("skip_all", "local-matching", also=("lifecycle", "burst-order", "services")),
    _defect("skip_31", "local-matching", also=("lifecycle", "burst-order")),
    _defect("keep_forgotten", "local-matching", also=("lifecycle", "burst-order")),
    _defect("history_twice", "burst-order", also=("lifecycle", "local-matching")),
    _defect(
        "best_effort_loss",
        "burst-order",
        also=("lifecycle", "local-matching", "agentless-operation", "message-size", "thread-safety"),
        hides=("copies", "latency", "shared-buffer"),
    ),
    _defect("spin_quota", "burst-order", also=("lifecycle", "local-matching", "services", "message-size")),
    _defect("cancelled_loan_sent", "message-size", also=("burst-order", "lifecycle", "thread-safety")),
    _defect("id_8", "local-matching", also=("burst-order", "lifecycle", "services")),
    _defect("index_hole", "lifecycle", also=("burst-order", "local-matching", "entity-capacity", "services")),
    _defect("one_child", "lifecycle", also=("burst-order", "local-matching", "entity-capacity", "services")),
    _defect("reuse_qos", "lifecycle", also=("local-matching",)),
    _defect("replace_goes_on", "lifecycle", also=("burst-order", "local-matching")),
    _defect(
        "mismatch_release", "local-matching", also=("burst-order", "lifecycle", "entity-capacity"), hides=("latency",)
    ),
    _defect("type_length", "local-matching", also=("burst-order", "lifecycle", "agent-duplicates")),
    _defect("old_requester", "services"),
    _defect("service_loan_leak", "lifecycle", also=("local-matching", "burst-order", "services", "message-size")),
    _defect("request_refused_leak", "lifecycle"),
    _defect("requester_256", "services"),
    _defect("late_replier", "services"),
    _defect("request_no_wake", "latency"),
    _defect("gone_again", "lifecycle"),
    _defect("renew_in_callback", "lifecycle"),
    _defect("replay_deleted", "lifecycle"),
    _defect("never_forget", "message-size"),
    _defect("link_trim", "agent-duplicates"),
    _defect("copy_service", "copies"),
    _defect("delete_two", "lifecycle"),
    _defect("domain_names", "local-matching", also=("lifecycle", "entity-capacity", "services")),
    _defect("domain_bits", "local-matching", also=("lifecycle", "entity-capacity", "services")),
    _defect("group_goes_on", "lifecycle", also=("local-matching",)),
    _defect("xml_depth", "local-matching", also=("burst-order", "lifecycle", "message-size")),
    _defect("takes_all", "lifecycle", also=("local-matching", "burst-order", "services", "message-size")),
    _defect("number_zero", "local-matching", also=("lifecycle", "services")),
    _defect("unlocked_cancel", "thread-safety", also=("burst-order", "lifecycle", "os-overhead", "local-matching")),
    _defect("read_once", "agent-duplicates"),
    _defect("told_too_soon", "agent-duplicates"),
    _defect("copy_durable", "copies"),
    _defect("twin_requester", "services"),
    _defect("unlocked_release", "thread-safety", also=("burst-order", "lifecycle", "os-overhead", "local-matching")),
    _defect("lock_a_reader", "os-overhead"),
    _defect("stack_a_reader", "footprint"),
    _defect("nap_after", "latency", also=("thread-safety",)),
    # Readers elsewhere, and an Agent that is restarted.
    _defect(
        "afar_first", "agent-duplicates", "agentless-operation", also=("burst-order", "lifecycle", "local-matching")
    ),
    _defect(
        "route_lost",
        "agent-duplicates",
        also=("agentless-operation", "agentless-startup", "burst-order", "lifecycle", "local-matching", "latency"),
    ),
    _defect(
        "login_drops", "lifecycle", also=("agent-duplicates", "agentless-startup", "burst-order", "local-matching")
    ),
    _defect("wild_reader", "lifecycle", also=("local-matching",), kills=True),
    # A long life.
    _defect("history_wrap", "local-matching", also=("lifecycle", "burst-order")),
    _defect("sample_65536", "burst-order", also=("lifecycle", "local-matching", "services")),
    _defect("creation_256", "lifecycle", also=("burst-order", "local-matching")),
    _defect("reuse_leak", "lifecycle", also=("entity-capacity",)),
    # Names.
    _defect(
        "name_32",
        "local-matching",
        also=(
            "burst-order",
            "entity-capacity",
            "lifecycle",
            "services",
        ),
    ),
    _defect("name_hash", "local-matching", also=("lifecycle", "burst-order", "services")),
    _defect("name_fnv16", "local-matching", also=("lifecycle", "burst-order", "services", "entity-capacity")),
    _defect("names_8", "local-matching", also=("burst-order", "lifecycle", "entity-capacity", "services")),
    # Latency.
    _defect("cold_first", "latency"),
    _defect("slow_two_sessions", "latency"),
    _defect("far_tail", "latency", traced=True),
    _defect("growing_old", "latency"),
    _defect("loaded_backoff", "latency"),
    # Footprint.
    _defect("heap64k", "footprint", needs_heap=True),
    _defect("heap_a_reader", "footprint", needs_heap=True),
    _defect("deep_stack", "footprint"),
    _defect("ram_elsewhere", "footprint"),
)

DEFECTS: dict[str, Defect] = {defect.name: defect for defect in _ROWS}
