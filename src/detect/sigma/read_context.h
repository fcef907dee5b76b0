/* read_context.h: what the parts of the rule reader share: memory, where to say why a rule is
 * refused, remarks that do not refuse it, the lists that stand for placeholders. */
#ifndef DETECT_SIGMA_READ_CONTEXT_H
#define DETECT_SIGMA_READ_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "detect/sigma/problem.h"
#include "detect/sigma/value_lists.h"

typedef struct RuleNote RuleNote;
struct RuleNote {
    const RuleNote *next;
    uint32_t line;
    Text text;
};

typedef struct ReadContext {
    Arena *arena; /* of the rule set: all that stays */
    Problem *problem;
    const ValueLists *lists; /* NULL: none */
    const RuleNote *notes;   /* of the rule that is being read, the last one first */
} ReadContext;

/* A remark on the rule. false: no memory. */
__attribute__((format(printf, 3, 4))) bool context_note(ReadContext *context, uint32_t line,
                                                        const char *format, ...);

#endif
