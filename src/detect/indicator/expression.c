#include "detect/indicator/expression.h"

#include <arpa/inet.h>
#include <inttypes.h>

#include "base/hash.h"
#include "event/grow.h"

#define TITLE_BYTES 4096
#define TAGS_MAX    256

static const Expression NOTHING = {0};

void indicator_note(IndicatorSet *set, IndicatorNoteKind kind, FeedPlace place, const char *text,
                    Text value)
{
    Buf line;
    IndicatorNote note = {
        .kind = kind, .in_lines = place.in_lines, .at = place.at, .file = place.file};
    if (kind == INDICATOR_REFUSED)
        set->counts.refused++;
    else
        set->counts.unusable++;
    if (set->note_count == NOTES_MAX) {
        set->limit = "more than 4,000,000 entries that cannot be used";
        return;
    }
    IndicatorNote *grown =
        grow_array(set->notes, &set->note_cap, set->note_count + 1, sizeof *grown);
    if (grown)
        set->notes = grown;
    buf_init(&line, 1024);
    if (value.len)
        buf_printf(&line, "%s: ", quote(value.ptr, value.len).str);
    buf_add_text(&line, text_from_z(text));
    if (!grown || line.failed || !arena_copy_text(set->arena, buf_text(&line), &note.text))
        set->failed = true;
    else
        set->notes[set->note_count++] = note;
    buf_done(&line);
}

/* ---- terms ---- */

static uint64_t term_hash(IndicatorType type, TermUse use, Text value)
{
    return hash64(value.ptr, value.len, (uint64_t)type << 8 | use);
}

static bool is_network(IndicatorType type)
{
    return type == INDICATOR_ADDRESS || type == INDICATOR_NETWORK;
}

static bool make_pattern(IndicatorSet *set, Term *term)
{
    Part *parts = ARENA_NEW(set->arena, Part, term->value.len + 1);
    size_t i = 0;
    uint32_t count = 0;
    if (!parts)
        return false;
    while (i < term->value.len) {
        char c = term->value.ptr[i];
        size_t end = i + 1;
        parts[count].kind = c == '%' ? PART_MANY : c == '_' ? PART_ONE : PART_TEXT;
        while (parts[count].kind == PART_TEXT && end < term->value.len &&
               term->value.ptr[end] != '%' && term->value.ptr[end] != '_')
            end++;
        parts[count++].text = text_of(term->value.ptr + i, end - i);
        i = end;
    }
    term->pattern = (Pattern){.parts = parts, .count = count};
    return true;
}

static uint32_t find_term(const IndicatorSet *set, uint64_t hash, IndicatorType type, TermUse use,
                          Text value)
{
    uint32_t id;
    for (size_t cursor = id_map_start(&set->term_map, hash);
         (id = id_map_next(&set->term_map, hash, &cursor)) != ID_NONE;) {
        const Term *term = &set->terms[id];
        if (term->type == type && term->use == use && text_equal(term->value, value))
            return id;
    }
    return UINT32_MAX;
}

uint32_t indicators_find_text(const IndicatorSet *set, IndicatorType type, Text folded)
{
    return find_term(set, term_hash(type, TERM_IS, folded), type, TERM_IS, folded);
}

uint32_t indicators_find_network(const IndicatorSet *set, const Ip *ip, unsigned bits)
{
    char key[sizeof ip->bytes + 1];
    memcpy(key, ip->bytes, sizeof ip->bytes);
    key[sizeof ip->bytes] = (char)bits;
    return indicators_find_text(set, bits == IP_BITS ? INDICATOR_ADDRESS : INDICATOR_NETWORK,
                                text_of(key, sizeof key));
}

/* The number of a term that is in the set from now on; UINT32_MAX: no memory. */
static uint32_t take_term(IndicatorSet *set, const IndicatorValue *value, Text compared)
{
    uint64_t hash = term_hash(value->type, value->use, compared);
    uint32_t found = find_term(set, hash, value->type, value->use, compared);
    if (found != UINT32_MAX)
        return found;
    Term term = {.type = (uint8_t)value->type, .use = (uint8_t)value->use};
    Term *grown = NULL;
    if (set->term_count < TERMS_MAX)
        grown = grow_array(set->terms, &set->term_cap, set->term_count + 1, sizeof *grown);
    else
        set->limit = "more than 8,000,000 values";
    if (grown)
        set->terms = grown;
    if (is_network(value->type))
        term.network = value->network;
    if (!grown || !arena_copy_text(set->arena, compared, &term.value) ||
        (value->use == TERM_LIKE && !make_pattern(set, &term)) ||
        !id_map_add(&set->term_map, hash, (uint32_t)set->term_count)) {
        set->failed = true;
        return UINT32_MAX;
    }
    set->terms[set->term_count] = term;
    set->counts.by_type[value->type]++;
    return (uint32_t)set->term_count++;
}

static Expression one_term(IndicatorSet *set, uint32_t term)
{
    Expression out = {.clauses = ARENA_NEW(set->scratch, ClauseDraft, 1), .count = 1, .cap = 1};
    if (term == UINT32_MAX || !out.clauses) {
        set->failed = true;
        return NOTHING;
    }
    out.clauses[0] = (ClauseDraft){.terms = {term}, .count = 1};
    return out;
}

static Expression term_of(IndicatorSet *set, FeedPlace place, IndicatorType type, TermUse use,
                          Text refanged, Text written)
{
    IndicatorValue value = {.type = type, .use = use};
    Buf compared;
    buf_init(&compared, 4u * INDICATOR_VALUE_MAX);
    const char *why = indicator_value(refanged, &value, &compared);
    Expression out = NOTHING;
    if (compared.failed)
        set->failed = true;
    else if (why)
        indicator_note(set, INDICATOR_REFUSED, place, why, written);
    else
        out = one_term(set, take_term(set, &value, buf_text(&compared)));
    buf_done(&compared);
    return out;
}

Expression expression_term(IndicatorSet *set, FeedPlace place, IndicatorType type, TermUse use,
                           Text written)
{
    buf_clear(&set->value);
    if (type == INDICATOR_PATH || type == INDICATOR_REGISTRY || type == INDICATOR_MUTEX)
        buf_add_text(&set->value, written);
    else
        indicator_refang(written, &set->value);
    return term_of(set, place, type, use, buf_text(&set->value), written);
}

Expression expression_guess(IndicatorSet *set, FeedPlace place, Text written)
{
    IndicatorType type;
    const char *why;
    buf_clear(&set->value);
    indicator_refang(written, &set->value);
    if (indicator_guess(buf_text(&set->value), &type, &why))
        return term_of(set, place, type, TERM_IS, buf_text(&set->value), written);
    indicator_note(set, INDICATOR_REFUSED, place, why, written);
    return NOTHING;
}

/* ---- and, or ---- */

static bool grow_clauses(IndicatorSet *set, Expression *expression, uint32_t need)
{
    if (need <= expression->cap)
        return true;
    uint32_t cap = need < 2 * expression->cap ? 2 * expression->cap : need;
    ClauseDraft *clauses = ARENA_NEW(set->scratch, ClauseDraft, cap);
    if (!clauses) {
        set->failed = true;
        return false;
    }
    if (expression->count)
        memcpy(clauses, expression->clauses, expression->count * sizeof *clauses);
    expression->clauses = clauses;
    expression->cap = cap;
    return true;
}

Expression expression_or(IndicatorSet *set, FeedPlace place, Expression a, Expression b)
{
    if (b.count == 0)
        return a;
    if (a.count == 0)
        return b;
    if (a.count + b.count > CLAUSES_MAX) {
        indicator_note(set, INDICATOR_UNUSABLE, place, "more than 4096 alternatives", TEXT(""));
        return NOTHING;
    }
    if (!grow_clauses(set, &a, a.count + b.count))
        return NOTHING;
    memcpy(a.clauses + a.count, b.clauses, b.count * sizeof *a.clauses);
    a.count += b.count;
    return a;
}

/* Both, each term once. false: too many. */
static bool join(const ClauseDraft *a, const ClauseDraft *b, ClauseDraft *out)
{
    *out = *a;
    for (uint32_t i = 0; i < b->count; i++) {
        bool there = false;
        for (uint32_t k = 0; k < a->count; k++)
            there = there || a->terms[k] == b->terms[i];
        if (there)
            continue;
        if (out->count == CLAUSE_TERMS)
            return false;
        out->terms[out->count++] = b->terms[i];
    }
    return true;
}

Expression expression_and(IndicatorSet *set, FeedPlace place, Expression a, Expression b)
{
    Expression out = {0};
    if (a.count == 0 || b.count == 0)
        return NOTHING;
    if ((uint64_t)a.count * b.count > CLAUSES_MAX) {
        indicator_note(set, INDICATOR_UNUSABLE, place, "more than 4096 alternatives", TEXT(""));
        return NOTHING;
    }
    if (!grow_clauses(set, &out, a.count * b.count))
        return NOTHING;
    for (uint32_t i = 0; i < a.count; i++)
        for (uint32_t k = 0; k < b.count; k++)
            if (!join(&a.clauses[i], &b.clauses[k], &out.clauses[out.count++])) {
                indicator_note(set, INDICATOR_UNUSABLE, place,
                               "more than 16 conditions that must hold together", TEXT(""));
                return NOTHING;
            }
    return out;
}

/* ---- indicators ---- */

static void write_network(Buf *out, const IpNetwork *network)
{
    const uint8_t *b = network->address.bytes;
    static const uint8_t MAPPED[12] = {[10] = 0xFF, [11] = 0xFF};
    bool v4 = memcmp(b, MAPPED, sizeof MAPPED) == 0 && network->bits >= IPV4_BITS_AT;
    char text[INET6_ADDRSTRLEN];
    if (inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? b + IPV4_BITS_AT / 8 : b, text, sizeof text))
        buf_add_text(out, text_from_z(text));
    if (network->bits < IP_BITS)
        buf_printf(out, "/%u", network->bits - (v4 ? IPV4_BITS_AT : 0u));
}

static void write_term(Buf *out, const Term *term)
{
    buf_add_text(out, INDICATOR_TYPE_TEXT[term->type]);
    buf_add_char(out, ' ');
    if (is_network(term->type))
        write_network(out, &term->network);
    else
        buf_add_text(out, term->value);
}

/* "domain evil.example (name)"; of several values the name, or the first and how many more. */
static void write_title(const IndicatorSet *set, Buf *out, Text name, const ClauseDraft *clauses,
                        uint32_t count)
{
    uint32_t terms = 0;
    for (uint32_t i = 0; i < count; i++)
        terms += clauses[i].count;
    if (terms > 1 && name.len) {
        buf_add_text(out, name);
        return;
    }
    write_term(out, &set->terms[clauses[0].terms[0]]);
    if (terms > 1)
        buf_printf(out, " and %" PRIu32 " more", terms - 1);
    if (name.len) {
        BUF_LITERAL(out, " (");
        buf_add_text(out, name);
        BUF_LITERAL(out, ")");
    }
}

/* The same values have the same id, whatever else a feed says of them. */
static void write_id(const IndicatorSet *set, Buf *out, const ClauseDraft *clauses, uint32_t count)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t clause = 0;
        for (uint32_t k = 0; k < clauses[i].count; k++) {
            const Term *term = &set->terms[clauses[i].terms[k]];
            clause += term_hash(term->type, term->use, term->value);
        }
        sum += hash64(&clause, sizeof clause, 1);
    }
    buf_printf(out, "indicator-%016" PRIx64, sum);
}

static bool copy_cut(IndicatorSet *set, Text text, Text *ret)
{
    size_t len = text.len < TITLE_BYTES ? text.len : TITLE_BYTES;
    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
        len--;
    return arena_copy_text(set->arena, text_of(text.ptr, len), ret);
}

static bool copy_tags(IndicatorSet *set, const IndicatorHead *head, TextList *ret)
{
    uint32_t count = head->tag_count < TAGS_MAX ? head->tag_count : TAGS_MAX;
    if (count < head->tag_count)
        indicator_note(set, INDICATOR_UNUSABLE, head->place, "tags beyond 256", TEXT(""));
    Text *tags = ARENA_NEW(set->arena, Text, count + 1);
    for (uint32_t i = 0; tags && i < count; i++)
        if (!copy_cut(set, head->tags[i], &tags[i]))
            return false;
    *ret = (TextList){.list = tags, .count = count};
    return tags != NULL;
}

static bool add_clauses(IndicatorSet *set, const ClauseDraft *clauses, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const ClauseDraft *draft = &clauses[i];
        Clause *grown =
            grow_array(set->clauses, &set->clause_cap, set->clause_count + 1, sizeof *grown);
        if (!grown)
            return false;
        set->clauses = grown;
        uint32_t *terms = grow_array(set->clause_terms, &set->clause_term_cap,
                                     set->clause_term_count + draft->count, sizeof *terms);
        if (!terms)
            return false;
        set->clause_terms = terms;
        memcpy(terms + set->clause_term_count, draft->terms, draft->count * sizeof *terms);
        set->clauses[set->clause_count++] = (Clause){.indicator = (uint32_t)set->count,
                                                     .first = (uint32_t)set->clause_term_count,
                                                     .count = draft->count};
        set->clause_term_count += draft->count;
    }
    return true;
}

static bool add_indicator(IndicatorSet *set, const IndicatorHead *head, const ClauseDraft *clauses,
                          uint32_t count)
{
    Buf text;
    Indicator indicator = {.file = head->place.file,
                           .level = head->level ? head->level : RULE_MEDIUM};
    Indicator *grown = grow_array(set->indicators, &set->cap, set->count + 1, sizeof *grown);
    if (!grown)
        return false;
    set->indicators = grown;
    buf_init(&text, 8u * INDICATOR_VALUE_MAX);
    write_title(
        set, &text,
        text_of(head->name.ptr, head->name.len < TITLE_BYTES ? head->name.len : TITLE_BYTES),
        clauses, count);
    bool ok = !text.failed && copy_cut(set, buf_text(&text), &indicator.title);
    buf_clear(&text);
    if (head->id.len == 0)
        write_id(set, &text, clauses, count);
    ok = ok && !text.failed &&
         copy_cut(set, head->id.len ? head->id : buf_text(&text), &indicator.id) &&
         copy_tags(set, head, &indicator.tags) && add_clauses(set, clauses, count);
    buf_done(&text);
    if (ok)
        set->indicators[set->count++] = indicator;
    return ok;
}

static void add(IndicatorSet *set, const IndicatorHead *head, const ClauseDraft *clauses,
                uint32_t count)
{
    if (set->failed || set->limit)
        return;
    if (set->count == INDICATORS_MAX)
        set->limit = "more than 2,000,000 indicators";
    else if (!add_indicator(set, head, clauses, count))
        set->failed = true;
}

void expression_add(IndicatorSet *set, const IndicatorHead *head, Expression expression)
{
    if (expression.count)
        add(set, head, expression.clauses, expression.count);
}

void expression_add_each(IndicatorSet *set, const IndicatorHead *head, Expression expression)
{
    for (uint32_t i = 0; i < expression.count; i++)
        add(set, head, &expression.clauses[i], 1);
}

RuleLevel indicator_level_of_confidence(uint64_t confidence)
{
    return confidence >= 70 ? RULE_HIGH : confidence >= 30 ? RULE_MEDIUM : RULE_LOW;
}
