#include "sigma_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "sigma fixture: %s: %s\n", what, why);
    abort();
}

LogSources *sigma_sources(void)
{
    const char *root = getenv("CONSTAT_SOURCE");
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/knowledge", root ? root : ".");
    if (n < 0 || n >= (int)sizeof path)
        give_up("knowledge", "path too long");
    const char *folders[] = {path};
    Err err = {0};
    LogSources *sources = logsources_load(folders, 1, &err);
    if (!sources)
        give_up("knowledge", err.text);
    return sources;
}

static bool take_batch(void *ctx, Span batch, Err *err)
{
    SigmaRun *run = ctx;
    (void)err;
    if (run->batch_len)
        give_up("batch", "more than one");
    run->batch = malloc(batch.len);
    if (!run->batch)
        give_up("batch", "no memory");
    memcpy(run->batch, batch.ptr, batch.len);
    run->batch_len = batch.len;
    return true;
}

void sigma_open(SigmaRun *run, Text yaml, const ValueLists *lists)
{
    static LogSources *shared; /* read once */
    Err err = {0};
    if (!shared)
        shared = sigma_sources();
    *run = (SigmaRun){.sources = shared};
    RuleSource source = {.path = "test.yml", .text = yaml};
    RuleSetInput input = {
        .sources = &source, .source_count = 1, .logsources = run->sources, .lists = lists};
    run->set = ruleset_load(&input, &err);
    if (!run->set)
        give_up("rules", err.text);
    run->program = program_compile(run->set, run->sources, &err);
    if (!run->program)
        give_up("program", err.text);
    run->matcher = matcher_create(run->program, &err);
    run->owner = (SinkOwner){.batch = take_batch, .ctx = run};
    run->sink = sink_create(NULL, &run->owner, SINK_WANTS_ALL);
    if (!run->matcher || !run->sink)
        give_up("matcher", "no memory");
}

void sigma_close(SigmaRun *run)
{
    sink_destroy(run->sink);
    matcher_destroy(run->matcher);
    program_destroy(run->program);
    ruleset_destroy(run->set);
    free(run->batch);
    *run = (SigmaRun){0};
}

Batch sigma_batch(SigmaRun *run)
{
    Err err = {0};
    Batch batch;
    free(run->batch);
    run->batch = NULL;
    run->batch_len = 0;
    if (!sink_flush(run->sink, &err) || !run->batch)
        give_up("batch", err.text);
    if (!batch_open(span_of(run->batch, run->batch_len), &batch, &err))
        give_up("batch", err.text);
    return batch;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool add_digits(Buf *out, Text digits)
{
    for (size_t i = 0; i + 1 < digits.len; i += 2) {
        int high = digit_of(digits.ptr[i]), low = digit_of(digits.ptr[i + 1]);
        if (high < 0 || low < 0)
            return false;
        buf_add_char(out, (char)(high << 4 | low));
    }
    return digits.len % 2 == 0;
}

static bool unescape(Buf *out, Text t)
{
    for (size_t i = 0; i < t.len; i++) {
        char next = i + 1 < t.len ? t.ptr[i + 1] : '\0';
        if (t.ptr[i] != '\\') {
            buf_add_char(out, t.ptr[i]);
            continue;
        }
        i++;
        if (next == 'x') {
            if (i + 2 >= t.len || !add_digits(out, text_of(t.ptr + i + 1, 2)))
                return false;
            i += 2;
        } else {
            buf_add_char(out, next == 'n' ? '\n' : next == 't' ? '\t' : next == 's' ? ' ' : next);
        }
    }
    return true;
}

static bool add_typed(Sink *sink, NameId name, Text type, Text value, Buf *scratch)
{
    static const struct {
        const char *type;
        ValueType value;
    } BYTES[] = {{"bin", VALUE_BINARY}, {"sid", VALUE_SID}, {"guid", VALUE_GUID}};
    char z[64];
    for (size_t i = 0; i < sizeof BYTES / sizeof BYTES[0]; i++) {
        if (!text_equal(type, text_from_z(BYTES[i].type)))
            continue;
        if (!add_digits(scratch, value))
            return false;
        sink_add(sink, name, (Value){.type = BYTES[i].value, .bytes = buf_span(scratch)});
        return true;
    }
    if (text_equal(type, TEXT("null"))) {
        sink_add(sink, name, (Value){.type = VALUE_NULL});
        return true;
    }
    if (text_equal(type, TEXT("list"))) {
        sink_list_begin(sink);
        while (value.len)
            sink_add_text(sink, name, text_cut(&value, '|'));
        sink_list_end(sink, name);
        return true;
    }
    if (text_equal(type, TEXT("time"))) {
        Time time;
        bool known;
        if (!time_parse(value, &time, &known))
            return false;
        sink_add_u64(sink, name, VALUE_TIME, (uint64_t)time);
        return true;
    }
    if (value.len >= sizeof z || type.len != 1)
        return false;
    memcpy(z, value.ptr, value.len);
    z[value.len] = '\0';
    double real = strtod(z, NULL);
    uint64_t bits;
    switch (type.ptr[0]) {
    case 'u':
        sink_add_u64(sink, name, VALUE_UINT, strtoull(z, NULL, 10));
        return true;
    case 'i':
        sink_add_u64(sink, name, VALUE_INT, (uint64_t)strtoll(z, NULL, 10));
        return true;
    case 'x':
        sink_add_u64(sink, name, VALUE_HEX, strtoull(z, NULL, 16));
        return true;
    case 'f':
        memcpy(&bits, &real, sizeof bits);
        sink_add_u64(sink, name, VALUE_FLOAT, bits);
        return true;
    case 'b':
        sink_add_u64(sink, name, VALUE_BOOL, z[0] == 't');
        return true;
    default:
        return false;
    }
}

typedef struct Line {
    EventKind kind;
    EventHead head;
} Line;

static bool set_kind(SigmaRun *run, Line *line, Text what, Text value)
{
    if (text_equal(what, TEXT("@channel"))) {
        line->kind.channel = value;
        sink_add_text(run->sink, sink_name(run->sink, TEXT("System.Channel")), value);
    } else if (text_equal(what, TEXT("@provider"))) {
        line->kind.provider = value;
        sink_add_text(run->sink, sink_name(run->sink, TEXT("System.Provider.Name")), value);
    } else if (text_equal(what, TEXT("@code"))) {
        uint64_t number = 0;
        line->kind.code = value;
        if (text_to_u64(value, &number))
            sink_add_u64(run->sink, sink_name(run->sink, TEXT("System.EventID")), VALUE_UINT,
                         number);
    } else if (text_equal(what, TEXT("@product"))) {
        line->kind.product = value;
    } else if (text_equal(what, TEXT("@at"))) {
        bool known;
        return time_parse(value, &line->head.time, &known);
    } else {
        return false;
    }
    return true;
}

static bool add_field(SigmaRun *run, Line *line, Text field, Buf *scratch)
{
    size_t equals = text_find(field, '=');
    if (equals == field.len)
        return false;
    Text name = text_of(field.ptr, equals);
    Text value = text_of(field.ptr + equals + 1, field.len - equals - 1);
    if (name.len && name.ptr[0] == '@') {
        return set_kind(run, line, name, value);
    }
    size_t bracket = text_find(name, '[');
    buf_clear(scratch);
    if (bracket < name.len && name.ptr[name.len - 1] == ']') {
        Text type = text_of(name.ptr + bracket + 1, name.len - bracket - 2);
        NameId id = sink_name(run->sink, text_of(name.ptr, bracket));
        return add_typed(run->sink, id, type, value, scratch);
    }
    if (!unescape(scratch, value))
        return false;
    sink_add_text(run->sink, sink_name(run->sink, name), buf_text(scratch));
    return true;
}

bool sigma_add_event(SigmaRun *run, Text text)
{
    Line line = {.kind = {.product = TEXT("windows"),
                          .channel = TEXT("Application"),
                          .provider = TEXT("Test"),
                          .code = TEXT("1")},
                 .head = {.time = TIME_NONE,
                          .quality = TIME_MISSING,
                          .meaning = TIME_MEANS_UNKNOWN,
                          .offset = run->events,
                          .size = 1,
                          .record_id = run->events + 1}};
    Buf scratch;
    buf_init(&scratch, 1 << 24);
    bool ok = true;
    while (ok && text.len) {
        size_t at = text_find_text(text, TEXT(" ;; "));
        Text field = at == SIZE_MAX ? text : text_of(text.ptr, at);
        text = at == SIZE_MAX ? (Text){0} : text_of(text.ptr + at + 4, text.len - at - 4);
        ok = add_field(run, &line, field, &scratch);
    }
    buf_done(&scratch);
    if (line.head.time != TIME_NONE) {
        line.head.quality = TIME_EXACT;
        line.head.meaning = TIME_MEANS_LOGGED;
    }
    run->events++;
    if (!ok)
        sink_drop(run->sink);
    return ok && sink_commit(run->sink, &line.head, &line.kind);
}
