#include "mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "event/batch.h"
#include "event_lines.h"

#define SECONDS_MAX 240
#define EVENTS_MAX  256 /* of a golden file, whose places are remembered */

typedef struct Outcome {
    uint64_t events;
    unsigned damages, notes;
    unsigned losses; /* notes that say that something was left out */
    bool bad_batch, bad_offset;
    uint64_t item_size;
    Buf text;
    struct {
        uint64_t begin, end;
    } places[EVENTS_MAX];
} Outcome;

static bool take_batch(void *ctx, Span batch, Err *err)
{
    Outcome *outcome = ctx;
    Batch opened;
    (void)err;
    buf_clear(&outcome->text);
    outcome->bad_batch |= !event_lines_batch(&outcome->text, batch);
    if (!batch_open(batch, &opened, NULL))
        return true;
    for (uint32_t row = 0; row < opened.event_count && outcome->events < EVENTS_MAX; row++) {
        EventHead head = batch_head(&opened, row);
        outcome->places[outcome->events].begin = head.offset;
        outcome->places[outcome->events++].end = head.offset + head.size;
    }
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

static void run(const Format *format, Sink *sink, Outcome *outcome, Span item)
{
    const FormatOptions options = {0};
    Input in = input_from_memory(item);
    Err err = {.code = ERR_NONE};
    Buf text = outcome->text;
    *outcome = (Outcome){.item_size = item.len, .text = text};
    if (!format->parse(&in, &options, sink, &err) || !sink_flush(sink, &err))
        fail_msg("%s: %s", format->name, err.text);
}

/* Must a cut at `at` be told? Not between two records, where nothing shows; not where only the line
 * end of the last one is missing. */
static bool loses_event(const Outcome *whole, const Outcome *now, size_t at)
{
    uint64_t before = 0;
    bool inside = false;
    for (uint64_t i = 0; i < whole->events; i++) {
        before += whole->places[i].end <= at;
        inside |= at > whole->places[i].begin && at < whole->places[i].end;
    }
    return inside && now->events <= before;
}

static void check(const char *name, const char *what, size_t at, const Outcome *whole,
                  const Outcome *now, bool must_tell)
{
    if (now->bad_batch)
        fail_msg("%s, %s %zu: a batch is not sound", name, what, at);
    if (now->bad_offset)
        fail_msg("%s, %s %zu: damage outside the item, or without a word", name, what, at);
    bool told = now->damages > whole->damages || now->notes > whole->notes || now->losses > 0 ||
                whole->damages > 0;
    if (must_tell && now->events < whole->events && !told)
        fail_msg("%s, %s %zu: an event is lost silently", name, what, at);
}

MutateResult mutate_all(const Format *format, const char *name, Span input)
{
    static const uint8_t CHANGES[] = {0x01, 0x20, 0xFF};
    MutateResult result = {0};
    Outcome outcome = {.events = 0};
    buf_init(&outcome.text, 16u * 1024 * 1024);
    SinkOwner owner = {
        .batch = take_batch, .defect = take_defect, .progress = ignore_progress, .ctx = &outcome};
    Sink *sink = sink_create(NULL, &owner, SINK_NO_ECS);
    assert_non_null(sink);
    alarm(SECONDS_MAX);
    run(format, sink, &outcome, input);
    const Outcome whole = outcome;
    assert_true(whole.events < EVENTS_MAX);
    for (size_t len = 0; len < input.len; len++) {
        uint8_t *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, input.ptr, len);
        run(format, sink, &outcome, span_of(copy, len));
        free(copy);
        result.runs++;
        result.fewer += outcome.events < whole.events;
        check(name, "cut at", len, &whole, &outcome, loses_event(&whole, &outcome, len));
    }
    for (size_t i = 0; i < input.len * sizeof CHANGES; i++) {
        uint8_t *copy = malloc(input.len);
        assert_non_null(copy);
        memcpy(copy, input.ptr, input.len);
        copy[i / sizeof CHANGES] ^= CHANGES[i % sizeof CHANGES];
        run(format, sink, &outcome, span_of(copy, input.len));
        free(copy);
        result.runs++;
        result.fewer += outcome.events < whole.events;
        check(name, "changed byte", i / sizeof CHANGES, &whole, &outcome, true);
    }
    alarm(0);
    buf_done(&outcome.text);
    sink_destroy(sink);
    return result;
}
