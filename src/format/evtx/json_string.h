/* json_string.h: the inside of a JSON string from the strings of EVTX values.
 *
 * Up to 16 bytes behind the end of what is returned may be written, and up to 32 behind the string
 * may be read (EVTX_PADDING). A character takes at most EVTX_JSON_GROWTH bytes. */
#ifndef FORMAT_EVTX_JSON_STRING_H
#define FORMAT_EVTX_JSON_STRING_H

#include <stddef.h>
#include <stdint.h>

/* UTF-16LE; an odd last byte is ignored. Returns the end of what was written. */
char *evtx_json_units(char *out, const uint8_t *units, size_t size_bytes);

/* Code page 1252. */
char *evtx_json_ansi(char *out, const uint8_t *bytes, size_t size);

#endif
