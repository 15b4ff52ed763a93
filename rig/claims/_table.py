"""The claim table: what the announcement of the shared-memory transport says, row by row."""

from __future__ import annotations

from rig.claims import _agent, _copies, _cost, _entities, _latency, _messages, _order
from rig.claims._claim import Claim
from rig.claims._promises import promises_of
from rig.records import Metric

FACTORS = {
    "payload": "payload: 1 to 3 B, odd, a multiple of 4, up to the buffer's last byte, over the MTU, over 64 KiB",
    "alignment": "alignment of the buffers",
    "readers": "1, 2, 8 and 9 readers; in a full run each number from 1 to 9 for some claims",
    "reliable": "reliability: reliable, best effort",
    "sessions": "writer and readers in one session, and in two",
    "pending": "number of samples that wait for spin",
    "buffers": "1 to 16 buffers",
    "other_pairs": "number of other pairs of endpoints",
    "silent": "an Agent that answers, and one that falls silent",
    "reticent": "an Agent that tells who reads, and one that does not",
}
"""What the levels of each factor are, in words; an experiment that has fewer says so in its record."""

_LOCAL = ("payload", "alignment", "readers", "reliable", "sessions", "pending", "buffers", "other_pairs")

_ROWS = (
    Claim(
        id="agentless-operation",
        statement="Nodes on one MCU exchange messages without the Agent.",
        method="The rig opens a session and then cuts the link, in three situations: no reader elsewhere; an Agent "
        "that does not tell who reads; a reliable reader elsewhere that is still owed the samples. A second "
        "middleware is started without any link. In each, 1,000 samples go to two local readers, reliable and best "
        "effort. RELIABILITY and HISTORY allow a Client to keep a full pool for the reliable reader elsewhere; it "
        "gets 2 s for that. With best effort it may not wait.",
        criterion="every sample is delivered locally and publish reports success, for a reliable reader elsewhere "
        "after those 2 s; the control delivers none",
        experiment="agentless-operation",
        decide=_agent.agentless_operation,
    ),
    Claim(
        id="agentless-startup",
        statement="It works with no Agent at boot.",
        method="The link is silent when the middleware starts, and comes back later. A second middleware is started "
        "without any link. Both are measured over the reliable and over the best-effort stream.",
        criterion="entities are created and data flows",
        experiment="agentless-startup",
        decide=_agent.agentless_startup,
    ),
    Claim(
        id="message-size",
        statement="Messages are limited only by memory.",
        method="The pool is one buffer of all the memory. Sizes go from 1 B to the whole buffer, in small steps "
        "around the MTU, around MTU x history and around 65,536 B. Sizes around 65,536 B and the whole buffer also "
        "go to four readers. A full run repeats this with two other MTUs and two other histories. Then pools are "
        "filled, emptied and filled again, under each row of a covering array.",
        criterion="each size up to the configured buffer memory arrives whole and with the right length; in each "
        "row of the covering array as many samples as there are buffers",
        experiment="message-size",
        factors=("payload", "alignment", "readers", "reliable", "sessions", "buffers", "other_pairs"),
        decide=_messages.message_size,
        promises=promises_of("message-size"),
    ),
    Claim(
        id="copies",
        statement="The payload is not copied for each destination.",
        method="Three witnesses look for copies, with 1 to 8 readers: counters in the memcpy family; a scan of RAM "
        "for the payload's bytes at the last callback; on emulated boards a trace of every write of the core, by "
        "function and place. Counters and scan also run under each row of a covering array; its rows with short "
        "samples and few readers are traced too.",
        criterion="the bytes copied do not grow with the number of readers; resident copies = 1, in each row of the "
        "covering array; where writes can be traced, no payload byte is written again after the application wrote "
        "it",
        experiment="copies",
        factors=(*_LOCAL, "silent"),
        decide=_copies.copies,
        promises=promises_of("copies"),
    ),
    Claim(
        id="shared-buffer",
        statement="All destinations share one buffer.",
        method="The rig compares the addresses that the readers of one sample are handed, with 2 to 8 readers. "
        "Under a covering array it also compares them with the address that the writer was lent.",
        criterion="all addresses of one sample are equal, in each row of the covering array",
        experiment="shared-buffer",
        factors=_LOCAL,
        decide=_messages.shared_buffer,
        promises=promises_of("shared-buffer"),
    ),
    Claim(
        id="os-overhead",
        statement="Fewer system calls.",
        method="The bench counts transport writes, reads that returned data, lock, wait and allocation calls per "
        "sample. The tap counts the bytes on the link. Both are measured with shared memory on and off; the calls "
        "with it also under a covering array. Reads that returned nothing (polls) are counted apart, because their "
        "number depends on how long one waits.",
        criterion="strictly fewer calls and bytes with shared memory than without; in each row of the covering "
        "array fewer calls than the least of the control",
        experiment="os-overhead",
        factors=("reliable", "sessions", "other_pairs", "payload", "readers", "pending", "buffers"),
        reported=frozenset((Metric.POLL_CALLS,)),
        decide=_cost.os_overhead,
    ),
    Claim(
        id="latency",
        statement="Less time from publisher to reader.",
        method="Message latency (REP-2014), from the publish call to the callback's entry, on one clock of the MCU. "
        "It is measured by payload, readers and spin time-out; after 2,000 samples in one session, in a full run "
        "70,000; under a covering array; and for samples that another context publishes while spin goes to sleep. "
        "The first sample of each start is kept apart. The instrument's own cost is measured in the same run and "
        "subtracted. The control takes the path through the Agent at the link's baud rate.",
        criterion="(1) at every size the upper bound of p99 (95 % confidence) is below the lower bound of p99 on "
        "the Agent path; (2) the spin time-out makes no difference; (3) the first sample of a start, the tail "
        "(p99.9 of all samples, or the greatest on an exact clock) and the median in each row of the covering array "
        "exceed the plain median by at most 1 ms, or are at most 10 times it where the clock counts instructions; "
        "deliveries that come before are allowed for; (4) after many samples the median is at most 3 times what it "
        "was; (5) a spin that is given time returns within 1 ms of its callback; (6) no sleeping spin misses its "
        "wake-up, and at most half of them deliver later than 1 ms after publishing (3 ms on a host)",
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
        method="Each pair of writer and reader is tried alone: created by BIN, XML, REF, or one by BIN and one by "
        "XML; with each offered and requested QoS; either one first; in one session and in two, in one domain and in "
        "two. Requesters and repliers are created by BIN and XML. Some names and types differ only slightly. A quick "
        "run covers every rule, a full run every combination. A pair that should match and cannot be created counts as "
        "wrong, unless the middleware reports that it lacks the feature or the room. Then a late reader comes and goes "
        "at a writer that keeps its last 2 samples: 70,000 times in one start, in a quick run 300.",
        criterion="every pair that DDS lets match delivers exactly once; every other pair delivers nothing; each late "
        "reader gets what its writer keeps",
        experiment="local-matching",
        decide=_entities.local_matching,
        promises=promises_of("local-matching"),
    ),
    Claim(
        id="agent-duplicates",
        statement="The Agent does not send the duplicates back.",
        method="The rig counts each sample at two local readers, and DATA on the link, in one session and from one "
        "session to another. The Agent stays; falls silent and comes back; is restarted, after which a writer "
        "elsewhere must reach the readers here; and serves a reader elsewhere that comes and goes, for which samples "
        "must cross the link. The control shows that an echo would be counted.",
        criterion="no duplicate, no loss, no DATA echoed on the link; the reader elsewhere gets each sample once; "
        "if Client and Agent have agreed on the rig_lo extension, no sample crosses the link without a reader there",
        experiment="agent-duplicates",
        decide=_agent.agent_duplicates,
    ),
    Claim(
        id="entity-capacity",
        statement="Many entities work at once.",
        method="The bench creates 1 to 20 pairs; a full run creates 40, or one more than there is room for. The "
        "middleware reports the limits that it was built with. To test larger limits, build another firmware (for "
        "the reference Client with -DRIG_MW_MAX_ENTITIES=... and the like) and run it as a board of its own.",
        criterion="every pair delivers, or its creation fails with an error, and not before the reported limits are "
        "reached; at least one pair delivers",
        experiment="entity-capacity",
        decide=_entities.entity_capacity,
        promises=promises_of("entity-capacity"),
    ),
    Claim(
        id="burst-order",
        statement="Samples keep their order.",
        method="Bursts of 1 sample up to twice the pool are published between two spins, to two readers; some from "
        "one session to another. Then 140,000 samples are published in one start, in a quick run 600.",
        criterion="samples arrive in order; every loss is reported to the publisher",
        experiment="burst-order",
        decide=_order.burst_order,
        promises=promises_of("burst-order"),
    ),
    Claim(
        id="thread-safety",
        statement="It is safe with threads.",
        method="Two other contexts publish while the main context publishes and spins: two threads on a native "
        "board, two interrupts of different priority on bare metal, an interrupt and a thread on NuttX. Each "
        "context has its own writer, and gives every other loan back first; one more reader comes and goes. Before "
        "that, all publish in turns from the main context. Each sample's bytes show whether it arrived whole. Then "
        "each other context publishes while spin goes to sleep, at moments spread over its way into the sleep.",
        criterion="no sample is torn, lost or out of order; every buffer is free again; every call returns and "
        "nothing crashes; no callback runs with the lock held; no sleeping spin sleeps on for half its time-out or "
        "longer",
        experiment="thread-safety",
        decide=_order.thread_safety,
        promises=promises_of("thread-safety"),
    ),
    Claim(
        id="lifecycle",
        statement="Entities may come and go.",
        method="Entities are created and deleted 100 times, in a quick run 20. A reader is deleted, also while "
        "samples wait for it. One of two sessions is closed. Then a reader comes and goes at a writer that stays, and "
        "a writer that leaves samples behind: each 70,000 times in one start, in a quick run 300. Sessions are opened "
        "and closed too few times to show a slow leak.",
        criterion="nothing leaks, other entities are unaffected, a deleted reader gets nothing",
        experiment="lifecycle",
        decide=_entities.lifecycle,
        promises=promises_of("lifecycle"),
    ),
    Claim(
        id="services",
        statement="Requests and replies work too.",
        method="Requesters and repliers on one MCU exchange many outstanding requests, with two services side by "
        "side and in two sessions. Then 70,000 requests in one start, in a quick run 300, take the 16-bit request "
        "ids past their wrap.",
        criterion="each reply reaches its requester with its request id",
        experiment="services",
        decide=_entities.services,
        promises=promises_of("services"),
    ),
    Claim(
        id="nuttx",
        statement="It works on NuttX.",
        method="One run decides all other claims on two boards, one on bare metal and one on NuttX, with the same "
        "middleware, version and variants. Their verdicts are compared, never their figures. This shows that the "
        "bench as a NuttX application, on NuttX's scheduler, locks, interrupts, heap and serial driver, keeps what "
        "the bare-metal bench keeps. It shows nothing about other chips, SMP, protected builds, or time on "
        "hardware.",
        criterion="every other claim has the same verdict on both boards, confirmed or refuted; refuted if a claim "
        "is confirmed on bare metal and refuted on NuttX; undecided while a claim is undecided on either board",
        why_not="the run has no board with NuttX beside one of bare metal with the same middleware, version and "
        "variants: rig run --board mps2-an500 --board nuttx-an500, whose images you build in your own NuttX tree "
        "(firmware/ports/nuttx/README.md). The native board runs the suite on the POSIX port: it shows that the "
        "code needs only POSIX, and nothing about NuttX",
    ),
    Claim(
        id="footprint",
        statement="What it costs in ROM, RAM and stack.",
        method="The rig reads the section sizes of both images, and the RAM of the shared-memory image by source "
        "file and object, RAM without a symbol included. It adds the heap taken since boot (malloc, sbrk, mappings) "
        "and compares the sum with the middleware's documented formula. On boards with a painted stack it measures "
        "the deepest stack since boot, and the stack of the same work with shared memory and without: start, "
        "creation, publishing, delivery.",
        criterion="no more heap than the control; at most 512 bytes more stack for the same work; if the middleware "
        "has a formula for its RAM, image and heap are within 768 bytes of it; the other figures are only reported",
        experiment="footprint",
        decide=_cost.footprint,
    ),
)

CLAIMS: dict[str, Claim] = {claim.id: claim for claim in _ROWS}
