"""The claim table: what the announcement of the shared-memory transport says, row by row."""

from __future__ import annotations

from rig.claims import _agent, _copies, _cost, _entities, _latency, _messages, _order
from rig.claims._claim import Claim
from rig.claims._promises import promises_of
from rig.records import Metric

FACTORS = {
    "payload": "payload: 1 to 3 B, odd, a multiple of 4, to the buffer's last byte, over the MTU, over 64 KiB",
    "alignment": "alignment of the buffers",
    "readers": "1, 2, 8 and 9 readers, in a full run of some 1 to 9",
    "reliable": "reliability",
    "sessions": "one and two sessions",
    "pending": "samples that wait",
    "buffers": "1 to 16 buffers",
    "other_pairs": "other endpoints",
    "silent": "an Agent that falls silent",
    "reticent": "one that does not tell who reads",
}
"""What the levels of each factor are, in words; an experiment that has fewer says so in its record."""

_LOCAL = ("payload", "alignment", "readers", "reliable", "sessions", "pending", "buffers", "other_pairs")

_ROWS = (
    Claim(
        id="agentless-operation",
        statement="Nodes on one MCU exchange messages without the Agent.",
        method="The link is cut after the session is up: while nobody elsewhere reads, beside an Agent that does not "
        "tell who reads, and while a reader elsewhere is owed the samples; a second middleware has no link at all. "
        "1,000 samples per reliability go to two readers. For a reliable reader elsewhere a full pool may be kept for "
        "2 s, as HISTORY wants it; best effort may not wait.",
        criterion="every sample is delivered locally and publish reports success, for a reliable reader elsewhere "
        "after these 2 s; the control delivers none",
        experiment="agentless-operation",
        decide=_agent.agentless_operation,
    ),
    Claim(
        id="agentless-startup",
        statement="It works with no Agent at boot.",
        method="The link is silent from the middleware's start on and comes back later; a second middleware has no "
        "link at all. Both over the reliable and the best-effort stream.",
        criterion="entities are created and data flows",
        experiment="agentless-startup",
        decide=_agent.agentless_startup,
    ),
    Claim(
        id="message-size",
        statement="Messages are limited only by memory.",
        method="One buffer as large as the pool; sizes from 1 B to all of it, dense around the MTU, MTU x history "
        "and 16 bits; the 16-bit edge and all of it to four readers; in a full run two other MTUs x two histories. "
        "Then pools that are filled, emptied and filled again, under a covering array.",
        criterion="whole and of the right length at every size up to the buffer memory configured, and as many as "
        "there are buffers in every row of the array",
        experiment="message-size",
        factors=("payload", "alignment", "readers", "reliable", "sessions", "buffers", "other_pairs"),
        decide=_messages.message_size,
        promises=promises_of("message-size"),
    ),
    Claim(
        id="copies",
        statement="The payload is not copied for each destination.",
        method="Three witnesses, 1 to 8 readers: memcpy-family counters; a scan of RAM for the payload's bytes at the "
        "last callback; on emulated boards a trace of every write of the core, by function and place. Counters and "
        "scan also under a covering array; short samples of it for few readers are traced as well.",
        criterion="bytes copied do not grow with the readers; resident copies = 1, in every row of the array; where "
        "writes can be traced, no payload byte is written after the application wrote it",
        experiment="copies",
        factors=(*_LOCAL, "silent"),
        decide=_copies.copies,
        promises=promises_of("copies"),
    ),
    Claim(
        id="shared-buffer",
        statement="All destinations share one buffer.",
        method="The address handed to each reader of a sample; 2 to 8 readers. Then the same, and the place that the "
        "writer was lent, under a covering array.",
        criterion="all addresses of a sample are equal, in every row of the array",
        experiment="shared-buffer",
        factors=_LOCAL,
        decide=_messages.shared_buffer,
        promises=promises_of("shared-buffer"),
    ),
    Claim(
        id="os-overhead",
        statement="Fewer system calls.",
        method="Writes, reads that brought something, lock, wait and allocation calls per sample; bytes on the link; "
        "shared memory on and off; the calls with it also under a covering array. Polls that brought nothing are told "
        "apart: how many there are depends on how long one waits.",
        criterion="strictly fewer calls and bytes with shared memory, and in every row of the array fewer calls than "
        "the control's least",
        experiment="os-overhead",
        factors=("reliable", "sessions", "other_pairs", "payload", "readers", "pending", "buffers"),
        reported=frozenset((Metric.POLL_CALLS,)),
        decide=_cost.os_overhead,
    ),
    Claim(
        id="latency",
        statement="Less time from publisher to reader.",
        method="Message latency (REP-2014), publish call to callback entry, on one clock of the MCU, by payload, "
        "readers and spin time-out; the first samples of each start, kept apart; the same session after 2,000 samples, "
        "in a full run 70,000; a covering array; and samples that another context publishes into a spin that sleeps, "
        "at moments spread over its way there. The cost of the instrument is measured in the same run and subtracted; "
        "the control goes through the Agent at the link's baud rate.",
        criterion="the upper bound of p99 (95 % confidence) below the lower bound of the Agent path's at every size; "
        "independent of the spin time-out; the first sample of a start, the far tail (p99.9 of all samples that is "
        "surely so; the greatest where the clock repeats exactly) and the median under each row of the array at most "
        "1 ms above the median, 10 times it where the clock counts instructions, what waits before allowed for; after "
        "its life at most 3 times what it was; no spin sleeps on, and no more than half of those woken deliver later "
        "than 1 ms (on a host 3 ms) after the publishing",
        experiment="latency",
        factors=(
            "payload",
            "readers",
            "reliable",
            "sessions",
            "pending",
            "buffers",
            "other_pairs",
            "silent",
            "reticent",
        ),
        reported=frozenset((Metric.SERIALISATION,)),
        decide=_latency.latency,
        promises=promises_of("latency"),
    ),
    Claim(
        id="local-matching",
        statement="The Client discovers matching entities itself.",
        method="Writer and reader by BIN, XML, REF and BIN with XML, offered x requested QoS, either first, one and "
        "two sessions; requester and replier by BIN and XML; names and types that differ slightly. A quick run covers "
        "every rule, a full one every combination. A pair that should match and cannot be created counts as wrong, "
        "unless the middleware reports that it lacks the feature or the room. Then a late reader comes and goes at a "
        "writer that keeps its last 2 samples: 70,000 times in one start, in a quick run 300.",
        criterion="every DDS-compatible pair delivers exactly once, every incompatible one never; each late reader "
        "gets what its writer keeps",
        experiment="local-matching",
        decide=_entities.local_matching,
        promises=promises_of("local-matching"),
    ),
    Claim(
        id="agent-duplicates",
        statement="The Agent does not send the duplicates back.",
        method="Counts sequence numbers at two readers and DATA on the link, in one session and from one to "
        "another. The Agent stays, was restarted, or falls silent and comes back; and a reader elsewhere, for which "
        "samples must cross the link, comes and goes. The control shows that an echo would be counted.",
        criterion="no duplicate, no loss, no DATA echoed on the link; the reader elsewhere gets each sample once; "
        "where Client and Agent have agreed on it (rig_lo), no sample crosses the link without a reader there",
        experiment="agent-duplicates",
        decide=_agent.agent_duplicates,
    ),
    Claim(
        id="entity-capacity",
        statement="Many entities work at once.",
        method="1 to 20 pairs, in a full run 40 or one more than there is room for, against the limits that the "
        "middleware reports it was built with. Raised limits are another build (for the reference Client "
        "-DRIG_MW_MAX_ENTITIES=... and the like), run as a board of its own.",
        criterion="all deliver, or creation fails with an error, and not before the reported limits are reached; "
        "at least one pair",
        experiment="entity-capacity",
        decide=_entities.entity_capacity,
        promises=promises_of("entity-capacity"),
    ),
    Claim(
        id="burst-order",
        statement="Samples keep their order.",
        method="Bursts of 1 to twice the pool between two spins, two readers; some from one session to another; then "
        "140,000 samples in one start, in a quick run 600.",
        criterion="in order; every loss is reported to the publisher",
        experiment="burst-order",
        decide=_order.burst_order,
        promises=promises_of("burst-order"),
    ),
    Claim(
        id="thread-safety",
        statement="It is safe with threads.",
        method="Two threads (natively) or two interrupts, one above the other (on a board), publish while the main "
        "context publishes and spins, each with a writer of its own, after all have taken turns. Each sample's bytes "
        "show whether it is whole. Then spins that sleep are woken from each context, at moments spread over their way "
        "into the sleep.",
        criterion="no sample torn, lost or out of order; no call that never returns, and no crash; no callback with "
        "the lock held; no spin that sleeps on to half its time-out",
        experiment="thread-safety",
        decide=_order.thread_safety,
        promises=promises_of("thread-safety"),
    ),
    Claim(
        id="lifecycle",
        statement="Entities may come and go.",
        method="Create and delete 100 times, in a quick run 20; delete a reader, also while samples wait for it; "
        "close one of two sessions. Then a reader comes and goes at a writer that stays: 70,000 times in one start, in "
        "a quick run 300. Of whole sessions a leak that shows only after more rounds is not seen.",
        criterion="no leak, others unaffected, a deleted reader gets nothing",
        experiment="lifecycle",
        decide=_entities.lifecycle,
        promises=promises_of("lifecycle"),
    ),
    Claim(
        id="services",
        statement="Requests and replies work too.",
        method="Requesters and repliers on one MCU, many outstanding requests, two services beside each other, two "
        "sessions; then 70,000 requests in one start, in a quick run 300: their ids wrap at 16 bits.",
        criterion="each reply reaches its requester with its request id",
        experiment="services",
        decide=_entities.services,
        promises=promises_of("services"),
    ),
    Claim(
        id="nuttx",
        statement="It works on NuttX.",
        method="All other claims are decided on two boards of one run, on bare metal and on NuttX, with the same "
        "middleware, version and variants. Their verdicts are compared, never their figures. It proves that the bench "
        "as a NuttX application, with NuttX's scheduler, locks, interrupts, heap and serial driver below, keeps what "
        "the bare-metal one keeps. It does not prove other chips, SMP, protected builds, or time on hardware.",
        criterion="every other claim has the same verdict on both boards, confirmed or refuted; refuted when one that "
        "is confirmed on bare metal is refuted on NuttX; undecided while one is open on either",
        why_not="the run has no board with NuttX beside one of bare metal with the same middleware, version and "
        "variants: rig run --board mps2-an500 --board nuttx-an500, whose images you build in your own NuttX tree "
        "(firmware/ports/nuttx/README.md). The native board runs the suite on the POSIX port: that shows that the code "
        "needs no more than POSIX, and nothing about NuttX",
    ),
    Claim(
        id="footprint",
        statement="What it costs in ROM, RAM and stack.",
        method="Section sizes of both images; their RAM by source file and object, however the linker names it, RAM "
        "that no symbol names, and the heap taken since boot (malloc, sbrk, mappings), against the middleware's "
        "documented formula; the deepest stack since boot, and that of the same start, creation, publishing and "
        "delivery with shared memory and without (boards with a painted stack).",
        criterion="no heap beyond the control's, at most 512 bytes of stack more for the same work; where the "
        "middleware has a formula for its RAM, image and heap are within 768 bytes of it; the rest is reported",
        experiment="footprint",
        decide=_cost.footprint,
    ),
)

CLAIMS: dict[str, Claim] = {claim.id: claim for claim in _ROWS}
