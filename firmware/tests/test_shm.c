/* Shared memory between entities of one MCU: who gets what, in which order, and what happens at the limits. */
#include "check.h"
#include "rig.h"

#define RELIABLE (XRCE_QOS_RELIABLE | XRCE_QOS_KEEP_LAST)

static const uint8_t key[4] = {1, 2, 3, 4};

static void begin(uint32_t buffers, uint32_t bytes)
{
    rig_start(false, buffers, bytes);
    CHECK_INT(xrce_client_open(&rig_client, key, 0), 0);
    rig_world(0);
}

static void writer(uint16_t id, uint8_t qos)
{
    CHECK_INT(rig_entity(0, XRCE_DATAWRITER, id, 1, 1, NULL, NULL, qos, 0), XRCE_OK);
}

static void reader(uint16_t id, uint8_t qos, uint16_t depth)
{
    CHECK_INT(rig_entity(0, XRCE_DATAREADER, id, 1, 1, NULL, NULL, qos, depth), XRCE_OK);
}

static void order_and_one_address(void)
{
    for (uint16_t readers = 1; readers <= 8u; readers++) {
        begin(8, 64);
        writer(1, RELIABLE);
        for (uint16_t i = 1; i <= readers; i++) {
            reader(i, RELIABLE, 0);
        }
        for (uint32_t i = 0; i < 8u; i++) {
            CHECK_INT(rig_publish(0, 1, i, 4), XRCE_OK);
        }
        CHECK_INT(rig_seen_count, 0); /* never in publish */
        CHECK_INT(xrce_client_spin(&rig_client, 0), 8 * readers);
        for (uint32_t i = 0; i < 8u * readers; i++) {
            CHECK_INT(rig_seen[i].first, i / readers);
            CHECK_INT(rig_seen[i].reader, i % readers + 1u);
            CHECK_INT(rig_seen[i].length, 4);
            CHECK(rig_seen[i].local);
            CHECK(rig_seen[i].data == rig_seen[i / readers * readers].data);
        }
        CHECK_INT(rig_client.pool.free_count, 8);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
    }
}

static void order_over_writers(void)
{
    begin(8, 64);
    writer(1, RELIABLE);
    writer(2, RELIABLE);
    reader(1, RELIABLE, 0);
    for (uint32_t i = 0; i < 8u; i++) {
        CHECK_INT(rig_publish(0, (uint16_t)(1u + i % 2u), i, 4), XRCE_OK);
    }
    CHECK_INT(xrce_client_spin(&rig_client, 0), 8);
    for (uint32_t i = 0; i < 8u; i++) {
        CHECK_INT(rig_seen[i].first, i);
    }
}

static void pool_exhaustion_is_an_error_and_counted(void)
{
    uint8_t *place;

    begin(3, 64);
    writer(1, RELIABLE);
    reader(1, RELIABLE, 0);
    for (uint32_t i = 0; i < 3u; i++) {
        CHECK_INT(rig_publish(0, 1, i, 4), XRCE_OK);
    }
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 4, &place), XRCE_ERR_NO_BUFFER);
    CHECK_INT(rig_client.shm.refused, 1);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 65, &place), XRCE_ERR_TOO_LARGE);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 3);
    CHECK_INT(rig_publish(0, 1, 3, 64), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    CHECK_INT(rig_seen[3].length, 64);
}

static void loan_rules(void)
{
    uint8_t *place;

    begin(2, 64);
    writer(1, RELIABLE);
    reader(1, RELIABLE, 0);
    CHECK_INT(xrce_client_publish(&rig_client, 0, 1), XRCE_ERR_STATE);
    CHECK_INT(xrce_client_cancel(&rig_client, 0, 1), XRCE_ERR_STATE);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 9, 4, &place), XRCE_ERR_UNKNOWN);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 4, &place), XRCE_OK);
    CHECK_INT(xrce_client_loan(&rig_client, 0, 1, 4, &place), XRCE_ERR_STATE);
    CHECK_INT(xrce_client_cancel(&rig_client, 0, 1), XRCE_OK);
    CHECK_INT(rig_client.pool.free_count, 2);
    /* A sample that nobody wants is accepted and its buffer is free at once. */
    CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_DATAREADER, 1, 0), XRCE_OK);
    CHECK_INT(rig_publish(0, 1, 1, 4), XRCE_OK);
    CHECK_INT(rig_client.pool.free_count, 2);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
}

static void qos_matrix(void)
{
    static const uint8_t all[4] = {0, XRCE_QOS_RELIABLE, XRCE_QOS_TRANSIENT_LOCAL,
                                   XRCE_QOS_RELIABLE | XRCE_QOS_TRANSIENT_LOCAL};

    for (uint32_t offer = 0; offer < 4u; offer++) {
        for (uint32_t request = 0; request < 4u; request++) {
            bool fits = (request & ~offer) == 0u;

            for (int reader_first = 0; reader_first < 2; reader_first++) {
                begin(2, 64);
                if (reader_first != 0) {
                    reader(1, all[request], 0);
                }
                writer(1, all[offer]);
                if (reader_first == 0) {
                    reader(1, all[request], 0);
                }
                CHECK_INT(rig_publish(0, 1, 7, 4), XRCE_OK);
                CHECK_INT(xrce_client_spin(&rig_client, 0), fits ? 1 : 0);
            }
        }
    }
}

static void names_match_exactly(void)
{
    static const char *const other[4][2] = {{"rt/t", "U"}, {"rt/u", "T"}, {"rt/tT", ""}, {"rt/", "tT"}};

    for (uint16_t i = 0; i < 4u; i++) {
        begin(2, 64);
        writer(1, 0);
        CHECK_INT(rig_entity(0, XRCE_TOPIC, 2, 1, 0, other[i][0], other[i][1], 0, 0), XRCE_OK);
        CHECK_INT(rig_entity(0, XRCE_DATAREADER, 2, 1, 2, NULL, NULL, 0, 0), XRCE_OK);
        CHECK_INT(rig_publish(0, 1, 1, 4), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 0);
        /* Another topic object with the same texts is the same topic. */
        CHECK_INT(rig_entity(0, XRCE_TOPIC, 3, 1, 0, "rt/t", "T", 0, 0), XRCE_OK);
        CHECK_INT(rig_entity(0, XRCE_DATAREADER, 3, 1, 3, NULL, NULL, 0, 0), XRCE_OK);
        CHECK_INT(rig_publish(0, 1, 1, 4), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
        CHECK_INT(rig_seen[0].reader, 3);
    }
}

static int by_text(uint8_t kind, uint8_t form, uint16_t id, uint16_t topic, const char *text)
{
    xrce_create_t create;

    memset(&create, 0, sizeof(create));
    create.kind = kind;
    create.form = form;
    create.id = id;
    create.parent = 1;
    create.topic = topic;
    create.text[0] = text;
    return xrce_client_create(&rig_client, &create, 0);
}

#define IN_XML(element, qos) \
    "<dds><" element "><topic><kind>NO_KEY</kind><name> rt/t </name><dataType>T</dataType></topic>" qos "</" element ">"

static void any_mix_of_forms_matches(void)
{
    begin(4, 64);
    CHECK_INT(by_text(XRCE_DATAWRITER, XRCE_XML, 1, 0, IN_XML("data_writer", "")), XRCE_OK);
    reader(1, 0, 0);
    CHECK_INT(by_text(XRCE_DATAREADER, XRCE_XML, 2, 0, IN_XML("data_reader", "")), XRCE_OK);
    CHECK_INT(by_text(XRCE_DATAREADER, XRCE_XML, 3, 0, IN_XML("data_reader",
              "<qos><reliability><kind>RELIABLE</kind></reliability></qos>")), XRCE_OK);
    CHECK_INT(by_text(XRCE_DATAREADER, XRCE_REF, 4, 1, "my_reader"), XRCE_OK); /* on a topic that is known */
    CHECK_INT(by_text(XRCE_TOPIC, XRCE_REF, 5, 0, "my_topic"), XRCE_OK);
    CHECK_INT(by_text(XRCE_DATAREADER, XRCE_REF, 5, 5, "my_reader"), XRCE_OK); /* on one that only the Agent knows */
    CHECK_INT(by_text(XRCE_DATAWRITER, XRCE_REF, 5, 5, "my_writer"), XRCE_OK);
    CHECK_INT(rig_publish(0, 1, 1, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 3);
    CHECK_INT(rig_seen[0].reader, 1);
    CHECK_INT(rig_seen[1].reader, 2);
    CHECK_INT(rig_seen[2].reader, 4);
    CHECK_INT(rig_publish(0, 5, 1, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    CHECK_INT(rig_seen[3].reader, 5);
    CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_PARTICIPANT, 1, 0), XRCE_OK);
    CHECK_INT(rig_client.names.used, 0);
}

static void across_sessions(void)
{
    static const uint8_t other[4] = {9, 9, 9, 9};

    rig_sessions = 2;
    begin(4, 64);
    rig_sessions = 1;
    CHECK_INT(xrce_client_open(&rig_client, other, 0), 1);
    rig_world(1);
    writer(1, RELIABLE);
    reader(1, RELIABLE, 0);
    CHECK_INT(rig_entity(1, XRCE_DATAREADER, 1, 1, 1, NULL, NULL, RELIABLE, 0), XRCE_OK);
    CHECK_INT(rig_publish(0, 1, 5, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
    CHECK_INT(rig_seen[0].session, 0);
    CHECK_INT(rig_seen[1].session, 1);
    CHECK_INT(xrce_client_close(&rig_client, 1, 0), XRCE_OK);
    CHECK_INT(rig_publish(0, 1, 6, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
    CHECK_INT(rig_client.pool.free_count, 4);
}

static void keep_last_loses_the_oldest(void)
{
    begin(8, 64);
    writer(1, RELIABLE);
    reader(1, RELIABLE, 2);                              /* KEEP_LAST 2 */
    reader(2, XRCE_QOS_RELIABLE, 2);                     /* KEEP_ALL */
    for (uint32_t i = 0; i < 5u; i++) {
        CHECK_INT(rig_publish(0, 1, i, 4), XRCE_OK);
    }
    CHECK_INT(xrce_client_spin(&rig_client, 0), 7);
    CHECK_INT(rig_client.shm.lost, 3);
    uint32_t expected = 3;
    for (uint32_t i = 0; i < 7u; i++) {
        if (rig_seen[i].reader == 1u) {
            CHECK_INT(rig_seen[i].first, expected++);
        }
    }
    CHECK_INT(expected, 5);
    CHECK_INT(rig_publish(0, 1, 9, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
}

static void late_reader_gets_later_samples(void)
{
    begin(8, 64);
    writer(1, RELIABLE);
    reader(1, RELIABLE, 0);
    CHECK_INT(rig_publish(0, 1, 0, 4), XRCE_OK);
    CHECK_INT(rig_publish(0, 1, 1, 4), XRCE_OK);
    reader(2, RELIABLE, 1);
    CHECK_INT(rig_publish(0, 1, 2, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 4);
    CHECK_INT(rig_seen[3].reader, 2);
    CHECK_INT(rig_seen[3].first, 2);
    CHECK_INT(rig_client.shm.lost, 0);
}

static void deleted_writer_keeps_its_word(void)
{
    begin(8, 64);
    writer(1, RELIABLE);
    reader(1, RELIABLE, 0);
    CHECK_INT(rig_publish(0, 1, 1, 4), XRCE_OK);
    CHECK_INT(rig_publish(0, 1, 2, 4), XRCE_OK);
    CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_DATAWRITER, 1, 0), XRCE_OK);
    CHECK_INT(rig_publish(0, 1, 3, 4), XRCE_ERR_UNKNOWN);
    writer(1, RELIABLE); /* the same id anew */
    CHECK_INT(rig_publish(0, 1, 3, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 3);
    CHECK_INT(rig_seen[2].first, 3);
    CHECK_INT(rig_client.entities.used, 6);
    CHECK_INT(rig_client.pool.free_count, 8);
}

static uint16_t doomed;

static void delete_in_callback(const xrce_sample_t *sample)
{
    if (sample->reader == 2u && doomed != 0u) {
        CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_DATAREADER, doomed, 1000), XRCE_OK);
        doomed = 0;
    }
}

static void readers_may_be_deleted_in_callbacks(void)
{
    for (uint16_t victim = 1; victim <= 3u; victim++) {
        begin(8, 64);
        writer(1, RELIABLE);
        for (uint16_t i = 1; i <= 3u; i++) {
            reader(i, RELIABLE, 0);
        }
        rig_in_callback = delete_in_callback;
        doomed = victim;
        CHECK_INT(rig_publish(0, 1, 1, 4), XRCE_OK);
        CHECK_INT(rig_publish(0, 1, 2, 4), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), victim == 3u ? 4 : 5);
    }
}

static void churn_leaks_nothing(void)
{
    uint32_t free_edges = 0;

    begin(8, 64);
    for (uint32_t round = 0; round < 100u; round++) {
        CHECK_INT(rig_entity(0, XRCE_TOPIC, 2, 1, 0, "rt/other", "U", 0, 0), XRCE_OK);
        writer(1, RELIABLE);
        reader(1, RELIABLE, 0);
        reader(2, RELIABLE, 0);
        CHECK_INT(rig_publish(0, 1, round, 4), XRCE_OK);
        CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_DATAREADER, 1, 0), XRCE_OK);
        CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_DATAWRITER, 1, 0), XRCE_OK);
        CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_TOPIC, 2, 0), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
        CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_DATAREADER, 2, 0), XRCE_OK);
    }
    for (const xrce_edge_t *edge = rig_client.shm.free_edges; edge != NULL; edge = edge->next) {
        free_edges++;
    }
    CHECK_INT(free_edges, RIG_PAIRS);
    CHECK_INT(rig_client.entities.used, 4);
    CHECK_INT(rig_client.pool.free_count, 8);
    CHECK_INT(xrce_client_delete(&rig_client, 0, XRCE_PARTICIPANT, 1, 0), XRCE_OK); /* and all that is in it */
    CHECK_INT(rig_client.entities.used, 0);
    CHECK_INT(rig_client.names.used, 0);
}

static void tables_fill_up_with_an_error(void)
{
    uint16_t id = 1;
    int status;

    begin(4, 64);
    writer(1, RELIABLE);
    do {
        status = rig_entity(0, XRCE_DATAREADER, id++, 1, 1, NULL, NULL, RELIABLE, 0);
    } while (status == XRCE_OK);
    CHECK_INT(status, XRCE_ERR_TABLE_FULL);
    CHECK_INT(rig_client.refused_table, 1);
    CHECK_INT(rig_client.entities.used, RIG_ENTITIES);
    /* Pairs run out: eight readers for nine writers are more than there are. */
    begin(4, 64);
    for (id = 1; id <= 8u; id++) {
        reader(id, RELIABLE, 0);
        writer(id, RELIABLE);
    }
    CHECK_INT(rig_entity(0, XRCE_DATAWRITER, 9, 1, 1, NULL, NULL, RELIABLE, 0), XRCE_ERR_TABLE_FULL);
    CHECK_INT(rig_client.entities.used, 20);
    CHECK_INT(rig_publish(0, 8, 1, 4), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 8);
}

static void large_payload(void)
{
    const uint32_t bytes = 1u << 20;

    begin(2, bytes);
    writer(1, RELIABLE);
    reader(1, RELIABLE, 0);
    CHECK_INT(rig_publish(0, 1, 0xAABBCCDDu, bytes), XRCE_OK);
    CHECK_INT(rig_publish(0, 1, 0x11223344u, 65536), XRCE_OK);
    CHECK_INT(xrce_client_spin(&rig_client, 0), 2);
    CHECK_INT(rig_seen[0].length, bytes);
    CHECK_INT(rig_seen[0].data[bytes - 1u], 0xFF);
    CHECK_INT(rig_seen[1].length, 65536);
}

static void publish_in_callback(const xrce_sample_t *sample)
{
    (void)sample;
    CHECK_INT(rig_publish(0, 1, rig_seen_count, 4), XRCE_OK);
}

static void answering_in_callbacks_ends(void)
{
    begin(2, 64);
    writer(1, RELIABLE);
    reader(1, RELIABLE, 0);
    rig_in_callback = publish_in_callback;
    CHECK_INT(rig_publish(0, 1, 0, 4), XRCE_OK);
    for (uint32_t i = 0; i < 5u; i++) {
        CHECK_INT(xrce_client_spin(&rig_client, 0), 1);
        CHECK_INT(rig_seen[i].first, i);
    }
}

static bool slept;

static void publish_from_elsewhere(void)
{
    rig_idle = NULL;
    CHECK_INT(rig_publish(0, 1, 1, 4), XRCE_OK);
}

static void publish_during_sleep(void)
{
    slept = true; /* the spin was asleep before it came to the point of interruption */
    rig_interrupt_in = 0;
    publish_from_elsewhere();
}

/* Another context publishes at each point where it may run while a spin goes to sleep: no time may pass. */
static void no_wake_up_is_lost(void)
{
    for (unsigned link = 0; link < 2u; link++) {
        slept = false;
        for (unsigned point = 1; !slept; point++) {
            uint32_t before;

            rig_start(link != 0u, 4, 64);
            CHECK_INT(xrce_client_open(&rig_client, key, 0), 0);
            rig_world(0);
            writer(1, RELIABLE);
            reader(1, RELIABLE, 0);
            before = rig_now;
            rig_wakes = 0;
            rig_interrupt = publish_from_elsewhere;
            rig_interrupt_in = point;
            rig_idle = publish_during_sleep;
            CHECK_INT(xrce_client_spin(&rig_client, 1000), 1);
            CHECK_INT(rig_now, before);
            CHECK(!slept || rig_wakes == 1u);
            CHECK(point < 100u);
        }
    }
}

static void who_is_awake_is_not_woken(void)
{
    begin(4, 64);
    writer(1, RELIABLE);
    reader(1, RELIABLE, 0);
    rig_wakes = 0;
    CHECK_INT(xrce_client_spin(&rig_client, 1), 0);
    for (uint32_t i = 0; i < 4u; i++) {
        CHECK_INT(rig_publish(0, 1, i, 4), XRCE_OK);
        CHECK_INT(xrce_client_spin(&rig_client, 1000), 1);
    }
    CHECK_INT(rig_wakes, 0);
}

int main(void)
{
    RUN(order_and_one_address);
    RUN(order_over_writers);
    RUN(pool_exhaustion_is_an_error_and_counted);
    RUN(loan_rules);
    RUN(qos_matrix);
    RUN(names_match_exactly);
    RUN(any_mix_of_forms_matches);
    RUN(across_sessions);
    RUN(keep_last_loses_the_oldest);
    RUN(late_reader_gets_later_samples);
    RUN(deleted_writer_keeps_its_word);
    RUN(readers_may_be_deleted_in_callbacks);
    RUN(churn_leaks_nothing);
    RUN(tables_fill_up_with_an_error);
    RUN(large_payload);
    RUN(answering_in_callbacks_ends);
    RUN(no_wake_up_is_lost);
    RUN(who_is_awake_is_not_woken);
    return 0;
}
