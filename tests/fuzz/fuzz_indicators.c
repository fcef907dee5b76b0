/* Any bytes as a feed of indicators: it is taken or refused with a place in it; what is taken is
 * held against a value made of the same bytes. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "detect/indicator/scan.h"
#include "detect/sigma/fold.h"

#define VALUE_MAX 4096

static void scan(const IndicatorSet *set, Text bytes)
{
    char folded[FOLD_ROOM(VALUE_MAX) + LITERALS_PADDING];
    TermScan terms;
    Text value = text_of(bytes.ptr, bytes.len < VALUE_MAX ? bytes.len : VALUE_MAX);
    size_t len = fold_text(value, folded);
    memset(folded + len, 0, LITERALS_PADDING);
    if (term_scan_init(&terms, set)) {
        term_scan_value(&terms, text_of(folded, len));
        for (size_t i = 0; i < terms.count; i++)
            if (terms.found[i] >= set->term_count || set->terms[terms.found[i]].uses == 0)
                abort();
    }
    term_scan_done(&terms);
}

static size_t look_at(const IndicatorSet *set)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < indicators_count(set); i++) {
        Rule rule = indicators_rule(set, i);
        if (rule.id.len == 0 || rule.title.len == 0)
            abort();
        bytes += rule.tags.count;
    }
    for (size_t i = 0; i < indicators_note_count(set); i++)
        bytes +=
            strlen(quote(indicators_note(set, i).text.ptr, indicators_note(set, i).text.len).str);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = {0};
    Text bytes = text_of((const char *)data, size);
    IndicatorSet *set = indicators_create(&err);
    if (!set)
        return 0;
    bool ok = indicators_add_text(set, TEXT("feed"), bytes, &err);
    if (!ok && err.code == ERR_NONE)
        abort();
    if (indicators_finish(set, RULE_LEVEL_NONE, &err)) {
        (void)look_at(set);
        scan(set, bytes);
    }
    indicators_destroy(set);
    return 0;
}
