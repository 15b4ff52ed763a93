/* Texts: what is looked for in XML, and the table of names. Invariant: what is found lies inside the text. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "entity/xrce_name.h"
#include "wire/xrce_xml.h"

static const char *text_begin;
static const char *text_end;

static void inside(xrce_span_t span)
{
    if (span.text != NULL && (span.text < text_begin || span.text + span.length > text_end)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1u);
    xrce_span_t parts[XRCE_NAME_PARTS] = {{NULL, 0}};
    xrce_name_t rows[2];
    char bytes[64];
    xrce_names_t names;
    uint16_t depth = 0;
    int row;

    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    text_begin = text;
    text_end = text + strlen(text);
    (void)xrce_xml_qos(text, 0, &depth);
    (void)xrce_xml_service(text, "requester", parts);
    inside(parts[0]);
    inside(parts[2]);
    xrce_names_init(&names, rows, 2, bytes, sizeof(bytes));
    if (xrce_xml_topic(text, &parts[0], &parts[1])) {
        inside(parts[0]);
        inside(parts[1]);
        parts[2].text = NULL;
        row = xrce_name_take(&names, parts, 0);
        if (row >= 0) {
            if (strlen(xrce_name_part(&names, (uint8_t)row, 0)) > parts[0].length ||
                xrce_name_take(&names, parts, 0) != row) {
                abort();
            }
            xrce_name_release(&names, (uint8_t)row);
            xrce_name_release(&names, (uint8_t)row);
        }
        if (names.used != 0u) {
            abort();
        }
    }
    free(text);
    return 0;
}
