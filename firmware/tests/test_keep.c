/* Samples kept for readers that come late, and samples that readers with a depth lose before they hold up the pool. */
#include "check.h"
#include "rig.h"

#define DURABLE (XRCE_QOS_RELIABLE | XRCE_QOS_KEEP_LAST | XRCE_QOS_TRANSIENT_LOCAL)
#define VOLATILE (XRCE_QOS_RELIABLE | XRCE_QOS_KEEP_LAST)

static const uint8_t key[4] = {1, 2, 3, 4};

static void begin(uint32_t buffers)
{
    rig_start(false, buffers, 64);
    CHECK_INT(xrce_client_open(&rig_client, key, 0), 0);
    rig_world(0);
}

static void endpoint(uint8_t kind, uint16_t id, uint8_t qos, uint16_t depth)
{
    CHECK_INT(rig_entity(0, kind, id, 1, 1, NULL, NULL, qos, depth), XRCE_OK);
}

static void publish(uint32_t first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        CHECK_INT(rig_publish(0, 1, first + i, 4), XRCE_OK);
    }
}

static void expect(unsigned at, uint32_t first, uint32_t count)
{
    CHECK_INT(rig_seen_count, at + count);
    for (uint32_t i = 0; i < count; i++) {
        CHECK_INT(rig_seen[at + i].first, first + i);
    }
}

static void late_readers_get_the_last_ones(void)
{
    begin(16);
    endpoint(XRCE_DATAWRITER, 1, DURABLE, 4);
    publish(0, 10);
    CHECK_INT(rig_client.pool.free_count, 12);
    endpoint(XRCE_DATAREADER, 1, DURABLE, 0);
    CHECK_INT(rig_seen_count, 0); /* not before a spin */
    CHECK_INT(xrce_client_spin(&rig_client, 0), 4);
    expect(0, 6, 4);
    CHECK(rig_seen[0].local);
    publish(10, 3);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 3);
    expect(4, 10, 3);
    endpoint(XRCE_DATAREADER, 2, DURABLE, 2); /* wants fewer than there are */
    CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
    expect(7, 11, 2);
    endpoint(XRCE_DATAREADER, 3, VOLATILE, 0); /* wants none */
    CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
    publish(13, 1);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 3);
    CHECK_INT(rig_client.pool.free_count, 12);
    CHECK_INT(rig_client.shm.lost, 0);
    CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_DATAWRITER, 1, 0), XRCE_OK);
    CHECK_INT(rig_client.pool.free_count, 16);
}

static void nothing_twice_and_nothing_missing(void)
{
    for (uint32_t before = 0; before < 5u; before++) {
        for (uint32_t after = 0; after < 5u; after++) {
            begin(16);
            endpoint(XRCE_DATAWRITER, 1, DURABLE, 12);
            endpoint(XRCE_DATAREADER, 1, VOLATILE, 0);
            publish(0, 2);
            CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
            publish(2, before); /* still in the queue when the late one comes */
            endpoint(XRCE_DATAREADER, 2, DURABLE, 0);
            publish(2u + before, after);
            rig_seen_count = 0;
            CHECK_INT(xrce_client_spin(&rig_client, 0), before + after + (2u + before + after));
            for (uint32_t reader = 1; reader <= 2u; reader++) {
                uint32_t next = reader == 1u ? 2u : 0u;

                for (unsigned i = 0; i < rig_seen_count; i++) {
                    if (rig_seen[i].reader == reader) {
                        CHECK_INT(rig_seen[i].first, next++);
                    }
                }
                CHECK_INT(next, 2u + before + after);
            }
            CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
            publish(20, 1);
            CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
        }
    }
}

static void the_default_depth_is_one(void)
{
    begin(8);
    endpoint(XRCE_DATAWRITER, 1, DURABLE, 0);
    publish(0, 5);
    endpoint(XRCE_DATAREADER, 1, DURABLE, 0);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    expect(0, 4, 1);
}

static void an_empty_pool_takes_back_what_is_only_kept(void)
{
    begin(4);
    endpoint(XRCE_DATAWRITER, 1, XRCE_QOS_RELIABLE | XRCE_QOS_TRANSIENT_LOCAL, 0); /* KEEP_ALL */
    endpoint(XRCE_DATAREADER, 1, VOLATILE, 0);
    for (uint32_t i = 0; i < 10u; i++) {
        publish(i, 1);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    }
    CHECK_INT(rig_client.pool.free_count, 0);
    endpoint(XRCE_DATAREADER, 2, DURABLE, 0);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 4);
    CHECK_INT(rig_seen[10].first, 6);
    publish(10, 4); /* nobody had them: these stay */
    CHECK_INT(rig_publish(0, 1, 14, 4), XRCE_ERR_NO_BUFFER);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 8);
}

static uint16_t doomed;
static uint8_t doomed_kind;

static void delete_in_callback(const xrce_sample_t *sample)
{
    if (sample->reader == 2u && doomed != 0u) {
        CHECK_INT(xrce_client_delete(&rig_client, 0, doomed_kind, doomed, 0), XRCE_OK);
        doomed = 0;
    }
}

static void entities_may_go_while_the_kept_are_handed_out(void)
{
    for (uint32_t what = 0; what < 3u; what++) {
        begin(8);
        endpoint(XRCE_DATAWRITER, 1, DURABLE, 4);
        publish(0, 4);
        endpoint(XRCE_DATAREADER, 1, DURABLE, 0);
        endpoint(XRCE_DATAREADER, 2, DURABLE, 0);
        rig_in_callback = delete_in_callback;
        doomed_kind = what == 0u ? XRCE_DATAWRITER : XRCE_DATAREADER;
        doomed = (uint16_t)(what == 0u ? 1u : what);
        CHECK_INT(xrce_client_spin(&rig_client, 0), what == 1u ? 8 : 5);
        CHECK_INT(rig_client.pool.free_count, what == 0u ? 8 : 4);
        CHECK_INT(rig_client.entities.used, 6);
    }
}

static void publish_in_callback(const xrce_sample_t *sample)
{
    if (rig_seen_count <= 3u) {
        publish(100u + rig_seen_count, 1);
    }
    CHECK(sample->local);
}

static void publishing_while_the_kept_are_handed_out(void)
{
    begin(16);
    endpoint(XRCE_DATAWRITER, 1, DURABLE, 12);
    publish(0, 3);
    endpoint(XRCE_DATAREADER, 1, DURABLE, 0);
    rig_in_callback = publish_in_callback;
    CHECK_INT(xrce_client_spin(&rig_client, 0), 3);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 3);
    expect(3, 101, 3);
}

static void a_short_history_does_not_hold_up_the_pool(void)
{
    for (uint16_t depth = 1; depth <= 3u; depth++) {
        uint32_t count = depth + 2u;

        begin(depth + 2u);
        endpoint(XRCE_DATAWRITER, 1, VOLATILE, 0);
        endpoint(XRCE_DATAREADER, 1, VOLATILE, depth);
        publish(0, 100);
        CHECK_INT(xrce_client_spin(&rig_client, 0), depth);
        expect(0, 100u - depth, depth);
        CHECK_INT(rig_client.shm.lost, 100u - depth);
        CHECK_INT(rig_client.pool.free_count, count);
        publish(100, 1);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    }
}

static void but_never_at_the_cost_of_others(void)
{
    begin(6);
    endpoint(XRCE_DATAWRITER, 1, VOLATILE, 0);
    endpoint(XRCE_DATAWRITER, 2, VOLATILE, 0);
    endpoint(XRCE_DATAREADER, 1, VOLATILE, 1);
    CHECK_INT(rig_entity(0, XRCE_TOPIC, 2, 1, 0, "rt/u", "T", 0, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_DATAWRITER, 3, 1, 2, NULL, NULL, VOLATILE, 0), XRCE_OK);
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, 3, 1, 2, NULL, NULL, XRCE_QOS_RELIABLE, 0), XRCE_OK);
    for (uint32_t i = 0; i < 50u; i++) { /* of every writer's samples only the last one of topic 1 is wanted */
        CHECK_INT(rig_publish(0, (uint16_t)(1u + i % 2u), i, 4), XRCE_OK);
        if (i % 20u == 10u) {
            CHECK_INT(rig_publish(0, 3, i, 4), XRCE_OK);
        }
    }
    CHECK_INT(xrce_client_spin(&rig_client, 0), 3);
    CHECK_INT(rig_seen[0].reader, 3);
    CHECK_INT(rig_seen[0].first, 10);
    CHECK_INT(rig_seen[1].first, 30);
    CHECK_INT(rig_seen[2].reader, 1);
    CHECK_INT(rig_seen[2].first, 49);
    CHECK_INT(rig_client.pool.free_count, 6);
}

int main(void)
{
    RUN(late_readers_get_the_last_ones);
    RUN(nothing_twice_and_nothing_missing);
    RUN(the_default_depth_is_one);
    RUN(an_empty_pool_takes_back_what_is_only_kept);
    RUN(entities_may_go_while_the_kept_are_handed_out);
    RUN(publishing_while_the_kept_are_handed_out);
    RUN(a_short_history_does_not_hold_up_the_pool);
    RUN(but_never_at_the_cost_of_others);
    return 0;
}
