/* set.h: the inside of a set of indicators, for the readers of feeds and for the matcher. */
#ifndef DETECT_INDICATOR_SET_H
#define DETECT_INDICATOR_SET_H

#include "base/arena.h"
#include "base/buf.h"
#include "detect/indicator/indicator.h"
#include "detect/indicator/value.h"
#include "detect/sigma/literals.h"
#include "detect/sigma/pattern.h"
#include "event/id_map.h"

#define TERMS_MAX    (4u * INDICATORS_MAX)
#define CLAUSE_TERMS 16   /* that must hold together */
#define CLAUSES_MAX  4096 /* alternatives of one indicator */
#define NOTE_BYTES   160  /* of a value in a note */
#define NOTES_MAX    4000000

/* One thing to be found. Equal ones of several indicators are one term. */
typedef struct Term {
    uint8_t type, use;
    IpNetwork network;    /* of addresses and networks … */
    Text value;           /* … of all others: as indicator_value gives it */
    Pattern pattern;      /* of TERM_LIKE */
    uint32_t first, uses; /* in IndicatorSet.in_clauses */
} Term;

/* Terms that must hold together. */
typedef struct Clause {
    uint32_t indicator;
    uint32_t first, count; /* in IndicatorSet.clause_terms */
} Clause;

typedef struct Indicator {
    Text id, title, file;
    RuleLevel level;
    TextList tags;
} Indicator;

struct IndicatorSet {
    Arena *arena;      /* everything that stays */
    Arena *scratch;    /* of the feed that is being read */
    Buf value;         /* of the term that is being made */
    bool failed;       /* no memory, or … */
    const char *limit; /* … this limit was reached */

    Indicator *indicators;
    size_t count, cap;
    Clause *clauses;
    size_t clause_count, clause_cap;
    uint32_t *clause_terms;
    size_t clause_term_count, clause_term_cap;
    Term *terms;
    size_t term_count, term_cap;
    IdMap term_map; /* by type, use and value */
    IndicatorNote *notes;
    size_t note_count, note_cap;
    IndicatorCounts counts;

    /* indicators_finish */
    uint32_t *in_clauses; /* clauses, by term */
    uint32_t longest;     /* terms in a clause */
    bool any[INDICATOR_TYPE_COUNT];
    uint8_t prefixes[IP_BITS + 1]; /* lengths of networks, longest first */
    uint32_t prefix_count;
    const Literals *literals; /* of text terms; NULL: there are none */
    uint32_t *literal_terms;
    uint32_t literal_count;
};

/* The number of a hash, domain or network among the terms; UINT32_MAX: it is none. */
uint32_t indicators_find_text(const IndicatorSet *set, IndicatorType type, Text folded);
uint32_t indicators_find_network(const IndicatorSet *set, const Ip *ip, unsigned bits);

#endif
