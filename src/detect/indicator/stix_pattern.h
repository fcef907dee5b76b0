/* stix_pattern.h: the pattern of a STIX 2 indicator as alternatives of terms. STIX 2.1, part 9.
 *
 * Used: comparisons by =, IN, LIKE and ISSUBSET on the object paths of stix_paths.def, joined by
 * AND and OR, and observations joined by OR. What speaks of several events (AND and FOLLOWEDBY
 * between observations, WITHIN, REPEATS, START), negations, orders, MATCHES and other paths are
 * noted as not usable. */
#ifndef DETECT_INDICATOR_STIX_PATTERN_H
#define DETECT_INDICATOR_STIX_PATTERN_H

#include "detect/indicator/expression.h"

#define STIX_PATTERN_BYTES (1024u * 1024)
#define STIX_DEPTH_MAX     32

/* false: it is no pattern; err->offset is the byte in it, err->text what was expected there. */
bool stix_pattern_read(IndicatorSet *set, FeedPlace place, Text pattern, Expression *ret, Err *err);

/* The type of an object path as "file:hashes.sha-256" (lower case, no quotes, no indices). */
bool stix_path_type(Text path, IndicatorType *ret);

#endif
