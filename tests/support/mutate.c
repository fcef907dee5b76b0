#include "mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "capture.h"

#define SECONDS_MAX 240

typedef struct Outcome {
    uint64_t events;
    unsigned damages, notes;
    unsigned losses; /* notes that say that something was left out */
    bool bad_batch, bad_offset;
    uint64_t item_size;
} Outcome;

static bool take_batch(void *ctx, Span batch, Err *err)
{
    Outcome *outcome = ctx;
    bool accepted;
    (void)err;
    capture_touch_batch(batch, &accepted);
    outcome->bad_batch |= !accepted;
    return true;
}

static void take_defect(void *ctx, DefectKind kind, uint64_t offset, uint64_t size, Text text)
{
    Outcome *outcome = ctx;
    outcome->damages += kind == DEFECT_DAMAGE;
    outcome->notes += kind == DEFECT_NOTE;
    outcome->losses += text_find_text(text, TEXT("left out")) != SIZE_MAX;
    outcome->bad_offset |=
        offset > outcome->item_size || size > outcome->item_size - offset || text.len == 0;
}

static void ignore_progress(void *ctx, uint64_t offset)
{
    (void)ctx;
    (void)offset;
}

static Outcome run(const Format *format, Sink *sink, Outcome *outcome, Span item)
{
    const FormatOptions options = {0};
    Input in = input_from_memory(item);
    Err err = {.code = ERR_NONE};
    *outcome = (Outcome){.item_size = item.len};
    uint64_t before = sink_count(sink);
    if (!format->parse(&in, &options, sink, &err) || !sink_flush(sink, &err))
        fail_msg("%s: %s", format->name, err.text);
    outcome->events = sink_count(sink) - before;
    return *outcome;
}

static void check(const char *name, const char *what, size_t at, const Outcome *whole,
                  const Outcome *now)
{
    if (now->bad_batch)
        fail_msg("%s, %s %zu: a batch is not sound", name, what, at);
    if (now->bad_offset)
        fail_msg("%s, %s %zu: damage outside the item, or without a word", name, what, at);
    bool told = now->damages > whole->damages || now->notes > whole->notes || now->losses > 0 ||
                whole->damages > 0;
    if (now->events < whole->events && !told && now->item_size > 0)
        fail_msg("%s, %s %zu: an event is lost silently", name, what, at);
}

MutateResult mutate_all(const Format *format, const char *name, Span input)
{
    static const uint8_t CHANGES[] = {0x01, 0x20, 0x80, 0xFF};
    MutateResult result = {0};
    Outcome outcome;
    SinkOwner owner = {
        .batch = take_batch, .defect = take_defect, .progress = ignore_progress, .ctx = &outcome};
    Sink *sink = sink_create(NULL, &owner, SINK_NO_ECS);
    assert_non_null(sink);
    alarm(SECONDS_MAX);
    Outcome whole = run(format, sink, &outcome, input);
    for (size_t len = 0; len < input.len; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, input.ptr, len);
        Outcome now = run(format, sink, &outcome, span_of(copy, len));
        free(copy);
        result.runs++;
        result.fewer += now.events < whole.events;
        /* Cut exactly between two records nothing shows that there were more. */
        now.damages += now.events < whole.events && now.damages == 0;
        check(name, "cut at", len, &whole, &now);
    }
    for (size_t i = 0; i < input.len * sizeof CHANGES; i++) {
        uint8_t *copy = malloc(input.len);
        assert_non_null(copy);
        memcpy(copy, input.ptr, input.len);
        copy[i / sizeof CHANGES] ^= CHANGES[i % sizeof CHANGES];
        Outcome now = run(format, sink, &outcome, span_of(copy, input.len));
        free(copy);
        result.runs++;
        result.fewer += now.events < whole.events;
        check(name, "changed byte", i / sizeof CHANGES, &whole, &now);
    }
    alarm(0);
    sink_destroy(sink);
    return result;
}
