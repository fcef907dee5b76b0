/* value.h: one native value of an event, exactly as its source held it.
 *
 * A Value borrows its bytes (from the evidence, or from a batch). Integers, times and
 * identifiers keep their binary form, so that nothing is lost in a textual rendering; renderings
 * are made here and only here, so that every output spells a SID or a time alike. */
#ifndef EVENT_VALUE_H
#define EVENT_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "base/text.h"
#include "base/time.h"

/* Stored in batches: numbers never change. */
typedef enum ValueType {
    VALUE_NULL = 0,        /* present and empty of value; no bytes */
    VALUE_TEXT = 1,        /* UTF-8, lone surrogates in three bytes */
    VALUE_UINT = 2,        /* 8 bytes */
    VALUE_INT = 3,         /* 8 bytes, two's complement */
    VALUE_HEX = 4,         /* 8 bytes, written as 0x… */
    VALUE_FLOAT = 5,       /* 8 bytes, IEEE double */
    VALUE_BOOL = 6,        /* 8 bytes, 0 or 1 */
    VALUE_BINARY = 7,      /* any bytes */
    VALUE_GUID = 8,        /* 16 bytes, first three fields little-endian */
    VALUE_SID = 9,         /* 8 + 4n bytes, [MS-DTYP] 2.4.2.2 */
    VALUE_FILETIME = 10,   /* 8 bytes: ticks as found, also 0 and "never" */
    VALUE_SYSTEMTIME = 11, /* 16 bytes as found, valid or not */
    VALUE_TIME = 12,       /* 8 bytes: Time */
    VALUE_LIST = 13,       /* 4 bytes an element: references into the same batch */
    VALUE_TYPE_COUNT
} ValueType;

typedef struct Value {
    ValueType type;
    Span bytes;
} Value;

static inline uint64_t value_u64(Value v)
{
    return v.bytes.len == 8 ? load_u64le(v.bytes.ptr) : 0;
}

static inline Text value_text(Value v)
{
    return text_from_span(v.bytes);
}

/* Are values of the type numbers of 8 bytes? */
static inline bool value_is_number(ValueType type)
{
    const unsigned numbers = 1u << VALUE_UINT | 1u << VALUE_INT | 1u << VALUE_HEX |
                             1u << VALUE_FLOAT | 1u << VALUE_BOOL | 1u << VALUE_FILETIME |
                             1u << VALUE_TIME;
    return numbers >> type & 1;
}

/* Are the bytes as many as the type demands? Everything received from a worker is asked. */
bool value_well_formed(Value v);

/* The value as plain text (no quotes): decimal, 0x…, upper-case hex, {GUID}, S-1-…, RFC 3339.
 * Lists are not rendered here: they need their batch. */
void value_write_text(Buf *buf, Value v);

/* The value as JSON: numbers as numbers (64-bit integers in full), everything else quoted. */
void value_write_json(Buf *buf, Value v);

/* Does the value, written as text, equal `t` but for ASCII case? No allocation. */
bool value_equals_text(Value v, Text t);

/* A number in any of the numeric types, or text that spells one (decimal or 0x…). */
bool value_to_u64(Value v, uint64_t *ret);

/* Textual forms into caller's room; each returns the length, no NUL. */
#define GUID_TEXT_ROOM     38
#define SID_TEXT_ROOM      192 /* 15 sub-authorities at most */
#define FILETIME_TEXT_ROOM 40
size_t guid_format(const uint8_t bytes[16], char *out); /* {xxxxxxxx-…}, lower case */
bool sid_valid(Span sid);                               /* size and count agree */
size_t sid_format(Span sid, char *out);                 /* 0 when not valid */
size_t filetime_format(uint64_t ticks, unsigned decimals, char *out);
size_t systemtime_format(const uint8_t bytes[16], char *out); /* as found, fields unchecked */

/* Any writing of a value to something that two collectors of the same record agree on: see
 * event/twin.h. 0 for empty values. */
uint64_t value_fingerprint(Value v);

#endif
