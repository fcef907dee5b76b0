/* Hashes: known answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/cpu.h"
#include "base/hash.h"
#include "base/hash_long.h"
#include "base/text.h"

static void test_sha256(void **state)
{
    static const char *const CASES[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    };
    (void)state;
    Sha256Stream *stream = sha256_create();
    assert_non_null(stream);
    for (size_t i = 0; i < 2; i++) {
        Sha256 hash;
        char hex[64];
        Text t = text_from_z(CASES[i][0]);
        for (size_t b = 0; b < t.len; b++) /* byte by byte */
            assert_true(sha256_update(stream, span_of(t.ptr + b, 1)));
        assert_true(sha256_final(stream, &hash)); /* and the stream starts anew */
        sha256_hex(&hash, hex);
        assert_memory_equal(hex, CASES[i][1], 64);
    }
    sha256_destroy(stream);
    sha256_destroy(NULL);
}

static void test_crc32(void **state)
{
    (void)state;
    Span digits = text_span(TEXT("123456789"));
    assert_int_equal(crc32_ieee(0, digits), 0xCBF43926);
    assert_int_equal(crc32_ieee(0, (Span){0}), 0);
    uint32_t crc = crc32_ieee(0, span_of(digits.ptr, 4));
    assert_int_equal(crc32_ieee(crc, span_of(digits.ptr + 4, 5)), 0xCBF43926);
}

/* Stored in segments and as twin keys: the numbers never change. */
/* The published test value of XXH3 with 128 bits for no bytes. */
static void test_hash128(void **state)
{
    (void)state;
    static const uint8_t EMPTY[16] = {0x99, 0xaa, 0x06, 0xd3, 0x01, 0x47, 0x98, 0xd8,
                                      0x60, 0x01, 0xc3, 0x24, 0x46, 0x8d, 0x49, 0x7f};
    Hash128 empty = hash128(span_of("", 0)), one = hash128(span_of("a", 1));
    assert_memory_equal(empty.bytes, EMPTY, sizeof EMPTY);
    assert_memory_not_equal(one.bytes, EMPTY, sizeof EMPTY);
}

static void test_hash64(void **state)
{
    (void)state;
    assert_true(hash64("", 0, 0) == UINT64_C(0x2d06800538d394c2));
    assert_true(hash64("abc", 3, 0) == UINT64_C(0x78af5f94892f3950));
    assert_true(hash64("abc", 3, 1) != hash64("abc", 3, 0));
    assert_true(hash64(NULL, 0, 7) == hash64("", 0, 7));
}

static void test_alike_with_wider_vectors(void **state)
{
    (void)state;
#if defined(__x86_64__)
    uint8_t bytes[3000];
    if (!cpu_has_avx2())
        skip();
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i >> 3);
    for (size_t n = 0; n + 3 < sizeof bytes; n += n < 1100 ? 1 : 97) {
        const uint8_t *at = bytes + n % 3;
        for (uint64_t seed = 0; seed < 4; seed++)
            assert_true(hash64_avx2(at, n, seed) == hash64_plain(at, n, seed));
        Hash128 wide = hash128_avx2(span_of(at, n)), plain = hash128_plain(span_of(at, n));
        assert_memory_equal(wide.bytes, plain.bytes, sizeof plain.bytes);
    }
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_crc32),
        cmocka_unit_test(test_hash64),
        cmocka_unit_test(test_hash128),
        cmocka_unit_test(test_alike_with_wider_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
