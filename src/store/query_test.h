/* query_test.h: what one term of a query asks of a value. */
#ifndef STORE_QUERY_TEST_H
#define STORE_QUERY_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "event/batch.h"
#include "store/query_pattern.h"
#include "store/query_value.h"

typedef enum Ask {
    ASK_TEXT,    /* is it this text, or this number, time, address in another writing? */
    ASK_PRESENT, /* is it not empty? */
    ASK_NUMBERS, /* is it a number in the range? */
    ASK_TIMES,   /* is it a time in the span? */
} Ask;

typedef struct QueryTest {
    Ask ask;
    Pattern pattern; /* ASK_TEXT */
    bool has_number, has_time, has_net;
    Number number;
    TimeSpan times; /* also of ASK_TIMES */
    Net net;
    NumberRange numbers;
    /* Bit per ValueType: values of it can match … */
    uint32_t as_text;  /* … by the pattern; of lists: by their whole text */
    uint32_t as_other; /* … by something else */
} QueryTest;

/* ASK_TEXT. `literal`: the text without escapes; when it has no wildcards and must be the whole
 * value it is also compared as a number, time and address. false: no memory. */
bool test_init_text(QueryTest *test, const uint32_t *chars, size_t count, PatternEnds ends,
                    Text literal, Arena *arena);
void test_init(QueryTest *test, Ask ask); /* the others; fill in the range first */

/* A value that is a text, and one of any type; of a list: the whole, or an element. `scratch` is
 * for renderings; when it fails, which it tells, the answer is false. */
bool test_text(const QueryTest *test, Text text);
bool test_value(const QueryTest *test, const Batch *batch, Value value, Buf *scratch);

/* All values of a batch at once: bit per value (in words of 64) that were 0 before. Returns whether
 * there is any. */
bool test_values(const QueryTest *test, const Batch *batch, uint64_t *bits, Buf *scratch);

#endif
