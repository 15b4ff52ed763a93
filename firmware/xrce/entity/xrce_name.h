/*
 * The texts that entities carry (topic and type names, references, XML), each kept once.
 *
 * A record is one to five strings with their NULs, in a DDS domain. Two records are the same name exactly when all
 * bytes and the domains are equal, so comparing row numbers compares names, and nothing of one domain has a name in
 * common with another's: no hash decides. Records are counted; freeing one closes the gap.
 * Main context only.
 */
#ifndef XRCE_NAME_H
#define XRCE_NAME_H

#include "wire/xrce_xml.h"
#include "xrce_table.h"

void xrce_names_init(xrce_names_t *names, xrce_name_t *rows, uint8_t row_count, char *bytes, uint16_t size);

/* Returns the row of the record (its use counted), or XRCE_ERR_TABLE_FULL. It ends before the first NULL part. */
int xrce_name_take(xrce_names_t *names, const xrce_span_t parts[XRCE_NAME_PARTS], uint16_t domain);
void xrce_name_share(xrce_names_t *names, uint8_t row);
void xrce_name_release(xrce_names_t *names, uint8_t row); /* XRCE_NONE is allowed */

/* Part 0.. of a record, "" when it has no such part; valid until the next release. */
const char *xrce_name_part(const xrce_names_t *names, uint8_t row, uint32_t part);

#endif
