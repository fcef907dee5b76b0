/* Tracks: a record that was read by what others had is the record that reading it gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "format/evtx_json_record.h"
#include "tracks_check.h"

/* `by_tracks`: of the lines, the second time. */
static const struct {
    const char *name;
    const char *lines;
    size_t by_tracks;
} CASES[] = {
    {"the same keys, other values",
     "{\"EventID\":1,\"Channel\":\"a\"}\n{\"EventID\":22,\"Channel\":\"\"}\n"
     "{\"EventID\":-3.5e7,\"Channel\":null}\n{\"EventID\":true,\"Channel\":\"\\u00e9\\n\"}\n",
     4},
    {"another order, more, fewer",
     "{\"a\":1,\"b\":2}\n{\"b\":2,\"a\":1}\n{\"a\":1}\n{\"a\":1,\"b\":2,\"c\":3}\n{\"b\":2}\n", 5},
    {"a value where there was a bracket, and the other way round",
     "{\"a\":1,\"b\":[2]}\n{\"a\":1,\"b\":2}\n{\"a\":1,\"b\":{\"c\":2}}\n{\"a\":1,\"b\":[]}\n"
     "{\"a\":[1],\"b\":2}\n{\"a\":1,\"b\":[[2]]}\n{\"a\":1,\"b\":{}}\n",
     5},
    {"arrays of all lengths",
     "{\"a\":[1]}\n{\"a\":[1,2]}\n{\"a\":[1,2,3],\"b\":4}\n{\"a\":[1,\"2\",3],\"b\":null}\n", 4},
    {"blanks",
     "{\"a\":1,\"b\":2}\n{\"a\": 1,\"b\":2}\n{\"a\":1 ,\"b\":2}\n{\"a\":1,\"b\":2 }\n"
     " {\"a\":1,\"b\":2}\n{\"a\":1,\"b\":2} \n{\"a\":1,\"b\":2}\t\n",
     7},
    {"byte order mark", "\xEF\xBB\xBF{\"a\":1}\n{\"a\":1}\n", 2},
    {"numbered elements have one name if the first is there",
     "{\"Event\":{\"System\":{\"EventID\":1},\"EventData\":{\"H\":\"a\",\"H_1\":\"b\"}}}\n"
     "{\"Event\":{\"System\":{\"EventID\":1},\"EventData\":{\"X\":\"a\",\"H_1\":\"b\"}}}\n",
     2},
    {"keys twice, keys with escapes",
     "{\"a\":1,\"a\":2}\n{\"\\u0061\":1,\"a\":2}\n{\"a\\\"\":1,\"a\":2}\n{\"\":1,\"a\":2}\n", 4},
    {"damage is told as ever",
     "{\"a\":1,\"b\":\"x\"}\n{\"a\":1,\"b\":\"x}\n{\"a\":1,\"b\":\"\\q\"}\n{\"a\":01,\"b\":\"x\"}\n"
     "{\"a\":tru,\"b\":\"x\"}\n{\"a\":1,\"b\":}\n{\"a\":1,\"b\":\"x\"}}\n{\"a\":1,\"b\":\"x\"\n"
     "{\"a\":1,,\"b\":\"x\"}\n{\"a\":1\"b\":\"x\"}\n{\"a\":,\"b\":\"x\"}\n{\"a\":1,\"b\":\"\x01\"}"
     "\n"
     "{\"a\":1,\"b\":-}\n{\"a\":1,\"b\":nul\n",
     1},
    {"no object", "1\n\"a\"\n[1,2]\n[3,4]\n[]\nnull\n", 5},
    {"beginnings that others share",
     "{\"a\":{\"b\":{\"c\":1}}}\n{\"a\":{\"b\":{\"c\":1,\"d\":2}}}\n{\"a\":{\"b\":{\"c\":1},\"d\":"
     "2}}\n"
     "{\"a\":{\"b\":{\"c\":1}},\"d\":2}\n{\"a\":{\"b\":{\"cc\":1}}}\n",
     5},
};

static void reads_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        size_t line, by_tracks;
        if (!tracks_agree(text_from_z(CASES[i].lines), &line, &by_tracks))
            fail_msg("%s: line %zu differs", CASES[i].name, line);
        if (by_tracks != CASES[i].by_tracks)
            fail_msg("%s: %zu lines by tracks", CASES[i].name, by_tracks);
    }
}

/* Keys in another order each time: the memory for tracks is limited, and nothing else changes. */
static void bears_many_orders(void **state)
{
    (void)state;
    Buf text;
    uint32_t random = 7;
    size_t line, by_tracks;
    buf_init(&text, 64u * 1024 * 1024);
    for (unsigned i = 0; i < 3000; i++) {
        for (unsigned k = 0; k < 12; k++) {
            random = random * 1664525 + 1013904223;
            buf_printf(&text, "%s\"key%u\":%u", k ? "," : "{", random >> 24, k);
        }
        BUF_LITERAL(&text, "}\n");
    }
    assert_false(text.failed);
    if (!tracks_agree(buf_text(&text), &line, &by_tracks))
        fail_msg("line %zu differs", line);
    assert_true(by_tracks < 3000);
    buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_alike),
        cmocka_unit_test(bears_many_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
