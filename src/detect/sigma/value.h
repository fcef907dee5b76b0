/* value.h: what a rule asks of a field: one value with all that its modifiers made of it. */
#ifndef DETECT_SIGMA_VALUE_H
#define DETECT_SIGMA_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "detect/ip.h"
#include "detect/sigma/pattern.h"
#include "detect/sigma/yaml.h"

typedef enum RuleValueKind {
    RULE_STRING,    /* pattern, cased */
    RULE_NUMBER,    /* number */
    RULE_BOOL,      /* number.boolean */
    RULE_NULL,      /* absent, or of the type null */
    RULE_REGEX,     /* text, regex_flags */
    RULE_CIDR,      /* network */
    RULE_COMPARE,   /* compare, number */
    RULE_DATE_PART, /* part, number */
    RULE_FIELD,     /* text: the other field; open, cased */
    RULE_EXISTS,    /* number.boolean */
} RuleValueKind;

typedef enum RegexFlag {
    REGEX_IGNORE_CASE = 1,
    REGEX_MULTILINE = 2,
    REGEX_DOT_ALL = 4,
    REGEX_AT_START = 8, /* startswith */
    REGEX_AT_END = 16,  /* endswith */
} RegexFlag;

typedef enum CompareOp { COMPARE_LT, COMPARE_LTE, COMPARE_GT, COMPARE_GTE } CompareOp;

typedef enum DatePart {
    DATE_MINUTE,
    DATE_HOUR,
    DATE_DAY,
    DATE_WEEK,
    DATE_MONTH,
    DATE_YEAR,
} DatePart;

typedef struct RuleValue {
    RuleValueKind kind;
    bool cased;
    CompareOp compare;
    DatePart part;
    unsigned regex_flags;
    unsigned open; /* PatternOpen */
    Text text;     /* as written, or as the kind says */
    Pattern pattern;
    YamlValue number;
    IpNetwork network;
} RuleValue;

#endif
