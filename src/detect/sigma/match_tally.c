#include <stdlib.h>

#include "detect/sigma/program_parts.h"
#include "detect/sigma/match_tally_parts.h"

#define TALLY_MAGIC UINT32_C(0x594C4154) /* "TALY" */

enum { COUNT_EVENTS, COUNT_GROUP, COUNT_MATCHED, COUNT_SUPPRESSED, COUNT_UNDECIDED };

#define ENTRY_BYTES 13 /* kind, number, count */

MatchTally *match_tally_create(const Program *program)
{
    MatchTally *tally = calloc(1, sizeof *tally);
    if (!tally)
        return NULL;
    tally->program = program;
    tally->group_count = program->group_count;
    tally->rule_count = ruleset_count(program->set);
    tally->groups = calloc((size_t)tally->group_count + 1, sizeof *tally->groups);
    tally->matched = calloc((size_t)tally->rule_count + 1, sizeof *tally->matched);
    tally->suppressed = calloc((size_t)tally->rule_count + 1, sizeof *tally->suppressed);
    tally->undecided = calloc((size_t)tally->rule_count + 1, sizeof *tally->undecided);
    if (tally->groups && tally->matched && tally->suppressed && tally->undecided)
        return tally;
    match_tally_destroy(tally);
    return NULL;
}

void match_tally_destroy(MatchTally *tally)
{
    if (!tally)
        return;
    free(tally->groups);
    free(tally->matched);
    free(tally->suppressed);
    free(tally->undecided);
    free(tally);
}

void match_tally_clear(MatchTally *tally)
{
    tally->events = 0;
    memset(tally->groups, 0, tally->group_count * sizeof *tally->groups);
    memset(tally->matched, 0, tally->rule_count * sizeof *tally->matched);
    memset(tally->suppressed, 0, tally->rule_count * sizeof *tally->suppressed);
    memset(tally->undecided, 0, tally->rule_count * sizeof *tally->undecided);
}

RuleTally match_tally_rule(const MatchTally *tally, uint32_t rule)
{
    RuleTally out = {.matched = tally->matched[rule],
                     .suppressed = tally->suppressed[rule],
                     .undecided = tally->undecided[rule]};
    for (uint32_t i = 0; i < tally->group_count; i++) {
        const Group *group = &tally->program->groups[i];
        size_t low = 0, high = group->rule_count; /* rising numbers */
        while (tally->groups[i] && low < high) {
            size_t middle = (low + high) / 2;
            if (group->rules[middle] < rule)
                low = middle + 1;
            else
                high = middle;
        }
        if (tally->groups[i] && low < group->rule_count && group->rules[low] == rule)
            out.evaluated += tally->groups[i];
    }
    return out;
}

uint64_t match_tally_events(const MatchTally *tally)
{
    return tally->events;
}

static void write_entry(Buf *out, uint8_t kind, uint32_t number, uint64_t count)
{
    uint8_t bytes[ENTRY_BYTES] = {kind};
    if (count == 0)
        return;
    store_u32le(bytes + 1, number);
    store_u64le(bytes + 5, count);
    buf_add(out, bytes, sizeof bytes);
}

void match_tally_write(const MatchTally *tally, Buf *out)
{
    uint8_t magic[4];
    store_u32le(magic, TALLY_MAGIC);
    buf_add(out, magic, sizeof magic);
    write_entry(out, COUNT_EVENTS, 0, tally->events);
    for (uint32_t i = 0; i < tally->group_count; i++)
        write_entry(out, COUNT_GROUP, i, tally->groups[i]);
    for (uint32_t i = 0; i < tally->rule_count; i++) {
        write_entry(out, COUNT_MATCHED, i, tally->matched[i]);
        write_entry(out, COUNT_SUPPRESSED, i, tally->suppressed[i]);
        write_entry(out, COUNT_UNDECIDED, i, tally->undecided[i]);
    }
}

/* The counter that an entry is for; NULL: there is none. */
static uint64_t *counter_of(MatchTally *tally, uint8_t kind, uint32_t number)
{
    uint32_t limit = kind == COUNT_EVENTS  ? 1
                     : kind == COUNT_GROUP ? tally->group_count
                                           : tally->rule_count;
    if (number >= limit)
        return NULL;
    switch (kind) {
    case COUNT_EVENTS:
        return &tally->events;
    case COUNT_GROUP:
        return &tally->groups[number];
    case COUNT_MATCHED:
        return &tally->matched[number];
    case COUNT_SUPPRESSED:
        return &tally->suppressed[number];
    case COUNT_UNDECIDED:
        return &tally->undecided[number];
    default:
        return NULL;
    }
}

bool match_tally_add(MatchTally *tally, Span bytes, Err *err)
{
    Reader r = reader_of(bytes, 0);
    bool ok = reader_u32le(&r) == TALLY_MAGIC;
    while (ok && reader_left(&r)) {
        uint8_t kind = reader_u8(&r);
        uint32_t number = reader_u32le(&r);
        uint64_t count = reader_u64le(&r);
        uint64_t *counter = r.failed ? NULL : counter_of(tally, kind, number);
        ok = counter && !__builtin_add_overflow(*counter, count, counter);
    }
    return ok || err_set(err, ERR_FORMAT, ERR_NO_OFFSET, "counts of rules that make no sense");
}
