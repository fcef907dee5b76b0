/* The pack of rules: what was packed comes out, and nothing that is damaged does. */
#include "detect/rule_pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#define ARENA_BYTES (128u * 1024 * 1024)

static void write_file(const char *path, const void *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* The number of files that are in the pack of these bytes; -1: refused. */
static int read_bytes(const void *bytes, size_t len, RuleSource **ret, Arena *arena)
{
    Err err = {0};
    size_t count;
    write_file("some.pack", bytes, len);
    if (rule_pack_read(arena, "some.pack", ret, &count, &err))
        return (int)count;
    assert_int_not_equal(err.code, ERR_NONE);
    return -1;
}

static int read_content(const void *content, size_t len, Arena *arena)
{
    RuleSource *sources;
    size_t room = ZSTD_compressBound(len);
    void *packed = malloc(room);
    assert_non_null(packed);
    size_t n = ZSTD_compress(packed, room, content, len, 1);
    assert_false(ZSTD_isError(n));
    int count = read_bytes(packed, n, &sources, arena);
    free(packed);
    return count;
}

static void packs_what_is_there(void **state)
{
    (void)state;
    Arena *arena = arena_create(ARENA_BYTES);
    Err err = {0};
    Buf pack;
    RuleSource *sources;
    buf_init(&pack, RULE_PACK_BYTES_MAX);
    assert_int_equal(mkdir("rules", 0700), 0);
    assert_int_equal(mkdir("rules/b", 0700), 0);
    write_file("rules/z.yml", "title: Z\n", 9);
    write_file("rules/b/a.yml", "title: A\n", 9);
    write_file("rules/b/empty.yaml", "", 0);
    write_file("rules/README.md", "no rule", 7);
    assert_true(rule_pack_write("rules", &pack, &err));
    assert_int_equal(read_bytes(pack.ptr, pack.len, &sources, arena), 3);
    assert_string_equal(sources[0].path, "builtin/b/a.yml");
    assert_true(text_equal(sources[0].text, TEXT("title: A\n")));
    assert_string_equal(sources[1].path, "builtin/b/empty.yaml");
    assert_non_null(sources[1].text.ptr);
    assert_int_equal(sources[1].text.len, 0);
    assert_string_equal(sources[2].path, "builtin/z.yml");

    /* The same folder gives the same bytes. */
    Buf again;
    buf_init(&again, RULE_PACK_BYTES_MAX);
    assert_true(rule_pack_write("rules", &again, &err));
    assert_int_equal(again.len, pack.len);
    assert_memory_equal(again.ptr, pack.ptr, pack.len);

    /* Every beginning of it, and every byte changed, is refused or gives a pack. */
    for (size_t len = 0; len < pack.len; len++)
        assert_int_equal(read_bytes(pack.ptr, len, &sources, arena), -1);
    for (size_t i = 0; i < pack.len; i++) {
        pack.ptr[i] ^= 0x41;
        (void)read_bytes(pack.ptr, pack.len, &sources, arena);
        pack.ptr[i] ^= 0x41;
    }
    buf_done(&pack);
    buf_done(&again);
    arena_destroy(arena);
}

static void without_rules_it_is_empty(void **state)
{
    (void)state;
    Arena *arena = arena_create(ARENA_BYTES);
    Err err = {0};
    Buf pack;
    RuleSource *sources;
    buf_init(&pack, RULE_PACK_BYTES_MAX);
    assert_true(rule_pack_write("no-such-folder", &pack, &err));
    assert_int_equal(read_bytes(pack.ptr, pack.len, &sources, arena), 0);
    buf_done(&pack);
    arena_destroy(arena);
}

static void refuses_nonsense(void **state)
{
    (void)state;
    Arena *arena = arena_create(ARENA_BYTES);
    static const struct {
        const char *what;
        size_t len;
        const char *content;
    } CASES[] = {
        {"no magic", 4, "abcd"},
        {"another version", 16, "constat rules 2\n"},
        {"a length alone", 20, "constat rules 1\n\x01\0\0\0"},
        {"a name beyond the end", 24, "constat rules 1\n\x09\0\0\0\0\0\0\0"},
        {"a text beyond the end", 25, "constat rules 1\n\x01\0\0\0\xff\xff\xff\xffn"},
        {"no name", 25, "constat rules 1\n\0\0\0\0\x01\0\0\0n"},
        {"a name with NUL", 26, "constat rules 1\n\x02\0\0\0\0\0\0\0a\0"},
    };
    assert_int_equal(read_content("constat rules 1\n", 16, arena), 0);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        if (read_content(CASES[i].content, CASES[i].len, arena) != -1)
            fail_msg("%s is accepted", CASES[i].what);

    /* A bomb: it says how large it would be, and is not unpacked. */
    size_t size = RULE_PACK_BYTES_MAX + 1;
    char *zeros = calloc(1, size);
    assert_non_null(zeros);
    assert_int_equal(read_content(zeros, size, arena), -1);
    assert_true(arena_used(arena) < RULE_PACK_BYTES_MAX);
    free(zeros);
    arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs_what_is_there),
        cmocka_unit_test(without_rules_it_is_empty),
        cmocka_unit_test(refuses_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
