/*
 * A client with live sessions: whatever the peer says, mixed with what the application does.
 *
 * The input is a list of steps: one byte that chooses what happens, one byte of length or argument, then that many
 * bytes where they are needed. An even size plays with two sessions, an odd one with one. Invariants: the sanitizers are silent, every wait ends, and when all is closed no
 * buffer, row, pair or text is left over.
 */
#include "check.h"
#include "fuzz.h"
#include "entity/xrce_entity.h"
#include "rig.h"
#include "wire/xrce_message.h"

#define BUFFERS 6u

static uint16_t next_sequence;

static void say(uint8_t session, uint8_t stream, uint16_t sequence, const uint8_t *body, uint32_t length)
{
    uint8_t message[XRCE_MAX_HEADER_BYTES + 255];
    uint32_t at = xrce_header_write(message, &rig_client.sessions[session].peer, stream, sequence);

    memcpy(message + at, body, length);
    rig_answer(message, at + length);
    (void)xrce_client_spin(&rig_client, 0);
}

static void act(uint8_t what, uint8_t argument)
{
    static const uint8_t kinds[4] = {XRCE_DATAWRITER, XRCE_DATAREADER, XRCE_REQUESTER, XRCE_REPLIER};
    uint8_t session = argument >> 7;
    uint8_t kind = kinds[argument & 3u];
    uint16_t id = (uint16_t)(1u + (argument >> 2 & 3u));

    switch (what) {
    case 0:
        (void)rig_publish(session, id, argument, 1u + argument * 3u);
        break;
    case 1:
        (void)xrce_client_spin(&rig_client, argument);
        break;
    case 2:
        rig_now += argument * 64u;
        (void)xrce_client_spin(&rig_client, 0);
        break;
    case 3:
        (void)xrce_client_delete(&rig_client, session, kind, id, 0);
        break;
    case 4:
        rig_mode = argument >> 4 & (XRCE_REUSE | XRCE_REPLACE);
        if (xrce_kind_is_service(kind)) {
            (void)rig_service(session, kind, id);
        } else {
            (void)rig_entity(session, kind, id, 1, 1, NULL, NULL, argument >> 4 & 0x0Bu, argument >> 5);
        }
        rig_mode = 0;
        break;
    case 5:
        (void)xrce_client_ask(&rig_client, session, kind, id, argument >> 4 == 0u ? 0u : 0xFFFFu);
        break;
    case 6:
        (void)rig_request(session, id, argument, argument);
        (void)xrce_service_cancel(&rig_client, session, XRCE_REQUESTER, id);
        break;
    default:
        rig_link_broken = (argument & 1u) != 0u;
        break;
    }
}

static void answer(const xrce_service_sample_t *message)
{
    if (message->kind == XRCE_REPLIER && message->sample.length < 64u) {
        (void)rig_reply(message->sample.session, message->sample.reader, message->identity, 1, 4);
        (void)xrce_service_cancel(&rig_client, message->sample.session, XRCE_REPLIER, message->sample.reader);
    }
}

static void touch(const xrce_sample_t *sample)
{
    volatile uint8_t sum = 0;

    for (uint32_t i = 0; i < sample->length; i++) {
        sum = (uint8_t)(sum + sample->data[i]);
    }
}

static void begin(uint8_t sessions)
{
    static const uint8_t keys[2][4] = {{1, 2, 3, 4}, {9, 9, 9, 9}};
    static const uint8_t accepted[15] = {4, 1, 11, 0, 0, 0, 0x58, 0x52, 0x43, 0x45, 1, 0, 1, 0x0F, 0};

    rig_sessions = sessions;
    rig_start_history(true, BUFFERS, 1024, 128, 4);
    rig_in_callback = touch;
    rig_in_service = answer;
    next_sequence = 0;
    for (uint8_t i = 0; i < sessions; i++) {
        CHECK_INT(xrce_client_open(&rig_client, keys[i], 0), i);
        rig_world(i);
        say(i, 0, 0, accepted, sizeof(accepted));
    }
    act(4, 0x80);
    act(4, 0x11);
    act(4, 0x02);
    act(4, 0x03);
    act(5, 0x11);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t drained[2048];
    size_t at = 0;

    begin(size % 2u == 0u ? 2 : 1);
    while (at + 2u <= size && at < 4096u) {
        uint8_t what = data[at];
        uint8_t length = data[at + 1u];
        uint32_t room;

        at += 2u;
        if (what < 8u) {
            act(what, length);
        } else {
            static const uint8_t streams[4] = {0x80, 0x80, 0x00, 0x01};

            room = length < size - at ? length : (uint32_t)(size - at);
            room = room < 120u ? room : 120u;
            if ((what & 0x80u) != 0u) { /* all of it is the peer's, header included */
                rig_answer(data + at, room);
                (void)xrce_client_spin(&rig_client, 0);
            } else {
                next_sequence = (what & 0x40u) != 0u ? (uint16_t)(next_sequence + (what >> 2 & 3u)) : next_sequence;
                say(rig_sessions == 2u && (what & 0x20u) != 0u, streams[what & 3u], next_sequence, data + at, room);
                next_sequence += (what & 0x02u) == 0u ? 1u : 0u;
            }
            at += room;
        }
        while (rig_sent(drained, sizeof(drained)) != 0u) {
        }
    }
    rig_link_broken = true;
    for (uint8_t i = 0; i < rig_sessions; i++) {
        CHECK_INT(xrce_client_close(&rig_client, i, 0) < 0, 0);
    }
    (void)xrce_client_spin(&rig_client, 0);
    CHECK_INT(rig_client.entities.used, 0);
    CHECK_INT(rig_client.names.used, 0);
#if XRCE_SHM
    CHECK_INT(rig_client.pool.free_count, BUFFERS);
#endif
    return 0;
}
