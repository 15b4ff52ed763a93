#include "small_agent.h"

#include "check.h"
#include "rig.h"
#include "wire/xrce_message.h"

uint32_t agent_seed;
unsigned agent_loss;
bool agent_echoes;
bool agent_reads_late;
agent_in_t agent_in;
agent_out_t agent_out;

bool agent_lost(void)
{
    agent_seed = agent_seed * 1664525u + 1013904223u;
    return (agent_seed >> 16) % 100u < agent_loss;
}

static void say(const uint8_t *message, uint32_t length)
{
    if (!agent_lost()) {
        rig_answer(message, length);
    }
}

void agent_say(const uint8_t *submessage, uint32_t length)
{
    uint8_t *message = agent_out.message[agent_out.next % 256u];

    message[0] = 0x81;
    message[1] = 0x80;
    message[2] = (uint8_t)agent_out.next;
    message[3] = (uint8_t)(agent_out.next >> 8);
    memcpy(message + 4, submessage, length);
    agent_out.length[agent_out.next % 256u] = length + 4u;
    say(message, length + 4u);
    agent_out.next++;
}

static void say_acknack(void)
{
    uint16_t missing = 0;
    int known = xrce_sequence_distance(agent_in.last, agent_in.expected);
    uint8_t message[13] = {0x81, 0, 0, 0, 10, 1, 5, 0, 0, 0, 0, 0, 0x80};

    for (int i = 0; i < known && i < 16; i++) {
        missing = (uint16_t)(missing | ((agent_in.have >> i & 1u) == 0u ? 1u << i : 0u));
    }
    message[8] = (uint8_t)agent_in.expected;
    message[9] = (uint8_t)(agent_in.expected >> 8);
    message[10] = (uint8_t)(missing >> 8);
    message[11] = (uint8_t)missing;
    say(message, sizeof(message));
}

void agent_heartbeat(void)
{
    uint8_t message[13] = {0x81, 0, 0, 0, 11, 1, 5, 0, 0, 0, 0, 0, 0x80};
    uint16_t last = (uint16_t)(agent_out.next - 1u);

    if (agent_out.acked == agent_out.next) {
        return;
    }
    message[8] = (uint8_t)agent_out.acked;
    message[9] = (uint8_t)(agent_out.acked >> 8);
    message[10] = (uint8_t)last;
    message[11] = (uint8_t)(last >> 8);
    say(message, sizeof(message));
}

void agent_send_sample(const uint8_t *sample, uint32_t length)
{
    static uint8_t submessage[512];

    CHECK(length <= 400u);
    xrce_subheader_write(submessage, XRCE_DATA, XRCE_LITTLE_ENDIAN, length + 4u);
    memcpy(submessage + 4, "\x00\x10\x00\x16", 4);
    memcpy(submessage + 8, sample, length);
    agent_say(submessage, length + 8u);
}

/* Echoes that are still to be said. */
static struct {
    uint8_t bytes[64];
    uint32_t length;
} waiting[64];
static uint32_t waiting_count;

void agent_reads_on(void)
{
    agent_reads_late = false;
    for (uint32_t i = 0; i < waiting_count; i++) {
        agent_send_sample(waiting[i].bytes, waiting[i].length);
    }
    waiting_count = 0;
}

static void on_submessage(const xrce_submessage_t *submessage)
{
    const uint8_t *payload = submessage->payload;

    if (submessage->id == XRCE_CREATE) {
        uint8_t status[10] = {XRCE_STATUS, 1, 6, 0, payload[0], payload[1], payload[2], payload[3], agent_in.status, 0};
        uint8_t info[16] = {XRCE_INFO, 1, 12, 0, 0, 0, payload[2], payload[3], 0, 0, 0, 1, 5, 0, 0, 0};

        if (payload[4] == XRCE_DATAWRITER && agent_in.remote != 0u) {
            info[14] = (uint8_t)agent_in.remote;
            agent_say(info, sizeof(info));
        }
        agent_say(status, sizeof(status));
    } else if (submessage->id == XRCE_DELETE) {
        agent_in.deletions++;
    } else if (submessage->id == XRCE_WRITE_DATA) {
        CHECK_INT(agent_in.deletions, 0);
        agent_in.samples++;
        agent_in.sample_length = submessage->length - 4u;
        memcpy(agent_in.sample, payload + 4, agent_in.sample_length);
        if (agent_echoes && agent_reads_late) {
            CHECK(waiting_count < sizeof(waiting) / sizeof(waiting[0]));
            memcpy(waiting[waiting_count].bytes, agent_in.sample, agent_in.sample_length);
            waiting[waiting_count++].length = agent_in.sample_length;
        } else if (agent_echoes) {
            agent_send_sample(agent_in.sample, agent_in.sample_length);
        }
    } else if (submessage->id == XRCE_FRAGMENT) {
        xrce_submessage_t whole;
        uint32_t at = 0;

        memcpy(agent_in.whole + agent_in.whole_length, payload, submessage->length);
        agent_in.whole_length += submessage->length;
        if ((submessage->flags & XRCE_LAST_FRAGMENT) != 0u) {
            int found = xrce_submessage_next(&whole, agent_in.whole, agent_in.whole_length, &at);

            CHECK(found < 0 || at == agent_in.whole_length);
            agent_in.whole_length = 0;
            if (found > 0) {
                on_submessage(&whole);
            } else {
                agent_in.cut++; /* shorter than its length says: given up by the Client */
            }
        }
    }
}

static void on_message(const uint8_t *message, uint32_t length)
{
    xrce_submessage_t submessage;
    uint32_t at = 4;

    while (xrce_submessage_next(&submessage, message, length, &at) > 0) {
        on_submessage(&submessage);
    }
}

static void on_reliable(uint16_t sequence, const uint8_t *message, uint32_t length)
{
    int ahead = xrce_sequence_distance(sequence, agent_in.expected);

    if (xrce_sequence_distance((uint16_t)(sequence + 1u), agent_in.last) > 0) {
        agent_in.last = (uint16_t)(sequence + 1u);
    }
    CHECK(ahead < 16);
    if (ahead >= 0 && (agent_in.have >> ahead & 1u) == 0u) {
        memcpy(agent_in.stored[sequence % 32u], message, length);
        agent_in.stored_length[sequence % 32u] = length;
        agent_in.have |= 1u << ahead;
    }
    while ((agent_in.have & 1u) != 0u) {
        on_message(agent_in.stored[agent_in.expected % 32u], agent_in.stored_length[agent_in.expected % 32u]);
        agent_in.expected++;
        agent_in.have >>= 1;
    }
    say_acknack();
}

static void on_control(const xrce_submessage_t *submessage)
{
    const uint8_t *payload = submessage->payload;
    uint16_t first = (uint16_t)(payload[0] | (uint32_t)payload[1] << 8);

    if (submessage->id == XRCE_CREATE_CLIENT) {
        uint8_t plain[19] = {0x81, 0, 0, 0, 4, 1, 11, 0, 0, 0, 0x58, 0x52, 0x43, 0x45, 1, 0, 1, 0x0F, 0};
        uint8_t with[42] = {0x81, 0, 0, 0, 4, 1, 0x22, 0, 0, 0, 0x58, 0x52, 0x43, 0x45, 1, 0, 1, 0x0F, 1, 0,
                            1, 0, 0, 0, 7, 0, 0, 0, 'r', 'i', 'g', '_', 'l', 'o', 0, 0, 2, 0, 0, 0, '1', 0};

        rig_answer(agent_in.cooperative ? with : plain, agent_in.cooperative ? sizeof(with) : sizeof(plain));
    } else if (submessage->id == XRCE_HEARTBEAT) {
        uint16_t last = (uint16_t)(payload[2] | (uint32_t)payload[3] << 8);

        if (xrce_sequence_distance((uint16_t)(last + 1u), agent_in.last) > 0) {
            agent_in.last = (uint16_t)(last + 1u);
        }
        say_acknack();
    } else if (submessage->id == XRCE_ACKNACK) {
        uint16_t missing = (uint16_t)((uint32_t)payload[2] << 8 | payload[3]);

        if (xrce_sequence_distance(first, agent_out.acked) > 0) {
            agent_out.acked = first;
        }
        for (uint16_t i = 0; i < 16u; i++) {
            uint16_t sequence = (uint16_t)(first + i);

            if ((missing >> i & 1u) != 0u) {
                say(agent_out.message[sequence % 256u], agent_out.length[sequence % 256u]);
            }
        }
    }
}

static uint8_t late[512];
static uint32_t late_length;

/* Takes what the client sent; some of it comes late. */
void agent_run(void)
{
    uint8_t message[512];
    uint32_t length;

    while ((length = rig_sent(message, sizeof(message))) != 0u) {
        xrce_header_t header;
        xrce_submessage_t submessage;
        uint32_t at;

        CHECK_INT(xrce_header_read(&header, message, length), XRCE_OK);
        at = header.bytes;
        if (agent_in.mute) {
            continue;
        }
        if (header.stream == XRCE_STREAM_NONE) {
            CHECK_INT(xrce_submessage_next(&submessage, message, length, &at), 1);
            if (submessage.id == XRCE_CREATE_CLIENT || !agent_lost()) {
                on_control(&submessage);
            }
        } else if (header.stream == XRCE_STREAM_BEST_EFFORT) {
            on_message(message, length);
        } else if (agent_loss != 0u && late_length == 0u && agent_lost()) {
            memcpy(late, message, length);
            late_length = length;
        } else if (!agent_lost()) {
            on_reliable(header.sequence, message, length);
        }
    }
    if (late_length != 0u && !agent_lost()) {
        on_reliable((uint16_t)(late[2] | (uint32_t)late[3] << 8), late, late_length);
        late_length = 0;
    }
}

void agent_settle(void)
{
    for (int i = 0; i < 3; i++) {
        agent_run();
        (void)xrce_client_spin(&rig_client, 0);
    }
    (void)xrce_client_spin(&rig_client, 50);
    agent_run();
}

void agent_reset(void)
{
    memset(&agent_in, 0, sizeof(agent_in));
    memset(&agent_out, 0, sizeof(agent_out));
    late_length = 0;
    waiting_count = 0;
}
