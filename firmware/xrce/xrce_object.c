#include "xrce_object.h"

#include <string.h>

#include "xrce_create.h"
#include "xrce_info.h"

void xrce_object_remove(xrce_client_t *client, xrce_entity_t *entity)
{
    uint16_t object = xrce_entity_object(entity);
    uint8_t session = entity->session;

    xrce_lock(client);
    xrce_entity_hide(&client->entities, entity);
    xrce_unlock(client);
    for (uint32_t i = 0; i < client->entities.row_count; i++) {
        xrce_entity_t *child = &client->entities.rows[i];

        if (child->key != 0u && child->session == session && child->parent == object &&
            (child->flags & XRCE_E_GONE) == 0u) {
            xrce_object_remove(client, child); /* at most participant, publisher, writer */
        }
    }
    xrce_name_release(&client->names, entity->name);
    xrce_name_release(&client->names, entity->text);
    entity->name = XRCE_NONE;
    entity->text = XRCE_NONE;
#if XRCE_SHM
    if (xrce_entity_kind(entity) == XRCE_DATAREADER) {
        xrce_match_remove_reader(client, entity);
    }
    if (xrce_entity_kind(entity) == XRCE_DATAWRITER) {
        xrce_shm_retire(client, entity);
        return;
    }
#endif
    xrce_entity_free(&client->entities, entity);
}

static bool is_endpoint(uint8_t kind)
{
    return kind == XRCE_DATAWRITER || kind == XRCE_DATAREADER;
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
static int take_text(xrce_client_t *client, const xrce_create_t *create)
{
    xrce_span_t parts[3] = {span_of(create->text[0]), {NULL, 0}, {NULL, 0}};
    bool named = create->text[0] != NULL && create->text[0][0] != '\0';

    if (create->form != XRCE_BIN) {
        return create->text[0] == NULL ? XRCE_ERR_ARGUMENT : xrce_name_take(&client->names, parts);
    }
    if (create->kind != XRCE_TOPIC) {
        return named && create->kind == XRCE_PARTICIPANT ? xrce_name_take(&client->names, parts) : (int)XRCE_NONE;
    }
    parts[1] = span_of(create->text[1]);
    return parts[0].text == NULL || parts[1].text == NULL ? XRCE_ERR_ARGUMENT
                                                          : xrce_name_take(&client->names, parts);
}

/* The row that decides about matching. In XML topic and type stand in the text; a reference is compared as such,
 * for only the Agent knows what it means; an endpoint is on its topic. */
static int take_match(xrce_client_t *client, const xrce_create_t *create, const xrce_entity_t *entity)
{
    xrce_span_t parts[3] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    const xrce_entity_t *topic = NULL;

    if (create->form == XRCE_XML && xrce_xml_topic(create->text[0], &parts[0], &parts[1])) {
        return xrce_name_take(&client->names, parts);
    }
    if (create->kind == XRCE_TOPIC) {
        xrce_name_share(&client->names, entity->text);
        return entity->text;
    }
    topic = xrce_entity_find(&client->entities, XRCE_KEY(create->session, XRCE_OBJECT(create->topic, XRCE_TOPIC)));
    if (topic != NULL) {
        xrce_name_share(&client->names, topic->name);
        return topic->name;
    }
    if (create->form == XRCE_BIN) {
        return XRCE_ERR_UNKNOWN;
    }
    xrce_name_share(&client->names, entity->text);
    return entity->text;
}

static int take_names(xrce_client_t *client, const xrce_create_t *create, xrce_entity_t *entity)
{
    int row = take_text(client, create);

    if (row < 0) {
        return row;
    }
    entity->text = (uint8_t)row;
    if (create->kind != XRCE_TOPIC && !is_endpoint(create->kind)) {
        return XRCE_OK;
    }
    row = take_match(client, create, entity);
    if (row < 0) {
        xrce_name_release(&client->names, entity->text);
        return row;
    }
    entity->name = (uint8_t)row;
    return XRCE_OK;
}

/* Enters the entity into the tables of this MCU. */
static int create_local(xrce_client_t *client, const xrce_create_t *create, xrce_entity_t **out)
{
    uint32_t key = XRCE_KEY(create->session, XRCE_OBJECT(create->id, create->kind));
    xrce_entity_t *entity = xrce_entity_vacant(&client->entities);
    int status;

    if (entity == NULL) {
        return XRCE_ERR_TABLE_FULL;
    }
    entity->parent = parent_of(create);
    if (entity->parent != 0u &&
        xrce_entity_find(&client->entities, XRCE_KEY(create->session, entity->parent)) == NULL) {
        return XRCE_ERR_UNKNOWN;
    }
    entity->form = (uint8_t)(create->form | create->mode << 4);
    entity->qos = create->qos;
    entity->depth = create->depth;
    if (create->form == XRCE_XML && is_endpoint(create->kind)) {
        entity->qos = xrce_xml_qos(create->text[0], create->qos, &entity->depth);
    }
    entity->topic = XRCE_OBJECT(create->topic, XRCE_TOPIC);
    entity->flags = create->reliable_stream ? XRCE_E_RELIABLE_STREAM : 0u;
    entity->status = XRCE_STATUS_PENDING;
#if XRCE_SHM
    entity->echoed = client->echoes.next;
#endif
    status = take_names(client, create, entity);
    if (status < 0) {
        return status;
    }
    xrce_lock(client);
    xrce_entity_enter(&client->entities, entity, key);
    xrce_unlock(client);
#if XRCE_SHM
    if (is_endpoint(create->kind)) {
        status = xrce_match_add(client, entity);
        if (status < 0) {
            xrce_object_remove(client, entity);
            return status;
        }
    }
#endif
    *out = entity;
    return XRCE_OK;
}

static int check_create(xrce_client_t *client, const xrce_create_t *create)
{
    if (create->kind < XRCE_PARTICIPANT || create->kind > XRCE_REPLIER || create->id > 0xFFFu ||
        create->parent > 0xFFFu || create->topic > 0xFFFu || create->form < XRCE_REF || create->form > XRCE_BIN) {
        return XRCE_ERR_ARGUMENT;
    }
    if (create->kind > XRCE_DATAREADER) {
        return XRCE_ERR_UNSUPPORTED;
    }
    if (create->form != XRCE_BIN && create->text[0] == NULL) {
        return XRCE_ERR_ARGUMENT;
    }
    return xrce_client_session(client, create->session) == NULL ? XRCE_ERR_UNKNOWN : XRCE_OK;
}

int xrce_client_create(xrce_client_t *client, const xrce_create_t *create, uint32_t timeout_ms)
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
        if ((create->mode & (XRCE_REUSE | XRCE_REPLACE)) == 0u) {
            return XRCE_ERR_REFUSED;
        }
        if ((create->mode & XRCE_REUSE) != 0u) {
            return XRCE_OK;
        }
        xrce_object_remove(client, entity);
    }
    status = create_local(client, create, &entity);
    if (status < 0) {
        client->refused_table += status == XRCE_ERR_TABLE_FULL ? 1u : 0u;
        return status;
    }
    xrce_info_route(client, session);
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

/* Whether something that was published still waits for room in the stream. */
static bool link_waits(const xrce_session_t *session)
{
#if XRCE_SHM
    return session->link_head != NULL;
#else
    (void)session;
    return false;
#endif
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

        status = link_waits(session) && may_wait ? XRCE_ERR_NO_BUFFER
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

int xrce_client_read(xrce_client_t *client, uint8_t index, uint16_t reader, uint16_t max_samples)
{
    xrce_session_t *session = xrce_client_session(client, index);
    xrce_entity_t *entity;

    entity = session == NULL
                 ? NULL
                 : xrce_entity_find(&client->entities, XRCE_KEY(index, XRCE_OBJECT(reader, XRCE_DATAREADER)));
    if (entity == NULL) {
        return XRCE_ERR_UNKNOWN;
    }
    entity->wanted = max_samples;
    entity->flags |= XRCE_E_READ;
    session->dirty = true;
    if (client->transport != NULL && !client->in_link) {
        xrce_session_pump(client, session, client->port.now_ms());
    }
    return XRCE_OK;
}
