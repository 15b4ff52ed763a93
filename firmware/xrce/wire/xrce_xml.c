#include "wire/xrce_xml.h"

#include <string.h>

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool starts(const char *at, const char *end, const char *text)
{
    size_t length = strlen(text);

    return (size_t)(end - at) >= length && memcmp(at, text, length) == 0;
}

/* Behind the `>` of an opening tag `tag`, or NULL. */
static const char *find_open(const char *at, const char *end, const char *tag)
{
    size_t length = strlen(tag);

    for (; at < end; at++) {
        if (*at == '<' && starts(at + 1, end, tag)) {
            const char *next = at + 1 + length;

            if (next < end && (*next == '>' || blank(*next))) {
                while (next < end && *next != '>') {
                    next++;
                }
                return next < end ? next + 1 : NULL;
            }
        }
    }
    return NULL;
}

/* The `<` of the closing tag, or NULL. */
static const char *find_close(const char *at, const char *end, const char *tag)
{
    size_t length = strlen(tag);

    for (; at < end; at++) {
        if (starts(at, end, "</") && starts(at + 2, end, tag) && at + 2 + length < end && at[2 + length] == '>') {
            return at;
        }
    }
    return NULL;
}

xrce_span_t xrce_xml_element(xrce_span_t xml, const char *tag)
{
    xrce_span_t content = {NULL, 0};
    const char *begin;
    const char *close;

    if (xml.text == NULL) {
        return content;
    }
    begin = find_open(xml.text, xml.text + xml.length, tag);
    close = begin == NULL ? NULL : find_close(begin, xml.text + xml.length, tag);
    if (close == NULL) {
        return content;
    }
    while (begin < close && blank(*begin)) {
        begin++;
    }
    while (close > begin && blank(close[-1])) {
        close--;
    }
    content.text = begin;
    content.length = (uint32_t)(close - begin);
    return content;
}

static xrce_span_t whole(const char *xml)
{
    xrce_span_t span = {xml, (uint32_t)strlen(xml)};

    return span;
}

bool xrce_xml_topic(const char *xml, xrce_span_t *name, xrce_span_t *type)
{
    xrce_span_t topic = xrce_xml_element(whole(xml), "topic");

    *name = xrce_xml_element(topic, "name");
    *type = xrce_xml_element(topic, "dataType");
    return name->text != NULL && type->text != NULL;
}

/* The value of an attribute in the opening tag that lies in [at, end). Attributes may follow each other without white
 * space, as they do in programs for the Client of eProsima, whose Agent reads them so. */
static xrce_span_t attribute(const char *at, const char *end, const char *name)
{
    xrce_span_t value = {NULL, 0};
    size_t length = strlen(name);

    for (; at < end; at++) {
        bool apart = blank(*at) || *at == '"' || *at == '\'';

        if (apart && starts(at + 1, end, name) && (size_t)(end - at) > length + 2u && at[1 + length] == '=') {
            char quote = at[2 + length];
            const char *begin = at + 3 + length;
            const char *close = begin < end && (quote == '"' || quote == '\'')
                                    ? memchr(begin, quote, (size_t)(end - begin)) : NULL;

            if (close != NULL) {
                value.text = begin;
                value.length = (uint32_t)(close - begin);
            }
            return value;
        }
    }
    return value;
}

bool xrce_xml_service(const char *xml, const char *tag, xrce_span_t parts[3])
{
    static const char *const names[3] = {"service_name", "request_type", "reply_type"};
    const char *end = xml + strlen(xml);
    const char *close = find_open(xml, end, tag); /* behind its '>' */
    const char *open = close;

    if (close == NULL) {
        return false;
    }
    while (*--open != '<') {
    }
    for (uint32_t i = 0; i < 3u; i++) {
        parts[i] = attribute(open, close, names[i]);
        if (parts[i].text == NULL) {
            return false;
        }
    }
    return true;
}

static bool is(xrce_span_t span, const char *text)
{
    return span.text != NULL && span.length == strlen(text) && memcmp(span.text, text, span.length) == 0;
}

static uint8_t choose(uint8_t qos, xrce_span_t kind, const char *yes, const char *no, uint8_t flag)
{
    if (is(kind, yes)) {
        qos = (uint8_t)(qos | flag);
    } else if (is(kind, no)) {
        qos = (uint8_t)(qos & ~flag);
    }
    return qos;
}

uint8_t xrce_xml_qos(const char *xml, uint8_t qos, uint16_t *depth)
{
    xrce_span_t reliability = xrce_xml_element(whole(xml), "reliability");
    xrce_span_t durability = xrce_xml_element(whole(xml), "durability");
    xrce_span_t history = xrce_xml_element(whole(xml), "historyQos");
    xrce_span_t digits = xrce_xml_element(history, "depth");
    uint32_t value = 0;

    qos = choose(qos, xrce_xml_element(reliability, "kind"), "RELIABLE", "BEST_EFFORT", XRCE_QOS_RELIABLE);
    qos = choose(qos, xrce_xml_element(durability, "kind"), "TRANSIENT_LOCAL", "VOLATILE", XRCE_QOS_TRANSIENT_LOCAL);
    qos = choose(qos, xrce_xml_element(history, "kind"), "KEEP_LAST", "KEEP_ALL", XRCE_QOS_KEEP_LAST);
    for (uint32_t i = 0; i < digits.length && value <= UINT16_MAX; i++) {
        if (digits.text[i] < '0' || digits.text[i] > '9') {
            return qos;
        }
        value = value * 10u + (uint32_t)(digits.text[i] - '0');
    }
    if (digits.length != 0u && value <= UINT16_MAX) {
        *depth = (uint16_t)value;
    }
    return qos;
}
