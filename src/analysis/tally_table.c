#include "analysis/tally_table.h"

#include <stdlib.h>

#include "base/hash.h"
#include "event/id_map.h"

typedef struct Row {
    size_t key_at, key_len; /* in the keys */
    Tally tally;
} Row;

struct TallyTable {
    IdMap map;
    Row *rows;
    uint32_t count;
    Buf keys, scratch;
};

TallyTable *tally_table_create(void)
{
    TallyTable *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    buf_init(&table->keys, TALLY_TABLE_KEYS);
    buf_init(&table->scratch, TALLY_ROW_MAX);
    table->rows = malloc(TALLY_TABLE_ROWS * sizeof *table->rows);
    if (id_map_init(&table->map) && table->rows)
        return table;
    tally_table_destroy(table);
    return NULL;
}

void tally_table_destroy(TallyTable *table)
{
    if (!table)
        return;
    id_map_done(&table->map);
    buf_done(&table->keys);
    buf_done(&table->scratch);
    free(table->rows);
    free(table);
}

static Span key_of(const TallyTable *table, const Row *row)
{
    return span_of(table->keys.ptr + row->key_at, row->key_len);
}

bool tally_table_flush(TallyTable *table, Buf *out)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const Row *row = &table->rows[i];
        Span key = key_of(table, row);
        buf_clear(&table->scratch);
        tally_row_write((TallyKind)key.ptr[0], &row->tally, &table->scratch);
        tally_send(key, buf_span(&table->scratch), out);
    }
    id_map_clear(&table->map);
    buf_clear(&table->keys);
    table->count = 0;
    return !out->failed && !table->scratch.failed;
}

static bool append(TallyTable *table, const TallyKey *key, uint64_t hash, const Tally *tally)
{
    Row *row = &table->rows[table->count];
    *row = (Row){.key_at = table->keys.len, .key_len = key->len, .tally = *tally};
    buf_add(&table->keys, key->bytes, key->len);
    return !table->keys.failed && id_map_add(&table->map, hash, table->count++);
}

bool tally_table_add(TallyTable *table, const TallyKey *key, const Tally *tally, Buf *out)
{
    uint64_t hash = hash64(key->bytes, key->len, 0);
    uint32_t found;
    for (size_t cursor = id_map_start(&table->map, hash);
         (found = id_map_next(&table->map, hash, &cursor)) != ID_NONE;) {
        if (span_equal(key_of(table, &table->rows[found]), tally_key_span(key))) {
            tally_add(&table->rows[found].tally, tally);
            return true;
        }
    }
    bool full = table->count == TALLY_TABLE_ROWS || key->len > TALLY_TABLE_KEYS - table->keys.len;
    return (!full || tally_table_flush(table, out)) && append(table, key, hash, tally);
}
