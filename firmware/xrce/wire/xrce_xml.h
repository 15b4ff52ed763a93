/*
 * What shared memory must know of an entity described in XML: its topic, and the QoS that decides about matching.
 *
 * Not an XML parser: it looks for elements by name, in texts that the Agent will parse in earnest. What it does not
 * find it leaves alone. Pure functions.
 */
#ifndef XRCE_XML_H
#define XRCE_XML_H

#include "xrce_types.h"

typedef struct {
    const char *text; /* not NUL-ended */
    uint32_t length;
} xrce_span_t;

/* The content of the first element `tag` inside `xml`, without blanks at its ends; text NULL: there is none. */
xrce_span_t xrce_xml_element(xrce_span_t xml, const char *tag);

/* Topic and type name of a topic, data writer or data reader. False: not both are there. */
bool xrce_xml_topic(const char *xml, xrce_span_t *name, xrce_span_t *type);

/* Service name, request and reply type: attributes of the first element `tag` (requester, replier). False: not all
 * are there. */
bool xrce_xml_service(const char *xml, const char *tag, xrce_span_t parts[3]);

/* `qos` (xrce_qos_flag) with what the text says about reliability, durability and history; *depth as well. */
uint8_t xrce_xml_qos(const char *xml, uint8_t qos, uint16_t *depth);

#endif
