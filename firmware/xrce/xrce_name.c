#include "xrce_name.h"

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

/* Writes the record behind the used bytes; 0 when it does not fit. */
static uint32_t append(xrce_names_t *names, const xrce_span_t parts[XRCE_NAME_PARTS])
{
    uint32_t at = names->used;

    for (uint32_t i = 0; i < XRCE_NAME_PARTS && parts[i].text != NULL; i++) {
        if (parts[i].length >= names->size - at) {
            return 0;
        }
        memcpy(names->bytes + at, parts[i].text, parts[i].length);
        at += parts[i].length;
        names->bytes[at++] = '\0';
    }
    return at - names->used;
}

int xrce_name_take(xrce_names_t *names, const xrce_span_t parts[XRCE_NAME_PARTS])
{
    uint32_t length = append(names, parts);
    int vacant = -1;

    if (length == 0u) {
        return XRCE_ERR_TABLE_FULL;
    }
    for (int i = 0; i < (int)names->row_count; i++) {
        xrce_name_t *row = &names->rows[i];

        if (row->length == length && memcmp(names->bytes + row->offset, names->bytes + names->used, length) == 0) {
            row->users++;
            return i;
        }
        if (row->length == 0u && vacant < 0) {
            vacant = i;
        }
    }
    if (vacant < 0) {
        return XRCE_ERR_TABLE_FULL;
    }
    names->rows[vacant].offset = names->used;
    names->rows[vacant].length = (uint16_t)length;
    names->rows[vacant].users = 1;
    names->used = (uint16_t)(names->used + length);
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
