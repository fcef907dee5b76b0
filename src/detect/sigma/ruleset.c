#include "detect/sigma/ruleset.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "detect/file_text.h"
#include "detect/sigma/collection.h"
#include "detect/sigma/document.h"
#include "detect/sigma/rule_files.h"
#include "detect/sigma/ruleset_parts.h"
#include "event/grow.h"

#define SCRATCH_BYTES_MAX (256u * 1024 * 1024) /* one file */

/* Reading of sources. */
typedef struct Reading {
    RuleSet *set;
    const RuleSetInput *input;
    Arena *scratch; /* of a file */
    Text file;      /* name of the present one */
    size_t files;
    Err *err;
} Reading;

static bool no_memory(Err *err)
{
    return err_set(err, ERR_NO_MEMORY, ERR_NO_OFFSET, "rules");
}

bool rule_give_reason(RuleSet *set, Rule *rule, RuleState state, uint32_t line, const char *format,
                      ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n < 0)
        text[0] = '\0';
    rule->state = state;
    rule->reason_line = line;
    return arena_copy_text(set->arena, text_from_z(text), &rule->reason);
}

static Rule *new_rule(Reading *reading)
{
    RuleSet *set = reading->set;
    void *rules = grow_array(set->rules, &set->cap, set->count + 1, sizeof *set->rules);
    if (!rules)
        return NULL;
    set->rules = rules;
    void *digests =
        grow_array(set->digests, &set->digest_cap, set->count + 1, sizeof *set->digests);
    if (!digests)
        return NULL;
    set->digests = digests;
    set->digests[set->count] = 0;
    Rule *rule = &set->rules[set->count++];
    *rule = (Rule){.file = reading->file};
    return rule;
}

static bool add_refused(Reading *reading, const Problem *problem)
{
    Rule *rule = new_rule(reading);
    if (!rule)
        return no_memory(reading->err);
    rule->line = problem->line;
    return rule_give_reason(reading->set, rule, RULE_REFUSED, problem->line, "%s", problem->text) ||
           no_memory(reading->err);
}

static bool on_problem(void *ctx, const Problem *problem)
{
    return add_refused(ctx, problem);
}

/* What the document says, whatever its comments and spacing. */
static uint64_t digest(const YamlNode *node, uint64_t seed)
{
    seed = hash64(&node->kind, sizeof node->kind, seed);
    if (node->kind == YAML_SCALAR)
        return hash64(node->text.ptr, node->text.len, seed + node->plain);
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->keys)
            seed = digest(node->keys[i], seed);
        seed = digest(node->values[i], seed);
    }
    return seed;
}

static bool on_document(void *ctx, const YamlNode *document)
{
    Reading *reading = ctx;
    Rule *rule = new_rule(reading);
    if (!rule)
        return no_memory(reading->err);
    rule->line = document->line;
    Problem problem = {0};
    ReadContext context = {
        .arena = reading->set->arena, .problem = &problem, .lists = reading->input->lists};
    bool ok = document_read(&context, document, rule);
    rule->notes = context.notes;
    reading->set->digests[reading->set->count - 1] = digest(document, 1);
    if (ok)
        return true;
    if (problem.no_memory)
        return no_memory(reading->err);
    return rule_give_reason(reading->set, rule, RULE_REFUSED, problem.line, "%s", problem.text) ||
           no_memory(reading->err);
}

static bool read_text(Reading *reading, const char *name, Text text)
{
    if (++reading->files > RULESET_FILES_MAX)
        return err_set(reading->err, ERR_LIMIT, ERR_NO_OFFSET, "more than %d rule files",
                       RULESET_FILES_MAX);
    if (!arena_copy_text(reading->set->arena, text_from_z(name), &reading->file))
        return no_memory(reading->err);
    CollectionOut out = {.document = on_document, .problem = on_problem, .ctx = reading};
    bool ok = collection_read(reading->scratch, text, &out);
    if (!ok && (!reading->err || reading->err->code == ERR_NONE))
        return no_memory(reading->err);
    return ok;
}

/* A file that cannot be read is a refused rule: the others still run. */
static bool on_file(void *ctx, const char *path, Err *err)
{
    Reading *reading = ctx;
    (void)err;
    arena_clear(reading->scratch);
    Text text;
    Err why = {0};
    if (file_text_read(reading->scratch, path, YAML_BYTES_MAX, &text, &why))
        return read_text(reading, path, text);
    if (why.code == ERR_NO_MEMORY)
        return no_memory(reading->err);
    if (!arena_copy_text(reading->set->arena, text_from_z(path), &reading->file))
        return no_memory(reading->err);
    Problem problem = {0};
    problem_set(&problem, 0, "cannot be read: %s", why.text);
    return add_refused(reading, &problem);
}

static bool read_sources(Reading *reading)
{
    CLEANUP(arena_destroyp) Arena *paths = arena_create(SCRATCH_BYTES_MAX);
    if (!paths)
        return no_memory(reading->err);
    for (size_t i = 0; i < reading->input->source_count; i++) {
        const RuleSource *source = &reading->input->sources[i];
        bool ok = true;
        if (source->text.ptr) {
            arena_clear(reading->scratch);
            ok = read_text(reading, source->path, source->text);
        } else {
            ok = rule_files_walk(paths, source->path, rule_files_is_sigma, on_file, reading,
                                 reading->err);
        }
        if (!ok)
            return false;
    }
    return true;
}

/* Rules whose log source nothing has. */
static bool check_sources(RuleSet *set, const LogSources *sources)
{
    for (size_t i = 0; i < set->count; i++) {
        Rule *rule = &set->rules[i];
        const LogSource *source = &rule->logsource;
        const char *missing;
        if (rule->state != RULE_LOADED || rule->kind != RULE_EVENT ||
            logsources_have(sources, source, &missing))
            continue;
        Text name = missing[0] == 'p'   ? source->product
                    : missing[0] == 'c' ? source->category
                                        : source->service;
        if (!rule_give_reason(set, rule, RULE_NOT_APPLICABLE, rule->line,
                              "nothing that is read has the %s %s%s%s", missing,
                              quote(name.ptr, name.len).str,
                              source->product.len && missing[0] != 'p' ? " of the product " : "",
                              source->product.len && missing[0] != 'p'
                                  ? quote(source->product.ptr, source->product.len).str
                                  : ""))
            return false;
    }
    return true;
}

static bool load(RuleSet *set, const RuleSetInput *input, Err *err)
{
    CLEANUP(arena_destroyp) Arena *scratch = arena_create(SCRATCH_BYTES_MAX);
    if (!scratch)
        return no_memory(err);
    Err own = {0};
    Reading reading = {.set = set, .input = input, .scratch = scratch, .err = err ? err : &own};
    static const RuleSelection EVERYTHING = {0};
    const RuleSelection *selection = input->selection ? input->selection : &EVERYTHING;
    if (!read_sources(&reading))
        return false;
    return (ruleset_index(set) && ruleset_tune(set, selection) && ruleset_select(set, selection) &&
            check_sources(set, input->logsources) && ruleset_link(set) && ruleset_activate(set)) ||
           no_memory(err);
}

RuleSet *ruleset_load(const RuleSetInput *input, Err *err)
{
    RuleSet *set = calloc(1, sizeof *set);
    if (!set) {
        no_memory(err);
        return NULL;
    }
    set->arena = arena_create(RULESET_BYTES_MAX);
    bool maps = id_map_init(&set->by_id);
    maps = id_map_init(&set->by_name) && maps;
    if (set->arena && maps) {
        if (load(set, input, err))
            return set;
    } else {
        no_memory(err);
    }
    ruleset_destroy(set);
    return NULL;
}

void ruleset_destroy(RuleSet *set)
{
    if (!set)
        return;
    arena_destroy(set->arena);
    free(set->rules);
    free(set->digests);
    id_map_done(&set->by_id);
    id_map_done(&set->by_name);
    free(set);
}

uint32_t ruleset_count(const RuleSet *set)
{
    return (uint32_t)set->count;
}

const Rule *ruleset_at(const RuleSet *set, uint32_t number)
{
    return &set->rules[number];
}

RuleCounts ruleset_counts(const RuleSet *set)
{
    RuleCounts counts = {0};
    for (size_t i = 0; i < set->count; i++) {
        const Rule *rule = &set->rules[i];
        counts.rules += rule->kind == RULE_EVENT;
        counts.correlations += rule->kind == RULE_CORRELATION;
        counts.filters += rule->kind == RULE_FILTER;
        counts.by_state[rule->state]++;
        counts.active += rule->active;
    }
    return counts;
}
