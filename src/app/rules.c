#include "app/rules.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "detect/file_text.h"
#include "detect/rule_pack.h"

#define OPTIONS_BYTES  (512u * 1024 * 1024)
#define TUNE_BYTES_MAX (16u * 1024 * 1024)
#define SELECTED_MAX   4096 /* values of one option */

typedef struct Choice {
    const Arguments *arguments;
    Arena *arena;
    RuleSelection selection;
    RuleSource *sources;
    size_t source_count;
} Choice;

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the rules");
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- options ---- */

static bool bad_word(OptionId id, Text word, const char *expected, Err *err)
{
    return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--%s: \"%s\" is not %s", OPTIONS[id].name,
                   quote(word.ptr, word.len).str, expected);
}

static bool read_min_level(Choice *choice, Err *err)
{
    const char *value = arguments_value(choice->arguments, OPTION_MIN_LEVEL);
    return !value || rule_level_find(text_from_z(value), &choice->selection.min_level) ||
           bad_word(OPTION_MIN_LEVEL, text_from_z(value),
                    "a level: informational, low, medium, high, critical", err);
}

static bool read_statuses(Choice *choice, Err *err)
{
    for (size_t i = 0; i < choice->arguments->given_count; i++) {
        const Given *given = &choice->arguments->given[i];
        if (given->id != OPTION_STATUS)
            continue;
        Text rest = text_from_z(given->value);
        while (rest.len) {
            Text word = text_trim(text_cut(&rest, ','));
            RuleStatus status;
            if (!rule_status_find(word, &status))
                return bad_word(OPTION_STATUS, word,
                                "a status: stable, test, experimental, deprecated, unsupported",
                                err);
            choice->selection.by_status = true;
            choice->selection.statuses[status] = true;
        }
    }
    return true;
}

/* All values of an option. `commas`: several may stand in one. */
static bool read_list(Choice *choice, OptionId id, bool commas, const Text **ret, size_t *ret_count,
                      Err *err)
{
    Text *list = ARENA_NEW(choice->arena, Text, SELECTED_MAX);
    size_t count = 0;
    if (!list)
        return no_memory(err);
    for (size_t i = 0; i < choice->arguments->given_count; i++) {
        const Given *given = &choice->arguments->given[i];
        if (given->id != id)
            continue;
        Text rest = text_from_z(given->value);
        while (rest.len && count < SELECTED_MAX) {
            Text whole = rest;
            Text word = commas ? text_trim(text_cut(&rest, ',')) : whole;
            if (!commas)
                rest = (Text){0};
            if (word.len)
                list[count++] = word;
        }
    }
    if (count == SELECTED_MAX)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--%s: too many values", OPTIONS[id].name);
    *ret = list;
    *ret_count = count;
    return true;
}

/* Rows of all --tune files, in their order; of several about one rule the last counts. */
static bool read_tuning(Choice *choice, TuneRow **ret_rows, Err *err)
{
    const char *path = arguments_value(choice->arguments, OPTION_TUNE);
    Text lines;
    Err why = {0};
    if (!path)
        return true;
    if (!file_text_read(choice->arena, path, TUNE_BYTES_MAX, &lines, err))
        return err_wrap(err, "--tune");
    if (!tune_parse(lines, ret_rows, &choice->selection.tune_count, &why))
        return why.code == ERR_NO_MEMORY ? no_memory(err)
                                         : err_set(err, ERR_USAGE, ERR_NO_OFFSET, "--tune: %s: %s",
                                                   quote_z(path).str, why.text);
    choice->selection.tune = *ret_rows;
    return true;
}

static bool read_value_lists(Rules *rules, const Arguments *arguments, Err *err)
{
    rules->lists = value_lists_create();
    if (!rules->lists)
        return no_memory(err);
    for (size_t i = 0; i < arguments->given_count; i++)
        if (arguments->given[i].id == OPTION_VALUE_LISTS &&
            !value_lists_add_folder(rules->lists, arguments->given[i].value, err))
            return err_wrap(err, "--value-lists");
    return true;
}

/* ---- sources ---- */

static bool add_sources(Choice *choice, const RuleSource *sources, size_t count, Err *err)
{
    RuleSource *all = ARENA_NEW(choice->arena, RuleSource, choice->source_count + count + 1);
    if (!all)
        return no_memory(err);
    if (choice->source_count)
        memcpy(all, choice->sources, choice->source_count * sizeof *all);
    if (count)
        memcpy(all + choice->source_count, sources, count * sizeof *all);
    choice->sources = all;
    choice->source_count += count;
    return true;
}

static bool add_builtin(Choice *choice, Err *err)
{
    RuleSource *sources;
    size_t count;
    CLEANUP(freep) char *path = settings_rule_pack();
    if (!path)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "Constat's own rules are not beside the program; --rules names a folder");
    return rule_pack_read(choice->arena, path, &sources, &count, err) &&
           add_sources(choice, sources, count, err);
}

static bool add_source(Choice *choice, const char *path, Err *err)
{
    struct stat st;
    if (strcmp(path, "builtin") == 0)
        return add_builtin(choice, err);
    if (stat(path, &st) != 0)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET,
                       "--rules: %s: there is no such folder or file", quote_z(path).str);
    RuleSource source = {.path = path};
    return add_sources(choice, &source, 1, err);
}

static bool choose_sources(Choice *choice, const char *const *folders, size_t folder_count,
                           Err *err)
{
    bool given = folder_count > 0;
    for (size_t i = 0; i < choice->arguments->given_count; i++) {
        if (choice->arguments->given[i].id != OPTION_RULES)
            continue;
        given = true;
        if (strcmp(choice->arguments->given[i].value, "none") == 0)
            continue;
        if (!add_source(choice, choice->arguments->given[i].value, err))
            return false;
    }
    for (size_t i = 0; i < folder_count; i++)
        if (!add_source(choice, folders[i], err))
            return false;
    return given || add_builtin(choice, err);
}

/* ---- loading ---- */

static bool load(Rules *rules, Choice *choice, const Settings *settings, Err *err)
{
    const char *tables[TABLES_MAX];
    for (size_t i = 0; i < settings->table_count; i++)
        tables[i] = settings->tables[i];
    rules->sources = logsources_load(tables, settings->table_count, err);
    if (!rules->sources)
        return false;
    RuleSetInput input = {.sources = choice->sources,
                          .source_count = choice->source_count,
                          .logsources = rules->sources,
                          .lists = rules->lists,
                          .selection = &choice->selection};
    rules->set = ruleset_load(&input, err);
    return rules->set != NULL;
}

bool rules_load(Rules *rules, const Arguments *arguments, const char *const *folders,
                size_t folder_count, const Settings *settings, Err *err)
{
    double start = seconds_now();
    CLEANUP(freep) TuneRow *tuning = NULL;
    *rules = (Rules){.arena = arena_create(OPTIONS_BYTES)};
    if (!rules->arena)
        return no_memory(err);
    Choice choice = {.arguments = arguments, .arena = rules->arena};
    RuleSelection *selection = &choice.selection;
    bool ok = read_min_level(&choice, err) && read_statuses(&choice, err) &&
              read_list(&choice, OPTION_TAG, true, &selection->tags, &selection->tag_count, err) &&
              read_list(&choice, OPTION_INCLUDE, false, &selection->include,
                        &selection->include_count, err) &&
              read_list(&choice, OPTION_EXCLUDE, false, &selection->exclude,
                        &selection->exclude_count, err) &&
              read_tuning(&choice, &tuning, err) && read_value_lists(rules, arguments, err) &&
              choose_sources(&choice, folders, folder_count, err) &&
              load(rules, &choice, settings, err);
    rules->min_level = selection->min_level;
    rules->seconds = seconds_now() - start;
    return ok;
}

bool rules_compile(Rules *rules, Err *err)
{
    double start = seconds_now();
    rules->program = program_compile(rules->set, rules->sources, err);
    rules->seconds += seconds_now() - start;
    return rules->program != NULL;
}

bool rules_load_compiled(Rules *rules, const Arguments *arguments, const Settings *settings,
                         Err *err)
{
    if (!rules_load(rules, arguments, NULL, 0, settings, err))
        return false;
    if (ruleset_count(rules->set) == 0)
        return err_set(err, ERR_USAGE, ERR_NO_OFFSET, "there are no rules; --rules names a folder");
    return rules_compile(rules, err);
}

void rules_done(Rules *rules)
{
    program_destroy(rules->program);
    ruleset_destroy(rules->set);
    value_lists_destroy(rules->lists);
    logsources_destroy(rules->sources);
    arena_destroy(rules->arena);
}

size_t rules_tell_refused(const Rules *rules, Console *console)
{
    size_t count = 0;
    for (uint32_t i = 0; i < ruleset_count(rules->set); i++) {
        const Rule *rule = ruleset_at(rules->set, i);
        if (rule->state != RULE_REFUSED)
            continue;
        console_rule(console, rule->file, rule->reason_line, rule->reason);
        count++;
    }
    return count;
}
