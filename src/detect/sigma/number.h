/* number.h: numbers of rules and of events, compared exactly while both are whole. */
#ifndef DETECT_SIGMA_NUMBER_H
#define DETECT_SIGMA_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "detect/sigma/yaml.h"
#include "event/value.h"

typedef enum NumberKind { NUMBER_POSITIVE, NUMBER_NEGATIVE, NUMBER_REAL } NumberKind;

/* Equal numbers have equal bytes: a whole one is never NUMBER_REAL if it fits. */
typedef struct Number {
    uint64_t bits; /* magnitude, or the double */
    NumberKind kind;
} Number;

Number number_of_i64(int64_t v);
Number number_of_double(double v);

/* A number of a rule (YAML_INT or YAML_FLOAT), exactly as it is written. */
Number number_of_yaml(const YamlValue *value);

/* -12, 0x1F, 1.5, 1e3; the whole text, no leading zeros, no plus sign. */
bool number_parse(Text t, Number *ret);

/* A value of a numeric type, or text that is a number. */
bool number_of_value(Value v, Number *ret);

static inline bool number_equal(Number a, Number b)
{
    return a.bits == b.bits && a.kind == b.kind;
}

int number_order(Number a, Number b); /* <0, 0, >0 */
double number_to_double(Number n);

#endif
