/* value_table.h: the descriptors of a template instance as a table of values. */
#ifndef FORMAT_EVTX_VALUE_TABLE_H
#define FORMAT_EVTX_VALUE_TABLE_H

#include <stdint.h>

typedef struct ValueRef {
    uint32_t offset; /* in the chunk */
    /* The rest is laid out as in the file: */
    uint16_t size;
    uint8_t type;
    uint8_t unused;
} ValueRef;

#define VALUE_TABLE_SLACK 4 /* entries behind the last that may be overwritten */

/* The `count` values whose descriptors stand at `descriptors` (4 bytes each; EVTX_PADDING is
 * readable behind them), back to back from offset `begin` of the chunk on. NULs at the end of a
 * string are left out: they are a terminator or the rest of a fixed-size buffer, not text. Returns
 * the end of the last value; when that is past `limit`, nothing beyond it was read, and the values
 * are not to be used. */
uint32_t value_table_read(ValueRef *out, const uint8_t *descriptors, uint32_t count,
                          const uint8_t *chunk, uint32_t begin, uint32_t limit);
uint32_t value_table_read_plain(ValueRef *out, const uint8_t *descriptors, uint32_t count,
                                const uint8_t *chunk, uint32_t begin, uint32_t limit);

#endif
