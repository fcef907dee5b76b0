/* The language of queries: what each text means, and what is said of those that mean nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "store/query.h"

/* ---- a query as one line ---- */

static void dump_number(Buf *out, Number n)
{
    if (n.is_real)
        buf_printf(out, "%g", n.real);
    else
        buf_printf(out, "%s%llu", n.negative ? "-" : "", (unsigned long long)n.size);
}

static void dump_time(Buf *out, Time time)
{
    char text[TIME_TEXT_ROOM];
    if (time == TIME_NONE + 1 || time == INT64_MAX)
        BUF_LITERAL(out, "*");
    else
        buf_add(out, text, time_format(time, 9, text));
}

static void dump_pattern(Buf *out, const Pattern *pattern)
{
    char bytes[4];
    BUF_LITERAL(out, "'");
    for (size_t i = 0; i < pattern->count; i++) {
        uint32_t c = pattern->chars[i];
        if (c == PATTERN_MANY || c == PATTERN_ONE)
            buf_add_text(out, c == PATTERN_MANY ? TEXT("<*>") : TEXT("<?>"));
        else
            buf_add(out, bytes, utf8_put(bytes, c));
    }
    BUF_LITERAL(out, "'");
}

static void dump_test(Buf *out, const QueryTest *test)
{
    if (test->ask == ASK_PRESENT) {
        BUF_LITERAL(out, "present");
    } else if (test->ask == ASK_NUMBERS) {
        buf_add_char(out, test->numbers.low_open ? '{' : '[');
        if (test->numbers.has_low)
            dump_number(out, test->numbers.low);
        BUF_LITERAL(out, "..");
        if (test->numbers.has_high)
            dump_number(out, test->numbers.high);
        buf_add_char(out, test->numbers.high_open ? '}' : ']');
    } else if (test->ask == ASK_TIMES) {
        dump_time(out, test->times.low);
        BUF_LITERAL(out, "..");
        dump_time(out, test->times.high);
    } else {
        dump_pattern(out, &test->pattern);
        if (test->has_number) {
            BUF_LITERAL(out, "=");
            dump_number(out, test->number);
        }
        if (test->has_time) {
            BUF_LITERAL(out, "=");
            dump_time(out, test->times.low);
            BUF_LITERAL(out, "..");
            dump_time(out, test->times.high);
        }
        if (test->has_net)
            buf_printf(out, "/%u", test->net.bits);
    }
}

static void dump_node(Buf *out, const Query *query, uint32_t number)
{
    static const char *const NAMES[] = {
        [QUERY_NOT] = "not", [QUERY_AND] = "and", [QUERY_OR] = "or"};
    const QueryNode *node = &query->nodes[number];
    if (node->op == QUERY_ALL) {
        BUF_LITERAL(out, "all");
    } else if (node->op == QUERY_LEAF) {
        const QueryLeaf *leaf = &query->leaves[node->leaf];
        buf_add_text(out, leaf->field);
        if (leaf->field.len)
            buf_add_char(out, ':');
        dump_test(out, &leaf->test);
    } else {
        buf_printf(out, "(%s", NAMES[node->op]);
        for (uint32_t i = 0; i < node->children; i++) {
            buf_add_char(out, ' ');
            dump_node(out, query, query->children[node->first + i]);
        }
        buf_add_char(out, ')');
    }
}

/* ---- what is meant ---- */

static const struct {
    const char *query, *meaning;
} GOOD[] = {
    /* words */
    {"mimikatz", "'mimikatz'"},
    {"  MimiKatz\t", "'mimikatz'"},
    {"a b", "(and 'a' 'b')"},
    {"\"a b\"", "'a b'"},
    {"a\\ b", "'a b'"},
    {"a*b?", "'<*>a<*>b<?><*>'"},
    {"\"a*b\"", "'<*>a<*>b<*>'"},
    {"*", "all"},
    {"**", "all"},
    {"a\\*b", "'a*b'"},
    {"\\\\\\\\server\\\\share", "'\\\\server\\share'"},
    {"\\temp\\x", "'\\temp\\x'"},
    {"C\\:\\temp", "'c:\\temp'"},
    {"\"C:\\Windows\\Temp (x86)\\x\"", "'c:\\windows\\temp (x86)\\x'"},
    {"\"C:\\Users\\\\*\\x\"", "'<*>c:\\users\\<*>\\x<*>'"},
    {"\"C:\\Users\\*\"", "'c:\\users*'"},
    {"\"say \\\"x\\\"\"", "'say \"x\"'"},
    {"ab\"c d\"e", "'abc de'"},
    {"\xC3\x89T\xC3\x89", "'\xC3\xA9t\xC3\xA9'"},
    {"\"AND\"", "'and'"},
    {"\\AND", "'\\and'"},
    {"ANDroid ORacle NOTe", "(and 'android' 'oracle' 'note')"},
    {"4624", "'4624'"},
    {"[x", "'[x'"},
    /* fields */
    {"user:alice", "user:'alice'"},
    {"User.Name:Alice", "User.Name:'alice'"},
    {"user: alice", "user:'alice'"},
    {"user:\"Alice B\"", "user:'alice b'"},
    {"user:a*", "user:'a<*>'"},
    {"user:*", "user:present"},
    {"user:\"\"", "user:''"},
    {"user:?*", "user:'<?><*>'"},
    {"\"Threat Name\":x", "Threat Name:'x'"},
    {"Client\\ SID\\::x", "Client SID::'x'"},
    {"a:b:c", "a:'b:c'"},
    {"\"AND\":x", "AND:'x'"},
    {"a:\"OR\"", "a:'or'"},
    {"code:4624", "code:'4624'=4624"},
    {"code:0x1210", "code:'0x1210'=4624"},
    {"code:-5", "code:'-5'=-5"},
    {"x:3.50", "x:'3.50'=3.5"},
    {"x:1e5", "x:'1e5'"},
    {"x:99999999999999999999", "x:'99999999999999999999'=1e+20"},
    {"ip:10.0.0.0/8", "ip:'10.0.0.0/8'/104"},
    {"ip:10.0.0.1", "ip:'10.0.0.1'/128"},
    {"ip:fe80::/10", "ip:'fe80::/10'/10"},
    {"ip:10.0.0.0/33", "ip:'10.0.0.0/33'"},
    {"ip:10.*", "ip:'10.<*>'"},
    {"time:2026-03-04",
     "time:'2026-03-04'=2026-03-04T00:00:00.000000000Z..2026-03-04T23:59:59.999999999Z"},
    {"time:2026-03-04T09:12Z",
     "time:'2026-03-04t09:12z'=2026-03-04T09:12:00.000000000Z..2026-03-04T09:12:59.999999999Z"},
    {"time:\"2026-03-04 09:12:07\"",
     "time:'2026-03-04 09:12:07'=2026-03-04T09:12:07.000000000Z..2026-03-04T09:12:07.999999999Z"},
    {"time:2026-03-04T09:12:07.25+01:00",
     "time:'2026-03-04t09:12:07.25+01:00'=2026-03-04T08:12:07.250000000Z"
     "..2026-03-04T08:12:07.259999999Z"},
    {"time:2026-03-04T09*", "time:'2026-03-04t09<*>'"},
    /* ranges */
    {"x:>5", "x:{5..]"},
    {"x:>=5", "x:[5..]"},
    {"x:<0x10", "x:[..16}"},
    {"x:<= 5", "x:[..5]"},
    {"x:[1 TO 5]", "x:[1..5]"},
    {"x:{1 TO 5}", "x:{1..5}"},
    {"x:[ 1 TO 5 }", "x:[1..5}"},
    {"x:[* TO 5]", "x:[..5]"},
    {"x:[-2.5 TO *]", "x:[-2.5..]"},
    {"x:[* TO *]", "x:present"},
    {"x:>2026-03-04", "x:2026-03-05T00:00:00.000000000Z..*"},
    {"x:>=2026-03-04", "x:2026-03-04T00:00:00.000000000Z..*"},
    {"x:<2026-03-04", "x:*..2026-03-03T23:59:59.999999999Z"},
    {"x:<=2026-03-04", "x:*..2026-03-04T23:59:59.999999999Z"},
    {"time:[2026-03-04 TO \"2026-03-05 12:00\"]",
     "time:2026-03-04T00:00:00.000000000Z..2026-03-05T12:00:59.999999999Z"},
    {"x:\">5\"", "x:'>5'"},
    {"x:\\>5", "x:'>5'"},
    {"x:\"[1 TO 2]\"", "x:'[1 to 2]'"},
    /* operators: NOT binds tightest, then AND; cheap parts stand first */
    {"a OR b", "(or 'a' 'b')"},
    {"a OR b c", "(or 'a' (and 'b' 'c'))"},
    {"a AND b OR c AND d", "(or (and 'a' 'b') (and 'c' 'd'))"},
    {"NOT a b", "(and 'b' (not 'a'))"},
    {"NOT a OR b", "(or 'b' (not 'a'))"},
    {"NOT NOT a", "(not (not 'a'))"},
    {"NOT (a OR b)", "(not (or 'a' 'b'))"},
    {"NOT(a)", "(not 'a')"},
    {"(a)AND(b)", "(and 'a' 'b')"},
    {"(a)(b)", "(and 'a' 'b')"},
    {"((a))", "'a'"},
    {"mimikatz user:x action:y", "(and action:'y' user:'x' 'mimikatz')"},
    {"user:(a OR b)", "(or user:'a' user:'b')"},
    {"user:(a b)", "(and user:'a' user:'b')"},
    {"user:(NOT (a OR b*) c)", "(and user:'c' (not (or user:'a' user:'b<*>')))"},
    {"code:(>5 <10 OR 20)", "(or code:'20'=20 (and code:{5..] code:[..10}))"},
    {"time:(2026-03-04T09:12:00Z)", "time:'2026-03-04t09:12:00z'=2026-03-04T09:12:00.000000000Z.."
                                    "2026-03-04T09:12:00.999999999Z"},
};

static void test_meanings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        Err err = {0};
        CLEANUP(query_destroyp) Query *query = query_parse(text_from_z(GOOD[i].query), &err);
        if (!query)
            fail_msg("%s: %s", GOOD[i].query, err.text);
        Buf out;
        buf_init(&out, 1 << 20);
        dump_node(&out, query, query->root);
        buf_add_char(&out, '\0');
        if (strcmp(out.ptr, GOOD[i].meaning) != 0)
            fail_msg("%s\n  means    %s\n  not %s", GOOD[i].query, out.ptr, GOOD[i].meaning);
        buf_done(&out);
    }
}

/* ---- what means nothing ---- */

static const struct {
    const char *query, *message;
} BAD[] = {
    {"", "character 1: a term was expected here"},
    {"   ", "character 4: a term was expected here"},
    {"a AND", "character 6: a term was expected here"},
    {"AND a", "character 1: a term was expected here"},
    {"a OR OR b", "character 6: a term was expected here"},
    {"a AND AND b", "character 7: a term was expected here"},
    {"NOT", "character 4: a word was expected here"},
    {"()", "character 2: a term was expected here"},
    {"(a", "character 3: ) was expected here, for the ( of byte 1"},
    {"a)", "character 2: ) without its ("},
    {"\xC3\xA9\xC3\xA9)", "character 3: ) without its ("},
    {"\"a", "character 1: these quotes do not end"},
    {"\"C:\\Windows\\\"", "character 1: these quotes do not end"},
    {"a\"b", "character 2: these quotes do not end"},
    {"\"\"", "character 1: an empty word"},
    {":x", "character 1: the name of a field was expected"},
    {"\"\":x", "character 1: the name of a field was expected"},
    {"us*:x", "character 1: the name of a field has no wildcards"},
    {"a user:", "character 8: a value was expected"},
    {"(user:)", "character 7: a value was expected"},
    {"user: AND x", "character 7: a value was expected"},
    {"C:\\Windows", "character 1: a path with a drive letter is quoted"},
    {"http://x", "character 1: an address with :// is quoted"},
    {"foo(bar)", "character 4: ( follows a word"},
    {"x:foo(bar)", "character 6: ( follows a word"},
    {"x:>", "character 4: a word was expected"},
    {"x:>abc", "character 4: a number or a time was expected"},
    {"x:>5*", "character 4: a number or a time was expected"},
    {"x:[1 TO]", "character 8: a word was expected"},
    {"x:[1 2]", "character 6: TO was expected"},
    {"x:[1 TO 2", "character 10: ] or } was expected"},
    {"x:[1 TO 2026-03-04]", "character 9: both ends of a range are numbers, or both are times"},
    {"x:[a TO b]", "character 4: a number or a time was expected"},
    {"time:yesterday", "character 6: a time was expected"},
    {"time:4624", "character 6: a time was expected"},
    {"time:>2026", "character 7: a time, as 2026-03-04T09:12:00Z, was expected"},
    {"@timestamp:2026-13-01", "character 12: a time was expected"},
    {"a\xFF", "the query is not UTF-8"},
    {"\xED\xA0\x80", "the query is not UTF-8"},
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        Err err = {0};
        CLEANUP(query_destroyp) Query *query = query_parse(text_from_z(BAD[i].query), &err);
        if (query)
            fail_msg("%s is taken", BAD[i].query);
        assert_int_equal(err.code, ERR_USAGE);
        if (strncmp(err.text, BAD[i].message, strlen(BAD[i].message)) != 0)
            fail_msg("%s: \"%s\" is not \"%s\"", BAD[i].query, err.text, BAD[i].message);
    }
}

/* ---- limits ---- */

static void repeat(Buf *out, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_add_text(out, text_from_z(text));
}

static void assert_parses(const Buf *text, const char *refused)
{
    Err err = {0};
    CLEANUP(query_destroyp) Query *query = query_parse(buf_text(text), &err);
    if (!refused && !query)
        fail_msg("refused: %s", err.text);
    if (refused && (query || !strstr(err.text, refused)))
        fail_msg("\"%s\" is not \"%s\"", query ? "" : err.text, refused);
}

static void test_limits(void **state)
{
    Buf text;
    (void)state;
    buf_init(&text, 1 << 20);
    repeat(&text, "(", QUERY_DEPTH_MAX);
    repeat(&text, "a", 1);
    repeat(&text, ")", QUERY_DEPTH_MAX);
    assert_parses(&text, NULL);
    buf_clear(&text);
    repeat(&text, "NOT ", QUERY_DEPTH_MAX);
    repeat(&text, "a", 1);
    assert_parses(&text, NULL);
    buf_clear(&text);
    repeat(&text, "NOT (", QUERY_DEPTH_MAX);
    assert_parses(&text, "nested deeper");
    buf_clear(&text);
    repeat(&text, "a ", QUERY_TERMS_MAX);
    assert_parses(&text, NULL);
    repeat(&text, "a", 1);
    assert_parses(&text, "more than 1024 terms");
    buf_clear(&text);
    repeat(&text, "a", NEEDLE_CHARS_MAX);
    assert_parses(&text, NULL);
    repeat(&text, "a", 1);
    assert_parses(&text, "more than 4096 characters");
    buf_clear(&text);
    repeat(&text, " ", QUERY_BYTES_MAX + 1);
    assert_parses(&text, "longer than");
    buf_clear(&text);
    /* As many nodes as there can be. */
    for (size_t i = 0; i < QUERY_TERMS_MAX; i++)
        repeat(&text, i ? " AND NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT NOT a" : "a", 1);
    assert_parses(&text, NULL);
    buf_done(&text);
}

static void test_hints(void **state)
{
    static const struct {
        const char *query, *hint;
    } CASES[] = {
        {"a and b", "operators are AND"},
        {"a && b", "operators are AND"},
        {"\"and\"", NULL},
        {"user:and", NULL},
        {"\"C:\\Users\\*\"", "write \\\\*"},
        {"a\\?", "write \\\\*"},
        {"\"C:\\Users\\\\*\"", NULL},
        {"a*", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        CLEANUP(query_destroyp) Query *query = query_parse(text_from_z(CASES[i].query), NULL);
        assert_non_null(query);
        if (!query->hint != !CASES[i].hint || (query->hint && !strstr(query->hint, CASES[i].hint)))
            fail_msg("%s: %s", CASES[i].query, query->hint ? query->hint : "no hint");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meanings),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_hints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
