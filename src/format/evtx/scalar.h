/* scalar.h: EVTX values (descriptor type and bytes) to JSON text and to event values. */
#ifndef FORMAT_EVTX_SCALAR_H
#define FORMAT_EVTX_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "event/sink.h"
#include "format/evtx/binxml.h"

enum {
    EVTX_NULL = 0x00,
    EVTX_STRING = 0x01,
    EVTX_ANSI = 0x02,
    EVTX_INT8 = 0x03,
    EVTX_UINT8 = 0x04,
    EVTX_INT16 = 0x05,
    EVTX_UINT16 = 0x06,
    EVTX_INT32 = 0x07,
    EVTX_UINT32 = 0x08,
    EVTX_INT64 = 0x09,
    EVTX_UINT64 = 0x0a,
    EVTX_FLOAT = 0x0b,
    EVTX_DOUBLE = 0x0c,
    EVTX_BOOL = 0x0d,
    EVTX_BINARY = 0x0e,
    EVTX_GUID = 0x0f,
    EVTX_SIZE = 0x10,
    EVTX_FILETIME = 0x11,
    EVTX_SYSTEMTIME = 0x12,
    EVTX_SID = 0x13,
    EVTX_HEX32 = 0x14,
    EVTX_HEX64 = 0x15,
    EVTX_BINXML = 0x21,
    EVTX_ARRAY = 0x80, /* flag */
};

/* No content: null, or nothing in it. */
static inline bool evtx_value_empty(const ValueRef *v)
{
    return v->size == 0 || v->type == EVTX_NULL;
}

/* Room one value may need as JSON. Text: six bytes a character (\u0001), which in 8-bit strings is
 * one byte; binary twice its size; the others are bounded by a constant. */
#define EVTX_JSON_GROWTH     6
#define EVTX_JSON_ROOM(size) ((size_t)(size)*EVTX_JSON_GROWTH + SID_TEXT_ROOM + 64)

/* A scalar as one JSON value: integers and booleans bare, everything else quoted. `bytes` is the
 * value within a chunk buffer with EVTX_PADDING readable bytes behind it. Returns the end of what
 * was written; counts values whose size does not fit their type in *faults. */
char *evtx_json_value(char *out, uint8_t type, const uint8_t *bytes, size_t size, unsigned *faults);

/* Plain text of a scalar, appended as UTF-8 (for values joined with others, and for names). */
void evtx_text_value(Buf *buf, uint8_t type, const uint8_t *bytes, size_t size, unsigned *faults);

/* One scalar into the sink, keeping its binary form. */
void evtx_sink_value(Sink *sink, NameId name, uint8_t type, const uint8_t *bytes, size_t size,
                     unsigned *faults);

/* Walk the items of an array value. Start with *pos = 0; false at the end. Items of strings are
 * NUL-terminated; what is left of a fixed-size array (too short for an item) is a fault. */
bool evtx_array_next(uint8_t array_type, Span value, size_t *pos, Span *ret_item, unsigned *faults);

#endif
