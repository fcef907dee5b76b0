/* From native values to ECS values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "event/derive.h"

static const char SAME[] = "(same)";
static const char NONE[] = "(none)";

/* What an operation gives, as text, appended to `out`. */
static void derive_text(Value value, DeriveOp op, Buf *out)
{
    Buf scratch;
    Value result = {0};
    buf_init(&scratch, 1 << 20);
    switch (derive_value(value, op, &scratch, &result)) {
    case DERIVE_SAME:
        BUF_LITERAL(out, "(same)");
        break;
    case DERIVE_ABSENT:
        BUF_LITERAL(out, "(none)");
        break;
    case DERIVE_NEW:
        value_write_text(out, result);
        break;
    }
    buf_done(&scratch);
}

static void check(Value value, DeriveOp op, const char *expected, const char *label)
{
    Buf out;
    buf_init(&out, 1 << 20);
    derive_text(value, op, &out);
    if (!text_equal(buf_text(&out), text_from_z(expected)))
        fail_msg("%s, operation %d: \"%.*s\", expected \"%s\"", label, (int)op, (int)out.len,
                 out.ptr, expected);
    buf_done(&out);
}

static void test_texts(void **state)
{
    static const char HASHES[] = "SHA1=AA01,MD5=BB02, sha256 = CC03 ,IMPHASH=DD04";
    static const struct {
        DeriveOp op;
        const char *text, *expected;
    } CASES[] = {
        {DERIVE_COPY, "x", SAME},
        {DERIVE_COPY, "-", SAME},
        {DERIVE_COPY, "", NONE},
        {DERIVE_DASH_EMPTY, "-", NONE},
        {DERIVE_DASH_EMPTY, "", NONE},
        {DERIVE_DASH_EMPTY, "--", SAME},
        {DERIVE_LOWER, "Dc1.COURT", "dc1.court"},
        {DERIVE_LOWER, "dc1", SAME},
        {DERIVE_LOWER, "\xC3\x89T\xC3\x89", "\xC3\x89t\xC3\x89"}, /* ASCII only */
        {DERIVE_LOWER, "", NONE},
        {DERIVE_IP, "10.1.2.3", SAME},
        {DERIVE_IP, "::ffff:10.1.2.3", "10.1.2.3"},
        {DERIVE_IP, "::FFFF:10.1.2.3", "10.1.2.3"},
        {DERIVE_IP, "::1", SAME},
        {DERIVE_IP, "FE80::1%12", "fe80::1"},
        {DERIVE_IP, "2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {DERIVE_IP, "[2001:db8::1]:443", "2001:db8::1"},
        {DERIVE_IP, "10.1.2.3:49152", "10.1.2.3"},
        {DERIVE_IP, "-", NONE},
        {DERIVE_IP, "", NONE},
        {DERIVE_IP, "LOCAL", NONE},
        {DERIVE_IP, "10.1.2", NONE},
        {DERIVE_IP, "10.1.2.300", NONE},
        {DERIVE_IP, "ws1:80", NONE},
        {DERIVE_IP, "[", NONE},
        {DERIVE_IP, "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NONE},
        {DERIVE_BASENAME, "C:\\Windows\\cmd.exe", "cmd.exe"},
        {DERIVE_BASENAME, "/usr/bin/sh", "sh"},
        {DERIVE_BASENAME, "cmd.exe", SAME},
        {DERIVE_BASENAME, "C:\\Windows\\", NONE},
        {DERIVE_BASENAME, "-", NONE},
        {DERIVE_PID, "0x4d2", "1234"},
        {DERIVE_PID, "1234", "1234"},
        {DERIVE_PID, "0", "0"},
        {DERIVE_PID, "-", NONE},
        {DERIVE_PID, "12a", NONE},
        {DERIVE_PORT, "443", "443"},
        {DERIVE_PORT, "0", NONE},
        {DERIVE_PORT, "65536", NONE},
        {DERIVE_PORT, "-", NONE},
        {DERIVE_MD5, HASHES, "bb02"},
        {DERIVE_SHA1, HASHES, "aa01"},
        {DERIVE_SHA256, HASHES, "cc03"},
        {DERIVE_IMPHASH, HASHES, "dd04"},
        {DERIVE_SHA512, HASHES, NONE},
        {DERIVE_MD5, "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdef"},
        {DERIVE_SHA1, "0123456789ABCDEF0123456789ABCDEF", NONE},
        {DERIVE_IMPHASH, "0123456789ABCDEF0123456789ABCDEF", NONE},
        {DERIVE_IMPHASH, "IMPHASH=00000000000000000000000000000000", NONE},
        {DERIVE_MD5, "MD5=", NONE},
        {DERIVE_MD5, ",=,MD5", NONE},
        {DERIVE_DOMAIN, "COURT\\adm", "COURT"},
        {DERIVE_USER, "COURT\\adm", "adm"},
        {DERIVE_DOMAIN, "adm", NONE},
        {DERIVE_USER, "adm", SAME},
        {DERIVE_USER, "COURT\\", NONE},
        {DERIVE_DOMAIN, "\\adm", NONE},
        {DERIVE_USER, "-", NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        /* an own block of just the size, for the sanitizer */
        size_t len = strlen(CASES[i].text);
        char *copy = malloc(len ? len : 1);
        memcpy(copy, CASES[i].text, len);
        Value value = {.type = VALUE_TEXT, .bytes = span_of(copy, len)};
        check(value, CASES[i].op, CASES[i].expected, CASES[i].text);
        free(copy);
    }
}

static void test_numbers(void **state)
{
    static const struct {
        DeriveOp op;
        ValueType type;
        uint64_t bits;
        const char *expected;
    } CASES[] = {
        {DERIVE_PID, VALUE_UINT, 4, SAME},      {DERIVE_PID, VALUE_HEX, 0x4d2, "1234"},
        {DERIVE_PID, VALUE_INT, 7, "7"},        {DERIVE_PID, VALUE_INT, UINT64_MAX, NONE},
        {DERIVE_PID, VALUE_FILETIME, 7, NONE},  {DERIVE_PORT, VALUE_UINT, 65535, SAME},
        {DERIVE_PORT, VALUE_UINT, 65536, NONE}, {DERIVE_PORT, VALUE_UINT, 0, NONE},
        {DERIVE_LOWER, VALUE_HEX, 0xABC, SAME}, {DERIVE_COPY, VALUE_BOOL, 0, SAME},
        {DERIVE_IP, VALUE_UINT, 5, NONE},       {DERIVE_BASENAME, VALUE_UINT, 5, NONE},
        {DERIVE_MD5, VALUE_UINT, 5, NONE},      {DERIVE_USER, VALUE_UINT, 5, NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        uint8_t bytes[8];
        store_u64le(bytes, CASES[i].bits);
        Value value = {.type = CASES[i].type, .bytes = span_of(bytes, 8)};
        check(value, CASES[i].op, CASES[i].expected, "number");
    }
    Value null = {.type = VALUE_NULL};
    for (unsigned op = 0; op < DERIVE_OP_COUNT; op++)
        check(null, (DeriveOp)op, NONE, "null");
}

static void test_long(void **state)
{
    (void)state;
    const size_t len = DERIVE_BYTES_MAX + 1;
    char *text = malloc(len);
    memset(text, 'A', len);
    text[5] = '\\';
    Value value = {.type = VALUE_TEXT, .bytes = span_of(text, len)};
    check(value, DERIVE_LOWER, SAME, "long");
    check(value, DERIVE_COPY, SAME, "long");
    check(value, DERIVE_DASH_EMPTY, SAME, "long");
    check(value, DERIVE_BASENAME, NONE, "long");
    check(value, DERIVE_USER, NONE, "long");
    check(value, DERIVE_MD5, NONE, "long");
    check(value, DERIVE_IP, NONE, "long");
    free(text);
}

static void test_targets(void **state)
{
    (void)state;
    DeriveTarget targets[DERIVE_TARGETS_MAX];
    for (unsigned t = 0; t < TRANSFORM_COUNT; t++) {
        size_t n = derive_targets((Transform)t, targets);
        assert_int_equal(n, t == TRANSFORM_HASHES ? 5 : t == TRANSFORM_DOMAIN_USER ? 2 : 1);
        for (size_t i = 0; i < n; i++)
            assert_true(targets[i].op < DERIVE_OP_COUNT &&
                        (n == 1) == (targets[i].suffix.len == 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
