/* expression.h: what a reader of a feed makes of an entry: alternatives of terms, then an
 * indicator.
 *
 * A part that cannot be used is noted when it is met. Beside alternatives it is left out; together
 * with other conditions it takes them with it, because without it they would match too much.
 *
 * Memory and limits: sticky in the set (IndicatorSet.failed); the caller asks once a feed. */
#ifndef DETECT_INDICATOR_EXPRESSION_H
#define DETECT_INDICATOR_EXPRESSION_H

#include "detect/indicator/set.h"

/* Where an entry stands. */
typedef struct FeedPlace {
    Text file;
    bool in_lines;
    uint64_t at;
} FeedPlace;

typedef struct ClauseDraft {
    uint32_t terms[CLAUSE_TERMS];
    uint32_t count;
} ClauseDraft;

/* No clauses: nothing that could match. In the set's scratch. */
typedef struct Expression {
    ClauseDraft *clauses;
    uint32_t count, cap;
} Expression;

/* One term; `written` as in the feed, refanged here. */
Expression expression_term(IndicatorSet *set, FeedPlace place, IndicatorType type, TermUse use,
                           Text written);
/* The same of a value whose type is to be guessed. */
Expression expression_guess(IndicatorSet *set, FeedPlace place, Text written);

Expression expression_or(IndicatorSet *set, FeedPlace place, Expression a, Expression b);
Expression expression_and(IndicatorSet *set, FeedPlace place, Expression a, Expression b);

/* What a feed says of an indicator. */
typedef struct IndicatorHead {
    FeedPlace place;
    Text id;   /* empty: made of the values */
    Text name; /* empty: none */
    RuleLevel level;
    const Text *tags;
    uint32_t tag_count;
} IndicatorHead;

/* An indicator of the expression; of an empty one none (that was noted). */
void expression_add(IndicatorSet *set, const IndicatorHead *head, Expression expression);
/* One for each of its clauses. */
void expression_add_each(IndicatorSet *set, const IndicatorHead *head, Expression expression);

/* `value` is shortened and made printable. */
void indicator_note(IndicatorSet *set, IndicatorNoteKind kind, FeedPlace place, const char *text,
                    Text value);

/* The level for a number of 0 to 100. */
RuleLevel indicator_level_of_confidence(uint64_t confidence);

#endif
