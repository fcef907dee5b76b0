/* value.h: the value of an indicator as it is compared: one writing for all that mean the same. */
#ifndef DETECT_INDICATOR_VALUE_H
#define DETECT_INDICATOR_VALUE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/text.h"
#include "detect/indicator/indicator.h"
#include "detect/ip.h"

/* How a value is compared. */
typedef enum TermUse {
    TERM_IS,       /* as its type says: whole, or at boundaries in longer text */
    TERM_CONTAINS, /* anywhere in a text */
    TERM_LIKE,     /* with % for any run of characters and _ for one */
} TermUse;

typedef struct IndicatorValue {
    IndicatorType type; /* networks may turn out to be addresses, and back */
    TermUse use;        /* a domain LIKE '%.x' is the domain x */
    IpNetwork network;  /* of addresses and networks */
} IndicatorValue;

/* `written` as its type (and use) in *ret; what is compared is appended to `out`. NULL: it is one;
 * else what is wrong with it. */
const char *indicator_value(Text written, IndicatorValue *ret, Buf *out);

/* Defanged writings undone: hxxp://, [.], (dot), [at], [:]. Appended to `out`. */
void indicator_refang(Text written, Buf *out);

/* What a value without a type seems to be, after refanging. false: nothing that is known; *ret_why
 * says why. */
bool indicator_guess(Text value, IndicatorType *ret, const char **ret_why);

/* A name for a host that DNS could know, of two labels at least, the last with a letter. */
bool indicator_is_domain(Text folded);

#endif
