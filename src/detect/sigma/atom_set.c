#include "detect/sigma/atom_set.h"

#include <stdlib.h>

#include "base/hash.h"
#include "detect/sigma/fold.h"
#include "detect/sigma/number.h"
#include "detect/sigma/wildcard.h"
#include "event/grow.h"
#include "event/id_map.h"

#define TEXT_ROOM 4096 /* of values that are no text and not binary */

/* A text of the tables, what must hold beside it, and the atoms it satisfies. */
typedef struct Entry {
    Pattern folded;  /* whole pattern, if the text alone does not decide; count 0: it does */
    Pattern written; /* of a cased value; count 0: case does not matter */
    bool cased;
    uint32_t first_link; /* atoms: a list through `links`; UINT32_MAX ends it */
} Entry;

typedef struct Link {
    uint32_t atom, next;
} Link;

typedef struct NumberEntry {
    Number number;
    uint32_t first_link;
} NumberEntry;

typedef struct NetworkEntry {
    IpNetwork network;
    uint32_t first_link;
} NetworkEntry;

struct AtomSet {
    Arena *arena;
    Literal *texts; /* entry i is found by text i */
    Entry *entries;
    size_t text_cap, entry_cap;
    uint32_t entry_count;
    const Literals *literals;
    Link *links;
    size_t link_count, link_cap;
    NumberEntry *numbers;
    size_t number_count, number_cap;
    NetworkEntry *networks;
    size_t network_count, network_cap;
    IdMap by_text, by_number, by_network;
    uint8_t network_bits[IP_BITS + 1]; /* the lengths of prefixes that occur, rising */
    unsigned network_bit_count;
    uint32_t *loose; /* entries without any text to look for: *, ??, ?* */
    size_t loose_count, loose_cap;
    uint32_t atom_count;
    bool is_words;    /* atom_set_is_words */
    bool has_partial; /* texts that may be a part of a number as it is written */
};

AtomSet *atom_set_create(Arena *arena)
{
    AtomSet *set = ARENA_NEW(arena, AtomSet, 1);
    if (!set)
        return NULL;
    set->arena = arena;
    bool ok = id_map_init(&set->by_text);
    ok = id_map_init(&set->by_number) && ok;
    ok = id_map_init(&set->by_network) && ok;
    if (ok)
        return set;
    atom_set_destroy(set);
    return NULL;
}

void atom_set_destroy(AtomSet *set)
{
    if (!set)
        return;
    free(set->texts);
    free(set->entries);
    free(set->links);
    free(set->numbers);
    free(set->networks);
    free(set->loose);
    id_map_done(&set->by_text);
    id_map_done(&set->by_number);
    id_map_done(&set->by_network);
}

bool atom_takes(const RuleValue *value)
{
    return value->kind == RULE_STRING || value->kind == RULE_NUMBER || value->kind == RULE_BOOL ||
           value->kind == RULE_CIDR;
}

uint32_t atom_set_count(const AtomSet *set)
{
    return set->atom_count;
}

uint32_t atom_set_literals(const AtomSet *set)
{
    return set->entry_count;
}

size_t atom_set_bytes(const AtomSet *set)
{
    return set->text_cap * sizeof *set->texts + set->entry_cap * sizeof *set->entries +
           set->link_cap * sizeof *set->links + set->number_cap * sizeof *set->numbers +
           set->network_cap * sizeof *set->networks + set->loose_cap * sizeof *set->loose;
}

/* ---- building ---- */

static bool add_link(AtomSet *set, uint32_t *first, uint32_t atom)
{
    Link *grown = grow_array(set->links, &set->link_cap, set->link_count + 1, sizeof *set->links);
    if (!grown)
        return false;
    set->links = grown;
    set->links[set->link_count] = (Link){.atom = atom, .next = *first};
    *first = (uint32_t)set->link_count++;
    return true;
}

static bool fold_pattern(Arena *arena, Pattern pattern, Pattern *ret)
{
    Part *parts = ARENA_NEW(arena, Part, (size_t)pattern.count + 1);
    if (!parts)
        return false;
    for (uint32_t i = 0; i < pattern.count; i++) {
        parts[i] = pattern.parts[i];
        Text t = parts[i].text;
        char *folded = ARENA_NEW(arena, char, FOLD_ROOM(t.len));
        if (!folded)
            return false;
        parts[i].text = text_of(folded, fold_text(t, folded));
    }
    *ret = (Pattern){.parts = parts, .count = pattern.count};
    return true;
}

/* The rarest text of a pattern and where it must stand. Empty: it has none. *ret_decides: the text
 * there is all that the pattern says. */
static Literal search_text(Pattern pattern, bool *ret_decides)
{
    Literal best = {.place = LITERAL_ANYWHERE};
    uint32_t n = pattern.count, at = 0;
    double least = 2;
    for (uint32_t i = 0; i < n; i++) {
        if (pattern.parts[i].kind != PART_TEXT)
            continue;
        unsigned place = (i == 0 ? LITERAL_AT_START : 0) | (i + 1 == n ? LITERAL_AT_END : 0);
        double likely = literal_likelihood(pattern.parts[i].text, (LiteralPlace)place);
        if (likely >= least)
            continue;
        least = likely;
        at = i;
        best = (Literal){.text = pattern.parts[i].text, .place = (uint8_t)place};
    }
    bool before = at == 0 || (at == 1 && pattern.parts[0].kind == PART_MANY);
    bool after = at + 1 >= n || (at + 2 == n && pattern.parts[at + 1].kind == PART_MANY);
    *ret_decides = best.text.len && before && after;
    if (n == 0) {
        best.place = LITERAL_WHOLE;
        *ret_decides = true;
    }
    return best;
}

static uint64_t pattern_hash(Pattern pattern, bool cased)
{
    uint64_t hash = cased;
    for (uint32_t i = 0; i < pattern.count; i++)
        hash = hash64(pattern.parts[i].text.ptr, pattern.parts[i].text.len,
                      hash * 4 + pattern.parts[i].kind);
    return hash;
}

static bool same_pattern(Pattern a, Pattern b)
{
    if (a.count != b.count)
        return false;
    for (uint32_t i = 0; i < a.count; i++)
        if (a.parts[i].kind != b.parts[i].kind || !text_equal(a.parts[i].text, b.parts[i].text))
            return false;
    return true;
}

/* Room for one more entry. */
static bool grow_entries(AtomSet *set)
{
    Literal *texts =
        grow_array(set->texts, &set->text_cap, (size_t)set->entry_count + 1, sizeof *texts);
    if (!texts)
        return false;
    set->texts = texts;
    Entry *entries =
        grow_array(set->entries, &set->entry_cap, (size_t)set->entry_count + 1, sizeof *entries);
    if (!entries)
        return false;
    set->entries = entries;
    return true;
}

/* The whole pattern of each entry, for finding equal ones while building. */
static Pattern entry_key(const AtomSet *set, uint32_t i)
{
    return set->entries[i].cased ? set->entries[i].written : set->entries[i].folded;
}

static uint32_t find_entry(const AtomSet *set, Pattern key, bool cased, uint64_t hash)
{
    uint32_t found;
    for (size_t cursor = id_map_start(&set->by_text, hash);
         (found = id_map_next(&set->by_text, hash, &cursor)) != ID_NONE;)
        if (set->entries[found].cased == cased && same_pattern(entry_key(set, found), key))
            return found;
    return ID_NONE;
}

static bool add_loose(AtomSet *set, uint32_t entry)
{
    uint32_t *loose = grow_array(set->loose, &set->loose_cap, set->loose_count + 1, sizeof *loose);
    if (!loose)
        return false;
    set->loose = loose;
    set->loose[set->loose_count++] = entry;
    return true;
}

static bool add_pattern(AtomSet *set, Pattern pattern, bool cased, uint32_t atom)
{
    Pattern folded;
    if (!fold_pattern(set->arena, pattern, &folded))
        return false;
    Pattern key = cased ? pattern : folded;
    uint64_t hash = pattern_hash(key, cased);
    uint32_t entry = find_entry(set, key, cased, hash);
    if (entry != ID_NONE)
        return add_link(set, &set->entries[entry].first_link, atom);
    if (!grow_entries(set))
        return false;
    entry = set->entry_count;
    bool decides;
    Literal text = search_text(folded, &decides);
    set->texts[entry] = text;
    set->entries[entry] = (Entry){.folded = folded, .cased = cased, .first_link = UINT32_MAX};
    if (cased)
        set->entries[entry].written = pattern;
    bool loose = text.text.len == 0 && text.place != LITERAL_WHOLE;
    if (loose) {
        /* never found by the tables */
        set->texts[entry].place = LITERAL_AT_START;
        if (!add_loose(set, entry))
            return false;
    }
    set->has_partial |= text.place != LITERAL_WHOLE;
    set->entry_count++;
    return id_map_add(&set->by_text, hash, entry) &&
           add_link(set, &set->entries[entry].first_link, atom);
}

static uint64_t number_hash(Number number)
{
    return hash64(&number.bits, sizeof number.bits, number.kind);
}

static uint32_t find_number(const AtomSet *set, Number number)
{
    uint64_t hash = number_hash(number);
    uint32_t found;
    for (size_t cursor = id_map_start(&set->by_number, hash);
         (found = id_map_next(&set->by_number, hash, &cursor)) != ID_NONE;)
        if (number_equal(set->numbers[found].number, number))
            return found;
    return ID_NONE;
}

static bool add_number(AtomSet *set, Number number, uint32_t atom)
{
    uint32_t found = find_number(set, number);
    if (found != ID_NONE)
        return add_link(set, &set->numbers[found].first_link, atom);
    NumberEntry *grown =
        grow_array(set->numbers, &set->number_cap, set->number_count + 1, sizeof *grown);
    if (!grown)
        return false;
    set->numbers = grown;
    set->numbers[set->number_count] = (NumberEntry){.number = number, .first_link = UINT32_MAX};
    return id_map_add(&set->by_number, number_hash(number), (uint32_t)set->number_count) &&
           add_link(set, &set->numbers[set->number_count++].first_link, atom);
}

static uint64_t network_hash(const IpNetwork *network)
{
    return hash64(network->address.bytes, sizeof network->address.bytes, network->bits);
}

static uint32_t find_network(const AtomSet *set, const IpNetwork *network)
{
    uint64_t hash = network_hash(network);
    uint32_t found;
    for (size_t cursor = id_map_start(&set->by_network, hash);
         (found = id_map_next(&set->by_network, hash, &cursor)) != ID_NONE;) {
        const IpNetwork *other = &set->networks[found].network;
        if (other->bits == network->bits &&
            memcmp(other->address.bytes, network->address.bytes, sizeof(Ip)) == 0)
            return found;
    }
    return ID_NONE;
}

static bool add_network(AtomSet *set, const IpNetwork *network, uint32_t atom)
{
    uint32_t found = find_network(set, network);
    if (found != ID_NONE)
        return add_link(set, &set->networks[found].first_link, atom);
    NetworkEntry *grown =
        grow_array(set->networks, &set->network_cap, set->network_count + 1, sizeof *grown);
    if (!grown)
        return false;
    set->networks = grown;
    set->networks[set->network_count] =
        (NetworkEntry){.network = *network, .first_link = UINT32_MAX};
    return id_map_add(&set->by_network, network_hash(network), (uint32_t)set->network_count) &&
           add_link(set, &set->networks[set->network_count++].first_link, atom);
}

/* The number that text without wildcards spells. */
static bool number_of_pattern(const RuleValue *value, Number *ret)
{
    return value->kind == RULE_STRING && !value->cased && value->pattern.count == 1 &&
           number_parse(pattern_literal(value->pattern), ret);
}

static bool add_text(AtomSet *set, Text text, uint32_t atom)
{
    Pattern pattern;
    return pattern_of_text(set->arena, text, &pattern) && add_pattern(set, pattern, false, atom);
}

static bool add_value(AtomSet *set, const RuleValue *value, uint32_t atom)
{
    Number number;
    switch (value->kind) {
    case RULE_STRING:
        return add_pattern(set, value->pattern, value->cased, atom) &&
               (!number_of_pattern(value, &number) || add_number(set, number, atom));
    case RULE_NUMBER:
        return add_number(set, number_of_yaml(&value->number), atom) &&
               add_text(set, value->number.text, atom);
    case RULE_BOOL:
        /* a truth value is true, or 1, to the programs that write events */
        return add_text(set, value->number.boolean ? TEXT("true") : TEXT("false"), atom) &&
               add_number(set, number_of_i64(value->number.boolean), atom);
    case RULE_CIDR:
        return add_network(set, &value->network, atom);
    default:
        return true;
    }
}

uint32_t atom_set_add(AtomSet *set, const RuleValue *const *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!add_value(set, values[i], set->atom_count))
            return UINT32_MAX;
    return set->atom_count++;
}

/* May the text be a part of what value_write_text makes of a value that is no text? */
static bool may_be_written(Text folded)
{
    static const char SIGNS[] = "0123456789abcdefxstz-.:{}+";
    static const Text WORDS[] = {{"true", 4}, {"false", 5}, {"nan", 3}, {"infinity", 8}};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (text_find_text(WORDS[i], folded) != SIZE_MAX)
            return true;
    for (size_t i = 0; i < folded.len; i++)
        if (folded.ptr[i] == '\0' || !strchr(SIGNS, folded.ptr[i]))
            return false;
    return true;
}

static bool is_words(const AtomSet *set)
{
    for (uint32_t i = 0; i < set->entry_count; i++)
        if (set->texts[i].place != LITERAL_ANYWHERE || may_be_written(set->texts[i].text))
            return false;
    return set->number_count == 0 && set->network_count == 0 && set->loose_count == 0;
}

bool atom_set_is_words(const AtomSet *set)
{
    return set->is_words;
}

bool atom_set_finish(AtomSet *set)
{
    set->is_words = is_words(set);
    for (unsigned bits = 0; bits <= IP_BITS; bits++) {
        bool occurs = false;
        for (size_t i = 0; i < set->network_count && !occurs; i++)
            occurs = set->networks[i].network.bits == bits;
        if (occurs)
            set->network_bits[set->network_bit_count++] = (uint8_t)bits;
    }
    for (uint32_t i = 0; i < set->entry_count; i++) {
        bool decides;
        (void)search_text(set->entries[i].folded, &decides);
        if (decides)
            set->entries[i].folded = (Pattern){0};
    }
    set->literals = literals_build(set->arena, set->texts, set->entry_count);
    return set->literals != NULL;
}

bool atom_is_code(const RuleValue *value, uint64_t *ret)
{
    Number number;
    if (value->kind == RULE_NUMBER)
        number = number_of_yaml(&value->number);
    else if (!number_of_pattern(value, &number))
        return false;
    *ret = number.bits;
    return number.kind == NUMBER_POSITIVE;
}

double atom_likelihood(const RuleValue *const *values, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count && sum < 1; i++) {
        const RuleValue *value = values[i];
        if (value->kind != RULE_STRING) {
            sum += value->kind == RULE_CIDR ? 0.2 : 0.05;
            continue;
        }
        bool decides;
        Literal text = search_text(value->pattern, &decides);
        sum += text.text.len          ? literal_likelihood(text.text, (LiteralPlace)text.place)
               : value->pattern.count ? 0.95
                                      : 0.05;
    }
    return sum < 1 ? sum : 1;
}

/* ---- searching ---- */

typedef struct Found {
    const AtomSet *set;
    Text value, folded;
    AtomHit hit;
    void *ctx;
} Found;

static void hit_links(const Found *found, uint32_t link)
{
    for (; link != UINT32_MAX; link = found->set->links[link].next)
        found->hit(found->ctx, found->set->links[link].atom);
}

static void check_entry(const Found *found, const Entry *entry)
{
    if (entry->folded.count &&
        !wildcard_fits(entry->folded.parts, entry->folded.count, found->folded))
        return;
    if (entry->cased && !wildcard_fits(entry->written.parts, entry->written.count, found->value))
        return;
    hit_links(found, entry->first_link);
}

static void on_literal(void *ctx, uint32_t literal)
{
    const Found *found = ctx;
    check_entry(found, &found->set->entries[literal]);
}

static void search_text_value(const AtomSet *set, AtomScratch *scratch, Text value, AtomHit hit,
                              void *ctx)
{
    if (set->entry_count == 0)
        return;
    size_t len = fold_text(value, scratch->folded);
    memset(scratch->folded + len, 0, LITERALS_PADDING);
    Found found = {.set = set,
                   .value = value,
                   .folded = text_of(scratch->folded, len),
                   .hit = hit,
                   .ctx = ctx};
    literals_search(set->literals, &scratch->literals, found.folded, on_literal, &found);
    for (size_t i = 0; i < set->loose_count; i++)
        check_entry(&found, &set->entries[set->loose[i]]);
}

static void search_number(const AtomSet *set, Value value, AtomHit hit, void *ctx)
{
    Number number;
    if (set->number_count == 0 || !number_of_value(value, &number))
        return;
    uint32_t entry = find_number(set, number);
    Found found = {.set = set, .hit = hit, .ctx = ctx};
    if (entry != ID_NONE)
        hit_links(&found, set->numbers[entry].first_link);
}

static void clear_behind(Ip *ip, unsigned bits)
{
    for (unsigned i = 0; i < sizeof ip->bytes; i++) {
        unsigned keep = bits > i * 8 ? bits - i * 8 : 0;
        ip->bytes[i] &= (uint8_t)(keep >= 8 ? 0xFF : 0xFF00u >> keep);
    }
}

static void search_networks(const AtomSet *set, Text value, AtomHit hit, void *ctx)
{
    Found found = {.set = set, .hit = hit, .ctx = ctx};
    IpNetwork network;
    if (set->network_count == 0 || !ip_parse(value, &network.address))
        return;
    for (unsigned i = set->network_bit_count; i > 0; i--) {
        network.bits = set->network_bits[i - 1];
        clear_behind(&network.address, network.bits);
        uint32_t entry = find_network(set, &network);
        if (entry != ID_NONE)
            hit_links(&found, set->networks[entry].first_link);
    }
}

static void note_hit(void *ctx, uint32_t literal)
{
    (void)literal;
    *(bool *)ctx = true;
}

bool atom_set_may_hold(const AtomSet *set, AtomScratch *scratch, size_t folded_len)
{
    memset(scratch->folded + folded_len, 0, LITERALS_PADDING);
    bool found = false;
    literals_search(set->literals, &scratch->literals, text_of(scratch->folded, folded_len),
                    note_hit, &found);
    return found;
}

bool atom_scratch_init(AtomScratch *scratch, uint32_t literals)
{
    *scratch = (AtomScratch){0};
    buf_init(&scratch->text, SIZE_MAX / 4);
    return literal_scratch_init(&scratch->literals, literals) &&
           atom_scratch_reserve(scratch, TEXT_ROOM, 0);
}

bool atom_scratch_reserve(AtomScratch *scratch, size_t longest, size_t longest_binary)
{
    size_t written = 2 * longest_binary + TEXT_ROOM; /* two digits a byte; all else is short */
    size_t text = longest > longest_binary ? longest : longest_binary;
    size_t room = FOLD_ROOM(text) > written ? FOLD_ROOM(text) : written;
    room += LITERALS_PADDING;
    buf_clear(&scratch->text);
    if (!buf_reserve(&scratch->text, written))
        return false;
    if (room <= scratch->folded_room)
        return true;
    free(scratch->folded);
    scratch->folded = malloc(room);
    scratch->folded_room = scratch->folded ? room : 0;
    return scratch->folded != NULL;
}

void atom_scratch_done(AtomScratch *scratch)
{
    literal_scratch_done(&scratch->literals);
    free(scratch->folded);
    buf_done(&scratch->text);
    *scratch = (AtomScratch){0};
}

Text atom_text(AtomScratch *scratch, Value value)
{
    if (value.type == VALUE_TEXT)
        return value_text(value);
    buf_clear(&scratch->text);
    if (value.type != VALUE_NULL && value.type != VALUE_LIST)
        value_write_text(&scratch->text, value);
    return buf_text(&scratch->text);
}

void atom_set_search(const AtomSet *set, AtomScratch *scratch, Value value, AtomHit hit, void *ctx)
{
    switch (value.type) {
    case VALUE_NULL:
    case VALUE_LIST:
    case VALUE_TYPE_COUNT:
        return;
    case VALUE_TEXT:
        search_text_value(set, scratch, value_text(value), hit, ctx);
        search_number(set, value, hit, ctx);
        search_networks(set, value_text(value), hit, ctx);
        return;
    case VALUE_UINT:
    case VALUE_INT:
    case VALUE_HEX:
    case VALUE_FLOAT:
        search_number(set, value, hit, ctx);
        if (set->has_partial)
            search_text_value(set, scratch, atom_text(scratch, value), hit, ctx);
        return;
    case VALUE_BINARY:
        /* bytes that are no text: a rule may mean them, or the digits that others show */
        search_text_value(set, scratch, value_text(value), hit, ctx);
        search_networks(set, value_text(value), hit, ctx);
        search_text_value(set, scratch, atom_text(scratch, value), hit, ctx);
        return;
    case VALUE_BOOL:
    case VALUE_GUID:
    case VALUE_SID:
    case VALUE_FILETIME:
    case VALUE_SYSTEMTIME:
    case VALUE_TIME:
        if (set->entry_count)
            search_text_value(set, scratch, atom_text(scratch, value), hit, ctx);
        return;
    }
}
