#include "event/row_index.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

/* Case is folded byte by byte; keys are short and looked up once per kind of record. */
static uint64_t hash_key(const RowKey *key)
{
    uint64_t h = FNV_BASIS;
    for (size_t k = 0; k < ROW_KEY_TEXTS; k++) {
        Text t = key->text[k];
        for (size_t i = 0; i < t.len; i++)
            h = (h ^ (unsigned char)ascii_lower(t.ptr[i])) * FNV_PRIME;
        h = (h ^ 0xFF) * FNV_PRIME;
    }
    return h ^ h >> 32;
}

static bool same_key(const RowKey *a, const RowKey *b)
{
    for (size_t k = 0; k < ROW_KEY_TEXTS; k++)
        if (!text_equal_nocase(a->text[k], b->text[k]))
            return false;
    return true;
}

/* The slot that holds the key, or the free one where it belongs. */
static uint32_t find_slot(const RowIndex *index, const RowKey *key, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & index->mask;
    for (; index->slots[at]; at = (at + 1) & index->mask) {
        const RowRun *run = &index->runs[index->slots[at] - 1];
        if (run->hash == hash && same_key(&run->key, key))
            break;
    }
    return at;
}

bool row_index_build(Arena *arena, const RowKey *keys, size_t row_count, RowIndex *ret)
{
    size_t slots = 16;
    while (slots < row_count * 2)
        slots *= 2;
    if (slots > UINT32_MAX)
        return false;
    RowIndex index = {.runs = ARENA_NEW(arena, RowRun, row_count + 1),
                      .order = ARENA_NEW(arena, uint32_t, row_count + 1),
                      .slots = ARENA_NEW(arena, uint32_t, slots),
                      .mask = (uint32_t)(slots - 1)};
    uint32_t *run_of = ARENA_NEW(arena, uint32_t, row_count + 1);
    if (!index.runs || !index.order || !index.slots || !run_of)
        return false;
    for (size_t i = 0; i < row_count; i++) {
        uint64_t hash = hash_key(&keys[i]);
        uint32_t at = find_slot(&index, &keys[i], hash);
        if (!index.slots[at]) {
            index.runs[index.run_count++] = (RowRun){.key = keys[i], .hash = hash};
            index.slots[at] = index.run_count;
        }
        run_of[i] = index.slots[at] - 1;
        index.runs[run_of[i]].count++;
    }
    for (uint32_t r = 0, first = 0; r < index.run_count; r++) {
        index.runs[r].first = first;
        first += index.runs[r].count;
        index.runs[r].count = 0;
    }
    for (size_t i = 0; i < row_count; i++) {
        RowRun *run = &index.runs[run_of[i]];
        index.order[run->first + run->count++] = (uint32_t)i;
    }
    *ret = index;
    return true;
}

const RowRun *row_index_find(const RowIndex *index, const RowKey *key)
{
    uint32_t at = find_slot(index, key, hash_key(key));
    return index->slots[at] ? &index->runs[index->slots[at] - 1] : NULL;
}
