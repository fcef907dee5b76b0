#include "detect/yara/yara_rules.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "detect/file_text.h"
#include "detect/sigma/rule_files.h"
#include "detect/yara/yara_set.h"
#include "event/grow.h"

#define IMPORT_SECONDS 1 /* for what should take none */

const char *const YARA_EXTERNALS[3] = {"filename", "filepath", "extension"};

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "no memory for the rules of YARA");
}

YaraSet *yara_create(Err *err)
{
    YaraSet *set = calloc(1, sizeof *set);
    if (set) {
        set->arena = arena_create(YARA_SET_BYTES);
        set->seconds = YARA_SECONDS;
        set->started = yr_initialize() == ERROR_SUCCESS;
    }
    if (set && set->arena && set->started)
        return set;
    no_memory(err);
    yara_destroy(set);
    return NULL;
}

void yara_destroy(YaraSet *set)
{
    if (!set)
        return;
    if (set->scanner)
        yr_scanner_destroy(set->scanner);
    if (set->rules)
        (void)yr_rules_destroy(set->rules);
    if (set->started)
        (void)yr_finalize();
    free(set->window);
    free(set->files);
    free(set->notes);
    arena_destroy(set->arena);
    free(set);
}

/* ---- one file ---- */

/* What became of the file that is compiled; its first fault. */
typedef struct Attempt {
    YaraSet *set;
    Text path;
    bool refused, failed;
} Attempt;

static void refuse(Attempt *attempt, int line, const char *text)
{
    YaraSet *set = attempt->set;
    YaraNote note = {.file = attempt->path, .line = line > 0 ? (uint32_t)line : 0};
    if (attempt->refused)
        return;
    attempt->refused = true;
    YaraNote *grown = grow_array(set->notes, &set->note_cap, set->note_count + 1, sizeof *grown);
    if (grown)
        set->notes = grown;
    if (!grown || !arena_copy_text(set->arena, text_from_z(text), &note.text))
        attempt->failed = true;
    else
        set->notes[set->note_count++] = note;
}

static void take_message(int level, const char *file, int line, const YR_RULE *rule,
                         const char *message, void *ctx)
{
    (void)file, (void)rule;
    if (level == YARA_ERROR_LEVEL_ERROR)
        refuse(ctx, line, message ? message : "it cannot be compiled");
}

static void compiler_destroyp(YR_COMPILER **compiler)
{
    if (*compiler)
        yr_compiler_destroy(*compiler);
}

static void rules_destroyp(YR_RULES **rules)
{
    if (*rules)
        (void)yr_rules_destroy(*rules);
}

static YR_COMPILER *make_compiler(Attempt *attempt)
{
    YR_COMPILER *compiler = NULL;
    if (yr_compiler_create(&compiler) != ERROR_SUCCESS)
        return NULL;
    yr_compiler_set_callback(compiler, take_message, attempt);
    yr_compiler_set_include_callback(compiler, NULL, NULL, NULL);
    for (size_t i = 0; i < sizeof YARA_EXTERNALS / sizeof YARA_EXTERNALS[0]; i++)
        if (yr_compiler_define_string_variable(compiler, YARA_EXTERNALS[i], "") != ERROR_SUCCESS) {
            yr_compiler_destroy(compiler);
            return NULL;
        }
    return compiler;
}

/* These modules read files, or need what nobody gives them. */
static int check_import(YR_SCAN_CONTEXT *context, int message, void *data, void *ctx)
{
    (void)context;
    if (message != CALLBACK_MSG_IMPORT_MODULE)
        return CALLBACK_CONTINUE;
    const char *name = ((YR_MODULE_IMPORT *)data)->module_name;
    if (strcmp(name, "magic") != 0 && strcmp(name, "cuckoo") != 0)
        return CALLBACK_CONTINUE;
    refuse(ctx, 0, "the modules magic and cuckoo are not available to readers in a sandbox");
    return CALLBACK_ABORT;
}

/* Does it compile by itself? Refused: a note. false: no memory. */
static bool try_file(Attempt *attempt, const YaraFile *file)
{
    CLEANUP(compiler_destroyp) YR_COMPILER *compiler = make_compiler(attempt);
    CLEANUP(rules_destroyp) YR_RULES *rules = NULL;
    if (!compiler)
        return false;
    if (yr_compiler_add_string(compiler, file->source, file->space) != 0) {
        refuse(attempt, 0, "it cannot be compiled");
        return !attempt->failed;
    }
    if (yr_compiler_get_rules(compiler, &rules) != ERROR_SUCCESS)
        return false;
    /* Modules are told before they are loaded; conditions are not evaluated here. */
    YR_RULE *rule;
    yr_rules_foreach(rules, rule) yr_rule_disable(rule);
    (void)yr_rules_scan_mem(rules, (const uint8_t *)"", 0, SCAN_FLAGS_NO_TRYCATCH, check_import,
                            attempt, IMPORT_SECONDS);
    return !attempt->failed;
}

static bool keep_file(YaraSet *set, YaraFile *file)
{
    char space[16];
    YaraFile *grown = grow_array(set->files, &set->file_cap, set->file_count + 1, sizeof *grown);
    if (!grown)
        return false;
    set->files = grown;
    int len = snprintf(space, sizeof space, "%zu", set->file_count);
    file->space = arena_copy_z(set->arena, text_of(space, len > 0 ? (size_t)len : 0));
    if (!file->space)
        return false;
    set->files[set->file_count++] = *file;
    return true;
}

static bool add_file(void *ctx, const char *path, Err *err)
{
    YaraSet *set = ctx;
    Text source;
    Attempt attempt = {.set = set};
    YaraFile file = {.space = "0"};
    if (set->file_count == YARA_FILES_MAX)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "more than %d files of YARA", YARA_FILES_MAX);
    if (!file_text_read(set->arena, path, YARA_FILE_BYTES, &source, err))
        return false;
    /* file_text_read leaves room for one byte, which is zero. */
    file.source = source.ptr;
    if (!arena_copy_text(set->arena, text_from_z(path), &file.path))
        return no_memory(err);
    attempt.path = file.path;
    if (memchr(source.ptr, '\0', source.len))
        refuse(&attempt, 0, "it holds a zero byte");
    else if (!try_file(&attempt, &file))
        return no_memory(err);
    if (attempt.failed)
        return no_memory(err);
    return attempt.refused || keep_file(set, &file) || no_memory(err);
}

static bool has_yara_name(const char *name)
{
    Text t = text_from_z(name);
    return text_ends(t, TEXT(".yar")) || text_ends(t, TEXT(".yara"));
}

bool yara_add(YaraSet *set, const char *path, Err *err)
{
    return rule_files_walk(set->arena, path, has_yara_name, add_file, set, err);
}

/* ---- all together ---- */

static Text keep(YaraSet *set, const char *z, bool *ok)
{
    Text copy = {0};
    *ok = arena_copy_text(set->arena, text_from_z(z), &copy) && *ok;
    return copy;
}

/* Of 100, as the score that many rules have; small numbers as steps. */
static RuleLevel level_of_number(int64_t n)
{
    if (n <= 4)
        return n <= 1 ? RULE_LOW : n == 2 ? RULE_MEDIUM : n == 3 ? RULE_HIGH : RULE_CRITICAL;
    return n >= 90 ? RULE_CRITICAL : n >= 70 ? RULE_HIGH : n >= 40 ? RULE_MEDIUM : RULE_LOW;
}

static void take_meta(YaraSet *set, YaraEntry *entry, const YR_META *meta, bool *ok)
{
    Text name = text_from_z(meta->identifier);
    bool level = text_equal_nocase(name, TEXT("severity")) ||
                 text_equal_nocase(name, TEXT("level")) || text_equal_nocase(name, TEXT("score")) ||
                 text_equal_nocase(name, TEXT("threat_level"));
    uint64_t number;
    if (level && meta->type == META_TYPE_INTEGER)
        entry->level = level_of_number(meta->integer);
    else if (level && meta->type == META_TYPE_STRING &&
             text_to_u64(text_from_z(meta->string), &number))
        entry->level = level_of_number(number < 100 ? (int64_t)number : 100);
    else if (level && meta->type == META_TYPE_STRING)
        (void)rule_level_find(text_from_z(meta->string), &entry->level);
    else if (meta->type == META_TYPE_STRING && meta->string[0] &&
             (text_equal_nocase(name, TEXT("id")) || text_equal_nocase(name, TEXT("uuid"))))
        entry->id = keep(set, meta->string, ok);
}

static bool make_entry(YaraSet *set, YR_RULE *rule, YaraEntry *entry)
{
    bool ok = true;
    const char *tag;
    const YR_META *meta;
    uint32_t tags = 0;
    uint64_t file = 0;
    (void)text_to_u64(text_from_z(rule->ns->name), &file);
    *entry = (YaraEntry){.level = RULE_HIGH, .title = keep(set, rule->identifier, &ok)};
    entry->id = entry->title;
    entry->file = file < set->file_count ? set->files[file].path : TEXT("");
    yr_rule_tags_foreach(rule, tag) tags++;
    Text *list = ARENA_NEW(set->arena, Text, (size_t)tags + 1);
    if (!list)
        return false;
    tags = 0;
    yr_rule_tags_foreach(rule, tag) list[tags++] = keep(set, tag, &ok);
    entry->tags = (TextList){.list = list, .count = tags};
    yr_rule_metas_foreach(rule, meta) take_meta(set, entry, meta, &ok);
    return ok;
}

static bool make_entries(YaraSet *set, RuleLevel min_level, Err *err)
{
    YR_RULE *rule;
    uint32_t count = 0;
    yr_rules_foreach(set->rules, rule) count++;
    if (count > YARA_RULES_MAX)
        return err_set(err, ERR_LIMIT, ERR_NO_OFFSET, "more than %d rules of YARA", YARA_RULES_MAX);
    set->entries = ARENA_NEW(set->arena, YaraEntry, (size_t)count + 1);
    if (!set->entries)
        return no_memory(err);
    yr_rules_foreach(set->rules, rule)
    {
        YaraEntry *entry = &set->entries[set->entry_count++];
        if (!make_entry(set, rule, entry))
            return no_memory(err);
        entry->told = entry->level >= min_level;
    }
    return true;
}

bool yara_finish(YaraSet *set, RuleLevel min_level, Err *err)
{
    Attempt attempt = {.set = set};
    CLEANUP(compiler_destroyp) YR_COMPILER *compiler = make_compiler(&attempt);
    if (!compiler)
        return no_memory(err);
    for (size_t i = 0; i < set->file_count; i++) {
        const YaraFile *file = &set->files[i];
        attempt.path = file->path;
        if (yr_compiler_add_string(compiler, file->source, file->space) != 0)
            return err_set(err, ERR_FORMAT, ERR_NO_OFFSET,
                           "%s: compiles by itself, but not with the other rules",
                           quote(file->path.ptr, file->path.len).str);
    }
    if (set->file_count == 0)
        return true;
    if (yr_compiler_get_rules(compiler, &set->rules) != ERROR_SUCCESS)
        return no_memory(err);
    return make_entries(set, min_level, err);
}

void yara_set_seconds(YaraSet *set, uint32_t seconds)
{
    set->seconds = seconds ? seconds : 1;
}

/* ---- asking ---- */

uint32_t yara_count(const YaraSet *set)
{
    return set ? set->entry_count : 0;
}

Rule yara_rule(const YaraSet *set, uint32_t number)
{
    const YaraEntry *entry = &set->entries[number];
    return (Rule){.kind = RULE_EVENT,
                  .state = RULE_LOADED,
                  .active = true,
                  .id = entry->id,
                  .title = entry->title,
                  .file = entry->file,
                  .level = entry->level,
                  .level_given = entry->level,
                  .tags = entry->tags};
}

size_t yara_note_count(const YaraSet *set)
{
    return set->note_count;
}

YaraNote yara_note(const YaraSet *set, size_t number)
{
    return set->notes[number];
}
