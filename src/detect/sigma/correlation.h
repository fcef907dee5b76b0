/* correlation.h: what a correlation rule asks of the matches of others. */
#ifndef DETECT_SIGMA_CORRELATION_H
#define DETECT_SIGMA_CORRELATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/time.h"
#include "detect/sigma/read_context.h"
#include "detect/sigma/rule.h"
#include "detect/sigma/yaml.h"

#define CORRELATION_RULES_MAX  1024
#define CORRELATION_FIELDS_MAX 32 /* of group-by; of the condition */
#define CORRELATION_COUNT_MAX  1000000

typedef enum CorrelationType {
    CORRELATION_EVENT_COUNT,
    CORRELATION_VALUE_COUNT,
    CORRELATION_TEMPORAL,
    CORRELATION_TEMPORAL_ORDERED,
    CORRELATION_VALUE_SUM,
    CORRELATION_VALUE_AVG,
    CORRELATION_VALUE_PERCENTILE,
    CORRELATION_VALUE_MEDIAN,
    CORRELATION_TYPE_COUNT
} CorrelationType;
extern const Text CORRELATION_TYPE_TEXT[CORRELATION_TYPE_COUNT];

typedef enum BoundOp { BOUND_GT, BOUND_GTE, BOUND_LT, BOUND_LTE, BOUND_EQ, BOUND_NEQ } BoundOp;

typedef struct Bound {
    BoundOp op;
    double value;
} Bound;

#define CORRELATION_BOUNDS_MAX 6

/* `rule_a and not rule_b`: over the positions of `rules`. */
typedef struct RuleExpression RuleExpression;
struct RuleExpression {
    NodeKind kind; /* NODE_LEAF: a rule */
    uint32_t rule; /* position in `rules` */
    uint32_t count;
    RuleExpression *const *children;
};

typedef struct CorrelationAlias {
    Text name;
    TextList rules;  /* ids or names … */
    TextList fields; /* … and the field of each */
} CorrelationAlias;

struct Correlation {
    CorrelationType type;
    TextList references;   /* ids or names, as written */
    const uint32_t *rules; /* their numbers in the rule set, once resolved */
    bool generate;
    TextList group_by;
    int64_t timespan_ns;
    Bound bounds[CORRELATION_BOUNDS_MAX];
    unsigned bound_count;
    TextList fields; /* of the condition */
    double percentile;
    const RuleExpression *expression; /* of temporal types; NULL: bounds on the number of rules */
    const CorrelationAlias *aliases;
    uint32_t alias_count;
};

/* The section `correlation` of a document. NULL: *context->problem. */
Correlation *correlation_read(ReadContext *context, const YamlNode *section, uint32_t line);

/* The field that `name` of a group-by or condition is in events of the rule number `position` of
 * correlation->references. `rule` is that rule, for aliases that call it by id or name. */
Text correlation_field(const Correlation *correlation, const Rule *rule, Text name);

#endif
