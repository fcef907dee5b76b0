/* Writing JSON: escapes, names that are not UTF-8, base64, shortest numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/json.h"

static void check(const Buf *buf, const char *expected)
{
    if (!text_equal(buf_text(buf), text_from_z(expected)))
        fail_msg("%.*s, expected %s", (int)buf->len, buf->ptr, expected);
}

static void test_text(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *json;
    } CASES[] = {
        {"", 0, "\"\""},
        {"plain", 5, "\"plain\""},
        {"q\"b\\s/", 6, "\"q\\\"b\\\\s/\""},
        {"\b\t\n\f\r", 5, "\"\\b\\t\\n\\f\\r\""},
        {"\0\x01\x0B\x1F\x7F", 5, "\"\\u0000\\u0001\\u000B\\u001F\\u007F\""},
        {"caf\xC3\xA9 \xF0\x9F\x98\x80", 10, "\"caf\xC3\xA9 \xF0\x9F\x98\x80\""},
        {"\xED\xA0\x80 \xED\xBF\xBF", 7, "\"\\uD800 \\uDFFF\""},
        {"\xE2\x80\xA8", 3, "\"\xE2\x80\xA8\""},
        {"long enough for a fast path, then \" and more of it", 50,
         "\"long enough for a fast path, then \\\" and more of it\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Buf buf;
        char *copy = malloc(CASES[i].len ? CASES[i].len : 1);
        memcpy(copy, CASES[i].text, CASES[i].len);
        buf_init(&buf, 1 << 16);
        json_text(&buf, text_of(copy, CASES[i].len));
        check(&buf, CASES[i].json);
        buf_done(&buf);
        free(copy);
    }
}

/* Bytes that are not UTF-8 become U+FFFD, written out or escaped; the result is always UTF-8. */
static void test_not_utf8(void **state)
{
    (void)state;
    for (unsigned a = 0x80; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            char bytes[2] = {(char)a, (char)b};
            Buf buf;
            buf_init(&buf, 1 << 10);
            json_text(&buf, text_of(bytes, 2));
            assert_true(text_is_utf8(buf_text(&buf), UTF8_STRICT));
            if (!text_is_utf8(text_of(bytes, 2), UTF8_STRICT))
                assert_true(text_find_text(buf_text(&buf), TEXT("\\uFFFD")) != SIZE_MAX ||
                            text_find_text(buf_text(&buf), TEXT("\\ufffd")) != SIZE_MAX ||
                            text_find_text(buf_text(&buf), TEXT("\xEF\xBF\xBD")) != SIZE_MAX);
            buf_done(&buf);
        }
}

/* A special byte at every place of strings of every length: the fast path must not miss one. */
static void test_places(void **state)
{
    static const char SPECIAL[] = {'"', '\\', '\n', '\x01', '\x1F', '\x7F'};
    (void)state;
    for (size_t len = 1; len < 70; len++)
        for (size_t at = 0; at < len; at++)
            for (size_t s = 0; s < sizeof SPECIAL; s++) {
                char *text = malloc(len);
                Buf buf;
                memset(text, 'x', len);
                text[at] = SPECIAL[s];
                buf_init(&buf, 1 << 10);
                json_escape(&buf, text_of(text, len));
                assert_true(buf.len > len);
                assert_int_equal(buf.ptr[at], '\\');
                for (size_t i = 0; i < buf.len; i++)
                    assert_true((unsigned char)buf.ptr[i] >= 0x20 && buf.ptr[i] != 0x7F);
                buf_done(&buf);
                free(text);
            }
}

static void test_names(void **state)
{
    Buf buf;
    (void)state;
    buf_init(&buf, 1 << 10);
    json_name(&buf, TEXT("caf\xC3\xA9"));
    check(&buf, "\"caf\xC3\xA9\"");
    buf_clear(&buf);
    json_name(&buf, TEXT("a\xFF"));
    check(&buf, "{\"bytes\":\"Yf8=\"}");
    buf_clear(&buf);
    json_name(&buf, TEXT("\xED\xA0\x80"));
    check(&buf, "{\"bytes\":\"7aCA\"}");
    buf_done(&buf);
}

static void test_base64(void **state)
{
    static const char *const CASES[][2] = {
        {"", "\"\""},
        {"f", "\"Zg==\""},
        {"fo", "\"Zm8=\""},
        {"foo", "\"Zm9v\""},
        {"foob", "\"Zm9vYg==\""},
        {"fooba", "\"Zm9vYmE=\""},
        {"foobar", "\"Zm9vYmFy\""},
        {"\xFB\xFF\xFE", "\"+//+\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Buf buf;
        buf_init(&buf, 1 << 10);
        json_base64(&buf, text_span(text_from_z(CASES[i][0])));
        check(&buf, CASES[i][1]);
        buf_done(&buf);
    }
}

static void test_double(void **state)
{
    static const struct {
        double v;
        const char *json;
    } CASES[] = {
        {0.0, "0"},          {-0.0, "-0"},
        {1.0, "1"},          {0.1, "0.1"},
        {-1.5, "-1.5"},      {1e21, "1e+21"},
        {0.3, "0.3"},        {1.0 / 3, "0.3333333333333333"},
        {NAN, "null"},       {INFINITY, "null"},
        {-INFINITY, "null"}, {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5e-324, "5e-324"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        Buf buf;
        buf_init(&buf, 1 << 10);
        json_double(&buf, CASES[i].v);
        check(&buf, CASES[i].json);
        buf_done(&buf);
    }
    uint64_t random = 1;
    for (int i = 0; i < 20000; i++) {
        double v;
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        memcpy(&v, &random, sizeof v);
        if (!isfinite(v))
            continue;
        Buf buf;
        buf_init(&buf, 1 << 10);
        json_double(&buf, v);
        buf_add_char(&buf, '\0');
        assert_true(strtod(buf.ptr, NULL) == v);
        buf_done(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),   cmocka_unit_test(test_not_utf8),
        cmocka_unit_test(test_places), cmocka_unit_test(test_names),
        cmocka_unit_test(test_base64), cmocka_unit_test(test_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
