/* query_value.h: what values are beside text, for comparing: numbers, times, addresses. */
#ifndef STORE_QUERY_VALUE_H
#define STORE_QUERY_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/time.h"
#include "event/value.h"

/* ---- numbers ---- */

typedef struct Number {
    bool is_real;  /* `real` counts, else sign and size */
    bool negative; /* never with size 0 */
    uint64_t size;
    double real; /* finite */
} Number;

/* <0, 0, >0. Exact between whole numbers; with a fraction as doubles. */
int number_compare(Number a, Number b);

/* Whole text: decimal, 0x… without sign, fraction. No exponent. */
#define NUMBER_TEXT_MAX 40
bool number_from_text(Text t, Number *ret);

/* VALUE_UINT, INT, HEX, FLOAT, and text that spells a number. */
bool number_from_value(Value v, Number *ret);

typedef struct NumberRange {
    bool has_low, has_high;
    bool low_open, high_open; /* the bound itself is outside */
    Number low, high;
} NumberRange;
bool number_in(const NumberRange *range, Number number);

/* ---- times ---- */

/* Both inclusive. */
typedef struct TimeSpan {
    Time low, high;
} TimeSpan;

#define TIME_TEXT_MAX 48
/* The span that a text names: a date its day, a time to the second that second, with decimals the
 * time to that precision. */
bool span_from_text(Text t, TimeSpan *ret);

/* VALUE_TIME, FILETIME, SYSTEMTIME, and text that spells a time. */
bool time_from_value(Value v, Time *ret);

/* ---- addresses ---- */

/* IPv4 is kept as the IPv6 address that maps it. */
typedef struct Net {
    uint8_t address[16];
    unsigned bits; /* 128: one address */
} Net;

#define NET_TEXT_MAX 64
bool net_from_text(Text t, Net *ret); /* "10.0.0.0/8", "fe80::/10", "10.0.0.1" */
bool net_has_text(const Net *net, Text address);

#endif
