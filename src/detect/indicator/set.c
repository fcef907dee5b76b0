#include "detect/indicator/set.h"

#include <stdlib.h>

#include "base/cleanup.h"

#define SCRATCH_BYTES (1024u * 1024 * 1024)
#define VALUE_BYTES   INDICATOR_FEED_BYTES

const Text INDICATOR_TYPE_TEXT[INDICATOR_TYPE_COUNT] = {
    [INDICATOR_SHA256] = {"sha256", 6},   [INDICATOR_SHA1] = {"sha1", 4},
    [INDICATOR_MD5] = {"md5", 3},         [INDICATOR_IMPHASH] = {"imphash", 7},
    [INDICATOR_ADDRESS] = {"address", 7}, [INDICATOR_NETWORK] = {"network", 7},
    [INDICATOR_DOMAIN] = {"domain", 6},   [INDICATOR_URL] = {"url", 3},
    [INDICATOR_NAME] = {"name", 4},       [INDICATOR_PATH] = {"path", 4},
    [INDICATOR_MAIL] = {"mail", 4},       [INDICATOR_REGISTRY] = {"registry", 8},
    [INDICATOR_MUTEX] = {"mutex", 5},
};

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for indicators");
}

IndicatorSet *indicators_create(Err *err)
{
    IndicatorSet *set = calloc(1, sizeof *set);
    if (!set) {
        no_memory(err);
        return NULL;
    }
    set->arena = arena_create(INDICATOR_SET_BYTES);
    set->scratch = arena_create(SCRATCH_BYTES);
    buf_init(&set->value, VALUE_BYTES);
    if (id_map_init(&set->term_map) && set->arena && set->scratch)
        return set;
    no_memory(err);
    indicators_destroy(set);
    return NULL;
}

void indicators_destroy(IndicatorSet *set)
{
    if (!set)
        return;
    void *const all[] = {set->indicators, set->clauses,    set->clause_terms, set->terms,
                         set->notes,      set->in_clauses, set->literal_terms};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    id_map_done(&set->term_map);
    buf_done(&set->value);
    arena_destroy(set->arena);
    arena_destroy(set->scratch);
    free(set);
}

/* ---- finishing ---- */

/* Indicators below the level go, and their clauses; terms that are left alone match nothing. */
static void drop(IndicatorSet *set, RuleLevel min_level, uint32_t *new_number)
{
    size_t kept = 0, kept_clauses = 0;
    for (size_t i = 0; i < set->count; i++) {
        bool keep = set->indicators[i].level >= min_level;
        new_number[i] = keep ? (uint32_t)kept : UINT32_MAX;
        if (keep)
            set->indicators[kept++] = set->indicators[i];
    }
    for (size_t i = 0; i < set->clause_count; i++) {
        Clause clause = set->clauses[i];
        clause.indicator = new_number[clause.indicator];
        if (clause.indicator != UINT32_MAX)
            set->clauses[kept_clauses++] = clause;
    }
    set->counts.dropped = (uint32_t)(set->count - kept);
    set->count = kept;
    set->clause_count = kept_clauses;
}

/* Which clauses a term is in. */
static bool index_clauses(IndicatorSet *set)
{
    uint32_t total = 0;
    for (size_t i = 0; i < set->clause_count; i++) {
        const Clause *clause = &set->clauses[i];
        if (clause->count > set->longest)
            set->longest = clause->count;
        for (uint32_t k = 0; k < clause->count; k++)
            set->terms[set->clause_terms[clause->first + k]].uses++;
    }
    for (size_t i = 0; i < set->term_count; i++) {
        set->terms[i].first = total;
        total += set->terms[i].uses;
        set->terms[i].uses = 0;
    }
    set->in_clauses = malloc(((size_t)total + 1) * sizeof *set->in_clauses);
    if (!set->in_clauses)
        return false;
    for (size_t i = 0; i < set->clause_count; i++) {
        const Clause *clause = &set->clauses[i];
        for (uint32_t k = 0; k < clause->count; k++) {
            Term *term = &set->terms[set->clause_terms[clause->first + k]];
            set->in_clauses[term->first + term->uses++] = (uint32_t)i;
        }
    }
    return true;
}

static Text literal_of(const Term *term)
{
    Text longest = term->use == TERM_LIKE ? TEXT("") : term->value;
    for (uint32_t i = 0; term->use == TERM_LIKE && i < term->pattern.count; i++) {
        const Part *part = &term->pattern.parts[i];
        if (part->kind == PART_TEXT && part->text.len > longest.len)
            longest = part->text;
    }
    return longest;
}

static bool is_literal(const Term *term)
{
    return term->uses && (term->type >= INDICATOR_URL ||
                          (term->type == INDICATOR_DOMAIN && term->use != TERM_IS));
}

static bool build_literals(IndicatorSet *set)
{
    for (size_t i = 0; i < set->term_count; i++)
        set->literal_count += is_literal(&set->terms[i]);
    if (set->literal_count == 0)
        return true;
    Literal *literals = ARENA_NEW(set->arena, Literal, set->literal_count);
    set->literal_terms = malloc(set->literal_count * sizeof *set->literal_terms);
    if (!literals || !set->literal_terms)
        return false;
    uint32_t count = 0;
    for (size_t i = 0; i < set->term_count; i++) {
        if (!is_literal(&set->terms[i]))
            continue;
        literals[count] = (Literal){.text = literal_of(&set->terms[i]), .place = LITERAL_ANYWHERE};
        set->literal_terms[count++] = (uint32_t)i;
    }
    set->literals = literals_build(set->arena, literals, count);
    return set->literals != NULL;
}

static void note_kinds(IndicatorSet *set)
{
    bool bits[IP_BITS + 1] = {false};
    for (size_t i = 0; i < set->term_count; i++) {
        const Term *term = &set->terms[i];
        if (!term->uses)
            continue;
        set->any[term->type] = true;
        if (term->type == INDICATOR_ADDRESS || term->type == INDICATOR_NETWORK)
            bits[term->network.bits] = true;
    }
    for (unsigned b = IP_BITS; b > 0; b--)
        if (bits[b])
            set->prefixes[set->prefix_count++] = (uint8_t)b;
}

bool indicators_finish(IndicatorSet *set, RuleLevel min_level, Err *err)
{
    CLEANUP(freep) uint32_t *new_number = malloc((set->count + 1) * sizeof *new_number);
    if (!new_number)
        return no_memory(err);
    drop(set, min_level, new_number);
    if (!index_clauses(set) || !build_literals(set))
        return no_memory(err);
    note_kinds(set);
    set->counts.indicators = (uint32_t)set->count;
    arena_destroy(set->scratch); /* of the feeds; nothing is read any more */
    set->scratch = NULL;
    buf_done(&set->value);
    return true;
}

/* ---- asking ---- */

uint32_t indicators_count(const IndicatorSet *set)
{
    return set ? (uint32_t)set->count : 0;
}

Rule indicators_rule(const IndicatorSet *set, uint32_t number)
{
    const Indicator *indicator = &set->indicators[number];
    return (Rule){.kind = RULE_EVENT,
                  .state = RULE_LOADED,
                  .active = true,
                  .id = indicator->id,
                  .title = indicator->title,
                  .file = indicator->file,
                  .level = indicator->level,
                  .level_given = indicator->level,
                  .tags = indicator->tags};
}

bool indicators_want_items(const IndicatorSet *set)
{
    return set && set->any[INDICATOR_SHA256];
}

bool indicators_of_item(const IndicatorSet *set, const Sha256 *hash, IndicatorFound found,
                        void *ctx, Err *err)
{
    char hex[64];
    uint32_t last = UINT32_MAX;
    sha256_hex(hash, hex);
    uint32_t number = indicators_find_text(set, INDICATOR_SHA256, text_of(hex, sizeof hex));
    if (number == UINT32_MAX)
        return true;
    const Term *term = &set->terms[number];
    for (uint32_t i = 0; i < term->uses; i++) {
        const Clause *clause = &set->clauses[set->in_clauses[term->first + i]];
        if (clause->count != 1 || clause->indicator == last)
            continue;
        last = clause->indicator;
        if (!found(ctx, clause->indicator, err))
            return false;
    }
    return true;
}

size_t indicators_note_count(const IndicatorSet *set)
{
    return set->note_count;
}

IndicatorNote indicators_note(const IndicatorSet *set, size_t number)
{
    return set->notes[number];
}

IndicatorCounts indicators_counts(const IndicatorSet *set)
{
    return set->counts;
}
