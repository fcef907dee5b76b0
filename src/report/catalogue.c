#include "report/catalogue.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/hash.h"
#include "event/id_map.h"
#include "event/table.h"

#define CATALOGUE_MEMORY (16u * 1024 * 1024)
#define FORMS            2

/* ---- what the program asks for ---- */

static const struct {
    const char *key, *placeholders; /* sorted, with blanks between */
} WANTED[] = {
#define TEXT_ROW(id, key, placeholders) {key, placeholders},
#include "report/texts.def"
#undef TEXT_ROW
};
static_assert(sizeof WANTED / sizeof WANTED[0] == TXT_COUNT, "one row each");

typedef struct Entry {
    Text key;
    Text forms[FORMS]; /* for one, for others; the same if the row has no form */
    uint32_t row;      /* of the table, for messages */
} Entry;

struct Catalogue {
    Arena *arena;
    Entry *entries;
    uint32_t count;
    IdMap map;
    const Entry *texts[TXT_COUNT];
    uint64_t ones[4]; /* numbers that take the form "one" */
    size_t one_count;
};

static const Entry *find(const Catalogue *catalogue, Text key)
{
    uint64_t hash = hash64(key.ptr, key.len, 0);
    uint32_t found;
    for (size_t cursor = id_map_start(&catalogue->map, hash);
         (found = id_map_next(&catalogue->map, hash, &cursor)) != ID_NONE;)
        if (text_equal(catalogue->entries[found].key, key))
            return &catalogue->entries[found];
    return NULL;
}

/* ---- placeholders ---- */

static bool is_name(Text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!(t.ptr[i] >= 'a' && t.ptr[i] <= 'z'))
            return false;
    return t.len != 0;
}

bool catalogue_part(Text *rest, Text *ret_literal, Text *ret_name)
{
    if (rest->len == 0)
        return false;
    size_t open = text_find(*rest, '{');
    Text behind = text_of(rest->ptr + open, rest->len - open);
    size_t close = text_find(behind, '}');
    *ret_name = (Text){.len = 0};
    if (close > 1 && close < behind.len) {
        *ret_literal = text_of(rest->ptr, open);
        *ret_name = text_of(behind.ptr + 1, close - 1);
        *rest = text_of(behind.ptr + close + 1, behind.len - close - 1);
    } else {
        *ret_literal = *rest;
        *rest = (Text){.len = 0};
    }
    return true;
}

static bool has_word(const char *words, Text wanted)
{
    Text rest = text_from_z(words);
    while (rest.len)
        if (text_equal(text_cut(&rest, ' '), wanted))
            return true;
    return false;
}

static bool uses(Text text, Text wanted)
{
    Text literal, name;
    while (catalogue_part(&text, &literal, &name))
        if (text_equal(name, wanted))
            return true;
    return false;
}

/* Exactly those placeholders; of the two forms each may lack some ("one" need not give a number).
 */
static bool check_placeholders(const Table *table, const Entry *entry, const char *wanted, Err *err)
{
    for (size_t form = 0; form < FORMS; form++) {
        Text rest = entry->forms[form], literal, name;
        while (catalogue_part(&rest, &literal, &name))
            if (name.len && (!is_name(name) || !has_word(wanted, name)))
                return table_error(table, entry->row, err, "%s has no value {%s}",
                                   quote(entry->key.ptr, entry->key.len).str,
                                   quote(name.ptr, name.len).str);
    }
    Text words = text_from_z(wanted);
    while (words.len) {
        Text word = text_cut(&words, ' ');
        if (!uses(entry->forms[0], word) && !uses(entry->forms[1], word))
            return table_error(table, entry->row, err, "%s lacks {%s}",
                               quote(entry->key.ptr, entry->key.len).str,
                               quote(word.ptr, word.len).str);
    }
    return true;
}

/* ---- loading ---- */

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the texts of the report");
}

static bool take_form(const Table *table, size_t row, Entry *entry, Text form, Text text, Err *err)
{
    bool one = text_equal(form, TEXT("one")), other = text_equal(form, TEXT("other"));
    if (form.len && !one && !other)
        return table_error(table, row, err, "form \"%s\" is neither one nor other",
                           quote(form.ptr, form.len).str);
    for (size_t i = 0; i < FORMS; i++) {
        bool wanted = form.len == 0 || (i == 0 ? one : other);
        if (wanted && entry->forms[i].ptr)
            return table_error(table, row, err, "%s stands there twice",
                               quote(entry->key.ptr, entry->key.len).str);
        if (wanted)
            entry->forms[i] = text.len ? text : TEXT("");
    }
    return true;
}

static bool take_row(Catalogue *catalogue, const Table *table, size_t row, const size_t columns[3],
                     Err *err)
{
    Text key = table_cell(table, row, columns[0]);
    Entry *entry = (Entry *)(uintptr_t)find(catalogue, key);
    if (!entry) {
        entry = &catalogue->entries[catalogue->count];
        *entry = (Entry){.key = key, .row = (uint32_t)row};
        if (!id_map_add(&catalogue->map, hash64(key.ptr, key.len, 0), catalogue->count++))
            return no_memory(err);
    }
    return take_form(table, row, entry, table_cell(table, row, columns[1]),
                     table_cell(table, row, columns[2]), err);
}

static bool is_vocabulary(Text key)
{
    static const char *const BEGINNINGS[] = {"action.", "format.", "sid.", "finding.", "tactic."};
    for (size_t i = 0; i < sizeof BEGINNINGS / sizeof BEGINNINGS[0]; i++)
        if (text_starts(key, text_from_z(BEGINNINGS[i])))
            return true;
    return false;
}

/* Everything that the program asks for is there, and nothing that nobody asks for. */
static bool check_all(Catalogue *catalogue, const Table *table, Err *err)
{
    for (unsigned id = 0; id < TXT_COUNT; id++) {
        const Entry *entry = find(catalogue, text_from_z(WANTED[id].key));
        if (!entry)
            return err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "%s: there is no text for %s",
                           table->path, WANTED[id].key);
        if (!check_placeholders(table, entry, WANTED[id].placeholders, err))
            return false;
        catalogue->texts[id] = entry;
    }
    for (uint32_t i = 0; i < catalogue->count; i++) {
        const Entry *entry = &catalogue->entries[i];
        if (!entry->forms[0].ptr || !entry->forms[1].ptr)
            return table_error(table, entry->row, err, "%s has one form only",
                               quote(entry->key.ptr, entry->key.len).str);
        bool wanted = is_vocabulary(entry->key);
        for (unsigned id = 0; id < TXT_COUNT && !wanted; id++)
            wanted = catalogue->texts[id] == entry;
        if (!wanted)
            return table_error(table, entry->row, err, "nothing asks for %s",
                               quote(entry->key.ptr, entry->key.len).str);
    }
    return true;
}

static bool read_ones(Catalogue *catalogue, const Table *table, Err *err)
{
    const Entry *entry = catalogue->texts[TXT_PLURAL_ONE];
    Text rest = entry->forms[0];
    while (rest.len) {
        Text word = text_cut(&rest, ' ');
        if (catalogue->one_count == sizeof catalogue->ones / sizeof catalogue->ones[0] ||
            !text_to_u64(word, &catalogue->ones[catalogue->one_count++]))
            return table_error(table, entry->row, err, "not a few numbers");
    }
    return true;
}

static bool load(Catalogue *catalogue, const char *path, Err *err)
{
    Table table;
    size_t columns[3];
    if (!table_load(catalogue->arena, path, &table, err) ||
        !table_column(&table, TEXT("key"), &columns[0], err) ||
        !table_column(&table, TEXT("form"), &columns[1], err) ||
        !table_column(&table, TEXT("text"), &columns[2], err))
        return false;
    catalogue->entries = ARENA_NEW(catalogue->arena, Entry, table.row_count + 1);
    if (!catalogue->entries)
        return no_memory(err);
    for (size_t row = 0; row < table.row_count; row++)
        if (!take_row(catalogue, &table, row, columns, err))
            return false;
    return check_all(catalogue, &table, err) && read_ones(catalogue, &table, err);
}

/* The first of the folders that has the file. */
static bool find_file(const char *const *folders, size_t folder_count, const char *language,
                      char path[4096], Err *err)
{
    for (size_t i = 0; i < folder_count; i++) {
        int n = snprintf(path, 4096, "%s/report.%s.tsv", folders[i], language);
        if (n > 0 && n < 4096 && access(path, R_OK) == 0)
            return true;
    }
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "there is no report.%s.tsv beside the tables",
                   quote_z(language).str);
}

Catalogue *catalogue_load(const char *const *folders, size_t folder_count, const char *language,
                          Err *err)
{
    char path[4096];
    if (!find_file(folders, folder_count, language, path, err))
        return NULL;
    Catalogue *catalogue = calloc(1, sizeof *catalogue);
    if (!catalogue) {
        (void)no_memory(err);
        return NULL;
    }
    catalogue->arena = arena_create(CATALOGUE_MEMORY);
    bool ok = id_map_init(&catalogue->map) && catalogue->arena ? load(catalogue, path, err)
                                                               : no_memory(err);
    if (ok)
        return catalogue;
    catalogue_destroy(catalogue);
    return NULL;
}

void catalogue_destroy(Catalogue *catalogue)
{
    if (!catalogue)
        return;
    id_map_done(&catalogue->map);
    arena_destroy(catalogue->arena);
    free(catalogue);
}

/* ---- texts ---- */

static Text form_of(const Catalogue *catalogue, const Entry *entry, uint64_t n)
{
    for (size_t i = 0; i < catalogue->one_count; i++)
        if (catalogue->ones[i] == n)
            return entry->forms[0];
    return entry->forms[1];
}

Text catalogue_text(const Catalogue *catalogue, TextId id, uint64_t n)
{
    return form_of(catalogue, catalogue->texts[id], n);
}

bool catalogue_find(const Catalogue *catalogue, Text key, uint64_t n, Text *ret)
{
    const Entry *entry = find(catalogue, key);
    if (entry)
        *ret = form_of(catalogue, entry, n);
    return entry != NULL;
}
