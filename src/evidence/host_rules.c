#include "evidence/host_rules.h"

#include <stdlib.h>

#include "base/arena.h"
#include "event/table.h"

#define TABLE_LIMIT (4u * 1024 * 1024)
#define STEPS_MAX   100000u /* of one path against one pattern: paths can be made to be costly */

typedef struct HostRow {
    Text collector, pattern;
} HostRow;

struct HostRules {
    Arena *arena;
    HostRow *rows;
    size_t row_count;
    Text *none; /* names that are no hosts */
    size_t none_count;
};

static const Text NONE = {"none", 4};
static const Text HOST = {"{host}", 6};

static bool read_rows(HostRules *rules, const Table *table, Err *err)
{
    size_t collector, pattern;
    if (!table_column(table, TEXT("collector"), &collector, err) ||
        !table_column(table, TEXT("pattern"), &pattern, err))
        return false;
    rules->rows = ARENA_NEW(rules->arena, HostRow, table->row_count + 1);
    rules->none = ARENA_NEW(rules->arena, Text, table->row_count + 1);
    if (!rules->rows || !rules->none)
        return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for %s", table->path);
    for (size_t i = 0; i < table->row_count; i++) {
        HostRow row = {table_cell(table, i, collector), table_cell(table, i, pattern)};
        size_t at = text_find_text(row.pattern, HOST);
        if (text_equal(row.collector, NONE))
            rules->none[rules->none_count++] = row.pattern;
        else if (at == SIZE_MAX)
            return table_error(table, i, err, "the pattern has no {host}");
        else
            rules->rows[rules->row_count++] = row;
    }
    return true;
}

HostRules *host_rules_load(const char *path, Err *err)
{
    HostRules *rules = calloc(1, sizeof *rules);
    if (rules)
        rules->arena = arena_create(TABLE_LIMIT);
    Table table;
    if (!rules || !rules->arena)
        (void)err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for %s", path);
    else if (table_load(rules->arena, path, &table, err) && read_rows(rules, &table, err))
        return rules;
    host_rules_destroy(rules);
    return NULL;
}

void host_rules_destroy(HostRules *rules)
{
    if (!rules)
        return;
    arena_destroy(rules->arena);
    free(rules);
}

/* ---- matching ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static bool is_time_char(char c)
{
    return is_digit(c) || c == '-' || c == '_' || c == ':' || c == '.' || c == 'T' || c == 'Z';
}

static bool is_host_char(char c)
{
    return is_letter(c) || is_digit(c) || c == '.' || c == '_' || c == '-' || (c & 0x80);
}

typedef struct Match {
    const HostRules *rules;
    Text path;
    Text host;
    unsigned steps;
} Match;

static bool could_be_host(const HostRules *rules, Text t)
{
    bool only_digits = true;
    if (t.len == 0 || t.len > HOST_NAME_MAX_BYTES || t.ptr[0] == '.' || t.ptr[0] == '-')
        return false;
    for (size_t i = 0; i < t.len; i++) {
        if (!is_host_char(t.ptr[i]))
            return false;
        only_digits = only_digits && is_time_char(t.ptr[i]);
    }
    for (size_t i = 0; i < rules->none_count; i++)
        if (text_equal_nocase(t, rules->none[i]))
            return false;
    return !only_digits;
}

static bool could_be_time(Text t)
{
    unsigned digits = 0;
    for (size_t i = 0; i < t.len; i++) {
        if (!is_time_char(t.ptr[i]))
            return false;
        digits += is_digit(t.ptr[i]);
    }
    return digits >= 8;
}

static bool could_be_word(Text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (!is_letter(t.ptr[i]))
            return false;
    return t.len > 0;
}

static bool match_name(Match *match, Text pattern, Text name);

/* A part of the name from its beginning, the shortest first (so that a host does not take parts of
 * the time behind it), then the rest of the pattern. */
static bool match_part(Match *match, Text rest, Text name, bool (*fits)(const HostRules *, Text),
                       Text *ret)
{
    for (size_t len = 0; len <= name.len; len++) {
        Text part = text_of(name.ptr, len);
        if (fits(match->rules, part) &&
            match_name(match, rest, text_of(name.ptr + len, name.len - len))) {
            *ret = part;
            return true;
        }
    }
    return false;
}

static bool fits_any(const HostRules *rules, Text t)
{
    (void)rules;
    (void)t;
    return true;
}

static bool fits_time(const HostRules *rules, Text t)
{
    (void)rules;
    return could_be_time(t);
}

static bool fits_word(const HostRules *rules, Text t)
{
    (void)rules;
    return could_be_word(t);
}

/* One name of the path against one name of the pattern. */
static bool match_name(Match *match, Text pattern, Text name)
{
    static const struct {
        Text mark;
        bool (*fits)(const HostRules *, Text);
    } PARTS[] = {{{"*", 1}, fits_any}, {{"{time}", 6}, fits_time}, {{"{word}", 6}, fits_word}};
    if (++match->steps > STEPS_MAX)
        return false;
    if (pattern.len == 0)
        return name.len == 0;
    if (text_starts(pattern, HOST))
        return match_part(match, text_of(pattern.ptr + HOST.len, pattern.len - HOST.len), name,
                          could_be_host, &match->host);
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++) {
        size_t len = PARTS[i].mark.len;
        Text ignored;
        if (text_starts(pattern, PARTS[i].mark))
            return match_part(match, text_of(pattern.ptr + len, pattern.len - len), name,
                              PARTS[i].fits, &ignored);
    }
    return name.len && ascii_lower(pattern.ptr[0]) == ascii_lower(name.ptr[0]) &&
           match_name(match, text_of(pattern.ptr + 1, pattern.len - 1),
                      text_of(name.ptr + 1, name.len - 1));
}

static Text next_name(Text *rest, bool is_path)
{
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != '/' && !(is_path && rest->ptr[len] == '!'))
        len++;
    Text name = text_of(rest->ptr, len);
    *rest = len < rest->len ? text_of(rest->ptr + len + 1, rest->len - len - 1) : (Text){0};
    return name;
}

static bool match_names(Match *match, Text pattern, Text path)
{
    Text rest = pattern, after = path;
    Text name = next_name(&rest, false);
    if (++match->steps > STEPS_MAX)
        return false;
    if (text_equal(name, TEXT("**"))) {
        if (rest.len == 0)
            return path.len > 0; /* something lies below */
        for (;;) {
            if (match_names(match, rest, path))
                return true;
            if (path.len == 0 || match->steps > STEPS_MAX)
                return false;
            (void)next_name(&path, true);
        }
    }
    if (path.len == 0)
        return false;
    Text part = next_name(&after, true);
    if (!match_name(match, name, part))
        return false;
    return rest.len == 0 ? after.len == 0 : match_names(match, rest, after);
}

bool host_rules_find(const HostRules *rules, Text path, Text *ret_host, Text *ret_collector)
{
    for (size_t i = 0; i < rules->row_count; i++) {
        Match match = {.rules = rules, .path = path};
        if (!match_names(&match, rules->rows[i].pattern, path))
            continue;
        *ret_host = match.host;
        *ret_collector = rules->rows[i].collector;
        return true;
    }
    return false;
}
