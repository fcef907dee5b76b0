/* bench_sigma.c: what matching costs, without reading the events.
 *
 *   bench_sigma KNOWLEDGE RULES NUMBERS EVIDENCE…      NUMBERS: 50,1500,3000 of the rules
 *                                                    that apply
 *
 * Evidence files (or lists of them, with @ before the name) are read to batches first. Each number
 * of rules is then matched against all batches; the best of RUNS runs. One core. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "detect/file_text.h"
#include "detect/sigma/matcher.h"
#include "event/sink.h"
#include "format/format.h"

#define RUNS       5
#define FILES_MAX  200000
#define ITEM_BYTES (1024u * 1024 * 1024)

typedef struct Batches {
    Span *list;
    size_t count;
    uint64_t events, bytes, values;
} Batches;

static double now(void)
{
    struct timespec t;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
        abort();
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool keep_batch(void *ctx, Span batch, Err *err)
{
    Batches *batches = ctx;
    Batch open;
    uint8_t *copy = malloc(batch.len);
    if (!copy || !batch_open(batch, &open, err))
        abort();
    memcpy(copy, batch.ptr, batch.len);
    batches->list[batches->count++] = span_of(copy, batch.len);
    batches->events += open.event_count;
    batches->values += open.value_count;
    batches->bytes += batch.len;
    return true;
}

static void read_file(const char *path, const Schema *schema, Batches *batches)
{
    Arena *arena = arena_create(ITEM_BYTES);
    Text item;
    Err err = {0};
    if (!arena || !file_text_read(arena, path, ITEM_BYTES, &item, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    const Format *tie,
        *format = format_identify(
            text_span(
                text_of(item.ptr, item.len < FORMAT_PROBE_BYTES ? item.len : FORMAT_PROBE_BYTES)),
            item.len, &tie);
    if (format && format->parse) {
        SinkOwner owner = {.batch = keep_batch, .ctx = batches};
        Sink *sink = sink_create(schema, &owner, SINK_WANTS_ALL);
        Input in = input_from_memory(text_span(item));
        FormatOptions options = {0};
        (void)format->parse(&in, &options, sink, &err);
        (void)sink_flush(sink, &err);
        sink_destroy(sink);
    }
    arena_destroy(arena);
}

static void read_argument(const char *argument, const Schema *schema, Batches *batches)
{
    if (argument[0] != '@') {
        read_file(argument, schema, batches);
        return;
    }
    FILE *list = fopen(argument + 1, "r");
    char *line = NULL;
    size_t cap = 0;
    if (!list)
        abort();
    for (ssize_t n; (n = getline(&line, &cap, list)) > 0;) {
        if (line[n - 1] == '\n')
            line[n - 1] = '\0';
        read_file(line, schema, batches);
    }
    free(line);
    (void)fclose(list);
}

static RuleSet *load(const RuleSource *sources, size_t count, const LogSources *logsources)
{
    Err err = {0};
    RuleSetInput input = {.sources = sources, .source_count = count, .logsources = logsources};
    RuleSet *set = ruleset_load(&input, &err);
    if (!set) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return set;
}

/* The files of `number` rules that run, evenly spread. */
static size_t choose(const RuleSet *set, size_t number, RuleSource *out)
{
    size_t active = ruleset_counts(set).active, seen = 0, n = 0;
    for (uint32_t i = 0; i < ruleset_count(set); i++) {
        const Rule *rule = ruleset_at(set, i);
        if (!rule->active)
            continue;
        if (number >= active || (seen * number) / active != ((seen + 1) * number) / active)
            if (n == 0 || strcmp(out[n - 1].path, rule->file.ptr) != 0)
                out[n++] = (RuleSource){.path = rule->file.ptr};
        seen++;
    }
    return n;
}

static bool count_match(void *ctx, uint32_t row, uint32_t rule, Err *err)
{
    (void)row, (void)rule, (void)err;
    ++*(uint64_t *)ctx;
    return true;
}

static void measure(const RuleSource *sources, size_t count, const LogSources *logsources,
                    const Batches *batches)
{
    Err err = {0};
    double start = now();
    RuleSet *set = load(sources, count, logsources);
    double loaded = now();
    Program *program = program_compile(set, logsources, &err);
    double compiled = now();
    if (!program) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    Matcher *matcher = matcher_create(program, &err);
    double best = 0;
    uint64_t matches = 0;
    for (int run = 0; run < RUNS; run++) {
        matches = 0;
        MatchOut out = {.match = count_match, .ctx = &matches};
        double begin = now();
        for (size_t i = 0; i < batches->count; i++) {
            Batch batch;
            if (!batch_open(batches->list[i], &batch, &err))
                abort();
            matcher_begin(matcher);
            if (!matcher_batch(matcher, &batch, &out, &err)) {
                fprintf(stderr, "%s\n", err.text);
                abort();
            }
        }
        double seconds = now() - begin;
        if (run == 0 || seconds < best)
            best = seconds;
    }
    double opening = now();
    for (size_t i = 0; i < batches->count; i++) {
        Batch batch;
        if (!batch_open(batches->list[i], &batch, &err))
            abort();
    }
    opening = now() - opening;
    ProgramSize size = program_size(program);
    printf(
        "%5u rules: load %.3f s, compile %.3f s; %.1f ns/record (batch_open apart: %.1f), %" PRIu64
        " matches; %u groups, %u plans, %u slots, %u atoms, %u literals, %" PRIu64
        " steps, %u expressions, %.1f MB\n",
        ruleset_counts(set).active, loaded - start, compiled - loaded,
        (best - opening) / (double)batches->events * 1e9, opening / (double)batches->events * 1e9,
        matches, size.groups, size.plans, size.slots, size.atoms, size.literals, size.steps,
        size.expressions, (double)size.bytes / 1e6);
    fflush(stdout);
    matcher_destroy(matcher);
    program_destroy(program);
    ruleset_destroy(set);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "bench_sigma KNOWLEDGE RULES NUMBERS EVIDENCE…\n");
        return 2;
    }
    Err err = {0};
    const char *folders[] = {argv[1]};
    Schema *schema = schema_load(folders, 1, &err);
    LogSources *logsources = logsources_load(folders, 1, &err);
    Batches batches = {.list = calloc(FILES_MAX, sizeof(Span))};
    RuleSource *chosen = calloc(FILES_MAX, sizeof *chosen);
    if (!schema || !logsources || !batches.list || !chosen) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    double start = now();
    for (int i = 4; i < argc; i++)
        read_argument(argv[i], schema, &batches);
    printf("%" PRIu64 " records, %zu batches, %.1f MB, %.1f values a record, read in %.2f s\n",
           batches.events, batches.count, (double)batches.bytes / 1e6,
           (double)batches.values / (double)batches.events, now() - start);
    RuleSource all = {.path = argv[2]};
    RuleSet *set = load(&all, 1, logsources);
    for (char *rest = argv[3]; *rest;) {
        char *end;
        size_t number = strtoul(rest, &end, 10);
        size_t count = choose(set, number, chosen);
        measure(chosen, count, logsources, &batches);
        rest = *end == ',' ? end + 1 : end;
        if (end == rest && *end)
            break;
    }
    return 0;
}
