#include "base/extsort.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/spill.h"

#define ASIDE_BYTES   (256 * 1024) /* larger rows are kept aside */
#define BLOCK_BYTES   (128 * 1024) /* of a run, before compression */
#define MERGE_RUNS    128          /* merged at once */
#define MEMORY_MAX    (UINT32_C(1) << 31)
#define INSERTION_MAX 12 /* entries sorted by insertion before merging starts */

/* A row in memory and in a block:  u32 key length, u32 row length, key, row.
 * Row length ASIDE stands for a row kept aside:  u64 offset, u32 packed, u32 raw bytes. */
#define HEAD_SIZE 8
#define ASIDE     UINT32_MAX
#define REF_SIZE  16

/* The area holds rows from its beginning upwards and entries from its end downwards; between them
 * there is always room for a second set of entries, which sorting needs. */
typedef struct Entry {
    uint64_t prefix; /* first bytes of the key, big-endian: decides nearly always */
    uint32_t at;     /* of the row in the area */
} Entry;

typedef struct Run {
    uint64_t begin, end; /* in the spill file */
} Run;

/* Reads one run, or what is left in memory. */
typedef struct Cursor {
    uint64_t prefix;
    Span key, row; /* of the current row, which may be a reference */
    bool aside;
    uint64_t next, end; /* blocks still unread */
    Buf block;
    size_t pos;
    const Entry *entry, *entry_end; /* memory */
} Cursor;

struct ExtSort {
    uint8_t *area;
    size_t area_bytes, used, entries;
    size_t aside_bytes;
    Spill *spill;
    Run *runs;
    size_t run_count, run_cap;
    Cursor *cursors;
    uint32_t *heap; /* of cursor numbers, the least first */
    size_t cursor_count, heap_count;
    bool step_first; /* the least cursor's row was given out */
    Buf row;         /* a row fetched from aside; a block being written */
    ExtSortStats stats;
};

ExtSort *extsort_create(size_t memory_bytes, const char *folder, Err *err)
{
    ExtSort *sort = calloc(1, sizeof *sort);
    if (sort) {
        size_t bytes = memory_bytes < EXTSORT_MEMORY_MIN ? EXTSORT_MEMORY_MIN : memory_bytes;
        sort->area_bytes = (bytes > MEMORY_MAX ? MEMORY_MAX : bytes) & ~(size_t)15;
        sort->aside_bytes = sort->area_bytes / 8 < ASIDE_BYTES ? sort->area_bytes / 8 : ASIDE_BYTES;
        sort->area = malloc(sort->area_bytes);
        sort->spill = spill_create(folder);
        buf_init(&sort->row, (size_t)EXTSORT_ROW_MAX * 2);
    }
    if (!sort || !sort->area || !sort->spill) {
        extsort_destroy(sort);
        (void)err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for sorting");
        return NULL;
    }
    return sort;
}

static void close_cursors(ExtSort *sort)
{
    for (size_t i = 0; i < sort->cursor_count; i++)
        buf_done(&sort->cursors[i].block);
    free(sort->cursors);
    free(sort->heap);
    sort->cursors = NULL;
    sort->heap = NULL;
    sort->cursor_count = sort->heap_count = 0;
    sort->step_first = false;
}

void extsort_destroy(ExtSort *sort)
{
    if (!sort)
        return;
    close_cursors(sort);
    spill_destroy(sort->spill);
    buf_done(&sort->row);
    free(sort->runs);
    free(sort->area);
    free(sort);
}

ExtSortStats extsort_stats(const ExtSort *sort)
{
    return sort->stats;
}

static uint64_t key_prefix(Span key)
{
    uint8_t first[8] = {0};
    memcpy(first, key.len ? key.ptr : first, key.len < 8 ? key.len : 8);
    return __builtin_bswap64(load_u64le(first));
}

static int key_compare(Span a, Span b)
{
    return text_compare(text_from_span(a), text_from_span(b));
}

static size_t record_size(size_t key_len, uint32_t row_len)
{
    return HEAD_SIZE + key_len + (row_len == ASIDE ? REF_SIZE : row_len);
}

static void record_read(const uint8_t *at, Span *key, Span *row, bool *aside)
{
    uint32_t key_len = load_u32le(at), row_len = load_u32le(at + 4);
    *key = span_of(at + HEAD_SIZE, key_len);
    *aside = row_len == ASIDE;
    *row = span_of(at + HEAD_SIZE + key_len, *aside ? REF_SIZE : row_len);
}

static void record_write(uint8_t *at, Span key, Span row, bool aside)
{
    store_u32le(at, (uint32_t)key.len);
    store_u32le(at + 4, aside ? ASIDE : (uint32_t)row.len);
    if (key.len)
        memcpy(at + HEAD_SIZE, key.ptr, key.len);
    if (row.len)
        memcpy(at + HEAD_SIZE + key.len, row.ptr, row.len);
}

/* ---- in memory ---- */

static Entry *entries_of(const ExtSort *sort)
{
    return (Entry *)(void *)(sort->area + sort->area_bytes - sort->entries * sizeof(Entry));
}

static bool entry_after(const ExtSort *sort, const Entry *a, const Entry *b)
{
    if (a->prefix != b->prefix)
        return a->prefix > b->prefix;
    Span key_a, key_b, row;
    bool aside;
    record_read(sort->area + a->at, &key_a, &row, &aside);
    record_read(sort->area + b->at, &key_b, &row, &aside);
    return key_compare(key_a, key_b) > 0;
}

static void sort_by_insertion(const ExtSort *sort, Entry *e, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        Entry moved = e[i];
        size_t at = i;
        for (; at > 0 && entry_after(sort, &e[at - 1], &moved); at--)
            e[at] = e[at - 1];
        e[at] = moved;
    }
}

/* Stable merge sort; parts already in order cost one comparison. `spare` holds half of n. */
static void sort_entries(const ExtSort *sort, Entry *e, size_t n, Entry *spare)
{
    if (n <= INSERTION_MAX) {
        sort_by_insertion(sort, e, n);
        return;
    }
    size_t half = n / 2;
    sort_entries(sort, e, half, spare);
    sort_entries(sort, e + half, n - half, spare);
    if (!entry_after(sort, &e[half - 1], &e[half]))
        return;
    memcpy(spare, e, half * sizeof *e);
    size_t left = 0, right = half, out = 0;
    while (left < half && right < n)
        e[out++] = entry_after(sort, &spare[left], &e[right]) ? e[right++] : spare[left++];
    memcpy(e + out, spare + left, (half - left) * sizeof *e);
}

static void sort_memory(ExtSort *sort)
{
    Entry *e = entries_of(sort);
    for (size_t i = 0, j = sort->entries; i + 1 < j; i++) { /* entries grew downwards */
        Entry swapped = e[i];
        e[i] = e[--j];
        e[j] = swapped;
    }
    sort_entries(sort, e, sort->entries, e - sort->entries);
}

static bool memory_fits(const ExtSort *sort, size_t record)
{
    size_t entries = (sort->entries + 1) * 2 * sizeof(Entry);
    return sort->used + record + entries <= sort->area_bytes;
}

/* ---- runs ---- */

static bool runs_push(ExtSort *sort, Run run, Err *err)
{
    if (sort->run_count == sort->run_cap) {
        size_t cap = sort->run_cap ? sort->run_cap * 2 : 64;
        Run *grown = realloc(sort->runs, cap * sizeof *grown);
        if (!grown)
            return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the list of runs");
        sort->runs = grown;
        sort->run_cap = cap;
    }
    sort->runs[sort->run_count++] = run;
    return true;
}

/* Blocks of a run being written are collected in sort->row. */
static bool block_flush(ExtSort *sort, Err *err)
{
    SpillRef ref;
    if (sort->row.len && !spill_write(sort->spill, buf_span(&sort->row), &ref, err))
        return false;
    buf_clear(&sort->row);
    return true;
}

static bool block_add(ExtSort *sort, Span key, Span row, bool aside, Err *err)
{
    size_t size = record_size(key.len, aside ? ASIDE : (uint32_t)row.len);
    if (sort->row.len && sort->row.len + size > BLOCK_BYTES && !block_flush(sort, err))
        return false;
    char *out = buf_reserve(&sort->row, size);
    if (!out)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for a block of rows");
    record_write((uint8_t *)out, key, row, aside);
    sort->row.len += size;
    return true;
}

static bool run_end(ExtSort *sort, uint64_t begin, Run *ret, Err *err)
{
    if (!block_flush(sort, err))
        return false;
    *ret = (Run){.begin = begin, .end = spill_end(sort->spill)};
    sort->stats.runs++;
    sort->stats.spilled_bytes += ret->end - ret->begin;
    return true;
}

/* Everything in memory becomes a run. */
static bool spill_memory(ExtSort *sort, Err *err)
{
    sort_memory(sort);
    uint64_t begin = spill_end(sort->spill);
    buf_clear(&sort->row);
    const Entry *e = entries_of(sort);
    for (size_t i = 0; i < sort->entries; i++) {
        Span key, row;
        bool aside;
        record_read(sort->area + e[i].at, &key, &row, &aside);
        if (!block_add(sort, key, row, aside, err))
            return false;
    }
    Run run;
    if (!run_end(sort, begin, &run, err))
        return false;
    sort->entries = sort->used = 0;
    return runs_push(sort, run, err);
}

static bool set_aside(ExtSort *sort, Span row, uint8_t ref_bytes[REF_SIZE], Err *err)
{
    SpillRef ref;
    if (!spill_write(sort->spill, row, &ref, err))
        return false;
    sort->stats.spilled_bytes += ref.packed_bytes;
    store_u64le(ref_bytes, ref.offset);
    store_u32le(ref_bytes + 8, ref.packed_bytes);
    store_u32le(ref_bytes + 12, ref.raw_bytes);
    return true;
}

bool extsort_add(ExtSort *sort, Span key, Span row, Err *err)
{
    assert(!sort->cursors);
    if (key.len > EXTSORT_KEY_MAX || row.len > EXTSORT_ROW_MAX)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "a row of %zu bytes is too large to sort",
                       row.len);
    uint8_t ref[REF_SIZE];
    bool aside = row.len > sort->aside_bytes;
    if (aside && !set_aside(sort, row, ref, err))
        return false;
    if (aside)
        row = span_of(ref, sizeof ref);
    size_t size = record_size(key.len, (uint32_t)row.len);
    if (!memory_fits(sort, size) && !spill_memory(sort, err))
        return false;
    record_write(sort->area + sort->used, key, row, aside);
    sort->entries++;
    *entries_of(sort) = (Entry){.prefix = key_prefix(key), .at = (uint32_t)sort->used};
    sort->used += size;
    sort->stats.rows++;
    return true;
}

/* ---- merging ---- */

/* Step to the next row of a run; false with err->code none at its end. */
static bool cursor_step(ExtSort *sort, Cursor *c, Err *err)
{
    const uint8_t *at;
    if (c->entry) {
        if (c->entry == c->entry_end)
            return false;
        at = sort->area + c->entry->at;
        c->prefix = c->entry++->prefix;
    } else {
        if (c->pos == c->block.len) {
            if (c->next == c->end || !spill_read_next(sort->spill, &c->next, &c->block, err))
                return false;
            c->pos = 0;
        }
        at = (const uint8_t *)c->block.ptr + c->pos;
    }
    record_read(at, &c->key, &c->row, &c->aside);
    if (!c->entry) {
        c->pos += HEAD_SIZE + c->key.len + c->row.len;
        c->prefix = key_prefix(c->key);
    }
    return true;
}

/* Cursors are numbered in the order of their runs, so rows of equal keys keep theirs. */
static bool cursor_before(const ExtSort *sort, uint32_t a, uint32_t b)
{
    const Cursor *x = &sort->cursors[a], *y = &sort->cursors[b];
    if (x->prefix != y->prefix)
        return x->prefix < y->prefix;
    int order = key_compare(x->key, y->key);
    return order ? order < 0 : a < b;
}

static void heap_sink(ExtSort *sort, size_t at)
{
    uint32_t *heap = sort->heap;
    uint32_t moved = heap[at];
    for (size_t child; (child = 2 * at + 1) < sort->heap_count; at = child) {
        if (child + 1 < sort->heap_count && cursor_before(sort, heap[child + 1], heap[child]))
            child++;
        if (!cursor_before(sort, heap[child], moved))
            break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

/* Cursors over `count` runs from `first`, and over what is in memory if it is asked for. */
static bool merge_begin(ExtSort *sort, size_t first, size_t count, bool memory, Err *err)
{
    size_t total = count + memory;
    sort->cursors = calloc(total + 1, sizeof *sort->cursors);
    sort->heap = calloc(total + 1, sizeof *sort->heap);
    if (!sort->cursors || !sort->heap)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for merging");
    sort->cursor_count = total;
    for (size_t i = 0; i < total; i++) {
        Cursor *c = &sort->cursors[i];
        buf_init(&c->block, (size_t)EXTSORT_ROW_MAX);
        if (i < count) {
            c->next = sort->runs[first + i].begin;
            c->end = sort->runs[first + i].end;
        } else {
            c->entry = entries_of(sort);
            c->entry_end = c->entry + sort->entries;
        }
        Err failure = {0};
        if (cursor_step(sort, c, &failure))
            sort->heap[sort->heap_count++] = (uint32_t)i;
        else if (failure.code) {
            if (err)
                *err = failure;
            return false;
        }
    }
    for (size_t i = sort->heap_count / 2; i-- > 0;)
        heap_sink(sort, i);
    return true;
}

/* The cursor with the next row; NULL at the end or on failure. */
static Cursor *merge_step(ExtSort *sort, Err *err)
{
    if (sort->step_first) {
        sort->step_first = false;
        Err failure = {0};
        if (!cursor_step(sort, &sort->cursors[sort->heap[0]], &failure)) {
            if (failure.code) {
                if (err)
                    *err = failure;
                return NULL;
            }
            sort->heap[0] = sort->heap[--sort->heap_count];
        }
        if (sort->heap_count)
            heap_sink(sort, 0);
    }
    if (sort->heap_count == 0)
        return NULL;
    sort->step_first = true;
    return &sort->cursors[sort->heap[0]];
}

/* Runs [first, first + count) become one, at the place of the first. */
static bool merge_runs(ExtSort *sort, size_t first, size_t count, Run *ret, Err *err)
{
    if (!merge_begin(sort, first, count, false, err))
        return false;
    buf_clear(&sort->row);
    uint64_t begin = spill_end(sort->spill);
    Err failure = {0};
    for (const Cursor *c; (c = merge_step(sort, &failure));)
        if (!block_add(sort, c->key, c->row, c->aside, &failure))
            break;
    if (failure.code || !run_end(sort, begin, ret, &failure)) {
        if (err)
            *err = failure;
        return false;
    }
    close_cursors(sort);
    return true;
}

/* One pass over the runs, merging neighbours until no more than MERGE_RUNS are left, or each was
 * merged once. Rows kept aside between runs stay where they are. */
static bool merge_pass(ExtSort *sort, Err *err)
{
    size_t out = 0;
    for (size_t in = 0; in < sort->run_count;) {
        size_t total = out + sort->run_count - in;
        size_t count = total > MERGE_RUNS ? total - MERGE_RUNS + 1 : 1;
        if (count > MERGE_RUNS)
            count = MERGE_RUNS;
        if (count > sort->run_count - in)
            count = sort->run_count - in;
        Run merged = sort->runs[in];
        if (count > 1 && !merge_runs(sort, in, count, &merged, err))
            return false;
        for (size_t i = in; count > 1 && i < in + count; i++)
            spill_release(sort->spill, sort->runs[i].begin, sort->runs[i].end);
        sort->runs[out++] = merged;
        in += count;
    }
    sort->run_count = out;
    return true;
}

bool extsort_finish(ExtSort *sort, Err *err)
{
    assert(!sort->cursors);
    /* While runs are merged with each other, the last rows can stay in memory. */
    while (sort->run_count > MERGE_RUNS)
        if (!merge_pass(sort, err))
            return false;
    sort_memory(sort);
    return merge_begin(sort, 0, sort->run_count, true, err);
}

bool extsort_next(ExtSort *sort, Span *ret_key, Span *ret_row, Err *err)
{
    const Cursor *c = merge_step(sort, err);
    if (!c)
        return false;
    if (!c->aside) {
        *ret_key = c->key;
        *ret_row = c->row;
        return true;
    }
    SpillRef ref = {.offset = load_u64le(c->row.ptr),
                    .packed_bytes = load_u32le(c->row.ptr + 8),
                    .raw_bytes = load_u32le(c->row.ptr + 12)};
    if (!spill_read(sort->spill, ref, &sort->row, err))
        return false;
    *ret_key = c->key;
    *ret_row = buf_span(&sort->row);
    return true;
}

bool extsort_move(ExtSort *from, ExtSort *to, void (*rekey)(void *ctx, uint8_t *key, size_t len),
                  void *ctx, Err *err)
{
    Span key, row;
    Err failure = {0};
    if (!extsort_finish(from, err))
        return false;
    while (extsort_next(from, &key, &row, &failure)) {
        uint8_t changed[EXTSORT_KEY_MAX];
        memcpy(changed, key.ptr, key.len);
        rekey(ctx, changed, key.len);
        if (!extsort_add(to, span_of(changed, key.len), row, err))
            return false;
    }
    if (failure.code && err)
        *err = failure;
    return failure.code == ERR_NONE;
}
