/* All rules of SigmaHQ, if the shared evidence is there: every file is loaded, off, not applicable
 * or refused for the right reason, and all compile together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "detect/sigma/program.h"
#include "sigma_fixture.h"

#define FILES_MAX 10000
#define SKIPPED   77

typedef struct Files {
    RuleSource list[FILES_MAX];
    size_t count;
    Arena *arena;
} Files;

static struct archive *open_archive(void)
{
    static const char *const PLACES[] = {"evidence/sigma-rules.tar.zst", "sigma-rules.tar.zst"};
    const char *shared = getenv("CONSTAT_SHARED");
    for (size_t i = 0; shared && i < 2; i++) {
        char path[4096];
        int n = snprintf(path, sizeof path, "%s/%s", shared, PLACES[i]);
        struct archive *archive = archive_read_new();
        if (n > 0 && n < (int)sizeof path && archive &&
            archive_read_support_filter_zstd(archive) == ARCHIVE_OK &&
            archive_read_support_format_tar(archive) == ARCHIVE_OK &&
            archive_read_open_filename(archive, path, 65536) == ARCHIVE_OK)
            return archive;
        archive_read_free(archive);
    }
    return NULL;
}

static void read_files(struct archive *archive, Files *files)
{
    struct archive_entry *entry;
    while (archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
        Text name = text_from_z(archive_entry_pathname(entry));
        if (!text_ends(name, TEXT(".yml")))
            continue;
        size_t size = (size_t)archive_entry_size(entry);
        char *text = ARENA_NEW(files->arena, char, size + 1);
        assert_non_null(text);
        assert_int_equal(archive_read_data(archive, text, size), (la_ssize_t)size);
        assert_true(files->count < FILES_MAX);
        files->list[files->count++] =
            (RuleSource){.path = arena_copy_z(files->arena, name), .text = text_of(text, size)};
    }
    archive_read_free(archive);
}

static bool in_folder(const Rule *rule, const char *folder)
{
    char part[64];
    (void)snprintf(part, sizeof part, "/%s/", folder);
    return text_find_text(rule->file, text_from_z(part)) != SIZE_MAX;
}

static RuleSet *load(const Files *files, const LogSources *sources, const ValueLists *lists)
{
    Err err = {0};
    RuleSetInput input = {.sources = files->list,
                          .source_count = files->count,
                          .logsources = sources,
                          .lists = lists};
    RuleSet *set = ruleset_load(&input, &err);
    if (!set)
        fail_msg("%s", err.text);
    return set;
}

static const char PLACEHOLDER[] = "no list of values for the placeholder ";

/* Without lists: only placeholders, and rules that were written for what Sigma no longer has. */
static void check_states(const RuleSet *set)
{
    static const char *const LIVE[] = {"rules", "rules-emerging-threats", "rules-threat-hunting",
                                       "rules-compliance"};
    for (uint32_t i = 0; i < ruleset_count(set); i++) {
        const Rule *rule = ruleset_at(set, i);
        bool placeholder = text_starts(rule->reason, text_from_z(PLACEHOLDER));
        bool live = false;
        for (size_t k = 0; k < 4; k++)
            live |= in_folder(rule, LIVE[k]);
        if (live && rule->state != RULE_LOADED && rule->state != RULE_NOT_APPLICABLE &&
            !placeholder)
            fail_msg("%.*s: %.*s", (int)rule->file.len, rule->file.ptr, (int)rule->reason.len,
                     rule->reason.ptr);
        if (in_folder(rule, "rules-placeholder") && !placeholder)
            fail_msg("%.*s: loaded without its list", (int)rule->file.len, rule->file.ptr);
        if (rule->state == RULE_REFUSED && !placeholder && !in_folder(rule, "unsupported") &&
            !in_folder(rule, "deprecated"))
            fail_msg("%.*s", (int)rule->file.len, rule->file.ptr);
        bool retired = rule->status == RULE_DEPRECATED || rule->status == RULE_UNSUPPORTED;
        if (retired && rule->state != RULE_OFF && rule->state != RULE_REFUSED)
            fail_msg("%.*s: runs", (int)rule->file.len, rule->file.ptr);
    }
}

/* A list for every placeholder that is missing. */
static size_t add_lists(const RuleSet *set, ValueLists *lists)
{
    size_t before = value_lists_count(lists);
    Err err = {0};
    for (uint32_t i = 0; i < ruleset_count(set); i++) {
        Text reason = ruleset_at(set, i)->reason;
        if (!text_starts(reason, text_from_z(PLACEHOLDER)))
            continue;
        size_t at = sizeof PLACEHOLDER - 1;
        assert_true(value_lists_add(lists, text_of(reason.ptr + at, reason.len - at),
                                    TEXT("one\ntwo\n"), &err));
    }
    return value_lists_count(lists) - before;
}

static double seconds(void)
{
    struct timespec t;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check_with_lists(const Files *files, const RuleSet *without, const LogSources *sources)
{
    ValueLists *lists = value_lists_create();
    RuleSet *set = NULL;
    for (size_t added = add_lists(without, lists); added; added = add_lists(set, lists)) {
        ruleset_destroy(set);
        set = load(files, sources, lists);
    }
    for (uint32_t i = 0; i < ruleset_count(set); i++) {
        const Rule *rule = ruleset_at(set, i);
        if (in_folder(rule, "rules-placeholder") && rule->state == RULE_REFUSED)
            fail_msg("%.*s: %.*s", (int)rule->file.len, rule->file.ptr, (int)rule->reason.len,
                     rule->reason.ptr);
    }
    ruleset_destroy(set);
    value_lists_destroy(lists);
}

static void test_all(void **state)
{
    Files *files = *state;
    Err err = {0};
    LogSources *sources = sigma_sources();
    double start = seconds();
    RuleSet *set = load(files, sources, NULL);
    double loaded = seconds();
    Program *program = program_compile(set, sources, &err);
    assert_non_null(program);
    RuleCounts counts = ruleset_counts(set);
    printf("%zu files, %u rules: %u loaded, %u off, %u refused, %u not applicable; read in %.2f s, "
           "compiled in %.2f s\n",
           files->count, ruleset_count(set), counts.by_state[RULE_LOADED],
           counts.by_state[RULE_OFF], counts.by_state[RULE_REFUSED],
           counts.by_state[RULE_NOT_APPLICABLE], loaded - start, seconds() - loaded);
    assert_true(files->count > 4000 && ruleset_count(set) >= files->count);
    check_states(set);
    check_with_lists(files, set, sources);
    program_destroy(program);
    ruleset_destroy(set);
    logsources_destroy(sources);
}

int main(void)
{
    struct archive *archive = open_archive();
    if (!archive) {
        printf("skipped: CONSTAT_SHARED has no sigma-rules.tar.zst\n");
        return SKIPPED;
    }
    Files *files = calloc(1, sizeof *files);
    if (!files)
        return 1;
    files->arena = arena_create(1u << 28);
    read_files(archive, files);
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_all, files)};
    int result = cmocka_run_group_tests(tests, NULL, NULL);
    arena_destroy(files->arena);
    free(files);
    return result;
}
