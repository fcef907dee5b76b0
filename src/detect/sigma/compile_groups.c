#include "base/hash.h"
#include "detect/sigma/compile.h"
#include "event/grow.h"

enum { ROW_CATEGORY, ROW_SERVICE, ROW_PRODUCT, ROW_KINDS };

static OpenGroup *find_group(Compiler *compiler, const uint32_t rows[ROW_KINDS], uint64_t hash)
{
    uint32_t found;
    for (size_t cursor = id_map_start(&compiler->group_map, hash);
         (found = id_map_next(&compiler->group_map, hash, &cursor)) != ID_NONE;)
        if (memcmp(compiler->groups[found].rows, rows, sizeof compiler->groups[found].rows) == 0)
            return &compiler->groups[found];
    return NULL;
}

static OpenGroup *group_of(Compiler *compiler, const uint32_t rows[ROW_KINDS])
{
    uint64_t hash = hash64(rows, ROW_KINDS * sizeof rows[0], 0);
    OpenGroup *group = find_group(compiler, rows, hash);
    if (group)
        return group;
    OpenGroup *groups = grow_array(compiler->groups, &compiler->group_cap,
                                   compiler->group_count + 1, sizeof *groups);
    if (!groups)
        return NULL;
    compiler->groups = groups;
    group = &groups[compiler->group_count];
    *group = (OpenGroup){.code_field = NONE, .codes_plain = true};
    memcpy(group->rows, rows, sizeof group->rows);
    return id_map_add(&compiler->group_map, hash, (uint32_t)compiler->group_count++) ? group : NULL;
}

static bool add_rule(Compiler *compiler, const uint32_t rows[ROW_KINDS], uint32_t rule)
{
    OpenGroup *group = group_of(compiler, rows);
    if (!group)
        return false;
    GroupRule *rules = grow_array(group->rules, &group->cap, group->count + 1, sizeof *rules);
    if (!rules)
        return false;
    group->rules = rules;
    rules[group->count++] = (GroupRule){.rule = rule};
    return true;
}

typedef bool (*EntryTest)(const SourceEntry *entry, const LogSource *source);

/* Rows that fit an attribute of the log source; NONE alone if it does not state it. */
static uint32_t rows_of(const LogSources *sources, const LogSource *source, Text attribute,
                        EntryTest test, uint32_t *out)
{
    uint32_t n = 0;
    if (attribute.len == 0) {
        out[n++] = NONE;
        return n;
    }
    for (uint32_t i = 0; i < logsources_count(sources); i++)
        if (test(logsources_at(sources, i), source))
            out[n++] = i;
    return n;
}

/* The row of a product: what a rule states, or that of the category or service it has. */
static uint32_t product_row(const LogSources *sources, const LogSource *source, uint32_t category,
                            uint32_t service)
{
    LogSource wanted = {.product = source->product};
    uint32_t other = category != NONE ? category : service;
    if (wanted.product.len == 0 && other != NONE)
        wanted.product = logsources_at(sources, other)->source.product;
    for (uint32_t i = 0; wanted.product.len && i < logsources_count(sources); i++) {
        const SourceEntry *entry = logsources_at(sources, i);
        if (entry->source.category.len == 0 && entry->source.service.len == 0 &&
            text_equal(entry->source.product, wanted.product))
            return i;
    }
    return NONE;
}

static bool texts_meet(TextSet a, TextSet b)
{
    for (uint32_t i = 0; i < a.count; i++)
        for (uint32_t k = 0; k < b.count; k++)
            if (text_equal_nocase(a.list[i], b.list[k]))
                return true;
    return a.count == 0 || b.count == 0;
}

/* Can one event fit both rows? */
static bool rows_meet(const LogSources *sources, uint32_t a, uint32_t b)
{
    if (a == NONE || b == NONE)
        return true;
    const SourceEntry *x = logsources_at(sources, a), *y = logsources_at(sources, b);
    return texts_meet(x->channels, y->channels) && texts_meet(x->providers, y->providers) &&
           texts_meet(x->codes, y->codes);
}

static bool place_rule(Compiler *compiler, uint32_t number, uint32_t *categories,
                       uint32_t *services)
{
    const LogSources *sources = compiler->program->sources;
    const LogSource *source = &ruleset_at(compiler->program->set, number)->logsource;
    uint32_t category_count =
        rows_of(sources, source, source->category, source_entry_is_category, categories);
    uint32_t service_count =
        rows_of(sources, source, source->service, source_entry_is_service, services);
    for (uint32_t i = 0; i < category_count; i++) {
        for (uint32_t k = 0; k < service_count; k++) {
            uint32_t rows[ROW_KINDS] = {categories[i], services[k], NONE};
            rows[ROW_PRODUCT] = product_row(sources, source, categories[i], services[k]);
            if (rows_meet(sources, categories[i], services[k]) && !add_rule(compiler, rows, number))
                return false;
        }
    }
    return true;
}

static bool place_rules(Compiler *compiler)
{
    uint32_t rows = logsources_count(compiler->program->sources) + 1;
    uint32_t *categories = ARENA_NEW(compiler->scratch, uint32_t, rows);
    uint32_t *services = ARENA_NEW(compiler->scratch, uint32_t, rows);
    if (!categories || !services)
        return false;
    for (uint32_t i = 0; i < ruleset_count(compiler->program->set); i++) {
        const Rule *rule = ruleset_at(compiler->program->set, i);
        if (rule->kind == RULE_EVENT && rule->active &&
            !place_rule(compiler, i, categories, services))
            return false;
    }
    return true;
}

static Branch *with_conditions(Compiler *compiler, OpenGroup *group, Branch *tree)
{
    Branch *parts[ROW_KINDS + 1];
    uint32_t count = 0;
    for (unsigned i = 0; i < ROW_KINDS; i++) {
        if (group->rows[i] == NONE)
            continue;
        const SourceEntry *entry = logsources_at(compiler->program->sources, group->rows[i]);
        if (entry->condition_count == 0)
            continue;
        parts[count] = compile_conditions(compiler, group, entry);
        if (!parts[count++])
            return NULL;
    }
    parts[count++] = tree;
    return branch_join(compiler, STEP_AND, parts, count);
}

static bool compile_filters(Compiler *compiler, OpenGroup *group, GroupRule *rule)
{
    const Rule *source = ruleset_at(compiler->program->set, rule->rule);
    rule->filters = ARENA_NEW(compiler->scratch, BranchFilter, (size_t)source->filter_count + 1);
    if (!rule->filters)
        return compile_no_memory(compiler);
    for (uint32_t i = 0; i < source->filter_count; i++) {
        const Rule *filter = ruleset_at(compiler->program->set, source->filters[i]);
        BranchFilter *made = &rule->filters[rule->filter_count++];
        made->rule = source->filters[i];
        made->tree = compile_tree(compiler, group, filter->tree);
        if (!made->tree)
            return false;
    }
    return true;
}

/* The fields that correlations ask of the rule's matches. */
static bool compile_names(Compiler *compiler, OpenGroup *group, GroupRule *rule)
{
    const CorrelationUses *uses = &compiler->program->correlations.rules[rule->rule];
    rule->names = ARENA_NEW(compiler->scratch, uint32_t, (size_t)uses->name_count + 1);
    if (!rule->names)
        return compile_no_memory(compiler);
    for (uint32_t i = 0; i < uses->name_count; i++) {
        rule->names[i] = compile_field(compiler, group, uses->names[i]);
        if (rule->names[i] == NONE)
            return false;
    }
    return true;
}

static bool compile_rules(Compiler *compiler, uint32_t number)
{
    for (size_t i = 0; i < compiler->groups[number].count; i++) {
        OpenGroup *group = &compiler->groups[number];
        GroupRule *rule = &group->rules[i];
        rule->tree =
            compile_tree(compiler, group, ruleset_at(compiler->program->set, rule->rule)->tree);
        if (rule->tree)
            rule->tree = with_conditions(compiler, group, rule->tree);
        if (!rule->tree || !compile_filters(compiler, group, rule) ||
            !compile_names(compiler, group, rule))
            return false;
    }
    return true;
}

bool compile_groups(Compiler *compiler)
{
    if (!place_rules(compiler))
        return compile_no_memory(compiler);
    for (size_t i = 0; i < compiler->group_count; i++)
        if (!compile_rules(compiler, (uint32_t)i))
            return false;
    return true;
}
