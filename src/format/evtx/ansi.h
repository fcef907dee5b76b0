/* ansi.h: 8-bit strings of EVTX values, taken as code page 1252. */
#ifndef FORMAT_EVTX_ANSI_H
#define FORMAT_EVTX_ANSI_H

#include <stddef.h>
#include <stdint.h>

uint32_t evtx_ansi_code_point(uint8_t byte);

/* The size without NULs at the end: these are a terminator or the rest of a fixed-size buffer, not
 * text. NULs within text stay. */
size_t evtx_ansi_trim(const uint8_t *bytes, size_t size);

/* As UTF-8 into `out`, at most three bytes a character; returns how many. */
size_t evtx_ansi_to_utf8(const uint8_t *bytes, size_t size, char *out);

#endif
