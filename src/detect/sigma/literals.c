#include "detect/sigma/literals.h"

#include <stdlib.h>

#include "base/hash.h"

#define GRAM         4  /* bytes that are looked for at every place */
#define LONG_LITERAL 64 /* longer texts are searched for with one linear search */
#define END_BYTES    8  /* of a start or an end */
#define FILTER_LEAST 12 /* bits of the size of the filter … */
#define FILTER_MOST  17
#define SHORT_MOST   3
#define STRIDE_MOST  4
#define GRAM_HASH    UINT32_C(0x9E3779B1)

/* A literal in a bucket; of a gram, where in the literal it is. */
typedef struct Entry {
    uint32_t literal, offset;
} Entry;

/* Literals that share a key stand one after the other in `order`. */
typedef struct Bucket {
    uint64_t key;
    uint32_t first, count; /* count 0: a free slot */
} Bucket;

typedef struct KeyTable {
    Bucket *slots;
    uint32_t mask;
} KeyTable;

struct Literals {
    const Literal *literals;
    Entry *order; /* by table and bucket */
    KeyTable grams, whole, ends;
    KeyTable shorts[SHORT_MOST + 1]; /* by length; texts anywhere of 1 to 3 bytes */
    uint8_t *filter;                 /* bits */
    unsigned filter_shift;
    size_t stride;  /* only every so many places are looked at; each literal has as many grams */
    uint8_t *pairs; /* bits: two bytes that a short text of two or three begins with */
    uint16_t start_lengths, end_lengths; /* bit n: there are texts of n bytes (8: or more) */
    bool single[256];                    /* texts of one byte */
    bool has_whole, has_grams, has_single, has_pairs;
};

static uint32_t load_gram(const char *at)
{
    return load_u32le((const uint8_t *)at);
}

/* Up to eight bytes as a number. */
static uint64_t load_bytes(const char *at, size_t n)
{
    uint64_t out = 0;
    if (n)
        memcpy(&out, at, n < END_BYTES ? n : END_BYTES);
    return out;
}

static uint32_t filter_place(const Literals *set, uint32_t gram)
{
    return (gram * GRAM_HASH) >> set->filter_shift;
}

static uint32_t slot_of(const KeyTable *table, uint64_t key)
{
    return (uint32_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & table->mask;
}

static const Bucket *find_bucket(const KeyTable *table, uint64_t key)
{
    for (uint32_t at = slot_of(table, key);; at = (at + 1) & table->mask) {
        const Bucket *bucket = &table->slots[at];
        if (bucket->count == 0)
            return NULL;
        if (bucket->key == key)
            return bucket;
    }
}

/* ---- building ---- */

typedef struct Keyed {
    uint64_t key;
    Entry entry;
} Keyed;

static int by_key(const void *a, const void *b)
{
    const Keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->entry.literal != y->entry.literal)
        return x->entry.literal < y->entry.literal ? -1 : 1;
    return (x->entry.offset > y->entry.offset) - (x->entry.offset < y->entry.offset);
}

/* The table of `count` keys; their entries go to set->order from *next on. */
static bool build_table(Arena *arena, Literals *set, Keyed *keys, uint32_t count, uint32_t *next,
                        KeyTable *ret)
{
    uint32_t room = 2;
    while (room < 2 * (uint64_t)count)
        room *= 2;
    ret->slots = ARENA_NEW(arena, Bucket, room);
    ret->mask = room - 1;
    if (!ret->slots)
        return false;
    qsort(keys, count, sizeof *keys, by_key);
    for (uint32_t i = 0; i < count;) {
        uint32_t first = *next, from = i;
        while (i < count && keys[i].key == keys[from].key)
            set->order[(*next)++] = keys[i++].entry;
        uint32_t at = slot_of(ret, keys[from].key);
        while (ret->slots[at].count)
            at = (at + 1) & ret->mask;
        ret->slots[at] = (Bucket){.key = keys[from].key, .first = first, .count = i - from};
    }
    return true;
}

/* Letters of paths and commands from the commonest to the rarest; all others are rare. */
static double letter_likelihood(unsigned char c)
{
    static const char COMMON[] = "e\\osintrac.dmlp uwhf:xgvbyk320-1\"45678/9=_z";
    const char *at = c ? strchr(COMMON, c) : NULL;
    return at ? 0.08 / (1 + 0.12 * (double)(at - COMMON)) : 0.002;
}

double literal_likelihood(Text text, LiteralPlace place)
{
    double likely = 1;
    for (size_t i = 0; i < text.len && likely > 1e-9; i++)
        likely *= 4 * letter_likelihood((unsigned char)text.ptr[i]);
    return place == LITERAL_ANYWHERE ? (likely * 60 < 0.9 ? likely * 60 : 0.9)
                                     : (likely * 8 < 0.5 ? likely * 8 : 0.5);
}

/* How many literals have a gram already: texts that share most of their letters (parts of paths)
 * are told apart by what they do not share. */
typedef struct GramCount {
    uint32_t *counts;
    uint32_t mask;
} GramCount;

static uint32_t *gram_count(const GramCount *grams, uint32_t gram)
{
    return &grams->counts[(gram * UINT32_C(0x85EBCA6B) >> 8) & grams->mask];
}

/* How likely it is that the four bytes at `at` lead to a comparison. */
static double gram_cost(const GramCount *grams, Text text, size_t at)
{
    double cost = 1 + *gram_count(grams, load_gram(text.ptr + at));
    for (unsigned i = 0; i < GRAM; i++)
        cost *= letter_likelihood((unsigned char)text.ptr[at + i]);
    return cost;
}

/* The best place for `stride` grams one behind the other: wherever the literal stands, one of them
 * is at a place that is looked at. */
static uint32_t choose_grams(const GramCount *grams, Text text, size_t stride)
{
    uint32_t best = 0;
    double best_cost = 0;
    size_t last = text.len - GRAM - (stride - 1);
    for (uint32_t at = 0; at <= last && at <= 4096; at++) {
        double cost = 0;
        for (size_t i = 0; i < stride; i++)
            cost += gram_cost(grams, text, at + i);
        if (at == 0 || cost < best_cost) {
            best = at;
            best_cost = cost;
        }
    }
    for (size_t i = 0; i < stride; i++)
        ++*gram_count(grams, load_gram(text.ptr + best + i));
    return best;
}

static bool is_gram(const Literal *literal)
{
    return literal->place == LITERAL_ANYWHERE && literal->text.len >= GRAM;
}

/* As far as the shortest literal and the room of the filter allow. */
static size_t choose_stride(const Literal *literals, uint32_t count, uint32_t *ret_grams)
{
    size_t shortest = GRAM + STRIDE_MOST - 1, n = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_gram(&literals[i]))
            continue;
        n++;
        if (literals[i].text.len < shortest)
            shortest = literals[i].text.len;
    }
    size_t stride = shortest - GRAM + 1;
    while (stride > 1 && n * stride > (1u << FILTER_MOST) / 32)
        stride--;
    *ret_grams = (uint32_t)(n * stride);
    return stride;
}

static bool fill_filter(Arena *arena, Literals *set, const Keyed *keys, uint32_t count)
{
    unsigned bits = FILTER_LEAST;
    while (bits < FILTER_MOST && (1u << bits) < 32 * (uint64_t)count)
        bits++;
    set->filter_shift = 32 - bits;
    set->filter = ARENA_NEW(arena, uint8_t, (size_t)1 << (bits - 3));
    if (!set->filter)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = filter_place(set, (uint32_t)keys[i].key);
        set->filter[at / 8] |= (uint8_t)(1u << at % 8);
    }
    return true;
}

static bool build_grams(Arena *arena, Literals *set, uint32_t count, Keyed *keys, uint32_t *next)
{
    uint32_t n = 0, counters = 1024;
    while (counters < 4 * (uint64_t)count && counters < (1u << 22))
        counters *= 2;
    GramCount grams = {.counts = calloc(counters, sizeof(uint32_t)), .mask = counters - 1};
    if (!grams.counts)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        Text text = set->literals[i].text;
        if (!is_gram(&set->literals[i]))
            continue;
        uint32_t first = choose_grams(&grams, text, set->stride);
        for (uint32_t k = first; k < first + set->stride; k++)
            keys[n++] =
                (Keyed){.key = load_gram(text.ptr + k), .entry = {.literal = i, .offset = k}};
    }
    free(grams.counts);
    set->has_grams = n > 0;
    return build_table(arena, set, keys, n, next, &set->grams) && fill_filter(arena, set, keys, n);
}

static bool build_shorts(Arena *arena, Literals *set, uint32_t count, Keyed *keys, uint32_t *next)
{
    set->pairs = ARENA_NEW(arena, uint8_t, 65536 / 8);
    if (!set->pairs)
        return false;
    for (size_t len = 1; len <= SHORT_MOST; len++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < count; i++) {
            Text text = set->literals[i].text;
            if (set->literals[i].place != LITERAL_ANYWHERE || text.len != len)
                continue;
            keys[n++] = (Keyed){.key = load_bytes(text.ptr, len), .entry = {.literal = i}};
            unsigned pair = (unsigned)load_bytes(text.ptr, len) & 0xFFFF;
            if (len == 1)
                set->single[pair] = set->has_single = true;
            else
                set->pairs[pair / 8] |= (uint8_t)(1u << pair % 8);
            set->has_pairs |= len > 1;
        }
        if (!build_table(arena, set, keys, n, next, &set->shorts[len]))
            return false;
    }
    return true;
}

static uint64_t end_key(LiteralPlace place, size_t len, uint64_t bytes)
{
    /* the length and the place are mixed in, so that one table serves all */
    return bytes ^ (uint64_t)(len * 2 + (place == LITERAL_AT_END)) * UINT64_C(0xD6E8FEB86659FD93);
}

static uint64_t literal_end_key(const Literal *literal)
{
    size_t n = literal->text.len < END_BYTES ? literal->text.len : END_BYTES;
    const char *at = literal->place == LITERAL_AT_END ? literal->text.ptr + literal->text.len - n
                                                      : literal->text.ptr;
    return end_key((LiteralPlace)literal->place, n, load_bytes(at, n));
}

static bool build_ends(Arena *arena, Literals *set, uint32_t count, Keyed *keys, uint32_t *next)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        const Literal *literal = &set->literals[i];
        if (literal->place != LITERAL_AT_START && literal->place != LITERAL_AT_END)
            continue;
        size_t len = literal->text.len < END_BYTES ? literal->text.len : END_BYTES;
        uint16_t *lengths =
            literal->place == LITERAL_AT_START ? &set->start_lengths : &set->end_lengths;
        *lengths = (uint16_t)(*lengths | 1u << len);
        keys[n++] = (Keyed){.key = literal_end_key(literal), .entry = {.literal = i}};
    }
    return build_table(arena, set, keys, n, next, &set->ends);
}

static bool build_whole(Arena *arena, Literals *set, uint32_t count, Keyed *keys, uint32_t *next)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++)
        if (set->literals[i].place == LITERAL_WHOLE)
            keys[n++] =
                (Keyed){.key = hash64(set->literals[i].text.ptr, set->literals[i].text.len, 0),
                        .entry = {.literal = i}};
    set->has_whole = n > 0;
    return build_table(arena, set, keys, n, next, &set->whole);
}

const Literals *literals_build(Arena *arena, const Literal *literals, uint32_t count)
{
    Literals *set = ARENA_NEW(arena, Literals, 1);
    if (!set)
        return NULL;
    uint32_t grams, next = 0;
    set->literals = literals;
    set->stride = choose_stride(literals, count, &grams);
    size_t room = (size_t)count + grams + 1;
    Keyed *keys = calloc(room, sizeof *keys);
    set->order = ARENA_NEW(arena, Entry, room);
    bool ok = keys && set->order && build_grams(arena, set, count, keys, &next) &&
              build_shorts(arena, set, count, keys, &next) &&
              build_ends(arena, set, count, keys, &next) &&
              build_whole(arena, set, count, keys, &next);
    free(keys);
    return ok ? set : NULL;
}

/* ---- searching ---- */

bool literal_scratch_init(LiteralScratch *scratch, uint32_t literals)
{
    *scratch = (LiteralScratch){.room = literals};
    scratch->stamps = calloc((size_t)literals + 1, sizeof *scratch->stamps);
    return scratch->stamps != NULL;
}

void literal_scratch_done(LiteralScratch *scratch)
{
    free(scratch->stamps);
    scratch->stamps = NULL;
}

typedef struct Search {
    const Literals *set;
    Text value;
    uint32_t *stamps;
    uint32_t serial;
    LiteralHit hit;
    void *ctx;
} Search;

static void report(const Search *search, uint32_t literal)
{
    if (search->stamps[literal] == search->serial)
        return;
    search->stamps[literal] = search->serial;
    search->hit(search->ctx, literal);
}

static bool stands_at(Text value, size_t at, Text text)
{
    return text.len <= value.len - at && memcmp(value.ptr + at, text.ptr, text.len) == 0;
}

/* A long text is searched for once, however often its gram occurs: time stays linear. */
static void check_long(const Search *search, uint32_t number, Text text)
{
    search->stamps[number] = search->serial;
    if (text_find_text(search->value, text) != SIZE_MAX)
        search->hit(search->ctx, number);
}

static void check_grams(const Search *search, const Bucket *bucket, size_t at)
{
    const Literals *set = search->set;
    for (uint32_t i = 0; i < bucket->count; i++) {
        uint32_t number = set->order[bucket->first + i].literal;
        uint32_t offset = set->order[bucket->first + i].offset;
        Text text = set->literals[number].text;
        if (search->stamps[number] == search->serial)
            continue;
        if (text.len > LONG_LITERAL)
            check_long(search, number, text);
        else if (offset <= at && stands_at(search->value, at - offset, text))
            report(search, number);
    }
}

/* A place where the filter has a bit. */
__attribute__((noinline)) static void check_place(const Search *search, size_t at)
{
    const Bucket *bucket = find_bucket(&search->set->grams, load_gram(search->value.ptr + at));
    if (bucket)
        check_grams(search, bucket, at);
}

static void search_grams(const Search *search)
{
    const char *value = search->value.ptr;
    const uint8_t *filter = search->set->filter;
    const unsigned shift = search->set->filter_shift;
    size_t end = search->value.len >= GRAM ? search->value.len - GRAM + 1 : 0;
    const size_t stride = search->set->stride;
    for (size_t at = 0; at < end; at += stride) {
        uint32_t place = (load_gram(value + at) * GRAM_HASH) >> shift;
        if (__builtin_expect(filter[place / 8] >> place % 8 & 1, 0))
            check_place(search, at);
    }
}

static void report_all(const Search *search, const Bucket *bucket)
{
    for (uint32_t i = 0; bucket && i < bucket->count; i++)
        report(search, search->set->order[bucket->first + i].literal);
}

static void search_single(const Search *search)
{
    Text value = search->value;
    for (size_t at = 0; at < value.len; at++)
        if (search->set->single[(unsigned char)value.ptr[at]])
            report_all(search, find_bucket(&search->set->shorts[1], load_bytes(value.ptr + at, 1)));
}

/* A place that begins like a text of two or three bytes. */
__attribute__((noinline)) static void check_pair(const Search *search, size_t at)
{
    for (size_t len = 2; len <= SHORT_MOST && at + len <= search->value.len; len++)
        report_all(search,
                   find_bucket(&search->set->shorts[len], load_bytes(search->value.ptr + at, len)));
}

static void search_pairs(const Search *search)
{
    const char *value = search->value.ptr;
    const uint8_t *pairs = search->set->pairs;
    for (size_t at = 0; at + 2 <= search->value.len; at++) {
        unsigned pair = load_u16le((const uint8_t *)value + at);
        if (__builtin_expect(pairs[pair / 8] >> pair % 8 & 1, 0))
            check_pair(search, at);
    }
}

static void search_ends(const Search *search, LiteralPlace place, uint16_t lengths)
{
    const Literals *set = search->set;
    Text value = search->value;
    for (size_t len = 1; len <= END_BYTES && len <= value.len; len++) {
        if (!(lengths >> len & 1))
            continue;
        const char *at = place == LITERAL_AT_END ? value.ptr + value.len - len : value.ptr;
        const Bucket *bucket = find_bucket(&set->ends, end_key(place, len, load_bytes(at, len)));
        for (uint32_t i = 0; bucket && i < bucket->count; i++) {
            uint32_t number = set->order[bucket->first + i].literal;
            const Literal *literal = &set->literals[number];
            if (literal->place == place &&
                (place == LITERAL_AT_END ? text_ends(value, literal->text)
                                         : text_starts(value, literal->text)))
                report(search, number);
        }
    }
}

static void search_whole(const Search *search)
{
    const Literals *set = search->set;
    const Bucket *bucket =
        find_bucket(&set->whole, hash64(search->value.ptr, search->value.len, 0));
    for (uint32_t i = 0; bucket && i < bucket->count; i++) {
        uint32_t number = set->order[bucket->first + i].literal;
        if (text_equal(set->literals[number].text, search->value))
            report(search, number);
    }
}

/* The number of the next search; when numbers have been used up, all stamps are of none. */
static uint32_t next_serial(LiteralScratch *scratch)
{
    if (++scratch->serial == 0) {
        memset(scratch->stamps, 0, scratch->room * sizeof *scratch->stamps);
        scratch->serial = 1;
    }
    return scratch->serial;
}

void literals_search(const Literals *set, LiteralScratch *scratch, Text value, LiteralHit hit,
                     void *ctx)
{
    Search search = {.set = set,
                     .value = value,
                     .stamps = scratch->stamps,
                     .serial = next_serial(scratch),
                     .hit = hit,
                     .ctx = ctx};
    if (set->has_whole)
        search_whole(&search);
    if (set->start_lengths)
        search_ends(&search, LITERAL_AT_START, set->start_lengths);
    if (set->end_lengths)
        search_ends(&search, LITERAL_AT_END, set->end_lengths);
    if (set->has_grams)
        search_grams(&search);
    if (set->has_single)
        search_single(&search);
    if (set->has_pairs)
        search_pairs(&search);
}

void literals_search_plain(const Literal *literals, uint32_t count, Text value, LiteralHit hit,
                           void *ctx)
{
    for (uint32_t i = 0; i < count; i++) {
        Text text = literals[i].text;
        bool found = false;
        switch ((LiteralPlace)literals[i].place) {
        case LITERAL_ANYWHERE:
            found = text_find_text(value, text) != SIZE_MAX;
            break;
        case LITERAL_AT_START:
            found = text_starts(value, text);
            break;
        case LITERAL_AT_END:
            found = text_ends(value, text);
            break;
        case LITERAL_WHOLE:
            found = text_equal(value, text);
            break;
        }
        if (found)
            hit(ctx, i);
    }
}
