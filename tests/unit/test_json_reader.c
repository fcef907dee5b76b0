/* json_reader, json_scan and json_elements: tokens, what is refused and where, values in arrays
 * and behind one another, and how reading goes on after damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "alloc_fail.h"
#include "base/buf.h"
#include "format/json_elements.h"
#include "format/json_reader.h"
#include "format/json_scan.h"

/* ---- tokens ---- */

/* Tokens as text: { } [ ] key: "string" number t f n, with what json_damaged says after them. */
static void write_tokens(JsonReader *reader, Buf *out)
{
    static const char *const MARKS[] = {"{", "}", "[", "]", "", "", "", "t", "f", "n"};
    JsonToken token;
    while (json_next(reader, &token)) {
        buf_add_text(out, text_from_z(MARKS[token.kind]));
        if (token.kind == JSON_STRING)
            buf_add_char(out, '"');
        buf_add_text(out, token.text);
        if (token.kind == JSON_STRING)
            buf_add_char(out, '"');
        if (token.kind == JSON_KEY)
            buf_add_char(out, ':');
        if (token.kind == JSON_NUMBER && !token.integer)
            buf_add_char(out, '~');
        assert_true(token.pos < (size_t)(reader->end - reader->start));
    }
    assert_false(json_next(reader, &token)); /* and stays so */
}

static void accepts_json(void **state)
{
    (void)state;
    static const struct {
        const char *json, *tokens;
    } CASES[] = {
        {"{}", "{}"},
        {"[]", "[]"},
        {" { \"a\" : [ 1 , -2.5e+3 , true ] } \r\n", "{a:[1-2.5e+3~t]}"},
        {"{\"a\":null,\"a\":false}", "{a:na:f}"},
        {"\"x\"", "\"x\""},
        {"0", "0"},
        {"-0", "-0"},
        {"1E5", "1E5~"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"null", "n"},
        {"[[[]],{}]", "[[[]]{}]"},
        {"\"\"", "\"\""},
        {"{\"\":\"\"}", "{:\"\"}"},
        {"\xEF\xBB\xBF{}", "{}"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\"\\/\b\f\n\r\t\""},
        {"\"\\u0041\\u00e4\\u20AC\"", "\"A\xC3\xA4\xE2\x82\xAC\""},
        {"\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\""},
        {"\"\\ud800\"", "\"\xED\xA0\x80\""}, /* no partner: kept */
        {"\"\\udc00x\"", "\"\xED\xB0\x80x\""},
        {"\"\\ud800\\u0041\"", "\"\xED\xA0\x80"
                               "A\""},
        {"\"\\ud800\\ud83d\\ude00\"", "\"\xED\xA0\x80\xF0\x9F\x98\x80\""},
        {"\"raw \xC3\xA4 \xFF\"", "\"raw \xC3\xA4 \xFF\""}, /* bytes pass */
        {"\"0123456789abcdefgh\\nijklmnopqrstuvwxyz0123456789\\t.\"",
         "\"0123456789abcdefgh\nijklmnopqrstuvwxyz0123456789\t.\""},
    };
    JsonReader reader;
    Buf out;
    json_init(&reader);
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        buf_clear(&out);
        json_begin(&reader, span_of(CASES[i].json, strlen(CASES[i].json)), 1000);
        write_tokens(&reader, &out);
        if (json_damaged(&reader))
            fail_msg("%s: %s", CASES[i].json, reader.err.text);
        if (!text_equal(buf_text(&out), text_from_z(CASES[i].tokens)))
            fail_msg("%s: %.*s", CASES[i].json, (int)out.len, out.ptr);
    }
    json_done(&reader);
    buf_done(&out);
}

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        unsigned at;
    } CASES[] = {
        {"", 0},
        {"  ", 2},
        {"{", 1},
        {"}", 0},
        {"]", 0},
        {"{]", 1},
        {"[}", 1},
        {"[1,]", 3},
        {"{\"a\":1,}", 7},
        {"{a:1}", 1},
        {"{\"a\" 1}", 5},
        {"{\"a\":}", 5},
        {"{\"a\":1 \"b\":2}", 7},
        {"[1 2]", 3},
        {"{} {}", 3},
        {"1 1", 2},
        {"tru", 0},
        {"nul", 0},
        {"True", 0},
        {"NaN", 0},
        {"01", 0},
        {"-", 0},
        {"1.", 2},
        {"1.e5", 2},
        {"1e", 2},
        {"1e+", 3},
        {".5", 0},
        {"+1", 0},
        {"1x", 1},
        {"0x10", 1},
        {"\"abc", 4},
        {"\"a\nb\"", 2},
        {"\"a\tb\"", 2},
        {"\"\\x\"", 1},
        {"\"\\u12\"", 1},
        {"\"\\u12g4\"", 1},
        {"\"\\", 1},
        {"\"x\\ty\nz\"", 5},
        {"[1,2", 4},
        {"// x\n1", 0},
        {"'a'", 0},
        {"\"abcdefghijklmnop\\nqrstuvwxyzabcdef\x01\"", 35},
    };
    JsonReader reader;
    Buf out;
    json_init(&reader);
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        size_t len = strlen(CASES[i].json);
        char *exact = malloc(len + 1); /* a sanitizer sees the first byte read too many */
        assert_non_null(exact);
        memcpy(exact, CASES[i].json, len);
        char *shrunk = realloc(exact, len ? len : 1);
        assert_non_null(shrunk);
        json_begin(&reader, span_of(shrunk, len), 1000);
        write_tokens(&reader, &out);
        if (!json_damaged(&reader))
            fail_msg("taken: %s", CASES[i].json);
        if (reader.err.offset != 1000 + CASES[i].at)
            fail_msg("%s: damage at %d, expected at %u", CASES[i].json,
                     (int)reader.err.offset - 1000, CASES[i].at);
        assert_int_equal(reader.err.code, ERR_FORMAT);
        free(shrunk);
    }
    json_done(&reader);
    buf_done(&out);
}

static void limits_depth_and_length(void **state)
{
    (void)state;
    char deep[2 * (JSON_DEPTH_MAX + 1)];
    JsonReader reader;
    JsonToken token;
    json_init(&reader);
    for (unsigned depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(deep, '[', depth);
        memset(deep + depth, ']', depth);
        json_begin(&reader, span_of(deep, 2 * (size_t)depth), 0);
        while (json_next(&reader, &token))
            continue;
        assert_int_equal(reader.err.code, depth > JSON_DEPTH_MAX ? ERR_LIMIT : ERR_NONE);
    }
    assert_int_equal(reader.err.offset, JSON_DEPTH_MAX);

    size_t size = (size_t)JSON_STRING_MAX + 3;
    char *big = malloc(size);
    assert_non_null(big);
    memset(big, 'x', size);
    big[0] = big[size - 1] = '"';
    json_begin(&reader, span_of(big, size), 0);
    assert_false(json_next(&reader, &token));
    assert_int_equal(reader.err.code, ERR_LIMIT);
    big[size - 3] = '"';
    json_begin(&reader, span_of(big, size - 2), 0);
    assert_true(json_next(&reader, &token));
    assert_int_equal(token.text.len, JSON_STRING_MAX - 1);
    free(big);
    json_done(&reader);
}

static void skips_and_keeps_texts(void **state)
{
    (void)state;
    static const char JSON[] =
        "{\"a\\n\":{\"x\":[1,{\"y\":2}]},\"b\\t\":\"c\\r\",\"d\":[[]],\"e\":7}";
    JsonReader reader;
    JsonToken a, b, c, d, e;
    json_init(&reader);
    json_begin(&reader, span_of(JSON, sizeof JSON - 1), 0);
    assert_true(json_next(&reader, &a));
    assert_true(json_next(&reader, &a)); /* key a, with its escape */
    assert_true(json_skip(&reader, &a));
    assert_true(json_next(&reader, &b));
    assert_true(json_next(&reader, &c));
    assert_true(json_next(&reader, &d));
    assert_true(json_next(&reader, &e)); /* [ */
    assert_true(json_skip(&reader, &e));
    assert_true(json_next(&reader, &e));
    assert_true(text_equal(a.text, TEXT("a\n"))); /* all still there */
    assert_true(text_equal(b.text, TEXT("b\t")));
    assert_true(text_equal(c.text, TEXT("c\r")));
    assert_true(text_equal(d.text, TEXT("d")));
    assert_true(text_equal(e.text, TEXT("e")));
    assert_true(json_skip(&reader, &e));
    assert_true(json_next(&reader, &e));
    assert_int_equal(e.kind, JSON_OBJECT_END);
    assert_false(json_next(&reader, &e));
    assert_false(json_damaged(&reader));

    json_begin(&reader, span_of("[[1,", 4), 0);
    assert_true(json_next(&reader, &a));
    assert_true(json_next(&reader, &a));
    assert_false(json_skip(&reader, &a));
    assert_true(json_damaged(&reader));
    json_done(&reader);
}

static void scans_alike_with_and_without_vectors(void **state)
{
    (void)state;
    static const char ALPHABET[] = "abc {}[]\"\\\n\x1f\x7f\x80\xff:,0";
    uint32_t random = 1;
    uint8_t text[97];
    for (int round = 0; round < 20000; round++) {
        size_t size = (size_t)round % sizeof text;
        for (size_t i = 0; i < size; i++) {
            random = random * 1664525 + 1013904223;
            /* mostly plain, so that all distances occur */
            text[i] = random >> 28 ? 'p' : (uint8_t)ALPHABET[(random >> 8) % (sizeof ALPHABET - 1)];
        }
        const uint8_t *end = text + size;
        assert_ptr_equal(json_scan_string(text, end), json_scan_string_plain(text, end));
        assert_ptr_equal(json_scan_structure(text, end), json_scan_structure_plain(text, end));
    }
    for (unsigned c = 0; c < 256; c++) {
        memset(text, (int)c, 16);
        assert_int_equal(json_scan_string(text, text + 16) == text,
                         json_special_in_string((uint8_t)c));
        assert_int_equal(json_scan_structure(text, text + 16) == text,
                         json_is_structure((uint8_t)c));
    }
}

/* The marks of every kind of machine are those that looking at each byte gives. */
static void marks_alike_with_and_without_vectors(void **state)
{
    (void)state;
    static const char ALPHABET[] = "ab\"\\\n\x1f\x7f\x20";
    static uint8_t text[JSON_MARKS_BYTES];
    static uint64_t plain[JSON_MARKS_WORDS], other[JSON_MARKS_WORDS];
    JsonMarks *const kinds[] = {
        json_marks_choose(),
#if defined(__x86_64__)
        json_marks_sse2
#endif
    };
    uint32_t random = 1;
    for (unsigned round = 0; round < 3000; round++) {
        size_t size = round < 300 ? round : (round * 131) % (sizeof text + 1);
        for (size_t i = 0; i < size; i++) {
            random = random * 1664525 + 1013904223;
            text[i] = random >> 28 ? 'p' : (uint8_t)ALPHABET[(random >> 8) % (sizeof ALPHABET - 1)];
        }
        if (size && round % 3 == 0)
            text[random % size] = (uint8_t)(round % 2 ? 0x80 : 0xFF);
        bool ascii = json_marks_plain(text, size, plain);
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            memset(other, 0xEE, sizeof other);
            assert_int_equal(kinds[k](text, size, other), ascii);
            assert_memory_equal(other, plain, (size / 64 + 1) * sizeof *other);
        }
    }
    for (unsigned c = 0; c < 256; c++) {
        memset(text, (int)c, 100);
        assert_int_equal(json_marks_plain(text, 100, plain), c < 0x80);
        assert_int_equal(plain[0] & 1, json_special_in_string((uint8_t)c));
        (void)json_marks_choose()(text, 100, other);
        assert_memory_equal(other, plain, 2 * sizeof *other);
    }
}

/* What is known to be UTF-8 is so; long strings cross from one part of the marks to the next. */
static void knows_utf8(void **state)
{
    (void)state;
    static char text[3 * JSON_MARKS_BYTES];
    JsonReader reader;
    JsonToken token;
    json_init(&reader);
    for (size_t size = JSON_MARKS_BYTES - 70; size < 2 * JSON_MARKS_BYTES + 70; size += 7) {
        memset(text, 'x', sizeof text);
        text[0] = text[size - 1] = '"';
        memcpy(text + size / 2, "\\ud800\\n", 8);
        for (unsigned high = 0; high < 2; high++) {
            text[size - 3] = high ? (char)0xE9 : 'x';
            json_begin(&reader, span_of(text, size), 0);
            assert_true(json_next(&reader, &token));
            assert_int_equal(token.text.len, size - 2 - 8 + 4);
            assert_int_equal(token.utf8, !high);
            assert_int_equal(text_is_utf8(token.text, UTF8_ALLOW_SURROGATES), !high);
            assert_false(json_next(&reader, &token));
            assert_false(json_damaged(&reader));
        }
    }
    json_done(&reader);
}

/* ---- elements ---- */

/* Elements as text: "value|", "!offset+size:why|" for damage. */
static void write_elements(Span item, uint64_t at, Buf *out)
{
    Input in = input_from_memory(item);
    Err err = {.code = ERR_NONE};
    JsonElements *elements = json_elements_open(&in, at, &err);
    assert_non_null(elements);
    JsonElement element;
    uint64_t reached = 0;
    for (;;) {
        JsonElementKind kind = json_elements_next(elements, &element, &err);
        if (kind == JSON_ELEMENT_END)
            break;
        assert_int_not_equal(kind, JSON_ELEMENT_FAILED);
        assert_true(element.offset >= reached);
        assert_true(element.offset + element.size <= item.len);
        reached = element.offset + element.size;
        if (kind == JSON_ELEMENT_VALUE)
            buf_add(out, element.bytes.ptr, element.bytes.len);
        else
            buf_printf(out, "!%d+%d", (int)element.offset, (int)element.size);
        buf_add_char(out, '|');
    }
    assert_int_equal(json_elements_next(elements, &element, &err), JSON_ELEMENT_END);
    json_elements_close(elements);
}

static const struct {
    const char *json, *elements;
} ELEMENTS[] = {
    {"", ""},
    {" \n", ""},
    {"[]", ""},
    {"[{\"a\":1},{\"b\":[2,{}]}]", "{\"a\":1}|{\"b\":[2,{}]}|"},
    {"[\n  {\n  \"a\": 1\n  },\n  []\n]\n", "{\n  \"a\": 1\n  }|[]|"},
    {"{\"a\":1}\n{\"b\":2}{\"c\":3} {\"d\":4}", "{\"a\":1}|{\"b\":2}|{\"c\":3}|{\"d\":4}|"},
    {"{\"a\":1},\n{\"b\":2},\n", "{\"a\":1}|{\"b\":2}|"},
    {"[{}][{}]", "{}|{}|"},
    {"[{},]", "{}|"},
    {"Record 1\n{}\nRecord 22\r\n{}\nRecord 3", "{}|{}|"},
    {"[{\"a\":\"}{][\\\"\\\\\"}]", "{\"a\":\"}{][\\\"\\\\\"}|"},
    {"\xEF\xBB\xBF[{}]", "{}|"},
    /* damage */
    {"[{}{}]", "{}|!3+0|{}|"},
    {"[{}", "{}|!3+0|"},
    {"[{},{\"a\":1", "{}|!4+6|!10+0|"},
    {"[{\"a\":1},\n{\"a\":\"x},\n{\"a\":3}]", "{\"a\":1}|!10+10|{\"a\":3}|"},
    {"[{\"a\":1},{\"a\":(2},{\"a\":3}]", "{\"a\":1}|{\"a\":(2}|{\"a\":3}|"}, /* inside: not here */
    {"[{\"a\":[1},{\"a\":2},{\"a\":3}]", "!1+9|{\"a\":2}|{\"a\":3}|"},
    {"[{\"a\":1},x,{\"a\":2},3,\"s\",{\"a\":4}]", "{\"a\":1}|!9+2|{\"a\":2}|!19+6|{\"a\":4}|"},
    {"[\n {\"a\":{\n  \"b\":{\n },\n {\"a\":2},\n {\"a\":3}\n]", "!3+20|{\"a\":2}|{\"a\":3}|"},
    {"rubbish\n{\"a\":1}\n", "!0+8|{\"a\":1}|"},
    {"Record x\n{}", "!0+9|{}|"},
    {"{}}\n{}", "{}|!2+2|{}|"},
    {"]\n{}", "!0+2|{}|"},
};

static void finds_elements(void **state)
{
    (void)state;
    Buf out;
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < sizeof ELEMENTS / sizeof ELEMENTS[0]; i++) {
        buf_clear(&out);
        write_elements(span_of(ELEMENTS[i].json, strlen(ELEMENTS[i].json)), 0, &out);
        if (!text_equal(buf_text(&out), text_from_z(ELEMENTS[i].elements)))
            fail_msg("%s\nfound    %.*s\nexpected %s", ELEMENTS[i].json, (int)out.len,
                     out.ptr ? out.ptr : "", ELEMENTS[i].elements);
    }
    buf_clear(&out);
    static const char INSIDE[] = "{\"n\":2,\"list\":[{\"a\":1},{\"a\":2}],\"more\":[{}]}";
    write_elements(span_of(INSIDE, sizeof INSIDE - 1), 14, &out);
    assert_true(text_equal(buf_text(&out), TEXT("{\"a\":1}|{\"a\":2}|")));
    buf_done(&out);
}

/* The same text in UTF-16: offsets and sizes are twice as large, behind the byte order mark. */
static void finds_elements_in_utf16(void **state)
{
    (void)state;
    static const char JSON[] = "[{\"a\":\"\xC3\xA4\xF0\x9F\x98\x80\"},x,{\"a\":2}]";
    /* U+00E4 is one unit, U+1F600 two */
    static const uint8_t WIDE[] = "\xFF\xFE[\0{\0\"\0a\0\"\0:\0\"\0\xE4\0\x3D\xD8\0\xDE\"\0}\0,\0"
                                  "x\0,\0{\0\"\0a\0\"\0:\0002\0}\0]";
    Input in = input_from_memory(span_of(WIDE, sizeof WIDE));
    Err err = {.code = ERR_NONE};
    JsonElements *elements = json_elements_open(&in, 0, &err);
    assert_non_null(elements);
    JsonElement element;
    assert_int_equal(json_elements_next(elements, &element, &err), JSON_ELEMENT_VALUE);
    assert_memory_equal(element.bytes.ptr, JSON + 1, element.bytes.len);
    assert_int_equal(element.offset, 4);
    assert_int_equal(element.size, 22);
    assert_int_equal(json_item_offset(true, element.bytes, element.offset, 6), 4 + 12);
    assert_int_equal(json_item_offset(true, element.bytes, element.offset, 12), 4 + 18);
    assert_int_equal(json_elements_next(elements, &element, &err), JSON_ELEMENT_DAMAGE);
    assert_int_equal(element.offset, 28);
    assert_int_equal(element.size, 4);
    assert_int_equal(json_elements_next(elements, &element, &err), JSON_ELEMENT_VALUE);
    assert_int_equal(element.offset, 32);
    assert_int_equal(element.size, 14);
    assert_int_equal(json_elements_next(elements, &element, &err), JSON_ELEMENT_END);
    json_elements_close(elements);
}

/* Elements across the blocks that are read, in both encodings, with surrogate pairs on the seam. */
static void crosses_blocks(void **state)
{
    (void)state;
    for (unsigned shift = 0; shift < 4; shift++) {
        Buf text, wide;
        buf_init(&text, 8u << 20);
        buf_init(&wide, 16u << 20);
        BUF_LITERAL(&wide, "\xFF\xFE");
        buf_add(&wide, "[\0", 2);
        buf_add_char(&text, '[');
        for (unsigned i = 0; i < shift; i++) {
            buf_add_char(&text, ' ');
            buf_add(&wide, " \0", 2);
        }
        for (unsigned i = 0; i < 60000; i++) {
            buf_add_text(&text, TEXT("{\"\xF0\x9F\x98\x80\":\"]\\\"\"},"));
            BUF_LITERAL(&wide, "{\0\"\0\x3D\xD8\0\xDE\"\0:\0\"\0]\0\\\0\"\0\"\0}\0,\0");
        }
        buf_add_char(&text, ']');
        buf_add(&wide, "]\0", 2);
        for (int encoding = 0; encoding < 2; encoding++) {
            Input in = input_from_memory(buf_span(encoding ? &wide : &text));
            Err err = {.code = ERR_NONE};
            JsonElements *elements = json_elements_open(&in, 0, &err);
            JsonElement element;
            JsonElementKind kind;
            uint64_t count = 0, unit = encoding ? 2 : 1, each = encoding ? 26 : 15;
            while ((kind = json_elements_next(elements, &element, &err)) == JSON_ELEMENT_VALUE) {
                uint64_t expected = (encoding ? 2 : 0) + unit * (1 + shift) + count * each;
                if (element.offset != expected || element.size != each - unit)
                    fail_msg("element %d at %d, expected %d", (int)count, (int)element.offset,
                             (int)expected);
                count++;
            }
            assert_int_equal(kind, JSON_ELEMENT_END);
            assert_int_equal(count, 60000);
            json_elements_close(elements);
        }
        buf_done(&text);
        buf_done(&wide);
    }
}

static void limits_one_element(void **state)
{
    (void)state;
    size_t size = (size_t)JSON_ELEMENT_MAX + 100;
    char *item = malloc(size);
    assert_non_null(item);
    memset(item, ' ', size);
    memcpy(item, "[{\"a\":1,", 8);
    memcpy(item + size - 20, "},\n{\"a\":2}]         ", 20);
    Buf out;
    buf_init(&out, 1 << 20);
    write_elements(span_of(item, size), 0, &out);
    char expected[64];
    int n = snprintf(expected, sizeof expected, "!1+%zu|{\"a\":2}|", size - 18);
    assert_true(n > 0 && (size_t)n < sizeof expected);
    if (!text_equal(buf_text(&out), text_from_z(expected)))
        fail_msg("found %.*s, expected %s", (int)out.len, out.ptr, expected);
    buf_done(&out);
    free(item);
}

/* A file made to cost much: every line opens an object that never closes. */
static void bears_hostile_nesting(void **state)
{
    (void)state;
    const size_t size = 4u << 20;
    char *item = malloc(size);
    assert_non_null(item);
    for (size_t i = 0; i < size; i++)
        item[i] = "{\"a\":\n"[i % 6];
    Buf out;
    buf_init(&out, 64u << 20);
    write_elements(span_of(item, size), 0, &out);
    assert_true(out.len > 0);
    buf_done(&out);
    free(item);
}

static void survives_without_memory(void **state)
{
    (void)state;
    for (size_t n = 1;; n++) {
        JsonReader reader;
        JsonToken token;
        alloc_fail_at(n);
        json_init(&reader);
        json_begin(&reader, span_of("[\"a\\n\"]", 7), 0);
        while (json_next(&reader, &token))
            continue;
        bool ok = !json_damaged(&reader);
        bool refused = alloc_fail_over();
        assert_int_equal(ok, !refused);
        if (refused)
            assert_int_equal(reader.err.code, ERR_NO_MEMORY);
        json_done(&reader);
        if (!refused)
            break;
    }
    static char item[1 << 20];
    memset(item, 'x', sizeof item);
    item[0] = '{';
    Input in = input_from_memory(span_of(item, sizeof item));
    for (size_t n = 1;; n++) {
        Err err = {.code = ERR_NONE};
        JsonElement element;
        alloc_fail_at(n);
        JsonElements *elements = json_elements_open(&in, 0, &err);
        JsonElementKind kind =
            elements ? json_elements_next(elements, &element, &err) : JSON_ELEMENT_FAILED;
        json_elements_close(elements);
        bool refused = alloc_fail_over();
        assert_int_equal(kind == JSON_ELEMENT_FAILED, refused);
        if (!refused)
            break;
        assert_int_equal(err.code, ERR_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_json),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(limits_depth_and_length),
        cmocka_unit_test(skips_and_keeps_texts),
        cmocka_unit_test(scans_alike_with_and_without_vectors),
        cmocka_unit_test(marks_alike_with_and_without_vectors),
        cmocka_unit_test(knows_utf8),
        cmocka_unit_test(finds_elements),
        cmocka_unit_test(finds_elements_in_utf16),
        cmocka_unit_test(crosses_blocks),
        cmocka_unit_test(limits_one_element),
        cmocka_unit_test(bears_hostile_nesting),
        cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
