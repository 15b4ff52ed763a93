"""The bench's calls in terms of each middleware's public interface, for people who do not know the bench.

They are the calls that the backends in ``firmware/middleware/`` make; a test holds the names to their sources.
"""

from __future__ import annotations

CALLS: dict[str, tuple[tuple[str, str], ...]] = {
    "microxrcedds": (
        (
            "start with N buffers of B bytes",
            "memory of N x B bytes: the slots of the output streams, and room for one long message; "
            "`UXR_CONFIG_SHARED_MEMORY_*` is fixed by the build",
        ),
        (
            "no link",
            "no Agent: no `uxr_create_session_retries`; creation goes to the best-effort stream and is flushed "
            "by `uxr_flash_output_streams`, and nobody waits for a status. With a link an Agent answers",
        ),
        ("open session", "`uxr_init_session`, `uxr_create_session_retries` (not without a link), the streams"),
        (
            "create writer, reader",
            "`uxr_buffer_create_participant_*`, `_topic_*`, `_publisher_*` or `_subscriber_*`, `_datawriter_*` or "
            "`_datareader_*` (`*`: bin, xml or ref), `uxr_run_session_until_all_status`; for a reader also "
            "`uxr_buffer_request_data`",
        ),
        ("create requester, replier", "`uxr_buffer_create_requester_*`, `uxr_buffer_create_replier_*`"),
        (
            "lend",
            "`uxr_prepare_output_stream` up to the MTU; longer: the bench's memory, for `uxr_buffer_topic` (or "
            "`uxr_prepare_output_stream_fragmented`, see `long_messages`)",
        ),
        (
            "publish",
            "`uxr_flash_output_streams`, or `uxr_buffer_topic` of a long sample; a reliable writer on the reliable "
            "output stream, any other on the best-effort one",
        ),
        ("request, reply", "`uxr_buffer_request`, `uxr_buffer_reply`"),
        ("spin", "`uxr_run_session_until_data`, again until nothing comes any more"),
        ("delete", "`uxr_buffer_delete_entity`, `uxr_run_session_until_all_status`"),
        ("callback", "the one of `uxr_set_topic_callback`"),
    ),
    "rclc": (
        ("open session", "`rclc_support_init_with_options`, `rclc_node_init_default`, `rclc_executor_init`"),
        ("create writer", "`rclc_publisher_init`"),
        ("create reader", "`rclc_subscription_init`, `rclc_executor_add_subscription_with_context`"),
        ("lend, publish", "a message of the application's, then `rcl_publish`"),
        ("spin", "`rclc_executor_spin_some`"),
        ("delete", "`rcl_publisher_fini`, `rclc_executor_remove_subscription` and `rcl_subscription_fini`"),
        ("callback", "the subscription's"),
    ),
    "reference": (
        ("open session", "`xrce_client_open`"),
        ("create", "`xrce_client_create`"),
        ("lend", "`xrce_client_loan`"),
        ("publish", "`xrce_client_publish`"),
        ("request, reply", "`xrce_service_loan`, `xrce_service_request`, `xrce_service_reply`"),
        ("spin", "`xrce_client_spin`"),
        ("delete", "`xrce_client_delete`"),
        ("callback", "the one of `xrce_client_create`"),
    ),
}

INSTALLED = {
    "microxrcedds": "Micro XRCE-DDS Client as an installed CMake package (`find_package(microxrcedds_client)`), below "
    "the bench firmware of the micro-ROS SHM rig (backend `microxrcedds`)",
    "rclc": "a built `libmicroros.a` (rclc, rcl, rmw_microxrcedds), below the bench firmware of the micro-ROS SHM rig "
    "(backend `rclc`)",
    "reference": "the reference Client of the micro-ROS SHM rig itself (`firmware/xrce`), not eProsima's",
}

CLIENTS = {"microxrcedds": "Micro XRCE-DDS Client", "rclc": "micro-ROS (rclc)", "reference": "reference Client"}

STEPS: dict[str, tuple[str, ...]] = {
    "agentless-operation": (
        "Open a session with the link up; create one writer and {readers} readers on its topic.",
        "Cut the link ({link}).",
        "Publish samples of {payload_bytes} bytes one by one, spinning after each; count what each reader gets.",
    ),
    "agentless-startup": (
        "Start with the Agent as the figures say (`absent`, `none`: no link at all, `appeared`: later).",
        "Create one writer and {readers} readers on its topic; publish samples of {payload_bytes} bytes, spin, count.",
    ),
    "message-size": (
        "Open a session; create one writer and its readers on one topic.",
        "Publish one sample of each size in the figures, pseudo-random bytes with a check sum; spin.",
        "Compare length and bytes in the reader's callback.",
    ),
    "copies": (
        "Create one writer and so many readers as the figures say, on one topic.",
        "Publish pseudo-random payloads; hold in the callback of the last reader.",
        "Look for the payload in all RAM through the debug probe, and read the counters of memcpy.",
    ),
    "shared-buffer": (
        "Create one writer and so many readers as the figures say, on one topic.",
        "Publish, spin, and compare the addresses handed to the callbacks.",
    ),
    "os-overhead": (
        "Create one writer and so many readers as the figures say; publish samples of {payload_bytes} bytes, spin.",
        "Count calls of transport, lock, wait and allocation per sample, with shared memory compiled in and without.",
    ),
    "latency": (
        "Create one writer and so many readers as the figures say, on one topic.",
        "Read the clock at the call of publish and at the entry of the last reader's callback; spin at once.",
        "The same in a build without shared memory, over the Agent.",
    ),
    "local-matching": (
        "For each row of the figures: create the writer and the reader in this form (BIN, XML, REF), with this QoS, in "
        "this order, on one topic.",
        "Publish {samples} samples of {payload_bytes} bytes, spin, count the callbacks.",
    ),
    "entity-capacity": (
        "Create so many pairs of writer and reader as the figures say, each pair on a topic of its own.",
        "Publish a sample on each, spin, and count deliveries of the pairs that could be made.",
    ),
    "burst-order": (
        "Create one writer and {readers} readers on one topic.",
        "Publish `burst` samples of {payload_bytes} bytes without a spin in between; each carries its number.",
        "Spin until nothing is left; compare the order in each reader's callbacks.",
    ),
    "lifecycle": (
        "Create and delete entities as the case of the figures says.",
        "Publish and spin after each step; count deliveries, those to deleted readers, and what is not given back.",
    ),
    "services": (
        "Create repliers and requesters as the figures say.",
        "Send so many requests as are outstanding, spin, answer in the callback, spin; compare each reply's id.",
    ),
    "thread-safety": (
        "Publish from several contexts (threads, or interrupts) while the main one publishes and spins.",
        "Each sample's bytes show whether it is whole; count what is torn, lost, doubled or out of order.",
    ),
    "agent-duplicates": (
        "Open a session with an Agent; create a writer and readers here, in some rows also a reader elsewhere.",
        "Publish, spin, and count deliveries by reader and DATA on the link from the Agent.",
    ),
}
"""What an experiment does, in the bench's words; figures fill in what they have in common."""
