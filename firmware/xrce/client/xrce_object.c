/*
 * The life of an entity: checked, entered into the tables of this MCU, told to the Agent, removed with all that lies
 * in it. Local first: what the tables hold is told to the Agent whenever one is there. Main context only.
 */
#include "client/xrce_client_parts.h"

#include <string.h>

#include "entity/xrce_entity.h"
#include "entity/xrce_name.h"
#include "session/xrce_session.h"
#include "shm/xrce_samples.h"
#include "state/xrce_context.h"

XRCE_COLD void xrce_object_remove(xrce_client_t *client, xrce_entity_t *entity)
{
    uint16_t object = xrce_entity_object(entity);
    uint8_t session = entity->session;

    xrce_lock(client);
    xrce_entity_hide(&client->entities, entity);
    xrce_unlock(client);
    for (xrce_entity_t *child = NULL; (child = xrce_entity_next_of(&client->entities, session, child)) != NULL;) {
        if (child->parent == object) {
            xrce_object_remove(client, child); /* at most participant, publisher, writer */
        }
    }
    xrce_name_release(&client->names, entity->name);
    xrce_name_release(&client->names, entity->text);
    entity->name = XRCE_NONE;
    entity->text = XRCE_NONE;
    xrce_samples_leave(client, entity);
}

static uint16_t parent_of(const xrce_create_t *create)
{
    switch (create->kind) {
    case XRCE_PARTICIPANT:
        return 0;
    case XRCE_DATAWRITER:
        return XRCE_OBJECT(create->parent, XRCE_PUBLISHER);
    case XRCE_DATAREADER:
        return XRCE_OBJECT(create->parent, XRCE_SUBSCRIBER);
    default:
        return XRCE_OBJECT(create->parent, XRCE_PARTICIPANT);
    }
}

static xrce_span_t span_of(const char *text)
{
    xrce_span_t span = {text, text == NULL ? 0u : (uint32_t)strlen(text)};

    return span;
}

/* The row of `create`'s own texts; XRCE_NONE when it needs none. */
XRCE_COLD static int take_text(xrce_client_t *client, const xrce_create_t *create, uint16_t domain)
{
    xrce_span_t parts[XRCE_NAME_PARTS] = {{NULL, 0}};
    uint32_t needed = create->form != XRCE_BIN            ? 1u
                      : create->kind == XRCE_TOPIC        ? 2u
                      : xrce_kind_is_service(create->kind) ? 3u
                                                          : 0u;

    for (uint32_t i = 0; i < XRCE_NAME_PARTS; i++) {
        parts[i] = span_of(i == 0u || create->form == XRCE_BIN ? create->text[i] : NULL);
        if (parts[i].text == NULL && i < needed) {
            return XRCE_ERR_ARGUMENT;
        }
    }
    if (needed == 0u) {
        bool named = create->kind == XRCE_PARTICIPANT && parts[0].length != 0u;

        parts[1].text = NULL;
        return named ? xrce_name_take(&client->names, parts, domain) : (int)XRCE_NONE;
    }
    return xrce_name_take(&client->names, parts, domain);
}

/* The same for a service: its name and types; a reference names nothing that could be compared. */
XRCE_COLD static int take_service_match(xrce_client_t *client, const xrce_create_t *create, uint16_t domain)
{
    xrce_span_t parts[XRCE_NAME_PARTS] = {{NULL, 0}};

    if (create->form == XRCE_BIN) {
        for (uint32_t i = 0; i < 3u; i++) {
            parts[i] = span_of(create->text[i]);
        }
    } else if (create->form == XRCE_REF ||
               !xrce_xml_service(create->text[0], create->kind == XRCE_REQUESTER ? "requester" : "replier", parts)) {
        return XRCE_NONE;
    }
    return xrce_name_take(&client->names, parts, domain);
}

/* The row that decides about matching. In XML topic and type stand in the text; a reference is compared as such,
 * for only the Agent knows what it means; an endpoint is on its topic, which lies in the same participant. */
XRCE_COLD static int take_match(xrce_client_t *client, const xrce_create_t *create, const xrce_entity_t *entity,
                                uint16_t participant)
{
    xrce_span_t parts[XRCE_NAME_PARTS] = {{NULL, 0}};
    const xrce_entity_t *topic = NULL;

    if (xrce_kind_is_service(create->kind)) {
        return take_service_match(client, create, entity->domain);
    }
    if (create->form == XRCE_XML && xrce_xml_topic(create->text[0], &parts[0], &parts[1])) {
        return xrce_name_take(&client->names, parts, entity->domain);
    }
    if (create->kind == XRCE_TOPIC) {
        xrce_name_share(&client->names, entity->text);
        return entity->text;
    }
    topic = xrce_entity_find(&client->entities, XRCE_KEY(create->session, XRCE_OBJECT(create->topic, XRCE_TOPIC)));
    if (topic != NULL && topic->parent == participant) {
        xrce_name_share(&client->names, topic->name);
        return topic->name;
    }
    if (create->form == XRCE_BIN) {
        return XRCE_ERR_UNKNOWN;
    }
    xrce_name_share(&client->names, entity->text);
    return entity->text;
}

XRCE_COLD static int take_names(xrce_client_t *client, const xrce_create_t *create, xrce_entity_t *entity,
                                uint16_t participant)
{
    int row = take_text(client, create, entity->domain);

    if (row < 0) {
        return row;
    }
    entity->text = (uint8_t)row;
    if (create->kind != XRCE_TOPIC && !xrce_kind_is_endpoint(create->kind)) {
        return XRCE_OK;
    }
    row = take_match(client, create, entity, participant);
    if (row < 0) {
        xrce_name_release(&client->names, entity->text);
        return row;
    }
    entity->name = (uint8_t)row;
    return XRCE_OK;
}

/* What is asked for, into a row that is zero but for its names; takes them. */
XRCE_COLD static int describe(xrce_client_t *client, const xrce_create_t *create, uint16_t parent,
                              xrce_entity_t *entity)
{
    const xrce_entity_t *in = xrce_entity_find(&client->entities, XRCE_KEY(create->session, parent));

    if (in == NULL && parent != 0u) {
        return XRCE_ERR_UNKNOWN;
    }
    entity->parent = parent;
    entity->domain = in == NULL ? create->domain : in->domain;
    entity->form = (uint8_t)(create->form | create->mode << 4);
    entity->qos = create->qos;
    entity->depth = create->depth;
    if (xrce_kind_is_service(create->kind)) {
        entity->qos = 0;
        entity->depth = XRCE_SERVICE_DEPTH;
    } else if (create->form == XRCE_XML && xrce_kind_is_endpoint(create->kind)) {
        entity->qos = xrce_xml_qos(create->text[0], create->qos, &entity->depth);
    }
    entity->topic = XRCE_OBJECT(create->topic, XRCE_TOPIC);
    entity->flags = create->reliable_stream ? XRCE_E_RELIABLE_STREAM : 0u;
    return take_names(client, create, entity, in == NULL ? 0u : in->parent);
}

/* Enters the entity into the tables of this MCU. */
XRCE_COLD static int create_local(xrce_client_t *client, const xrce_create_t *create, xrce_entity_t **out)
{
    uint32_t key = XRCE_KEY(create->session, XRCE_OBJECT(create->id, create->kind));
    xrce_entity_t *entity;
    int status;

    xrce_lock(client);
    entity = xrce_entity_vacant(&client->entities);
    xrce_unlock(client);
    if (entity == NULL) {
        return XRCE_ERR_TABLE_FULL;
    }
    status = describe(client, create, parent_of(create), entity);
    if (status < 0) {
        return status;
    }
    entity->status = XRCE_STATUS_PENDING;
    status = xrce_samples_enter(client, entity, key);
    if (status < 0) {
        xrce_object_remove(client, entity);
    }
    *out = entity;
    return status;
}

static uint8_t form_of(const xrce_entity_t *entity)
{
    return entity->form & 0x0Fu;
}

/* Whether two entities of one kind do the same, however it is said; the Agent judges by the same rule. Groups always
 * do. What a reference means only the Agent knows: it is the same as itself. */
XRCE_COLD static bool is_same(const xrce_entity_t *old, const xrce_entity_t *asked)
{
    uint8_t kind = xrce_entity_kind(old);
    bool by_text = form_of(old) == XRCE_REF || form_of(asked) == XRCE_REF;

    if (kind == XRCE_PARTICIPANT) {
        return old->domain == asked->domain;
    }
    if (xrce_kind_is_service(kind) && form_of(old) == form_of(asked)) {
        by_text = true; /* the topics stand there */
    }
    if (xrce_kind_is_endpoint(kind) && ((old->flags ^ asked->flags) & XRCE_E_RELIABLE_STREAM) != 0u) {
        return false;
    }
    return kind == XRCE_PUBLISHER || kind == XRCE_SUBSCRIBER ||
           (old->name == asked->name && old->qos == asked->qos && old->depth == asked->depth &&
            (!by_text || old->text == asked->text));
}

#define MAKE_WAY 1

/* What becomes of an entity that stands where `create` wants one: XRCE_OK: it goes on, MAKE_WAY, or an error. */
XRCE_COLD static int reuse(xrce_client_t *client, const xrce_create_t *create, const xrce_entity_t *old)
{
    xrce_entity_t asked = {.name = XRCE_NONE, .text = XRCE_NONE};
    bool same = false;
    int status;

    if ((create->mode & XRCE_REUSE) == 0u) {
        return (create->mode & XRCE_REPLACE) != 0u ? MAKE_WAY : XRCE_ERR_REFUSED;
    }
    status = describe(client, create, old->parent, &asked); /* parents are not compared */
    if (status == XRCE_OK) {
        same = is_same(old, &asked);
        xrce_name_release(&client->names, asked.name);
        xrce_name_release(&client->names, asked.text);
    } else if (status != XRCE_ERR_TABLE_FULL) { /* no room for its names: they are others */
        return status;
    }
    return same ? XRCE_OK : (create->mode & XRCE_REPLACE) != 0u ? MAKE_WAY : XRCE_ERR_MISMATCH;
}

static int check_create(xrce_client_t *client, const xrce_create_t *create)
{
    if (create->kind < XRCE_PARTICIPANT || create->kind > XRCE_REPLIER || create->id > 0xFFFu ||
        create->parent > 0xFFFu || create->topic > 0xFFFu || create->form < XRCE_REF || create->form > XRCE_BIN) {
        return XRCE_ERR_ARGUMENT;
    }
    if (create->form != XRCE_BIN && create->text[0] == NULL) {
        return XRCE_ERR_ARGUMENT;
    }
    return xrce_client_session(client, create->session) == NULL ? XRCE_ERR_UNKNOWN : XRCE_OK;
}

XRCE_COLD int xrce_client_create(xrce_client_t *client, const xrce_create_t *create, uint32_t timeout_ms)
{
    xrce_entity_t *entity;
    xrce_session_t *session;
    int status = check_create(client, create);

    if (status < 0) {
        return status;
    }
    session = &client->sessions[create->session];
    entity = xrce_entity_find(&client->entities, XRCE_KEY(create->session, XRCE_OBJECT(create->id, create->kind)));
    if (entity != NULL) {
        status = reuse(client, create, entity);
        if (status != MAKE_WAY) {
            return status;
        }
        xrce_object_remove(client, entity);
    }
    status = create_local(client, create, &entity);
    if (status < 0) {
        client->refused_table += status == XRCE_ERR_TABLE_FULL ? 1u : 0u;
        return status;
    }
    xrce_shm_route(client, session);
    if (session->state == XRCE_SESSION_CONNECTED && !session->dirty &&
        xrce_create_send(session, entity, &client->names) == XRCE_OK) {
        entity->flags |= XRCE_E_ANNOUNCED; /* at once, to keep the caller's order */
    } else {
        session->dirty = true;
    }
    status = xrce_client_wait(client, &entity->status, timeout_ms);
    if (status < 0) {
        xrce_object_remove(client, entity);
    }
    return status;
}

/* Sends the DELETE, after what was published before it; waits for room as long as the caller would wait. */
static int delete_in_turn(xrce_client_t *client, xrce_session_t *session, uint16_t object, uint32_t timeout_ms)
{
    uint32_t begin = client->port.now_ms();
    uint32_t spent = 0;
    int status;

    xrce_session_pump(client, session, begin);
    for (;;) {
        bool may_wait = spent < timeout_ms && !client->in_link && !client->spinning;

        status = xrce_shm_waits(session) && may_wait ? XRCE_ERR_NO_BUFFER
                                                 : xrce_delete_send(session, object, &session->removal_request);
        if (status != XRCE_ERR_NO_BUFFER || !may_wait) {
            return status;
        }
        (void)xrce_client_step(client, timeout_ms - spent);
        spent = client->port.now_ms() - begin;
    }
}

int xrce_client_delete(xrce_client_t *client, uint8_t index, uint8_t kind, uint16_t id, uint32_t timeout_ms)
{
    xrce_session_t *session = xrce_client_session(client, index);
    xrce_entity_t *entity;

    entity = session == NULL ? NULL : xrce_entity_find(&client->entities, XRCE_KEY(index, XRCE_OBJECT(id, kind)));
    if (entity == NULL) {
        return XRCE_ERR_UNKNOWN;
    }
    session->removal = XRCE_STATUS_OK;
    if (session->state == XRCE_SESSION_CONNECTED && (entity->flags & XRCE_E_ANNOUNCED) != 0u) {
        int status = delete_in_turn(client, session, xrce_entity_object(entity), timeout_ms);

        if (status < 0) {
            return status;
        }
        session->removal = XRCE_STATUS_PENDING;
    }
    xrce_object_remove(client, entity);
    return xrce_client_wait(client, &session->removal, timeout_ms);
}

int xrce_client_ask_within(xrce_client_t *client, uint8_t index, uint8_t kind, uint16_t id,
                           const xrce_delivery_t *limits)
{
    xrce_session_t *session = xrce_client_session(client, index);
    xrce_entity_t *entity;

    entity = session == NULL ? NULL : xrce_entity_find(&client->entities, XRCE_KEY(index, XRCE_OBJECT(id, kind)));
    if (entity == NULL) {
        return XRCE_ERR_UNKNOWN;
    }
    if (kind != XRCE_DATAREADER && !xrce_kind_is_service(kind)) {
        return XRCE_ERR_ARGUMENT;
    }
    entity->wanted = *limits;
    entity->flags |= XRCE_E_READ;
    session->dirty = true;
    if (client->transport != NULL && !client->in_link) {
        xrce_session_pump(client, session, client->port.now_ms());
    }
    return XRCE_OK;
}
