#include "entity/xrce_name.h"

#include <string.h>

void xrce_names_init(xrce_names_t *names, xrce_name_t *rows, uint8_t row_count, char *bytes, uint16_t size)
{
    names->rows = rows;
    names->row_count = row_count;
    names->bytes = bytes;
    names->size = size;
    names->used = 0;
    for (uint32_t i = 0; i < row_count; i++) {
        rows[i].length = 0;
        rows[i].users = 0;
    }
}

/* Bytes of the record with its NULs. */
static uint32_t length_of(const xrce_span_t parts[XRCE_NAME_PARTS])
{
    uint32_t length = 0;

    for (uint32_t i = 0; i < XRCE_NAME_PARTS && parts[i].text != NULL; i++) {
        if (parts[i].length > UINT16_MAX) {
            return UINT32_MAX;
        }
        length += parts[i].length + 1u;
    }
    return length;
}

static bool is_record(const char *text, const xrce_span_t parts[XRCE_NAME_PARTS])
{
    for (uint32_t i = 0; i < XRCE_NAME_PARTS && parts[i].text != NULL; i++) {
        if (memcmp(text, parts[i].text, parts[i].length) != 0 || text[parts[i].length] != '\0') {
            return false;
        }
        text += parts[i].length + 1u;
    }
    return true;
}

int xrce_name_take(xrce_names_t *names, const xrce_span_t parts[XRCE_NAME_PARTS], uint16_t domain)
{
    uint32_t length = length_of(parts);
    int vacant = -1;

    for (int i = 0; i < (int)names->row_count; i++) {
        xrce_name_t *row = &names->rows[i];

        if (row->length != 0u && row->length == length && row->domain == domain &&
            is_record(names->bytes + row->offset, parts)) {
            row->users++;
            return i;
        }
        if (row->length == 0u && vacant < 0) {
            vacant = i;
        }
    }
    if (vacant < 0 || length == 0u || length > (uint32_t)names->size - names->used) {
        return XRCE_ERR_TABLE_FULL;
    }
    names->rows[vacant].offset = names->used;
    names->rows[vacant].length = (uint16_t)length;
    names->rows[vacant].users = 1;
    names->rows[vacant].domain = domain;
    for (uint32_t i = 0; i < XRCE_NAME_PARTS && parts[i].text != NULL; i++) {
        memcpy(names->bytes + names->used, parts[i].text, parts[i].length);
        names->used = (uint16_t)(names->used + parts[i].length);
        names->bytes[names->used++] = '\0';
    }
    return vacant;
}

void xrce_name_share(xrce_names_t *names, uint8_t row)
{
    names->rows[row].users++;
}

void xrce_name_release(xrce_names_t *names, uint8_t row)
{
    xrce_name_t *gone;
    uint16_t end;

    if (row == XRCE_NONE || --names->rows[row].users != 0u) {
        return;
    }
    gone = &names->rows[row];
    end = (uint16_t)(gone->offset + gone->length);
    memmove(names->bytes + gone->offset, names->bytes + end, (size_t)names->used - end);
    for (uint32_t i = 0; i < names->row_count; i++) {
        if (names->rows[i].length != 0u && names->rows[i].offset >= end) {
            names->rows[i].offset = (uint16_t)(names->rows[i].offset - gone->length);
        }
    }
    names->used = (uint16_t)(names->used - gone->length);
    gone->length = 0;
}

const char *xrce_name_part(const xrce_names_t *names, uint8_t row, uint32_t part)
{
    const char *text = names->bytes + names->rows[row].offset;
    const char *end = text + names->rows[row].length;

    while (part-- > 0u && text < end) {
        text += strlen(text) + 1u;
    }
    return text < end ? text : "";
}
